# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back of NAT real servers: their replies must pass the director that changed the address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterable

from ansible_collections.lvs.cluster.plugins.module_utils._topology import networks
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Cluster, Host, Inventory
from ansible_collections.lvs.cluster.plugins.module_utils._topology.real_servers import (
    network_of,
    networks_near,
)
from ansible_collections.lvs.cluster.plugins.module_utils._topology.services import Service, brief, identity
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vips import vips
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import listing, natural

__all__ = ["ways_back"]


@dataclass(frozen=True)
class Use:
    """A NAT service that names a real server, and the address by which it does."""

    cluster: Cluster
    director: Host
    service: Service
    address: str


def ways_back(inventory: Inventory, services: Iterable[tuple[Cluster, Host, Service]]) -> dict[str, dict[str, Any]]:
    """The ``real_server_nat`` part of every host in that group, by host name.

    A route's gateway is the host's lvs_gateway (lvs_gateway6), else an address of the directors that moves with their
    services and lies in the real server's network. What contradicts or is missing is noted.
    """
    uses: dict[str, list[Use]] = {name: [] for name, host in inventory.hosts.items() if "real_server_nat" in host.roles}
    for cluster, director, service in services:
        for server in service.plan["real_servers"]:
            if server["forwarding"] == "nat" and server["host"] in uses:
                uses[server["host"]].append(Use(cluster, director, service, server["address"]))
    finder = _Gateways(inventory)
    return {name: _way_back(inventory.hosts[name], found, finder) for name, found in uses.items()}


def _way_back(host: Host, uses: list[Use], finder: _Gateways) -> dict[str, Any]:
    form = host.variables["lvs_route"]
    routes: dict[tuple[str, str], dict[str, Any]] = {}
    # For each source (policy) or family (default): every gateway that is asked for, with the clusters that ask.
    asked: dict[str, dict[str, set[str]]] = {}
    wanted: dict[tuple[Any, ...], dict[str, Any]] = {}
    for use in uses:
        plan = use.service.plan
        wanted.setdefault(
            (use.cluster.name, *identity(plan)),
            brief(plan),
        )
        route = finder.route(host, use)
        if route is None:
            continue
        routes.setdefault((use.address, route["gateway"]), route)
        one = route["family"] if form == "default" else use.address
        asked.setdefault(one, {}).setdefault(route["gateway"], set()).add(use.cluster.name)
    if not uses and not host.leaves:
        host.place.key("groups").key("real_servers_nat").notice(
            "the host is in this group, and no NAT service names it",
            "name it in a service, or take it out after a run of lvs.cluster.site, which takes its way back",
        )
    for source, gateways in asked.items():
        if len(gateways) > 1:
            _conflict(host.place, source, gateways, form)
    ordered = sorted(routes.values(), key=lambda one: (one["family"], natural(one["source"]), natural(one["gateway"])))
    return {"form": form, "routes": ordered, "services": list(wanted.values())}


def _conflict(place: Place, source: str, gateways: dict[str, set[str]], form: str | None) -> None:
    asking = " and ".join(
        f"{gateway} (cluster {listing(clusters)})"
        for gateway, clusters in sorted(gateways.items(), key=lambda pair: natural(pair[0]))
    )
    if form == "default":
        problem = f"the default {source.replace('ip', 'IP')} route cannot lead to two gateways: {asking}"
        place.key("lvs_route").fault(problem, "write lvs_route: policy, or let one cluster name this real server")
    else:
        problem = f"the rule for packets from {source} cannot lead to two gateways: {asking}"
        remedy = "give the real server an address for each cluster, or let one cluster name it"
        place.key("lvs_gateway").fault(problem, remedy)


