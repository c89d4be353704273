# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The virtual addresses that stay on one director, with the interfaces that they are put on."""

from __future__ import annotations

from typing import Any, Iterator

from ansible_collections.lvs.cluster.plugins.module_utils._topology import networks
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Cluster, Host
from ansible_collections.lvs.cluster.plugins.module_utils._topology.services import Service
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vips import Owners, vips
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vrrp_addresses import (
    check_edge,
    check_width,
    note_routed,
)
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import listing

__all__ = ["VirtualAddresses"]


class VirtualAddresses:
    """One director's virtual addresses: those that are written, and with a static table its services' VIPs.

    ``planned`` is what the plan holds, ``unchecked`` what the host's preflight must check, ``ADDRESS dev INTERFACE``.
    """

    def __init__(self, director: Host, cluster: Cluster, owners: Owners) -> None:
        self.unchecked: list[str] = []
        self._director = director
        self._cluster = cluster
        self._owners = owners
        self._held: dict[networks.Address, tuple[networks.Interface, str]] = {}
        for place, one, entry in _written(director):
            self._add_written(place, one, entry)

    @property
    def planned(self) -> list[dict[str, str]]:
        """The addresses in plan form: as they are written, then those that followed from services."""
        return [{"address": str(one), "interface": device} for one, device in self._held.values()]

    def add_services(self, services: list[Service]) -> None:
        """Add the VIPs that are neither written nor the director's own, each on the interface in whose network it is.

        Nothing is added while lvs_virtual_addresses or lvs_interfaces can't be read: it may be written there.
        """
        written = self._director.variables.get("lvs_virtual_addresses", [])
        readable = written is not None and all(entry and entry.get("address") for entry in written)
        if not readable or self._director.variables["lvs_interfaces"] is None:
            return
        known = {one.ip for _name, one in self._director.interfaces}
        known |= {one.ip for _place, one, _entry in _written(self._director)}
        for service in services:
            for place, vip in vips(service.plan, service.place):
                if vip in self._held or vip in known:
                    continue
                device, reason = _near(self._director, vip)
                if device:
                    check_edge(vip, self._director.on(device), place)
                    self._held[vip] = (networks.interface(str(vip)), device)
                else:
                    place.fault(
                        f"which interface {vip} is to be put on is not known: {reason}",
                        "write it in lvs_virtual_addresses with its interface",
                    )

    def _add_written(self, place: Place, one: networks.Interface, entry: dict[str, Any]) -> None:
        self._owners.check(place, one.ip, on=entry.get("interface"))
        self._check_others(place, one)
        device: str | None = entry.get("interface")
        if "interface" not in entry:
            device, reason = _near(self._director, one.ip)
            if not device and self._director.variables["lvs_interfaces"] is not None:
                place.key("interface").fault(f"is missing, and {reason}", f"write the interface to put {one.ip} on")
        if not device:
            return
        before = self._held.setdefault(one.ip, (one, device))
        if before != (one, device):
            place.fault(
                f"{one.ip} stands here twice, as {before[0]} on {before[1]} and as {one} on {device}",
                "leave one of the two out",
            )
        else:
            self._check_network(place, one, device)

    def _check_network(self, place: Place, one: networks.Interface, device: str) -> None:
        own = self._director.on(device)
        if one.ip.is_link_local or any(one.ip in host.network for host in own):
            check_width(one, device, own, place)
            check_edge(one.ip, own, place)
        elif one.network.prefixlen == one.max_prefixlen:
            # A single address with its interface is how a VIP is written that routers send to the director.
            note_routed(one, device, own, place)
        elif own:
            near = listing(str(host.network) for host in own)
            place.fault(
                f"the VIP {one} is in no network of its interface {device} ({near})",
                "correct the address, write the interface it belongs to, or correct lvs_interfaces",
            )
        else:
            self.unchecked.append(f"{one} dev {device}")

    def _check_others(self, place: Place, one: networks.Interface) -> None:
        """An address that stays here can't move with VRRP, and no other director of the cluster can hold it."""
        moving = self._cluster.instance_of
        if one.ip in moving:
            place.fault(
                f"{one.ip} is in the VRRP instance {moving[one.ip]}, and what stands here stays on this host",
                "leave it out here, or take it out of the instance",
            )
            return
        holders = [
            other.name
            for other in self._cluster.sorted
            if not other.leaves and any(held.ip == one.ip for _place, held, _entry in _written(other))
        ]
        if len(holders) > 1:
            place.fault(
                f"{listing(holders)} would hold {one.ip} at once",
                "write it for one director, or put it into virtual_ipaddress of a VRRP instance",
            )


def _written(director: Host) -> Iterator[tuple[Place, networks.Interface, dict[str, Any]]]:
    place = director.place.key("lvs_virtual_addresses")
    for number, entry in director.items("lvs_virtual_addresses"):
        if entry.get("address"):
            yield place.index(number), networks.interface(entry["address"]), entry


def _near(director: Host, one: networks.Address) -> tuple[str | None, str]:
    """The interface in whose network an address is (the narrowest network counts), or None and the reason."""
    if not director.interfaces:
        return None, "the director has no lvs_interfaces"
    network = networks.holding(networks.overall(own for _name, own in director.interfaces), one)
    names = sorted({name for name, own in director.interfaces if own.network == network})
    if not names:
        return None, f"no network of lvs_interfaces holds {one}"
    return (names[0], "") if len(names) == 1 else (None, f"{network} is the network of {listing(names)}")
