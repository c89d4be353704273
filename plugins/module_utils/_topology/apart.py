# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clusters of one inventory must not share on one network: a virtual address, and the way of connection sync."""

from __future__ import annotations

from typing import Any, Iterable, Iterator, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology import networks
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Cluster, Host
from ansible_collections.lvs.cluster.plugins.module_utils._topology.sync_daemon import GROUP, sync_way
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vrrp_addresses import entries, instances
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import listing

__all__ = ["check_apart", "check_sync_apart"]


def check_apart(clusters: Iterable[Cluster], directors: Mapping[str, Mapping[str, Any]]) -> None:
    """Note each virtual address that directors of two clusters would hold on one network.

    ``directors`` are the plans of directors by host. A network is one of lvs_interfaces of the interface that holds the
    address: without that nothing is known, and on lo or a dummy interface many may have one address (anycast). Of a
    link-local address the other networks of the interface tell the link.
    """
    users: dict[tuple[networks.Network, networks.Address], dict[str, list[Place]]] = {}
    for cluster in clusters:
        for director in cluster.sorted:
            for place, address, device in () if director.leaves else _held(director, directors[director.name]):
                near = [own for own in director.on(device) if own.version == address.version]
                holding = networks.holding([own.network for own in near], address)
                links = [net for net in networks.overall(near) if not net.is_link_local]
                for network in links if networks.of_link(address) else [holding] if holding else []:
                    users.setdefault((network, address), {}).setdefault(cluster.name, []).append(place)
    for (network, address), found in users.items():
        for place in (place for places in found.values() for place in places) if len(found) > 1 else ():
            place.fault(
                f"{address} would be held on {network} by each of the clusters {listing(found)}",
                "give each cluster an address of its own, or the directors that are to share it one lvs_cluster",
            )


def check_sync_apart(clusters: Iterable[Cluster], directors: Mapping[str, Mapping[str, Any]]) -> None:
    """Say of each sync daemon that it hears the connections of another cluster; the kernel would take them for its own.

    ``directors`` as above. Without lvs_interfaces nothing is known.
    """
    users: dict[tuple[networks.Network, str], dict[str, list[Place]]] = {}
    for cluster in clusters:
        for director in cluster.sorted:
            daemon = None if director.leaves else directors[director.name]["sync_daemon"]
            if not daemon:
                continue
            group = networks.address(daemon.get("group") or GROUP)
            for network in networks.overall(director.on(daemon.get("interface") or "")):
                if network.version != group.version:
                    continue
                places = users.setdefault((network, sync_way(director, daemon)), {}).setdefault(cluster.name, [])
                places.append(director.place.key("lvs_sync_daemon"))
    for (network, way), found in users.items():
        for place in (place for places in found.values() for place in places) if len(found) > 1 else ():
            place.notice(
                f"the clusters {listing(found)} hear each other's connections on {network} ({way})",
                "give the sync daemons of each cluster an id of their own",
            )


def _held(director: Host, plan: Mapping[str, Any]) -> Iterator[tuple[Place, networks.Address, str]]:
    """The virtual addresses of a director, each with its interface and where it is written."""
    for place, instance in instances(director):
        for spot, one, entry in entries(instance, place):
            yield spot, one.ip, entry.get("dev", instance.get("interface")) or ""
    written = "lvs_virtual_addresses" if director.variables.get("lvs_virtual_addresses") else "lvs_virtual_services"
    for entry in plan["virtual_addresses"]:
        yield director.place.key(written), networks.interface(entry["address"]).ip, entry["interface"]
