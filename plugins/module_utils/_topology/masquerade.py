# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks whose own connections leave with an address of the director."""

from __future__ import annotations

from typing import Any, Iterable

from ansible_collections.lvs.cluster.plugins.module_utils._topology import networks
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Host
from ansible_collections.lvs.cluster.plugins.module_utils._topology.services import Service
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import listing

__all__ = ["plan_masquerade"]


def plan_masquerade(
    director: Host,
    instances: Iterable[dict[str, Any]],
    addresses: Iterable[dict[str, str]],
    services: Iterable[Service],
) -> list[dict[str, Any]]:
    """The ``masquerade`` part of a director's plan; a VIP that isn't there is noted.

    ``to: vip`` means the first virtual address of the source's family on the interface: one that VRRP moves, so that
    connections go on after a takeover, else one that stays (``addresses``). ``services`` are what clients ask at it:
    [VIP, protocol, first port, last port], ports that no connection of the source may get.
    """
    place = director.place.key("lvs_masquerade")
    held = [
        (networks.interface(entry["address"]).ip, entry.get("dev", instance["interface"]))
        for instance in instances
        for key in ("virtual_ipaddress", "virtual_ipaddress_excluded")
        for entry in instance.get(key, ())
    ]
    held += [(networks.interface(entry["address"]).ip, entry["interface"]) for entry in addresses]
    plans = []
    seen: set[tuple[networks.Network, str]] = set()
    for number, one in director.items("lvs_masquerade"):
        if not one.get("source") or not one.get("interface") or not one["to"]:
            continue
        source = networks.network(one["source"])
        if source.prefixlen == 0:
            place.index(number).key("source").fault(
                f"is {source}, which is every address, also those of clients", "name the real servers' network"
            )
            continue
        _check_source(source, director, place.index(number).key("source"))
        if (source, one["interface"]) in seen:
            place.index(number).fault(
                f"{source} on {one['interface']} stands here twice", "leave one of the two entries out"
            )
        seen.add((source, one["interface"]))
        family = networks.family(source)
        vip = None
        if one["to"] == "vip":
            near = (ip for ip, device in held if device == one["interface"] and networks.family(ip) == family)
            # A packet from a link-local address passes no router (RFC 4291, section 2.5.6).
            fitting = (ip for ip in near if not ip.is_link_local)
            vip = next(fitting, None)
            if vip is None:
                place.index(number).key("to").fault(
                    f"is vip, and {one['interface']} has no {family.replace('ip', 'IP')} virtual address",
                    "write to: interface, or add an address of that interface to virtual_ipaddress",
                )
        known = director.variables["lvs_interfaces"]
        if one["to"] == "interface" and known and one["interface"] not in known:
            # No fault: what gets its address from a provider has none to write there.
            place.index(number).key("interface").notice(
                f"{one['interface']} is not in lvs_interfaces, which has {listing(known)}",
                "correct the name, or add it there ([] without an address)",
            )
        plans.append(
            {
                "family": family,
                "source": one["source"],
                "interface": one["interface"],
                "address": None if vip is None else str(vip),
                "services": _asked(str(vip), services),
            }
        )
    return plans


def _check_source(source: networks.Network, director: Host, place: Place) -> None:
    """Note what is no network of hosts. One without a prefix length is a single address, as iptables(8) has it."""
    never = source.is_loopback or source.is_multicast or source.is_unspecified
    if never or (source.version == 4 and source.is_reserved):
        place.fault(f"is {source}, and no host has an address in it", "name the real servers' network")
        return
    if source.prefixlen == source.max_prefixlen:
        near = networks.overall(one for _name, one in director.interfaces)
        edge = networks.edge(near, source.network_address)
        if edge:
            place.fault(f"is {source}, {edge}", "write the network with its prefix length")


def _asked(vip: str, services: Iterable[Service]) -> list[list[Any]]:
    found: set[tuple[str, str, int, int]] = set()
    for service in services:
        plan = service.plan
        if plan.get("address") == vip:
            found.add((vip, plan["protocol"], plan["port"], plan["port"]))
        for match in plan.get("match", ()):
            if match and match["address"] == vip:
                found.update((vip, match["protocol"], first, last) for first, last in match["ports"])
    return [list(one) for one in sorted(found)]
