# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One report of a cluster: the plans of its hosts, merged with what director_status returned on each director.

The figures of a virtual service are those of the director that serves it: the MASTER of the instance that moves its
VIP, else the one that has the VIP. A backup's table may differ, and its connections are copies.
"""

from __future__ import annotations

from ipaddress import ip_interface
from typing import Any, Iterable, Iterator, Mapping, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import DestinationKey, ServiceKey
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.planned import kernel_port, sorry_endpoint

__all__ = ["Live", "instance_addresses", "is_global", "live_services", "report", "service_addresses", "service_key"]

Plans = Mapping[str, Mapping[str, Any]]
Results = Mapping[str, Mapping[str, Any]]
Live = Mapping[ServiceKey, Mapping[str, Any]]

RATES = ("cps", "inpps", "outpps", "inbps", "outbps")
"""Of the kernel's figures: connections, packets and bytes per second."""
SERVES = ("up", "weighted", "differs", "sorry", "unplanned")
"""States of a real server that may have a weight above 0."""


def report(results: Results, plans: Plans, cluster_ips: Sequence[Mapping[str, Any]], at: str) -> dict[str, Any]:
    """``results``: by director what director_status returned, a failure too; a director without one was not asked.

    ``cluster_ips``: what the filter bucket_status says. ``at``: when, for a reader.
    """
    directors = {host: plan for host, plan in plans.items() if plan.get("director")}
    told = {host: results[host] for host in directors if "loaded" in results.get(host, {})}
    tables = {host: live_services(result) for host, result in told.items()}
    services = list(_services(directors, told, tables))
    return {
        "at": at,
        "totals": _totals(services, directors, cluster_ips),
        "services": services,
        "directors": [_director(host, plan, results.get(host), tables.get(host)) for host, plan in directors.items()],
        "cluster_ips": [dict(one) for one in cluster_ips],
    }


# --- names of things


def service_key(service: Mapping[str, Any]) -> ServiceKey:
    """What the kernel knows a service by, of a plan or of ipvs_info."""
    if service.get("fwmark"):
        return ServiceKey(service["family"], fwmark=service["fwmark"])
    return ServiceKey(service["family"], service["protocol"], service["address"], service["port"])


def live_services(result: Mapping[str, Any]) -> dict[ServiceKey, Mapping[str, Any]]:
    return {service_key(service): service for service in result["services"]}


def service_addresses(service: Mapping[str, Any]) -> list[str]:
    """The VIPs that clients of a planned service ask."""
    named = [service["address"]] if service.get("address") else []
    return list(dict.fromkeys([*named, *(match["address"] for match in service.get("match", []))]))


def instance_addresses(instance: Mapping[str, Any], *, seen: bool = False) -> list[str]:
    """The addresses that a VRRP instance of a plan moves, without prefix lengths.

    ``seen``: only those that director_status tells of, which are those of global scope.
    """
    lists = (instance.get("virtual_ipaddress"), instance.get("virtual_ipaddress_excluded"))
    moved = [entry for entries in lists for entry in entries or [] if not seen or is_global(entry)]
    return [entry["address"].partition("/")[0] for entry in moved]


def is_global(entry: Mapping[str, Any]) -> bool:
    """Whether director_status tells of a VRRP instance's address; of link-local ones and a host's it doesn't."""
    scope = str((entry.get("options") or {}).get("scope", "global"))
    return scope in ("global", "0") and not ip_interface(entry["address"]).is_link_local


def _held(result: Mapping[str, Any]) -> set[str]:
    # On lo it is there for packets to be taken in, as on a director that serves itself: nobody is told of that one.
    return {text.split()[0].partition("/")[0] for text in result["addresses"] if not text.endswith(" dev lo")}


# --- virtual services


