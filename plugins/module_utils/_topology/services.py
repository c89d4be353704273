# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual services: defaults merged, ports expanded, and everything that contradicts noted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology import networks, tunnels
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.forwarding import check_forwarding
from ansible_collections.lvs.cluster.plugins.module_utils._topology.health_checks import (
    check_names,
    check_neighbors,
    give_ports,
    normalised,
)
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Cluster, Host
from ansible_collections.lvs.cluster.plugins.module_utils._topology.match import Packets, packets
from ansible_collections.lvs.cluster.plugins.module_utils._topology.real_servers import RealServers, network_of
from ansible_collections.lvs.cluster.plugins.module_utils._topology.service_settings import (
    PERSISTENCE,
    SHARED,
    check_quorum,
    check_settings,
    planned_settings,
)
from ansible_collections.lvs.cluster.plugins.module_utils._topology.sorry_servers import (
    check_sorry_server,
    planned_sorry,
)
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vips import vips
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import listing

__all__ = ["Service", "brief", "check_agreement", "identity", "label", "merged", "plan_services"]

DEFAULTS: Mapping[str, Any] = {"protocol": "tcp", "scheduler": "wlc"}
"""What a service has when neither it nor the defaults say: IPVS's own. The forwarding method has no safe default."""


@dataclass(frozen=True)
class EntryPlace(Place):
    """The place of a service with several addresses, as it is for one of them: its address is that entry."""

    number: int = 0

    def key(self, name: str) -> Place:
        """The place of a key of the service."""
        return super().key("addresses").index(self.number) if name == "address" else super().key(name)


@dataclass(frozen=True)
class Service:
    """One virtual service in plan form and the place where it is written."""

    place: Place
    plan: dict[str, Any]


def merged(director: Host) -> list[tuple[Place, dict[str, Any]]]:
    """The director's services, each over lvs_virtual_service_defaults (a key of the service replaces the whole key).

    A persistence timeout of 0 is none, and takes what belongs to one out of the defaults.
    """
    place = director.place.key("lvs_virtual_services")
    shared = director.variables.get("lvs_virtual_service_defaults") or {}
    result = []
    for number, service in director.items("lvs_virtual_services"):
        at = place.index(number)
        settings = {**DEFAULTS, **shared, **service}
        if settings.get("persistence_timeout") == 0:
            for key in ("persistence_timeout", *({*PERSISTENCE} - {*service})):
                settings.pop(key, None)
        if "health_checks" in settings:
            source = at if "health_checks" in service else director.place.key("lvs_virtual_service_defaults")
            check_names(settings["health_checks"], director, source.key("health_checks"))
            settings["health_checks"] = normalised(settings["health_checks"], source.key("health_checks"))
        if "tunnel" in settings:
            source = at if "tunnel" in service else director.place.key("lvs_virtual_service_defaults")
            settings["tunnel"] = tunnels.normalised(settings["tunnel"], source.key("tunnel"))
            tunnels.check_used(service, settings.get("forwarding"), at)
        result.append((at, settings))
    return result


def identity(plan: Mapping[str, Any]) -> tuple[Any, ...]:
    """What makes a service the same service to the kernel: family with address, port and protocol, or with the mark."""
    if "fwmark" in plan:
        return (plan["family"], plan["fwmark"])
    return (plan["family"], plan["protocol"], plan["address"], plan["port"])


def label(plan: Mapping[str, Any]) -> str:
    """The service in a message: ``intranet (tcp 10.0.0.5 port 80)``."""
    if "fwmark" in plan:
        return f"{plan['name']} (firewall mark {plan['fwmark']}, {plan['family']})"
    return f"{plan['name']} ({plan['protocol']} {plan['address']} port {plan['port']})"


def brief(plan: Mapping[str, Any]) -> dict[str, Any]:
    """The service as a real server's plan names it."""
    return {key: plan[key] for key in ("name", "address", "port", "protocol", "fwmark") if key in plan}


