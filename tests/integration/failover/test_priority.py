# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A failover by number, with the configuration that we write and the keepalived of this machine.

It needs root and the Debian package keepalived, which is never started on the machine itself, and no lab.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.director import tree
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import render
from tests.integration.failover.directors import INTERVAL, LONGEST, Director, linked, until
from tests.support.cluster import wait_until

PRIORITIES = {"lb1": 200, "lb2": 150}
RAISE = PRIORITIES["lb1"] + 1 - PRIORITIES["lb2"]
GROUP = "lvs_failover_group_VG1"


def _instance(name: str, number: int, director: str, **more: Any) -> dict[str, Any]:
    interface = f"eth{number}"
    return {
        "name": name,
        "state": "BACKUP",
        "interface": interface,
        "virtual_router_id": 51 + number,
        "version": 3,
        "advert_int": INTERVAL,
        "priority": PRIORITIES[director],
        "virtual_ipaddress": [{"address": f"10.9.{number}.5/24", "dev": interface}],
        **more,
    }


def _text(director: str, **more: Any) -> str:
    plan = {
        "global": {"router_id": director},
        "vrrp_instances": [_instance(f"VI_{number}", number, director, **more) for number in range(2)],
        "vrrp_sync_groups": [{"name": "VG1", "group": ["VI_0", "VI_1"]}],
    }
    return render(tree(plan))


def _number(director: Director, number: int, way: bool = False) -> dict[str, Any]:
    more: dict[str, Any] = {"give_way": [GROUP], "give_way_seconds": 4 * INTERVAL + 1} if way else {}
    result = director.module("vrrp_priority", numbers={GROUP: number}, **more)
    assert result.get("changed"), result
    assert result["followed"] == [GROUP]
    return result


def _reloads(director: Director) -> int:
    return director.log.read_text().count("Reload complete")


def test_there_and_back(tmp_path: Path) -> None:
    """A group follows one file; the number is there again after a reload and after a restart."""
    with linked(tmp_path, _text) as (first, second):
        _number(second, RAISE)
        until(second, "MASTER")
        until(first, "BACKUP")
        assert second.effective() == {PRIORITIES["lb1"] + 1}
        loaded = _reloads(second)
        second.reload()
        wait_until(lambda: _reloads(second) > loaded, seconds=LONGEST, what="keepalived to have loaded it again")
        assert second.effective() == {PRIORITIES["lb1"] + 1}, "a reload forgot the number"
        assert set(second.states().values()) == {"MASTER"}
        second.stop()
        until(first, "MASTER")
        second.start(_text("lb2"))
        until(second, "MASTER")
        until(first, "BACKUP")
        _number(second, 0)
        until(first, "MASTER")
        until(second, "BACKUP")


def test_nopreempt_moves_when_the_master_gives_way(tmp_path: Path) -> None:
    with linked(tmp_path, lambda name: _text(name, nopreempt=True)) as (first, second):
        _number(second, RAISE)
        time.sleep(8 * INTERVAL)
        assert set(second.states().values()) == {"BACKUP"}, "a higher priority alone moved it"
        _number(first, 1, way=True)
        until(second, "MASTER")
        until(first, "BACKUP")
        _number(second, 0, way=True)
        until(first, "MASTER")
        until(second, "BACKUP")