def _services(directors: Plans, told: Results, tables: Mapping[str, Live]) -> Iterator[dict[str, Any]]:
    """Each service of each cluster once, in the order of the plans."""
    members: dict[tuple[str, ServiceKey], dict[str, Mapping[str, Any]]] = {}
    for host, plan in directors.items():
        for service in plan["director"]["services"]:
            members.setdefault((plan["cluster"], service_key(service)), {})[host] = service
    for (cluster, key), by_host in members.items():
        source, serving = _source(key, by_host, directors, told, tables)
        planned = by_host[source or min(by_host)]
        live = tables[source].get(key) if source else None
        overrides = _overrides(told[source]) if source else {}
        others = {host: tables[host][key] for host in by_host if host != source and key in tables.get(host, {})}
        servers = list(_servers(planned, key, live, overrides, others))
        yield {
            "cluster": cluster,
            "name": planned["name"],
            "service": str(key),
            "addresses": service_addresses(planned),
            "match": [_matched(match) for match in planned.get("match", [])],
            "scheduler": live["scheduler"] if live else planned["scheduler"],
            "planned_scheduler": planned["scheduler"],
            "forwarding": planned["forwarding"],
            "persistence_timeout": (live or planned).get("persistence_timeout") or 0,
            "managers": sorted({directors[host]["director"]["manager"] for host in by_host}),
            "source": source,
            "serving": serving,
            "in_table": live is not None,
            **_figures(live),
            **_connections(servers),
            "real_servers": servers,
        }


def _source(
    key: ServiceKey, by_host: Plans, directors: Plans, told: Results, tables: Mapping[str, Live]
) -> tuple[str | None, bool]:
    """The director whose figures count, and whether it is the one that clients reach."""
    reached = [host for host in by_host if host in told]
    wanted = set(service_addresses(next(iter(by_host.values()))))

    def is_master(host: str) -> bool:
        states = told[host]["keepalived"]["instances"]
        return any(
            states.get(instance["name"], {}).get("state") == "MASTER"
            for instance in directors[host]["director"]["vrrp_instances"]
            if not wanted or wanted & set(instance_addresses(instance))
        )

    def holds(host: str) -> bool:
        return bool(wanted & _held(told[host]))

    def is_alone(host: str) -> bool:
        return directors[host]["director"]["manager"] == "static" and key in tables[host]

    # All three: of two masters the one that has the VIP and the service.
    for is_it in (
        lambda host: is_master(host) and holds(host) and key in tables[host],
        is_master,
        lambda host: holds(host) and key in tables[host],
        holds,
        is_alone,
    ):
        found = next((host for host in reached if is_it(host)), None)
        if found is not None:
            return found, True
    return next((host for host in reached if key in tables[host]), next(iter(reached), None)), False


def _matched(match: Mapping[str, Any]) -> str:
    """What a firewall mark is for: "tcp 10.0.0.6 ports 80, 443"."""
    spans = [str(first) if first == last else f"{first} to {last}" for first, last in match.get("ports") or []]
    return " ".join(filter(None, [match.get("protocol"), match["address"], "ports" if spans else "", ", ".join(spans)]))


