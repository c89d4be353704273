# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which addresses are a host's own, which are virtual ones, and who is a real server."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface
from typing import Any, Collection, Iterable, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._adopt.findings import Findings

__all__ = ["Own", "held", "is_lone", "name_interfaces", "own_interfaces", "service_vips"]

LAB_INTERFACE = "lab0"
"""How Ansible reaches a guest of the lab; no machine outside has it, and the lab gives it to none that asks for it."""

Own = Mapping[str, Mapping[str, "list[str]"]]
"""By host and interface: addresses with prefix length."""


def service_vips(services: Iterable[Mapping[str, Any]]) -> list[str]:
    """What clients ask, each once, in order."""
    found: dict[str, None] = {}
    for service in services:
        found.update(
            dict.fromkeys(service.get("addresses") or [service[key] for key in ("address",) if key in service])
        )
        found.update(dict.fromkeys(one["address"] for one in service.get("match", ())))
    return list(found)


def held(facts: Mapping[str, Any], ip: str) -> tuple[str, str] | None:
    """An address of a host, with its prefix length, and its interface; None where it is on no interface but lo."""
    for link in facts.get("links") or ():
        for entry in link["addresses"]:
            if not link["loopback"] and str(ip_interface(entry["address"]).ip) == ip:
                return entry["address"], link["name"]
    return None


def name_interfaces(instances: Iterable[Mapping[str, Any]], interfaces: Mapping[str, list[str]]) -> None:
    """Write at each single VIP outside the networks of its instance's interface where it is: routers lead to it.

    ``interfaces``: the director's own addresses by interface, with prefix length.
    """
    for instance in instances:
        device = instance.get("interface", "")
        own = [ip_interface(text).network for text in interfaces.get(device, ())]
        for entry in (*instance.get("virtual_ipaddress", ()), *instance.get("virtual_ipaddress_excluded", ())):
            try:
                one = ip_interface(entry["address"])
            except ValueError:
                continue  # the plan says what is wrong with it
            near = one.ip.is_link_local or any(one.ip in network for network in own)
            if own and not near and one.network.prefixlen == one.max_prefixlen:
                entry.setdefault("dev", device)


def is_lone(facts: Mapping[str, Any], ip: str, virtual: Collection[str]) -> bool:
    """Whether a VIP is the only address of the host in its network, so that it is the host's own."""
    place = held(facts, ip)
    if place is None:
        return False
    network = ip_interface(place[0]).network
    if network.prefixlen == network.max_prefixlen:
        return False
    for link in facts["links"]:
        for entry in link["addresses"]:
            other = str(ip_interface(entry["address"]).ip)
            if link["name"] == place[1] and other not in virtual and ip_address(other) in network:
                return False
    return True


def own_interfaces(hosts: Mapping[str, Mapping[str, Any]], virtual: Collection[str], findings: Findings) -> Own:
    """``lvs_interfaces`` of each host: what is neither virtual nor another host's, too."""
    found: dict[str, dict[str, list[str]]] = {}
    owners: dict[str, set[str]] = {}
    for name, facts in hosts.items():
        found[name] = {}
        for link in facts.get("links") or ():
            if link["loopback"] or link["name"] == LAB_INTERFACE:
                continue
            usable = [one for one in link["addresses"] if _is_own(one, virtual)]
            if usable:
                found[name][link["name"]] = [one["address"] for one in usable]
            for one in usable:
                owners.setdefault(str(ip_interface(one["address"]).ip), set()).add(name)
    shared = {ip for ip, names in owners.items() if len(names) > 1}
    for ip in sorted(shared):
        for name in sorted(owners[ip]):
            findings.of(name).note(
                "",
                f"{ip} is an address of several hosts, and no virtual one of a service",
                "lvs_interfaces does without it; add it if it is the host's own",
            )
    return {
        name: {
            device: left
            for device, addresses in devices.items()
            for left in [[one for one in addresses if str(ip_interface(one).ip) not in shared]]
            if left
        }
        for name, devices in found.items()
    }


def _is_own(entry: Mapping[str, Any], virtual: Collection[str]) -> bool:
    ip = ip_interface(entry["address"]).ip
    return (
        str(ip) not in virtual
        and not ip.is_link_local
        and entry["scope"] not in ("host", "link")
        and not entry["temporary"]
    )
