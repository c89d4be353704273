# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import serialise
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tree import Node, TreeError
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.vrrp import garp_groups, instance, sync_group

PLAN: dict[str, Any] = {
    "name": "VI_1",
    "state": "BACKUP",
    "interface": "eth0",
    "virtual_router_id": 51,
    "priority": 100,
    "advert_int": 1,
    "version": 2,
    "virtual_ipaddress": [{"address": "10.0.0.5/24", "dev": "eth0"}],
}
USUAL = serialise([instance(PLAN)]).splitlines()


def _more(**given: Any) -> list[str]:
    """What an instance has beyond the usual one."""
    lines = serialise([instance({**PLAN, **given})]).splitlines()
    return [line[4:] for line in lines if line not in USUAL]


def test_the_usual_one() -> None:
    assert [line.strip() for line in USUAL[1:7]] == [
        "state BACKUP",
        "interface eth0",
        "virtual_router_id 51",
        "version 2",
        "priority 100",
        "advert_int 1",
    ]


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        ({"use_vmac": True}, ["use_vmac"]),
        ({"use_vmac": "vrrp.51", "vmac_xmit_base": True}, ["use_vmac vrrp.51", "vmac_xmit_base"]),
        ({"use_vmac": False, "vmac_xmit_base": False, "nopreempt": False}, []),
        ({"nopreempt": True}, ["nopreempt"]),
        ({"preempt_delay": 60}, ["preempt_delay 60"]),
        ({"garp_master_refresh": 0}, ["garp_master_refresh 0"]),
        ({"dont_track_primary": True}, ["dont_track_primary"]),
        ({"smtp_alert": True}, ["smtp_alert"]),
        ({"smtp_alert": False}, ["smtp_alert false"]),
        ({"notify": {"deleted": {"script": "/x", "user": "root"}}}, ["notify_deleted /x root"]),
        (
            {"notify": {"any": {"script": "files/x.sh", "args": ["a"]}, "stop": {"script": "/y"}}},
            ["notify_stop /y", 'notify "/etc/keepalived/lvs-cluster/x.sh a"'],
        ),
        (
            {"unicast": {"source": "10.0.0.3", "peers": ["10.0.0.4", "10.0.0.6"], "ttl": 64}},
            ["unicast_src_ip 10.0.0.3", "unicast_ttl 64", "unicast_peer {", "    10.0.0.4", "    10.0.0.6"],
        ),
        (
            {"virtual_ipaddress_excluded": [{"address": "10.0.0.6/24", "dev": "eth0", "label": "eth0:1"}]},
            ["virtual_ipaddress_excluded {", "    10.0.0.6/24 dev eth0 label eth0:1"],
        ),
        ({"virtual_routes": ["default  via 10.0.0.1"]}, ["virtual_routes {", "    default via 10.0.0.1"]),
        ({"virtual_rules": ["from 10.0.0.5 lookup 9"]}, ["virtual_rules {", "    from 10.0.0.5 lookup 9"]),
        (
            {"track_interface": [{"name": "eth1"}, {"name": "eth2", "weight": -5, "reverse": True}]},
            ["track_interface {", "    eth1", "    eth2 weight -5 reverse"],
        ),
        ({"track_script": [{"name": "s", "weight": 0}]}, ["track_script {", "    s weight 0"]),
        ({"track_file": [{"name": "f", "reverse": False}]}, ["track_file {", "    f"]),
        ({"track_bfd": [{"name": "b"}], "track_process": []}, ["track_bfd {", "    b"]),
        ({"garp_interval": 1, "gna_interval": 2}, []),
        ({"options": {"accept": True}}, ["accept"]),
    ],
)
def test_words(given: dict[str, Any], lines: list[str]) -> None:
    assert _more(**given) == lines


@pytest.mark.parametrize("line", ["", "  "])
def test_an_empty_route_is_refused(line: str) -> None:
    with pytest.raises(TreeError, match=r"vrrp_instance VI_1\.virtual_routes\[1\]: the line is empty"):
        instance({**PLAN, "virtual_routes": ["default via 10.0.0.1", line]})


def test_reverse_alone_is_refused() -> None:
    with pytest.raises(TreeError, match=r"vrrp_instance VI_1\.track_bfd\.b: reverse needs a weight"):
        instance({**PLAN, "track_bfd": [{"name": "b", "reverse": True}]})


def test_the_pause_between_garps_is_the_interface_s() -> None:
    one, two = {**PLAN, "garp_interval": 0.5}, {**PLAN, "name": "VI_2", "garp_interval": 0.5}
    other = {**PLAN, "name": "VI_3", "interface": "eth1", "gna_interval": 1}
    assert garp_groups([PLAN, one, two, other]) == [
        Node("garp_group", (), (Node("interface", ("eth0",)), Node("garp_interval", (0.5,)))),
        Node("garp_group", (), (Node("interface", ("eth1",)), Node("gna_interval", (1,)))),
    ]
    with pytest.raises(TreeError, match=r"vrrp_instance VI_2: garp_interval and gna_interval differ .* interface eth0"):
        garp_groups([one, {**two, "garp_interval": 1}])


def test_a_sync_group() -> None:
    group = {
        "name": "G",
        "group": ["a", "b"],
        "track_script": [{"name": "s"}],
        "notify": {"master": {"script": "files/m.sh"}, "any": {"script": "/a", "user": "root"}},
        "smtp_alert": True,
        "options": {"global_tracking": True},
    }
    assert sync_group(group) == Node(
        "vrrp_sync_group",
        ("G",),
        (
            Node("group", (), (Node("a"), Node("b"))),
            Node("track_script", (), (Node("s"),)),
            Node("notify_master", ("/etc/keepalived/lvs-cluster/m.sh",)),
            Node("notify", ("/a", "root")),
            Node("smtp_alert"),
            Node("global_tracking"),
        ),
    )