def plan_services(director: Host, cluster: Cluster, real_servers: RealServers, manager: str | None) -> list[Service]:
    """The director's services, one for each address and port; what is wrong is noted.

    A service without identity is left out.
    """
    result: list[Service] = []
    names: set[str] = set()
    known: dict[tuple[Any, ...], str] = {}
    answered = {one.ip for _name, one in [*cluster.vrrp_addresses, *director.interfaces]}
    answered |= {
        networks.interface(entry["address"]).ip
        for _number, entry in director.items("lvs_virtual_addresses")
        if entry.get("address")
    }
    for written, service in merged(director):
        name = service.get("name")
        if name in names:
            written.key("name").fault(f"{name} is the name of another service too", "give each service its own name")
        names.add(name or "")
        _check_keys(service, director, written)
        check_settings(service, written)
        _check_own_checks(service, director, written)
        real_servers.check_not_emptied(service, cluster, written)
        if manager == "keepalived":
            _check_watched(service, written)
        pools: list[list[dict[str, Any]]] = []
        for place, one in _by_address(service, written):
            asked = vips(one, place)
            vip = networks.address(one["address"]) if one.get("address") else None
            family = _family(one, vip, place)
            ports = [one["port"]] if one.get("port") else one.get("ports") or []
            near = next((address for _place, address in asked), vip)
            servers = real_servers.resolve(one, family=family, vip=near, ports=ports, cluster=cluster, place=place)
            if manager == "keepalived" and cluster.readable:
                _check_answered(asked, answered)
            check_forwarding(
                one, servers, director=director, cluster=cluster, inventory=real_servers.inventory, place=place
            )
            if vip is not None:
                _check_direct_answers(vip, servers, real_servers, cluster, place)
            check_sorry_server(one, family, ports, director, cluster, place)
            check_quorum(one, servers, place)
            check_neighbors(servers, director, cluster, place)
            give_ports(one, servers, place)
            _check_group_ports(one, servers, ports, place)
            pools.append(servers)
            for plan in _expanded(one, family, ports, servers, place):
                if identity(plan) in known:
                    problem = f"{label(plan)} is the same virtual service as {known[identity(plan)]}"
                    remedy = "give each a mark of its own" if "fwmark" in plan else "leave one of them out"
                    place.fault(problem, f"{remedy}, or merge them")
                known.setdefault(identity(plan), label(plan))
                result.append(Service(place, plan))
        _check_group_servers(service, pools, written)
    return result


def _by_address(service: Mapping[str, Any], place: Place) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    """The service for each of its addresses, as one with that address alone."""
    if "addresses" not in service or "address" in service or "fwmark" in service:
        yield place, service
        return
    rest = {key: value for key, value in service.items() if key != "addresses"}
    usable = [(number, address) for number, address in enumerate(service["addresses"] or []) if address is not None]
    for number, address in usable:
        yield EntryPlace(place.findings, place.host, place.path, number), {**rest, "address": address}
    if not usable:
        yield place, {**rest, "address": None}


def _check_keys(service: Mapping[str, Any], director: Host, place: Place) -> None:
    if "fwmark" in service:
        for key in ("address", "addresses"):
            if key in service:
                place.key(key).fault("stands beside fwmark", "write the addresses of the marked packets under match")
        if service.get("virtual_server_group"):
            place.key("virtual_server_group").fault(
                "is for several addresses or ports, and a firewall mark is one virtual service", "leave it out"
            )
    elif "match" in service:
        place.key("match").fault(
            "says nothing without fwmark", "leave out match, or write fwmark in place of address and port"
        )
    else:
        if "address" in service and "addresses" in service:
            place.key("addresses").fault(
                "stands beside address, and only one of the two can be", "leave out one of them"
            )
        elif "address" not in service and "addresses" not in service:
            place.key("address").fault("is missing", "write the virtual address (VIP) that clients ask")
        if "family" in service:
            place.key("family").fault("says nothing without fwmark", "leave out family, or write fwmark")
    entries = [entry for entry in service.get("real_servers") or [] if entry is not None]
    unread = director.variables.get("lvs_virtual_service_defaults", {}) is None
    if not unread and "forwarding" not in service and not all("forwarding" in entry for entry in entries):
        place.key("forwarding").fault("is missing", "write nat, dr or tun here or in lvs_virtual_service_defaults")


def _family(service: Mapping[str, Any], vip: networks.Address | None, place: Place) -> str | None:
    """The family of the service, None while it is unknown because an address is wrong or missing."""
    if vip is not None:
        return networks.family(vip)
    if "fwmark" not in service:
        return None
    matched = [match.get("address") for match in service.get("match") or [] if match is not None]
    families = {networks.family(networks.address(text)) for text in matched if text}
    if len(families) > 1:
        place.key("match").fault(
            "mixes IPv4 and IPv6, and a service has one family", "write one service for each family"
        )
        return None
    family: str = next(iter(families), service.get("family") or "ipv4")
    if service.get("family", family) not in (family, None):
        place.key("family").fault(
            f"is {service['family']}, and match has {family.replace('ip', 'IP')} addresses",
            "leave out family, or correct the addresses",
        )
        return None
    return family


