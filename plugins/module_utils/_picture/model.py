# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a picture of the plans shows: who stands before whom, with every text that is written there.

Nothing of a plan is copied whole, so that no password, script argument or keepalived option can get into a picture.
"""

from __future__ import annotations

from typing import Any, Iterable, Mapping, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._picture.wiring import Network, wiring
from ansible_collections.lvs.cluster.plugins.module_utils._picture.words import (
    endpoints,
    joined,
    lost,
    port_map,
    settings,
    sorry_server,
    spans,
    weight_label,
)
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import natural

__all__ = ["Director", "Front", "Picture", "Pool", "Server", "Service", "Use", "Vip", "picture"]

Plans = Mapping[str, Mapping[str, Any]]


class Vip(NamedTuple):
    """A virtual address as it is written (with its prefix, if any), the bare address, and what holds it."""

    text: str
    address: str
    note: str


class Director(NamedTuple):
    """One director: what its VRRP instances and interfaces say of it."""

    name: str
    notes: tuple[str, ...]


class Service(NamedTuple):
    """A virtual service; those of one name that differ by address and port alone are one of these."""

    name: str
    endpoints: tuple[str, ...]
    settings: tuple[str, ...]
    vips: tuple[str, ...]


class Use(NamedTuple):
    """That a pool sends to a real server, and how: the label, and the kind of line."""

    server: str
    label: str
    kind: str


class Pool(NamedTuple):
    """Virtual services that send to the same real servers in the same way."""

    services: tuple[Service, ...]
    uses: tuple[Use, ...]


class Server(NamedTuple):
    """A real server or a cluster node; of several that are drawn as one, ``host`` is the first or "" if they differ."""

    name: str
    notes: tuple[str, ...]
    host: str


class Front(NamedTuple):
    """One cluster from its VIPs to its real servers, or one of nodes that share VIPs without a director."""

    cluster: str
    title: str
    heads: tuple[str, str, str]
    vips: tuple[Vip, ...]
    directors: tuple[Director, ...]
    pools: tuple[Pool, ...]
    servers: tuple[Server, ...]


class Picture(NamedTuple):
    """Everything that is drawn. ``others`` are hosts that nothing else shows, ``notes`` what is left out."""

    fronts: tuple[Front, ...]
    networks: tuple[Network, ...]
    others: tuple[str, ...]
    notes: tuple[str, ...]


def picture(plans: Plans) -> Picture:
    """The model of all plans, in an order that depends on their content alone."""
    names = sorted(plans, key=natural)
    fronts = [*_director_fronts(plans, names), *_node_fronts(plans, names)]
    networks = wiring(plans)
    seen = {one.name for front in fronts for one in front.directors}
    seen |= {one.name for front in fronts for one in front.servers}
    wired = {tap.host for network in networks for tap in network.taps}
    others = []
    for name in names:
        serves = any(role != "director" for role in plans[name].get("roles", ()))
        if name not in seen and (serves or name not in wired):
            others.append(f"{name} (no service names it)" if serves else name)
    return Picture(tuple(fronts), tuple(networks), tuple(others), ())


# --- directors


def _director_fronts(plans: Plans, names: Iterable[str]) -> list[Front]:
    """Peers with the same services are one front, whatever else differs: a sorry server may be each director's own."""
    groups: dict[tuple[str, tuple[Pool, ...]], list[str]] = {}
    for name in names:
        director = plans[name].get("director")
        if director:
            groups.setdefault((plans[name]["cluster"], _pools(director.get("services", []))), []).append(name)
    return [
        _director_front(plans, cluster, pools, members)
        for (cluster, pools), members in sorted(groups.items(), key=lambda item: natural(item[0][0]))
    ]


def _with_sorry_servers(pools: tuple[Pool, ...], services: Iterable[Mapping[str, Any]]) -> tuple[Pool, ...]:
    sorry: dict[str, dict[str, None]] = {}
    for service in services:
        for text in sorry_server(service):
            sorry.setdefault(service["name"], {}).setdefault(text)
    return tuple(
        pool._replace(
            services=tuple(
                one._replace(settings=(*one.settings, f"sorry server {' or '.join(sorry[one.name])}"))
                if one.name in sorry
                else one
                for one in pool.services
            )
        )
        for pool in pools
    )


def _director_front(plans: Plans, cluster: str, pools: tuple[Pool, ...], members: list[str]) -> Front:
    vips: dict[str, Vip] = {}
    for name in members:
        for one in held(plans[name]["director"]):
            vips.setdefault(one.address, one)
    asked = list(dict.fromkeys(vip for pool in pools for service in pool.services for vip in service.vips))
    for address in asked:
        vips.setdefault(address, Vip(address, address, "the director's own address"))
    ordered = [vips[address] for address in asked]
    gateways = {
        route["gateway"] for plan in plans.values() for route in (plan.get("real_server_nat") or {}).get("routes", [])
    }
    for address in sorted(vips, key=natural):
        if address not in asked:
            use = "way back of real servers" if address in gateways else "no service"
            ordered.append(vips[address]._replace(note=joined((vips[address].note, use))))
    directors = [Director(name, _director_notes(plans[name])) for name in members]
    services = [service for name in members for service in plans[name]["director"].get("services", [])]
    pools = _with_sorry_servers(pools, services)
    heads = ("VIPs and directors" if len(members) > 1 else "VIPs and director", "Virtual services", "Real servers")
    return Front(
        cluster, f"Cluster {cluster}", heads, tuple(ordered), tuple(directors), pools, _servers(plans, services)
    )


