# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.global_defs import global_defs
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import serialise
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tree import Node

RUNS = [Node("vrrp_script", ("s",), (Node("script", ("/x",)),))]


def _lines(director: dict[str, Any], body: list[Node] | None = None) -> list[str]:
    return [line.strip() for line in serialise([global_defs(director, body or [])]).splitlines()][1:-1]


@pytest.mark.parametrize(
    ("daemon", "line"),
    [
        ({"interface": "eth1"}, "lvs_sync_daemon eth1"),
        ({"interface": "eth1", "instance": "VI_1", "id": 0}, "lvs_sync_daemon eth1 VI_1 id 0"),
        (
            {"interface": "eth1", "maxlen": 1400, "group": "224.0.0.82", "ttl": 2, "port": 8849},
            "lvs_sync_daemon eth1 port 8849 ttl 2 group 224.0.0.82 maxlen 1400",
        ),
    ],
)
def test_the_sync_daemon(daemon: dict[str, Any], line: str) -> None:
    assert _lines({"sync_daemon": daemon}) == [line]


@pytest.mark.parametrize(
    ("settings", "lines"),
    [
        ({"smtp_server": "10.0.0.1 2525"}, ["smtp_server 10.0.0.1 2525"]),
        ({"smtp_alert": False, "smtp_alert_vrrp": True}, ["smtp_alert false", "smtp_alert_vrrp"]),
        ({"smtp_helo_name": "a.b"}, ["smtp_helo_name a.b"]),
        ({"notification_email": "a@b"}, ["notification_email {", "a@b", "}"]),
        ({"vrrp_version": 3, "options": {"vrrp_strict": True}}, ["vrrp_version 3", "vrrp_strict"]),
        ({"script_user": "nobody"}, ["script_user nobody"]),
    ],
)
def test_words(settings: dict[str, Any], lines: list[str]) -> None:
    assert _lines({"global": settings}) == lines


def test_scripts_run_as_an_unprivileged_user() -> None:
    assert _lines({}, RUNS) == ["enable_script_security", "script_user keepalived_script"]
    assert _lines({"global": {"options": {"startup_script": "/x"}}}) == [
        "enable_script_security",
        "script_user keepalived_script",
        "startup_script /x",
    ]


def test_no_user_for_what_names_its_own() -> None:
    assert _lines({}, [Node("a", (), (Node("notify_up", ("/x", "nobody")),))]) == ["enable_script_security"]


def test_what_the_inventory_says_stands_alone() -> None:
    assert _lines({"global": {"script_user": "root"}}, RUNS) == ["enable_script_security", "script_user root"]
    assert _lines({"global": {"options": {"enable_script_security": True}}}, RUNS) == [
        "script_user keepalived_script",
        "enable_script_security",
    ]
