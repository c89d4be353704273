# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sorry servers: who answers while no real server of a service can."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology import networks, tunnels
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Cluster, Host

__all__ = ["check_sorry_server", "planned_sorry"]


def check_sorry_server(
    service: Mapping[str, Any],
    family: str | None,
    ports: list[int],
    director: Host,
    cluster: Cluster,
    place: Place,
) -> None:
    """Note a sorry server that the service could not reach, or whose answers would not come back."""
    sorry = service.get("sorry_server") or {}
    spot = place.key("sorry_server")
    other = sorry.get("address") and family and networks.family(networks.address(sorry["address"])) != family
    # keepalived looks at the sorry server's own method here; the service's is not handed down yet (vs_end_handler).
    if other and family and sorry.get("forwarding") != "tun":
        spot.key("address").fault(
            f"is {sorry['address']}, and the service is {family.replace('ip', 'IP')}", "write one of the same family"
        )
    if sorry and "port" not in sorry and "fwmark" in service:
        spot.key("port").fault(
            "is missing, and a service on a firewall mark has no port to take it from", "write the port"
        )
    if sorry and "port" not in sorry and service.get("virtual_server_group") and len(set(ports)) > 1:
        spot.key("port").fault(
            "is missing, and one sorry server is for all ports of a virtual_server_group", "write the port"
        )
    method, port = sorry.get("forwarding", service.get("forwarding")), sorry.get("port")
    if sorry.get("address") and networks.address(sorry["address"]).is_loopback and method in ("nat", "tun"):
        spot.key("address").fault(
            f"is {sorry['address']}, to which the kernel sends nothing with {method}",
            "use an address of the director, or forwarding: dr",
        )
    if sorry.get("address"):
        _check_whose(networks.address(sorry["address"]), method, director, cluster, spot.key("address"))
    if port is not None and ports and set(ports) != {port} and method in ("dr", "tun"):
        spot.key("port").fault(
            f"is {port}, and with {method} a sorry server answers on the service's own port",
            "leave port out, or use forwarding: nat",
        )


def _check_whose(address: networks.Address, method: str | None, director: Host, cluster: Cluster, place: Place) -> None:
    """A director may be its own sorry server, or the one that holds a virtual address; NAT to another one fails."""
    edge = networks.edge(cluster.own_networks, address)
    if edge:
        place.fault(f"{address} is {edge}", "write the sorry server's own address")
    owners = [host.name for host in cluster.sorted if any(own.ip == address for _name, own in host.interfaces)]
    if method == "nat" and owners and director.name not in owners:
        place.fault(
            f"is {owners[0]}'s, another director of this service, which answers the client around this one",
            "write an address of each director itself, or a virtual one",
        )


def planned_sorry(service: Mapping[str, Any], port: int) -> dict[str, Any]:
    """The sorry server in plan form; ``port`` is the service's. A tunnel is the service's, and left out where plain."""
    sorry = service["sorry_server"]
    plan = {"port": port, **{key: value for key, value in sorry.items() if key != "inhibit" or value}}
    tunnel = service.get("tunnel")
    if sorry.get("forwarding", service.get("forwarding")) == "tun" and tunnel and tunnel != tunnels.PLAIN:
        plan["tunnel"] = tunnel
    return plan