def _overrides(result: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {one["server"]: one for one in result["overrides"]}


def _servers(
    service: Mapping[str, Any],
    key: ServiceKey,
    live: Mapping[str, Any] | None,
    overrides: Mapping[str, Mapping[str, Any]],
    others: Mapping[str, Mapping[str, Any]],
) -> Iterator[dict[str, Any]]:
    """The planned real servers, and what stands in the table besides."""
    found = {(one["address"], one["port"]): one for one in live["destinations"]} if live else {}
    sorry = sorry_endpoint(service)
    stood_in = sorry in found
    peers = {host: {(one["address"], one["port"]): one for one in it["destinations"]} for host, it in others.items()}
    for server in service["real_servers"]:
        place = (server["address"], kernel_port(service, server["forwarding"], server["port"]))
        now = found.pop(place, None)
        name = f"{key} -> {DestinationKey(key.family, *place)}"
        override = overrides.get(server["weight_file"]) or overrides.get(name)
        state = _state(service, server, now, override, stood_in) if live else "unknown"
        yield {
            **_server(key, place, now),
            "name": server["host"] or server["address"],
            "host": server["host"],
            "weight_file": server["weight_file"],
            "planned": server["weight"],
            "state": state,
            "override": dict(override) if override else None,
            "elsewhere": {
                host: {"weight": table[place]["weight"], **table[place]["connections"]} if place in table else None
                for host, table in peers.items()
            },
        }
    for place, now in found.items():
        is_sorry = place == sorry
        more = {
            "name": place[0],
            "host": None,
            "weight_file": "",
            "planned": None,
            "state": "sorry" if is_sorry else "unplanned",
        }
        yield {**_server(key, place, now), **more, "override": None, "elsewhere": {}}


def _server(key: ServiceKey, place: tuple[str, int], now: Mapping[str, Any] | None) -> dict[str, Any]:
    connections = now["connections"] if now else {}
    return {
        "address": place[0],
        "port": place[1],
        "endpoint": str(DestinationKey(key.family, *place)),
        "weight": now["weight"] if now else None,
        **{name: connections.get(name, 0) for name in ("active", "inactive", "persistent")},
        **_figures(now),
    }


def _state(
    service: Mapping[str, Any],
    server: Mapping[str, Any],
    now: Mapping[str, Any] | None,
    override: Mapping[str, Any] | None,
    stood_in: bool,
) -> str:
    """A word for what a real server does; a health check that took it out comes before what an operator set.

    But where the sorry server stands in: for it keepalived takes those out that were set to weight 0, too.
    """
    if override is not None and (now is not None or (stood_in and not override["weight"])):
        return str(override["state"])
    if now is None:
        return "down"
    if now["weight"] == server["weight"]:
        return "up" if now["weight"] else "no weight"
    if now["weight"] == 0:
        inhibited = server.get("inhibit_on_failure", service.get("inhibit_on_failure"))
        return "down" if inhibited else "no weight"
    return "differs"


def _figures(of: Mapping[str, Any] | None) -> dict[str, Any]:
    statistics = of.get("statistics", {}) if of else {}
    return {name: statistics.get(name, 0) for name in ("conns", *RATES)}


def _connections(servers: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    listed = list(servers)
    return {name: sum(server[name] for server in listed) for name in ("active", "inactive", "persistent")}


# --- directors


def _director(
    host: str, plan: Mapping[str, Any], result: Mapping[str, Any] | None, table: Live | None
) -> dict[str, Any]:
    planned = plan["director"]
    known = {
        "host": host,
        "cluster": plan["cluster"],
        "manager": planned["manager"],
        "planned_instances": [instance["name"] for instance in planned["vrrp_instances"]],
    }
    if result is None or table is None:
        message = "" if result is None else str(result.get("msg") or "it was not reached")
        reached = result is not None and not result.get("unreachable")
        return {**known, "asked": result is not None, "reached": reached, "told": False, "message": message}
    named = [entry["address"].partition("/")[0] for entry in planned["virtual_addresses"]]
    vips = {*named, *(one for instance in planned["vrrp_instances"] for one in instance_addresses(instance))}
    destinations = [one for service in table.values() for one in service["destinations"]]
    return {
        **known,
        "asked": True,
        "reached": True,
        "told": True,
        "message": "",
        "loaded": result["loaded"],
        "version": result["version"],
        "keepalived": dict(result["keepalived"]),
        "vips": sorted(vips & _held(result)),
        "lacks": sorted(set(named) - _held(result)),
        "sync_planned": bool(planned.get("sync_daemon")),
        "sync_daemons": list(result["sync_daemons"]),
        "overrides": list(result["overrides"]),
        "lock": result["lock"],
        "now": result["now"],
        "services": len(table),
        "unplanned": sorted(str(key) for key in set(table) - set(map(service_key, planned["services"]))),
        **{name: sum(one["connections"][name] for one in destinations) for name in ("active", "inactive")},
        **{name: sum(_figures(service)[name] for service in table.values()) for name in RATES},
    }


def _totals(
    services: Sequence[Mapping[str, Any]], directors: Plans, cluster_ips: Sequence[Mapping[str, Any]]
) -> dict[str, int]:
    servers = [server for service in services for server in service["real_servers"] if server["planned"] is not None]
    return {
        "services": len(services),
        "real_servers": len({(server["host"], server["address"]) for server in servers}),
        "directors": len(directors),
        "cluster_ips": len(cluster_ips),
        "nodes": len({node for one in cluster_ips for node in (*one["nodes"], *one["not_reached"])}),
        **{name: sum(service[name] for service in services) for name in ("active", "inactive", *RATES)},
    }
