# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An inventory of web servers that balance themselves, and what its plan says."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan

VIP = "192.168.0.254"
FORM = "net.ipv4.vs.backup_only"
SHARED = {"interface": "bond0", "priorities": {"web1": 2, "web2": 1}}


def service(**changes: Any) -> dict[str, Any]:
    """A service with direct routing to both directors."""
    servers = [{"group": "real_servers_dr"}]
    one = {"name": "web", "address": VIP, "port": 80, "forwarding": "dr", "health_checks": [], "real_servers": servers}
    return {**one, **changes}


def instance(number: int = 51, **changes: Any) -> dict[str, Any]:
    return {**SHARED, "name": f"VI_{number}", "virtual_router_id": number, "virtual_ipaddress": f"{VIP}/24", **changes}


def inventory(**changes: Any) -> dict[str, Any]:
    """Two web servers that balance themselves, and one that is no director; ``changes`` are the directors'."""
    shared = {"lvs_vrrp_instances": [instance()], "lvs_virtual_services": [service()], **changes}
    hosts = {
        "web1": {"lvs_interfaces": {"bond0": "192.168.0.1/24", "eth1": "10.0.0.1/24"}, **shared},
        "web2": {"lvs_interfaces": {"bond0": "192.168.0.2/24", "eth1": "10.0.0.2/24"}, **shared},
        "rs3": {"lvs_interfaces": {"bond0": "192.168.0.3/24"}},
    }
    groups = {"directors": ["web1", "web2"], "real_servers_dr": ["web1", "web2", "rs3"]}
    copied: dict[str, Any] = json.loads(json.dumps({"hosts": hosts, "groups": groups}))
    return copied


def alone(**changes: Any) -> dict[str, Any]:
    """The inventory with web1 as the only director."""
    given = inventory(**changes)
    given["groups"].update(directors=["web1"], real_servers_dr=["web1", "rs3"])
    del given["hosts"]["web2"]
    for one in given["hosts"]["web1"].get("lvs_vrrp_instances", ()):
        del one["priorities"]
    return given


def faults(given: dict[str, Any]) -> list[tuple[str, str]]:
    """The faults as hosts and text."""
    return [(", ".join(one["hosts"]), one["text"].split(": ", 1)[1]) for one in plan(given)["faults"]]


def hosts(given: dict[str, Any]) -> dict[str, Any]:
    answer = plan(given)
    assert [one["text"] for one in answer["faults"]] == []
    found: dict[str, Any] = answer["hosts"]
    return found