def _check_answered(asked: list[tuple[Place, networks.Address]], answered: set[networks.Address]) -> None:
    for at, vip in asked:
        if vip not in answered:
            at.fault(
                f"nobody answers for {vip}: it is in no VRRP instance and not in lvs_virtual_addresses",
                "add it to virtual_ipaddress of a VRRP instance, or to lvs_virtual_addresses of a director without "
                "a peer",
            )


def _check_watched(service: Mapping[str, Any], place: Place) -> None:
    entries = [entry for entry in service.get("real_servers") or [] if entry is not None]
    if "health_checks" not in service and not all("health_checks" in entry for entry in entries):
        place.key("health_checks").notice(
            "is not given: a real server that dies keeps its share of the connections",
            "write health_checks ([] if none is wanted)",
        )


def _check_direct_answers(
    vip: networks.Address, servers: list[dict[str, Any]], resolver: RealServers, cluster: Cluster, place: Place
) -> None:
    near: dict[networks.Network, list[str]] = {}
    for server in servers:
        if server["forwarding"] == "nat":
            host = resolver.inventory.hosts.get(server["host"])
            network = network_of(host, networks.address(server["address"]), cluster)
            if network is not None and vip in network:
                near.setdefault(network, []).append(server["host"] or server["address"])
    for network, names in near.items():
        place.key("address").notice(
            f"{vip} is in {network}, the network of its NAT real servers {listing(names)}: they answer a client of "
            "that network directly, and it does not know the answer",
            "keep clients out of that network, or use forwarding: dr",
        )


def _check_own_checks(service: Mapping[str, Any], director: Host, place: Place) -> None:
    for number, entry in enumerate(service.get("real_servers") or []):
        if entry is not None:
            spot = place.key("real_servers").index(number).key("health_checks")
            check_names(entry.get("health_checks"), director, spot)


def _check_group_ports(
    service: Mapping[str, Any], servers: list[dict[str, Any]], ports: list[int], place: Place
) -> None:
    """keepalived checks the real servers of a group once for all its virtual services, so each has one port."""
    if not service.get("virtual_server_group") or len(set(ports)) < 2:
        return
    named = [server["host"] or server["address"] for server in servers if server["port"] is None]
    if named:
        place.key("virtual_server_group").fault(
            f"has one set of real servers for the ports {listing(map(str, ports))}, and {listing(named)} has none of "
            "its own",
            "give each real server its port (with NAT alone), or leave virtual_server_group out",
        )


def _check_group_servers(service: Mapping[str, Any], pools: list[list[dict[str, Any]]], place: Place) -> None:
    """Every address of a group has the same real servers, reached in the same way."""
    ways = [{(server["host"], server["address"]) for server in servers} for servers in pools]
    if service.get("virtual_server_group") and any(way != ways[0] for way in ways):
        place.key("virtual_server_group").fault(
            "has one set of real servers, and they would be reached at other addresses for one VIP than for another",
            "give the hosts lvs_address, use VIPs of one family, or leave virtual_server_group out",
        )


def _expanded(
    service: Mapping[str, Any], family: str | None, ports: list[int], servers: list[dict[str, Any]], place: Place
) -> list[dict[str, Any]]:
    """The service in plan form for each of its ports, or once for its mark; nothing while its identity is unknown."""
    if family is None or service.get("protocol") is None:
        return []
    if "fwmark" in service:
        if service["fwmark"] is None:
            return []
        kinds: list[dict[str, Any]] = [{"fwmark": service["fwmark"]}]
    else:
        same = {"address": service["address"], "protocol": service["protocol"]}
        kinds = [{**same, "port": port} for port in ports]
    settings = planned_settings(service, family, place)
    return [_one(service, kind, family, servers, settings) for kind in kinds]


