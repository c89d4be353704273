# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clusters of one inventory must not share: an address that two of them would answer ARP for on one network."""

from __future__ import annotations

from typing import Any, Iterable, Iterator, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology import networks
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Cluster, Host
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vrrp_addresses import entries, instances
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import listing

__all__ = ["check_apart"]


def check_apart(clusters: Iterable[Cluster], directors: Mapping[str, Mapping[str, Any]]) -> None:
    """Note each virtual address that directors of two clusters would hold on one network.

    ``directors`` are the plans of directors by host. A network is one of lvs_interfaces of the interface that holds the
    address: without that nothing is known, and on lo or a dummy interface many may have one address (anycast).
    """
    users: dict[tuple[networks.Network, networks.Address], dict[str, list[Place]]] = {}
    for cluster in clusters:
        for director in cluster.sorted:
            for place, address, device in () if director.leaves else _held(director, directors[director.name]):
                network = networks.holding([own.network for own in director.on(device)], address)
                if network is not None:
                    users.setdefault((network, address), {}).setdefault(cluster.name, []).append(place)
    for (network, address), found in users.items():
        for place in (place for places in found.values() for place in places) if len(found) > 1 else ():
            place.fault(
                f"{address} would be held on {network} by each of the clusters {listing(found)}",
                "give each cluster an address of its own, or the directors that are to share it one lvs_cluster",
            )


def _held(director: Host, plan: Mapping[str, Any]) -> Iterator[tuple[Place, networks.Address, str]]:
    """The virtual addresses of a director, each with its interface and where it is written."""
    for place, instance in instances(director):
        for spot, one, entry in entries(instance, place):
            yield spot, one.ip, entry.get("dev", instance.get("interface")) or ""
    written = "lvs_virtual_addresses" if director.variables.get("lvs_virtual_addresses") else "lvs_virtual_services"
    for entry in plan["virtual_addresses"]:
        yield director.place.key(written), networks.interface(entry["address"]).ip, entry["interface"]
