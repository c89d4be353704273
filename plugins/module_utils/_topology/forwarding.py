# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What direct routing and tunnels ask of a service: VIPs that its real servers can hold, and a link to them."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology import networks
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Cluster, Host, Inventory
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vips import vips
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import listing

__all__ = ["check_forwarding"]

HOLDING = ("dr", "tun")
"""The methods with which a real server gets packets that still ask for the VIP, so that it must have it, too."""


def check_forwarding(
    service: Mapping[str, Any],
    servers: list[dict[str, Any]],
    *,
    director: Host,
    cluster: Cluster,
    inventory: Inventory,
    place: Place,
) -> None:
    """Note what keeps the service's real servers from answering for its VIPs."""
    holders = [server for server in servers if server["forwarding"] in HOLDING]
    if not holders:
        return
    _check_match(service, holders, place)
    for at, vip in vips(service, place):
        if vip.version == 6 and vip.is_link_local:
            at.fault(
                f"{vip} is link-local, and real servers would hold it on another link than the clients'",
                "choose an address that is not link-local",
            )
    _check_common_link(holders, director, cluster, inventory, place)


def _check_match(service: Mapping[str, Any], holders: list[dict[str, Any]], place: Place) -> None:
    names = [server["host"] for server in holders if server["host"]]
    if names and "fwmark" in service and service.get("match", []) == []:
        place.key("match").fault(
            f"is missing: nobody would know the VIPs that {listing(names)} must hold",
            "write the addresses and ports of the marked packets",
        )


def _check_common_link(
    holders: list[dict[str, Any]], director: Host, cluster: Cluster, inventory: Inventory, place: Place
) -> None:
    """Direct routing puts another MAC address on a packet, which works on a common link alone."""
    near = cluster.links_of(director)
    families = {one.version for _name, one in director.interfaces}
    away: dict[networks.Network, list[str]] = {}
    for server in holders:
        address = networks.address(server["address"])
        if server["forwarding"] != "dr" or not server["host"] or address.version not in families:
            continue
        if not networks.holding(near, address):
            host = inventory.hosts[server["host"]]
            network = networks.holding(networks.overall(one for _name, one in host.interfaces), address)
            if network is not None:
                away.setdefault(network, []).append(server["host"])
    for network, names in away.items():
        place.key("real_servers").fault(
            f"{listing(names)} cannot be reached: direct routing needs a common link, and the director has no address "
            f"in {network}",
            "use forwarding: tun, or set lvs_address to an address in a network of the directors",
        )
