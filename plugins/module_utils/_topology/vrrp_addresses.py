# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The virtual addresses of VRRP instances: which an advert carries, and whose they must not be."""

from __future__ import annotations

from typing import Any, Iterable, Iterator, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology import networks
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Host
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vips import Owners
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import listing

__all__ = [
    "ADVERTISED",
    "EXCLUDED",
    "advertised",
    "check_edge",
    "check_own_addresses",
    "check_width",
    "entries",
    "family_of",
    "instances",
    "note_routed",
    "outside_networks",
    "plan_addresses",
    "vmac_names",
]

ADVERTISED, EXCLUDED = "virtual_ipaddress", "virtual_ipaddress_excluded"

CARRIED = {"ipv4": 255, "ipv6": 89}
"""How many addresses keepalived puts into an advert on an interface with an MTU of 1500 (vrrp_complete_instance in
vrrp.c): the count is one byte, and of IPv6 no more fit. It moves the rest itself, and calls that an error."""


def instances(director: Host) -> Iterator[tuple[Place, dict[str, Any]]]:
    """The checked VRRP instances as they are written, each with its place."""
    place = director.place.key("lvs_vrrp_instances")
    for number, instance in director.items("lvs_vrrp_instances"):
        yield place.index(number), instance


def entries(
    instance: Mapping[str, Any], place: Place, *keys: str
) -> Iterator[tuple[Place, networks.Interface, dict[str, Any]]]:
    """The usable virtual addresses of an instance, each with its place, parsed and as it is written.

    ``keys`` says of which of the two lists; without any, first those of the adverts, then the excluded ones.
    """
    for key in keys or (ADVERTISED, EXCLUDED):
        for number, entry in enumerate(instance.get(key) or []):
            if entry and entry.get("address"):
                yield place.key(key).index(number), networks.interface(entry["address"]), entry


def family_of(instance: Mapping[str, Any], place: Place) -> str:
    """The family of an instance, which is that of the addresses in its adverts."""
    first = next(entries(instance, place, ADVERTISED), None)
    return networks.family(first[1]) if first else "ipv4"


def advertised(instance: Mapping[str, Any], place: Place) -> tuple[frozenset[str], frozenset[str]]:
    """The addresses that the adverts carry, and the others."""
    inside = [str(one.ip) for _spot, one, _entry in entries(instance, place, ADVERTISED)]
    outside = [str(one.ip) for _spot, one, _entry in entries(instance, place, EXCLUDED)]
    limit = CARRIED[family_of(instance, place)]
    return frozenset(inside[:limit]), frozenset(inside[limit:] + outside)


def plan_addresses(instance: Mapping[str, Any], place: Place) -> dict[str, list[dict[str, Any]]]:
    """The two lists of addresses as the plan holds them, the second left out where it is empty.

    On a VMAC's instance an address without an interface of its own is the VMAC's, whose name keepalived may choose.
    """
    default = {} if instance.get("use_vmac") else {"dev": instance.get("interface")}
    found: dict[str, dict[tuple[networks.Address, str], dict[str, Any]]] = {ADVERTISED: {}, EXCLUDED: {}}
    families = set()
    for key, plans in found.items():
        for spot, one, entry in entries(instance, place, key):
            if key == ADVERTISED:
                families.add(networks.family(one))
            same = _on_link(one, entry, instance)
            if any(same in held for held in found.values()):
                spot.fault(f"{one.ip} stands in this instance twice", "leave one of the two out")
            plans[same] = {**entry, **default, **({"dev": entry["dev"]} if "dev" in entry else {})}
    if len(families) > 1:
        place.key(ADVERTISED).fault(
            "mixes IPv4 and IPv6 addresses, and one VRRP instance carries one family",
            "write two instances and put both into one lvs_vrrp_sync_groups entry",
        )
    inside, outside = list(found[ADVERTISED].values()), list(found[EXCLUDED].values())
    limit = CARRIED[family_of(instance, place)]
    if len(inside) > limit:
        place.key(ADVERTISED).notice(
            f"has {len(inside)} addresses, and an advert carries {limit}: the others were taken as {EXCLUDED}",
            f"write them under {EXCLUDED}, all directors in the same order",
        )
    inside, outside = inside[:limit], inside[limit:] + outside
    return {ADVERTISED: inside, **({EXCLUDED: outside} if outside else {})}


