# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where VIPs are: on the master, and on no other director."""

from __future__ import annotations

import ipaddress
from typing import Any, Iterator, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._status.model import is_global
from ansible_collections.lvs.cluster.plugins.module_utils._verify.checks import Check, Plans, listing

__all__ = ["Statuses", "holders", "holds", "misplaced", "moving"]

Statuses = Mapping[str, Mapping[str, Any]]
"""By director what director_status returned; those that could not be looked at are left out."""

MASTER = "MASTER"


def _found(status: Mapping[str, Any]) -> dict[str, set[str]]:
    """The interfaces of each address, from ``10.0.0.5/24 dev eth0``."""
    found: dict[str, set[str]] = {}
    for text in status.get("addresses") or []:
        words = text.split()
        address = str(ipaddress.ip_interface(words[0]).ip)
        found.setdefault(address, set()).add(words[words.index("dev") + 1] if "dev" in words else "")
    return found


def holds(status: Mapping[str, Any], address: str) -> bool:
    """Whether a director has the address on a network: on lo a real server has it, too."""
    return bool(address) and bool(_found(status).get(str(ipaddress.ip_address(address)), set()) - {"lo"})


def moving(director: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The VRRP instance of each address that VRRP moves and that clients elsewhere can ask: none of a link's own."""
    return {
        str(ipaddress.ip_interface(entry["address"]).ip): instance
        for instance in director.get("vrrp_instances", [])
        for key in ("virtual_ipaddress", "virtual_ipaddress_excluded")
        for entry in instance.get(key) or []
        if is_global(entry)
    }


def state_of(status: Mapping[str, Any], instance: str) -> str:
    said = (status.get("keepalived") or {}).get("instances") or {}
    return str(said.get(instance, {}).get("state", ""))


def holders(plans: Plans, statuses: Statuses, cluster: str, address: str) -> list[str] | None:
    """The directors of a cluster that should have the address now; None while a director was not looked at."""
    found = []
    for name, plan in plans.items():
        director = plan.get("director")
        if not director or plan.get("cluster", "") != cluster:
            continue
        instance = moving(director).get(address)
        if instance is None:
            found.append(name)
        elif name not in statuses:
            return None
        elif state_of(statuses[name], instance["name"]) == MASTER:
            found.append(name)
    return found


def misplaced(plans: Plans, statuses: Statuses) -> list[Check]:
    """A check for each address of each director that was looked at, and for those that stay on one."""
    checks = []
    for name, status in statuses.items():
        plan = plans[name]
        found = _found(status)
        served = _served(plan)
        for address, instance in moving(plan["director"]).items():
            on = found.get(address, set()) - served.get(address, set())
            faults = tuple(_faults(name, address, instance["name"], state_of(status, instance["name"]), on))
            checks.append(Check(plan.get("cluster", ""), "addresses", f"{name}: {address}", faults))
        for entry in plan["director"].get("virtual_addresses", []):
            address = str(ipaddress.ip_interface(entry["address"]).ip)
            gone = entry["interface"] not in found.get(address, set())
            text = f"{name}: {entry['address']} is not on {entry['interface']}: clients can't reach it"
            checks.append(Check(plan.get("cluster", ""), "addresses", f"{name}: {address}", (text,) if gone else ()))
    return checks


def _faults(host: str, address: str, instance: str, state: str, on: set[str]) -> Iterator[str]:
    if state == MASTER and not on:
        yield f"{host}: {instance} is {MASTER} here, and {address} is on no interface: removed by hand"
    # While the state is not known nothing is.
    if state and state != MASTER and on:
        yield f"{host}: {address} is on {listing(sorted(on))}, and {instance} is {state} here: two hosts may answer"


def _served(plan: Mapping[str, Any]) -> dict[str, set[str]]:
    """The interfaces on which the host has addresses as a real server."""
    found: dict[str, set[str]] = {}
    for role in ("real_server_dr", "real_server_tun"):
        for entry in (plan.get(role) or {}).get("addresses", []):
            address = str(ipaddress.ip_interface(entry["address"]).ip)
            found.setdefault(address, set()).add(entry["interface"])
    return found
