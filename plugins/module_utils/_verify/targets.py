# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clients can ask: the virtual services and cluster IPs of the plans, and the hosts that ask them."""

from __future__ import annotations

import json
from typing import Any, Iterable, Iterator, Mapping, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._verify.checks import Check, Plans, bracketed

__all__ = ["Target", "host_names", "not_asked", "targets", "targets_of"]

ASKED_OF_A_RANGE = 10
"""Ports; a mark is often for most of the 65535."""


class Target(NamedTuple):
    """One address and port that clients ask, and what is behind it: a virtual service, or the nodes of a cluster IP."""

    name: str
    address: str
    port: int
    cluster: str
    service: Mapping[str, Any]
    nodes: tuple[str, ...] = ()
    one_node: bool = False
    """Whether all that one client sends goes to one node."""


def host_names(given: Any) -> list[str]:
    """The names in ``lvs_probe_hosts``: a list, or text with commas or as JSON, as extra variables often are."""
    if isinstance(given, str) and given.strip().startswith("["):
        given = json.loads(given)
    parts = given.split(",") if isinstance(given, str) else [part for one in given for part in str(one).split(",")]
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def targets_of(plans: Plans) -> list[Target]:
    """Each TCP address and port once, in the order of the plans; peers have the same ones."""
    found: dict[tuple[str, int], Target] = {}
    for plan in plans.values():
        cluster = plan.get("cluster", "")
        for service in (plan.get("director") or {}).get("services", []):
            for address, port in _endpoints(service):
                several = len({match["address"] for match in service.get("match", [])}) > 1
                where = f" {bracketed(address, port)}" if several else f":{port}"
                found.setdefault((address, port), Target(service["name"] + where, address, port, cluster, service))
        for it in _cluster_ips(plan):
            nodes = tuple(plan["clusterip_node"]["nodes"])
            for port in _asked_ports(it):
                name = f"cluster IP {bracketed(it['address'], port)}"
                target = Target(name, it["address"], port, cluster, {}, nodes, it["hash_mode"] == "sourceip")
                found.setdefault((it["address"], port), target)
    return _told_apart(list(found.values()))


def _told_apart(found: list[Target]) -> list[Target]:
    """A service on several addresses, or of another cluster, may have a name that is taken: add the address."""
    names = [one.name for one in found]
    return [
        one._replace(name=f"{one.service['name']} {bracketed(one.address, one.port)}")
        if names.count(one.name) > 1
        else one
        for one in found
    ]


def _endpoints(service: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """What a TCP client can ask: the service's own address and port, or those that its firewall mark matches."""
    if service.get("protocol") == "tcp" and service.get("address") and service["port"]:
        yield service["address"], service["port"]
    for match in service.get("match", []):
        if match["protocol"] == "tcp":
            for first, last in match["ports"]:
                for port in range(first, min(last, first + ASKED_OF_A_RANGE - 1) + 1):
                    yield match["address"], port


def _cluster_ips(plan: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    found: Iterable[Mapping[str, Any]] = (plan.get("clusterip_node") or {}).get("cluster_ips", [])
    return found


def _asked_ports(cluster_ip: Mapping[str, Any]) -> list[int]:
    """The ports of a cluster IP that serves TCP; where it names none, those of its health checks."""
    if cluster_ip["protocol"] not in ("tcp", "all"):
        return []
    checked = [check["port"] for check in cluster_ip["health_checks"] if check.get("port")]
    ports: list[int] = list(cluster_ip["ports"] or dict.fromkeys(checked))
    return ports[:ASKED_OF_A_RANGE]


def targets(plans: Plans) -> list[dict[str, Any]]:
    """What `http_probe` is to ask: name ("intranet:80"), address, port, and the virtual host of the service if any."""
    return [
        {"name": one.name, "address": one.address, "port": one.port, "host": one.service.get("virtualhost")}
        for one in targets_of(plans)
    ]


def not_asked(plans: Plans) -> list[Check]:
    """The services and cluster IPs, or parts of them, that can't be asked by HTTP, each once."""
    found: dict[tuple[str, str], Check] = {}
    for plan in plans.values():
        cluster = plan.get("cluster", "")
        for name, why in _silent(plan):
            found.setdefault((cluster, name), Check(cluster, "requests", name, skipped=why))
    return list(found.values())


def _silent(plan: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for service in (plan.get("director") or {}).get("services", []):
        name = service["name"]
        if "fwmark" not in service and not any(True for _one in _endpoints(service)):
            protocol, port = service["protocol"], service["port"]
            why = f"{protocol} is not asked by HTTP" if port else "it serves every port, and none is named"
            yield f"{name} ({protocol} {bracketed(service['address'], port)})", why
        for match in service.get("match", []):
            if match["protocol"] != "tcp":
                yield f"{name} ({match['protocol']} {match['address']})", f"{match['protocol']} is not asked by HTTP"
        if "fwmark" in service and not service.get("match"):
            yield f"{name} (firewall mark {service['fwmark']})", "which packets get the mark is not in the inventory"
    for it in _cluster_ips(plan):
        if not _asked_ports(it):
            why = (
                "no TCP port is named" if it["protocol"] in ("tcp", "all") else f"{it['protocol']} is not asked by HTTP"
            )
            yield f"cluster IP {it['address']}", why
