# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.lvs.cluster.plugins.filter.vrrp_faults import FilterModule
from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan


def test_two_masters_by_the_plan_of_an_inventory() -> None:
    """The keys that the filter reads are those that the plan has."""
    shared = {
        "lvs_vrrp_instances": [
            {"name": "VI_1", "interface": "eth0", "virtual_router_id": 51, "virtual_ipaddress": ["10.0.0.5/24"]}
        ],
        "lvs_virtual_services": [],
    }
    hosts = {
        name: {"lvs_interfaces": {"eth0": [f"10.0.0.{number}/24"]}, **shared}
        for number, name in enumerate(("lb1", "lb2"), 1)
    }
    planned = plan({"hosts": hosts, "groups": {"all": list(hosts), "directors": list(hosts)}})
    assert planned["faults"] == []
    judge = FilterModule().filters()["vrrp_faults"]
    master = {"running": True, "instances": {"VI_1": {"state": "MASTER"}}, "missing": []}
    assert judge({"lb1": master, "lb2": master}, planned["hosts"]) == ["split brain: VI_1 is MASTER on lb1 and lb2"]
    assert judge({"lb1": master}, planned["hosts"]) == []
