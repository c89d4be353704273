# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.failover_files import Unit
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import serialise
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tracking import (
    definitions,
    failover_files,
    track_files,
    tracked,
)


@pytest.mark.parametrize(
    ("key", "item", "written"),
    [
        (
            "vrrp_scripts",
            {"script": "files/c.sh", "args": ["a b"], "user": "root", "interval": 2, "init_fail": True, "rise": 2},
            "vrrp_script x {|script \"/etc/keepalived/lvs-cluster/c.sh 'a b'\"|user root|interval 2|rise 2|init_fail|}",
        ),
        ("vrrp_scripts", {"script": "/c", "weight": 0, "init_fail": False}, "vrrp_script x {|script /c|weight 0|}"),
        (
            "track_processes",
            {
                "process": "/bin/a -b",
                "full_command": True,
                "fork_delay": 1,
                "delay": 2,
                "options": {"param_match": "partial"},
            },
            "vrrp_track_process x {|process /bin/a -b|full_command|delay 2|fork_delay 1|param_match partial|}",
        ),
        ("track_files", {"file": "/f", "weight": 0}, "track_file x {|file /f|weight 0|}"),
        (
            "bfd_instances",
            {"neighbor_ip": "10.0.0.4", "passive": True, "min_rx": 50},
            "bfd_instance x {|neighbor_ip 10.0.0.4|min_rx 50|passive|}",
        ),
    ],
)
def test_definitions(key: str, item: dict[str, Any], written: str) -> None:
    nodes = definitions({key: [{"name": "x", **item}]})
    assert "|".join(line.strip() for line in serialise(nodes).splitlines()) == written


def test_nothing_to_define() -> None:
    assert definitions({}) == []


def test_a_weight_file_is_declared_once() -> None:
    services = [{"real_servers": [{"weight_file": name} for name in names]} for names in (["a", "b"], ["a", "c"])]
    assert [node.values[0] for node in track_files(services, "/w")] == ["a", "b", "c"]


def test_a_failover_file_is_declared_and_followed() -> None:
    unit = Unit("lvs_failover_group_VG1", "VG1", ("VI_1", "VI_2"))
    written = serialise(failover_files([unit], "/d"))
    assert written == "track_file lvs_failover_group_VG1 {\n    file /d/lvs_failover_group_VG1\n}\n"
    followed = serialise(tracked({}, "x", unit.name))
    assert followed == "track_file {\n    lvs_failover_group_VG1 weight 1\n}\n"
    assert tracked({}, "x") == []