def _one(
    service: Mapping[str, Any],
    kind: Mapping[str, Any],
    family: str,
    servers: list[dict[str, Any]],
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    port = kind.get("port", 0)
    plan: dict[str, Any] = {
        "name": service.get("name"),
        **kind,
        "family": family,
        "scheduler": service.get("scheduler"),
        "forwarding": service.get("forwarding", servers[0]["forwarding"] if servers else None),
        **settings,
    }
    if "fwmark" in kind and service.get("match"):
        # Ranges: a mark is often for most of the 65535 ports.
        plan["match"] = [one._asdict() if one else None for one in map(packets, service["match"])]
    if service.get("sorry_server"):
        plan["sorry_server"] = planned_sorry(service, port)
    where = f"fwmark_{kind['fwmark']}" if "fwmark" in kind else f"{kind['address']}_{kind['protocol']}_{port}"
    if service.get("virtual_server_group"):
        plan["virtual_server_group"] = plan["name"]
        where = "group"
    plan["real_servers"] = []
    for server in servers:
        own = port if server["port"] is None else server["port"]
        # The name of a file: "_" parts it, and the ":" of IPv6 would part a path in some tools.
        file = f"{plan['name']}_{where}_{server['address']}_{own}".replace(":", "-")
        plan["real_servers"].append({**server, "port": own, "weight_file": file})
    return plan


def check_agreement(cluster: Cluster, planned: Mapping[str, list[Service]]) -> None:
    """Note where directors of one cluster would balance differently after a takeover.

    Sorry servers, health checks and options may differ: each director can be its own sorry server.
    """
    views: dict[tuple[Any, ...], dict[str, Service]] = {}
    for director in cluster.sorted:
        for one in planned[director.name]:
            views.setdefault(identity(one.plan), {})[director.name] = one
    for view in views.values():
        _check_present(cluster, planned, view)
        first_host, first = next(iter(view.items()))
        for host, service in view.items():
            for key in ("name", "scheduler", *SHARED, "forwarding", "persistence_timeout", "match", "real_servers"):
                mine, other = _compared(service.plan, key), _compared(first.plan, key)
                if mine == other or None in (*mine, *other):
                    continue
                problem = (
                    f"the directors do not agree on {label(first.plan)}: {first_host} has "
                    f"{_words(other - mine)}, {host} has {_words(mine - other)}"
                )
                for place in (first.place, service.place):
                    place.key(key).fault(problem, "give all directors of the cluster the same")


def _check_present(cluster: Cluster, planned: Mapping[str, list[Service]], view: Mapping[str, Service]) -> None:
    first = next(iter(view.values()))
    for host in cluster.sorted:
        written = host.variables.get("lvs_virtual_services")
        if host.name in view or written is None:
            continue
        # An item with a wrong address or port has its fault already; that it is missing here is no news.
        readable = len({service.place.path for service in planned[host.name]}) == len(written or ())
        if readable:
            host.place.key("lvs_virtual_services").fault(
                f"lacks the service {label(first.plan)} that {listing(view)} has",
                "write it for all directors of the cluster, or give the other its own lvs_cluster",
            )


def _compared(plan: Mapping[str, Any], key: str) -> set[str | None]:
    """The parts of a setting that peers must share, as words; None among them for what is wrong anyhow."""
    if key == "real_servers":
        return {
            f"{one['address']} port {one['port']} weight {one['weight']}{_way(one)}{_thresholds(one)}"
            for one in plan[key]
        }
    if key == "match":
        return {Packets(**one).text if one else None for one in plan.get(key, ())}
    if key in SHARED:
        value = plan.get(key)
        return {", ".join(value) if isinstance(value, list) else str(value)} if value else {"none"}
    value = plan.get(key, "none") if key == "persistence_timeout" else plan[key]
    return {None if value is None else str(value)}


def _way(server: Mapping[str, Any]) -> str:
    tunnel = server.get("tunnel", {"type": "ipip"})
    details = [f"{key} {tunnel[key]}" for key in ("port", "checksum") if tunnel.get(key, "none") != "none"]
    return f" by {' '.join([server['forwarding'], tunnel['type'], *details])}" if server["forwarding"] == "tun" else ""


def _thresholds(server: Mapping[str, Any]) -> str:
    found = [f"{key} {server[key]}" for key in ("upper_threshold", "lower_threshold") if server.get(key)]
    return f" {' '.join(found)}" if found else ""


def _words(parts: set[str | None]) -> str:
    return listing(part for part in parts if part is not None) or "none of the others"