def _on_link(
    one: networks.Interface, entry: Mapping[str, Any], instance: Mapping[str, Any]
) -> tuple[networks.Address, str]:
    """What makes a virtual address the same: a link-local one may be on another interface, too."""
    device = entry.get("dev", instance.get("interface")) or ""
    return (one.ip, device if networks.of_link(one.ip) else "")


def vmac_names(instance: Mapping[str, Any], family: str) -> list[str]:
    """The names that the interface of an instance's VMAC may have, none without one.

    Where keepalived may choose, the name is made of the instance's number, and IPv6 takes the second if IPv4 has the
    first (create_vmac_name in vrrp.c).
    """
    if not instance.get("use_vmac"):
        return []
    made = [f"vrrp{six}.{instance['virtual_router_id']}" for six in ("", "6")[: 2 if family == "ipv6" else 1]]
    return made if instance["use_vmac"] is True else [instance["use_vmac"]]


def check_own_addresses(director: Host, owners: Owners) -> None:
    """A virtual address is no host's own, which keepalived would take away, and moves with one instance."""
    taken: dict[tuple[networks.Address, str], str] = {}
    for place, instance in instances(director):
        name = str(instance.get("name"))
        for spot, one, entry in entries(instance, place):
            owners.check(spot, one.ip, on=entry.get("dev", instance.get("interface")))
            other = taken.setdefault(_on_link(one, entry, instance), name)
            if other != name:
                spot.fault(
                    f"{one.ip} is in the VRRP instance {other}, too, which may be master elsewhere",
                    "leave it in one of them",
                )


def outside_networks(director: Host) -> list[str]:
    """Note each VIP in no network of its interface; return those that lvs_interfaces is too short to judge.

    Nor may its network be wider than the interface's. IPv6 link-local addresses belong to every interface, and a single
    address with its interface is how a VIP is written that routers send to the director. The returned texts are
    ``ADDRESS dev INTERFACE``, for the host's preflight.
    """
    unchecked = []
    for place, instance in instances(director):
        for spot, one, entry in entries(instance, place):
            device = entry.get("dev", instance.get("interface"))
            if device is None or one.ip.is_link_local:
                continue
            own = director.on(device)
            if any(one.ip in host.network for host in own):
                check_width(one, device, own, spot)
                check_edge(one.ip, own, spot)
            elif "dev" in entry and one.network.prefixlen == one.max_prefixlen:
                note_routed(one, device, own, spot)
            elif own:
                near = listing(str(host.network) for host in own)
                spot.fault(
                    f"the VIP {one} is in no network of its interface {device} ({near})",
                    "correct the address, write dev: the interface it belongs to, or correct lvs_interfaces; "
                    f"if routers send it here, write {{address: {one.ip}/{one.max_prefixlen}, dev: {device}}}",
                )
            else:
                unchecked.append(f"{one} dev {device}")
    return unchecked


def note_routed(one: networks.Interface, device: str, own: Iterable[networks.Interface], place: Place) -> None:
    """Say of a VIP outside its interface's networks (``own``) what it needs; of an interface without any, nothing."""
    near = listing(str(host.network) for host in own)
    if near:
        place.notice(
            f"{one.ip} is in no network of its interface {device} ({near}): only a route leads clients to it",
            "see that routers send it to this director, or correct the address",
        )


def check_edge(vip: networks.Address, own: Iterable[networks.Interface], place: Place) -> None:
    """Note a VIP that is the own or the broadcast address of its interface's network (``own``)."""
    edge = networks.edge([one.network for one in own], vip)
    if edge:
        place.fault(f"{vip} is {edge}", "choose an address that a host can have")


def check_width(one: networks.Interface, device: str, own: Iterable[networks.Interface], place: Place) -> None:
    """Note a VIP that brings a wider network than those of its interface (``own``): more hosts would be near."""
    net = networks.within(one, [host.network for host in own])
    if net is not None:
        place.fault(
            f"the VIP {one} brings the network {one.network}, wider than that of its interface {device} ({net})",
            f"write {one.ip}/{net.prefixlen}, or {one.ip}/{one.max_prefixlen}",
        )
