# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's firewall must let in from the cluster's directors: adverts, connection sync, BFD, tunneled packets."""

from __future__ import annotations

from typing import Any, Iterable, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology import networks
from ansible_collections.lvs.cluster.plugins.module_utils._topology.colocated import Colocation
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Cluster, Host
from ansible_collections.lvs.cluster.plugins.module_utils._topology.sync_daemon import PORT, sync_interface
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vrrp_addresses import vmac_names
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vrrp_unicast import instance_of
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import natural

__all__ = ["ordered", "sources", "to_director", "traffic"]

BFD_PORT = 3784
BFD_MULTIHOP_PORT = 4784


def to_director(
    director: Host, cluster: Cluster, plan: Mapping[str, Any], colocation: Colocation
) -> list[dict[str, Any]]:
    """The ``peer_traffic`` of a director from what its plan holds so far."""
    peers = [host for host in cluster.sorted if host is not director]
    found = [one for instance in plan["vrrp_instances"] for one in _adverts(instance, peers)]
    daemon = plan["sync_daemon"]
    if daemon and daemon.get("interface"):
        group = daemon.get("group")
        family = networks.family(networks.address(group)) if group else "ipv4"
        for peer in peers:
            for source in sources(peer, family, sync_interface(peer, colocation)):
                found.append(traffic(family, daemon["interface"], source, "udp", daemon.get("port", PORT)))
    for bfd in plan["bfd_instances"]:
        if bfd.get("neighbor_ip"):
            found.append(_bfd(director, bfd))
    return ordered(found)


def traffic(
    family: str, interface: str | None, source: str | None, protocol: str, port: int | None = None
) -> dict[str, Any]:
    """One kind of packets; an interface or a source of None is any."""
    one: dict[str, Any] = {"family": family, "interface": interface, "source": source, "protocol": protocol}
    return one if port is None else {**one, "port": port}


def sources(host: Host, family: str, interface: str | None) -> list[str | None]:
    """The addresses of a family that a host has on an interface, ``[None]`` where the inventory doesn't say.

    All of them: which one a host takes to send from is its own choice.
    """
    own = [str(one.ip) for one in host.on(interface or "") if networks.family(one) == family]
    return [*own] or [None]


def _adverts(instance: Mapping[str, Any], peers: Iterable[Host]) -> list[dict[str, Any]]:
    first = next(iter(instance["virtual_ipaddress"]), None)
    if first is None or not instance["interface"]:
        return []
    family = networks.family(networks.interface(first["address"]))
    devices = [instance["interface"]]
    devices += vmac_names(instance, family)
    protocols = ["vrrp"]
    if (instance.get("authentication") or {}).get("auth_type") == "AH" and instance["version"] == 2:
        # The advert stands behind an authentication header, whose number the packet has.
        protocols = ["ah"]
    if instance.get("unicast"):
        asked: list[str | None] = [*instance["unicast"]["peers"]]
    elif family == "ipv6":
        # They come from the link-local address.
        asked = [None] if peers else []
    else:
        asked = [
            source
            for peer in peers
            for source in sources(peer, family, instance_of(peer, instance["name"]).get("interface"))
        ]
    return [traffic(family, device, one, protocol) for device in devices for protocol in protocols for one in asked]


def _bfd(director: Host, bfd: Mapping[str, Any]) -> dict[str, Any]:
    neighbor = networks.address(bfd["neighbor_ip"])
    device = next((name for name, one in director.interfaces if neighbor in one.network), None)
    port = BFD_MULTIHOP_PORT if (bfd.get("options") or {}).get("multihop") else BFD_PORT
    return traffic(networks.family(neighbor), device, str(neighbor), "udp", port)


def ordered(found: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each kind once; any source, where that is needed, stands for all others."""
    unique = {tuple(one.items()): dict(one) for one in found}.values()
    open_ = [{**one, "source": None} for one in unique if one["source"] is None]
    kept = [one for one in unique if one["source"] is None or {**one, "source": None} not in open_]
    return sorted(
        kept,
        key=lambda one: (
            one["family"],
            natural(one["interface"] or ""),
            one["protocol"],
            one.get("port", 0),
            natural(one["source"] or ""),
        ),
    )
