# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses that clients ask (VIPs): which a service has, and whose they must not be."""

from __future__ import annotations

from typing import Any, Collection, Iterable, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology import networks
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Host

__all__ = ["Owners", "vips"]


def vips(service: Mapping[str, Any], place: Place) -> list[tuple[Place, networks.Address]]:
    """The VIPs of a service, merged or in plan form, each with the place where it is written.

    They are the service's address, or with a firewall mark those of its match.
    """
    if "fwmark" not in service:
        found = [(place.key("address"), service.get("address"))]
        # Before it is split into services of one address each.
        spot = place.key("addresses")
        found += [(spot.index(number), one) for number, one in enumerate(service.get("addresses") or [])]
    else:
        spot = place.key("match")
        items = [(spot.index(number), one) for number, one in enumerate(service.get("match") or []) if one is not None]
        found = [(at.key("address"), one.get("address")) for at, one in items]
    return [(at, networks.address(address)) for at, address in found if address]


class Owners:
    """Which host has which address as its own, as far as the inventory tells.

    A link-local IPv6 address counts on its link alone, and of two hosts nobody knows which links they share.
    """

    def __init__(self, hosts: Iterable[Host]) -> None:
        self._owners: dict[networks.Address, tuple[Host, str]] = {}
        self._linked: dict[tuple[networks.Address, str, str], tuple[Host, str]] = {}
        for host in hosts:
            for name, one in host.interfaces:
                words = f"own address on {name} (lvs_interfaces)"
                if networks.of_link(one.ip):
                    self._linked[one.ip, host.name, name] = (host, words)
                else:
                    self._owners.setdefault(one.ip, (host, words))
            for variable in ("lvs_address", "lvs_address6"):
                if host.variables.get(variable):
                    self._owners.setdefault(networks.address(host.variables[variable]), (host, f"own {variable}"))

    def check(self, place: Place, vip: networks.Address, but: Collection[Host] = (), on: str | None = None) -> None:
        """Note a VIP that a host has as its own address, unless it is one of ``but``; ``on`` is the VIP's interface."""
        owner = self._owners.get(vip) or self._linked.get((vip, place.host, on or ""))
        if owner is not None and owner[0] not in but:
            place.fault(f"{vip} is {owner[0].name}'s {owner[1]}", "choose an address that no host has")