def held(director: Mapping[str, Any]) -> list[Vip]:
    """The VIPs that a director holds: those of its VRRP instances, then those that it has all the time."""
    found = []
    for instance in director.get("vrrp_instances", []):
        for key in ("virtual_ipaddress", "virtual_ipaddress_excluded"):
            for entry in instance.get(key) or []:
                device = entry.get("dev") or instance["interface"]
                found.append(_vip(entry["address"], f"{instance['name']} on {device}"))
    for entry in director.get("virtual_addresses", []):
        found.append(_vip(entry["address"], f"on {entry['interface']}"))
    return found


def _vip(text: str, note: str) -> Vip:
    return Vip(text, text.partition("/")[0], note)


def _director_notes(plan: Mapping[str, Any]) -> tuple[str, ...]:
    director = plan["director"]
    notes = [f"{one['name']}: priority {one['priority']}" for one in director.get("vrrp_instances", [])]
    daemon = director.get("sync_daemon")
    if daemon:
        notes.append(f"connections synced over {daemon['interface']}")
    if director.get("colocated"):
        notes.append(f"real server, too ({director['colocated']})")
    return (*_leaves(plan), *notes)


def _leaves(plan: Mapping[str, Any]) -> tuple[str, ...]:
    return ("leaves the cluster",) if plan.get("state") == "absent" else ()


def _pools(services: Iterable[Mapping[str, Any]]) -> tuple[Pool, ...]:
    pools: dict[tuple[Use, ...], dict[tuple[str, tuple[str, ...]], list[Mapping[str, Any]]]] = {}
    for service in services:
        uses = dict.fromkeys(
            Use(name_of(server), weight_label(server), server["forwarding"]) for server in service["real_servers"]
        )
        same = (service["name"], settings(service))
        pools.setdefault(tuple(uses), {}).setdefault(same, []).append(service)
    return tuple(
        Pool(tuple(_service(name, words, members) for (name, words), members in named.items()), uses)
        for uses, named in pools.items()
    )


def _service(name: str, words: tuple[str, ...], members: list[Mapping[str, Any]]) -> Service:
    asked = [match["address"] for one in members for match in one.get("match", [])]
    asked += [one["address"] for one in members if one.get("address")]
    return Service(name, endpoints(members), (*words, *port_map(members)), tuple(dict.fromkeys(asked)))


def name_of(server: Mapping[str, Any]) -> str:
    """A real server's name, or its address where it is a machine outside the inventory."""
    return str(server.get("host") or server["address"])


def _servers(plans: Plans, services: Iterable[Mapping[str, Any]]) -> tuple[Server, ...]:
    addresses: dict[str, dict[str, None]] = {}
    for service in services:
        for server in service["real_servers"]:
            addresses.setdefault(name_of(server), {}).setdefault(server["address"])
    return tuple(
        Server(name, tuple(_server_notes(plans.get(name), name, addresses[name])), name)
        for name in sorted(addresses, key=natural)
    )


def _server_notes(plan: Mapping[str, Any] | None, name: str, addresses: Iterable[str]) -> list[str]:
    notes = [address for address in addresses if address != name]
    if plan is None:
        return [*notes, "outside the inventory"]
    notes += _leaves(plan)
    if "director" in plan.get("roles", ()):
        notes.append("director, too")
    back = plan.get("real_server_nat") or {}
    gateways = dict.fromkeys(route["gateway"] for route in back.get("routes", []))
    notes += [f"way back {gateway} ({back['form']})" for gateway in gateways]
    return notes


# --- nodes without a director


def _node_fronts(plans: Plans, names: Iterable[str]) -> list[Front]:
    clusters: dict[str, list[str]] = {}
    for name in names:
        if plans[name].get("clusterip_node"):
            clusters.setdefault(plans[name]["clusterip_node"]["cluster"], []).append(name)
    return [_node_front(plans, cluster, clusters[cluster]) for cluster in sorted(clusters, key=natural)]


def _node_front(plans: Plans, cluster: str, members: list[str]) -> Front:
    nodes = {name: plans[name]["clusterip_node"] for name in members}
    shared: dict[str, Mapping[str, Any]] = {}
    uses, servers = [], []
    for name, node in nodes.items():
        if node["state"] != "present":
            servers.append(Server(name, ("leaves the cluster",), name))
            continue
        for it in node["cluster_ips"]:
            shared.setdefault(it["address"], it)
        uses.append(Use(name, f"buckets {spans(node['preferred'], node['buckets'])}", "buckets"))
        servers.append(Server(name, (f"node {node['number']}", *_link_address(node)), name))
    servers.sort(key=lambda one: (nodes[one.name].get("number") or 0, natural(one.name)))
    uses.sort(key=lambda one: (nodes[one.server].get("number") or 0, natural(one.server)))
    vips = [_vip(f"{it['address']}/{it['prefix']}", f"on {it['interface']} of every node") for it in shared.values()]
    services = [_shared(it, any(node.get("failover") for node in nodes.values())) for it in shared.values()]
    pools = (Pool(tuple(services), tuple(uses)),) if services else ()
    heads = ("VIPs of all nodes", "Shared by buckets", "Nodes and the buckets they prefer")
    title = f"Cluster {cluster}, without a director"
    return Front(cluster, title, heads, tuple(vips), (), pools, tuple(servers))


def _link_address(node: Mapping[str, Any]) -> tuple[str, ...]:
    source = (node.get("vrrp") or {}).get("source")
    return (str(source),) if source else ()


def _shared(it: Mapping[str, Any], failover: bool) -> Service:
    ports = f"port {joined(map(str, it['ports']))}" if it.get("ports") else "every port"
    words = [f"{it['total']} buckets by {it['hash_mode']}", str(it["backend"]), *lost(it, failover)]
    name = f"{it['address']} {it['protocol']}" if it.get("protocol") else str(it["address"])
    return Service(name, (ports,), tuple(words), (it["address"],))