class _Gateways:
    """Finds routes; what depends on a cluster and a network alone is worked out once."""

    def __init__(self, inventory: Inventory) -> None:
        self._owners: dict[networks.Address, set[str]] = {}
        for host in inventory.hosts.values():
            for _device, one in host.interfaces if host.roles else ():
                self._owners.setdefault(one.ip, set()).add(host.name)
        self._found: dict[tuple[str, networks.Network], networks.Address | None] = {}
        self._routes: dict[tuple[str, str, str], dict[str, Any] | None] = {}
        self._vips = {
            name: {
                vip
                for director in cluster.directors
                for _number, service in director.items("lvs_virtual_services")
                for _place, vip in vips(service, director.place)
            }
            for name, cluster in inventory.clusters.items()
        }

    def route(self, host: Host, use: Use) -> dict[str, Any] | None:
        """The route for one use, None after the fault was noted."""
        key = (host.name, use.cluster.name, use.address)
        if key not in self._routes:
            self._routes[key] = self._work_out(host, use.cluster, networks.address(use.address))
        route = self._routes[key]
        if route is not None:
            self._check_together(use, networks.address(route["gateway"]))
        return route

    def _work_out(self, host: Host, cluster: Cluster, source: networks.Address) -> dict[str, Any] | None:
        variable = "lvs_gateway" if source.version == 4 else "lvs_gateway6"
        place = host.place.key(variable)
        network = network_of(host, source, cluster)
        if network is None:
            own = host.variables["lvs_interfaces"]
            if own is None or not cluster.readable or any(found is None or None in found for found in own.values()):
                return None
            place.fault(
                f"no way back: the network of the real server's address {source} is not known",
                "write the address with its prefix length in lvs_interfaces",
            )
            return None
        if variable in host.variables:
            if host.variables[variable] is None:
                return None
            given = networks.address(host.variables[variable])
            gateway: networks.Address | None = given
            if gateway not in network:
                place.fault(
                    f"no way back: {gateway} is not in {network}, the network of the real server's address {source}",
                    "name a gateway in that network",
                )
            elif edge := networks.edge(networks_near(host, cluster), given):
                place.fault(f"no way back: {gateway} is {edge}", "name an address of the directors")
            elif stranger := self._stranger(given, host, cluster):
                place.fault(
                    f"no way back: {gateway} is the own address of {stranger}, no director of cluster {cluster.name}",
                    "name an address of the directors",
                )
            if any(one.ip == gateway for _name, one in host.interfaces):
                place.fault(f"no way back: {gateway} is this host's own address", "name an address of the directors")
            owner = next((one.name for one in cluster.sorted if any(i.ip == gateway for _n, i in one.interfaces)), None)
            if owner and len(cluster.directors) > 1:
                place.notice(
                    f"{gateway} is {owner}'s own address: answers still go there when another director takes over",
                    "name an address that moves with VRRP, or leave it out",
                )
        else:
            gateway = self._gateway(cluster, network)
        if gateway is None and not cluster.readable:
            return None
        if gateway is None:
            place.fault(
                f"no way back: the directors of cluster {cluster.name} have no virtual address in {network}",
                f"add an address of {network} to virtual_ipaddress of their VRRP instance, or set {variable}",
            )
            return None
        return {
            "family": networks.family(source),
            "source": str(source),
            "network": str(network),
            "gateway": str(gateway),
            "interface": next((name for name, one in host.interfaces if one.ip == source), ""),
        }

    def _stranger(self, gateway: networks.Address, host: Host, cluster: Cluster) -> str | None:
        """Another real server with this own address. A host without a role may be a router before the directors."""
        names = self._owners.get(gateway, set())
        if names & {host.name, *(one.name for one in cluster.directors)}:
            return None
        return next(iter(sorted(names, key=natural)), None)

    def _gateway(self, cluster: Cluster, network: networks.Network) -> networks.Address | None:
        """The cluster's address in a network.

        A virtual address that is no service's comes before one that is, then the order of the inventory decides. What
        stays on a director, its own address or one of lvs_virtual_addresses, may be the gateway where it has no peer.
        """
        key = (cluster.name, network)
        if key not in self._found:
            virtual = [one for _instance, one in cluster.vrrp_addresses]
            alone = len(cluster.directors) == 1
            moving = [one.ip for one in [*virtual, *(cluster.static_addresses if alone else ())]]
            moving.sort(key=lambda one: one in self._vips[cluster.name])
            if alone:
                moving += [one.ip for _name, one in cluster.directors[0].interfaces]
            self._found[key] = next((one for one in moving if one in network), None)
        return self._found[key]

    @staticmethod
    def _check_together(use: Use, gateway: networks.Address) -> None:
        """Note a VIP and a gateway that can move apart: then replies reach a director that knows no connection."""
        instances = use.cluster.instance_of
        if gateway not in instances:
            return
        for place, vip in vips(use.service.plan, use.service.place):
            pair = {instances.get(vip, instances[gateway]), instances[gateway]}
            groups = [set(one.get("group") or []) for _n, one in use.director.items("lvs_vrrp_sync_groups")]
            if len(pair) == 1 or any(pair <= group for group in groups):
                continue
            moves = (
                f"{vip} moves with {instances[vip]} and the real servers' gateway {gateway} with {instances[gateway]}"
            )
            masters = [_first(use.director, name) for name in (instances[vip], instances[gateway])]
            if None not in masters and masters[0] != masters[1]:
                place.fault(
                    f"{moves}: the priorities make {masters[0]} master of the one and {masters[1]} of the other, which "
                    "does not know the connections that it gets the replies of",
                    "put a VIP and the gateway of its real servers into the same instance; to have each director serve "
                    "with NAT, give each VIP real servers and a gateway of its own",
                )
                continue
            place.notice(
                f"{moves}: after half a takeover replies reach a director that does not know the connection",
                f"put {listing(pair)} into one lvs_vrrp_sync_groups entry",
            )


def _first(director: Host, instance: str) -> str | None:
    """The director with the highest priority in an instance; None where that is not said, or not as it should be."""
    for _number, one in director.items("lvs_vrrp_instances"):
        said = one.get("priorities") or {}
        numbers: dict[str, int] = {name: number for name, number in said.items() if number is not None}
        if one.get("name") == instance and numbers and len(numbers) == len(said):
            return max(numbers, key=numbers.__getitem__)
    return None
