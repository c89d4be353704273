# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The topology: from an inventory's variables to the plan of each host, or all faults at once.

It knows nothing of Ansible's classes, of files or of hosts: dicts in, dicts out. It reads ``lvs_*`` variables and two
of the role clusterip_node; what only a host can know stands in its plan's ``unchecked`` for that host's preflight.
``lab_*`` variables are the lab's and are not read.
"""

from __future__ import annotations

from typing import Any, Iterable, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology.apart import check_apart, check_sync_apart
from ansible_collections.lvs.cluster.plugins.module_utils._topology.cluster_ips import plan_nodes
from ansible_collections.lvs.cluster.plugins.module_utils._topology.colocated import Colocation
from ansible_collections.lvs.cluster.plugins.module_utils._topology.director import manager_of, plan_director
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Fault, Findings
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Cluster, Host, Inventory, load
from ansible_collections.lvs.cluster.plugins.module_utils._topology.own_addresses import check_own_twice
from ansible_collections.lvs.cluster.plugins.module_utils._topology.real_servers import RealServers
from ansible_collections.lvs.cluster.plugins.module_utils._topology.services import (
    Service,
    check_agreement,
    plan_services,
)
from ansible_collections.lvs.cluster.plugins.module_utils._topology.sync_daemon import check_sync_peers
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vip_holders import vip_holders
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vips import Owners
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vrrp_peers import check_peers, check_router_ids
from ansible_collections.lvs.cluster.plugins.module_utils._topology.way_back import ways_back

__all__ = ["Fault", "plan"]


def plan(inventory: Mapping[str, Any]) -> dict[str, Any]:
    """Plan every host of an inventory.

    ``inventory`` is ``{"hosts": {name: {variable: value}}, "groups": {group: [host, ...]}}`` with the values templated
    for each host and nested groups resolved to their hosts. A variable that could not be templated is
    ``{"__lvs_error__": message}``. ``extra``, where it is given, are the names of the run's extra variables.

    The answer is ``{"faults": [...], "notices": [...], "hosts": {name: plan}}``, plain data in an order that depends on
    the content alone. With a single fault ``hosts`` is empty: half a plan must not reach anybody. Every host of the
    inventory has a plan, ``roles`` being empty for those that the cluster does not need (lab_only, strangers).
    """
    findings = Findings()
    known = load(inventory, findings)
    real_servers = RealServers(known)
    owners = Owners(known.hosts.values())
    planned: dict[str, list[Service]] = {}
    directors: dict[str, dict[str, Any]] = {}
    serving: set[str] = set()
    for cluster in known.clusters.values():
        managers = {director.name: manager_of(director) for director in cluster.sorted}
        for director in cluster.sorted:
            planned[director.name] = plan_services(director, cluster, real_servers, managers[director.name])
        colocation = Colocation(known, cluster, planned, managers)
        for director in cluster.sorted:
            name = director.name
            directors[name] = plan_director(director, cluster, planned[name], managers[name], owners, colocation)
            serving |= {name} if colocation.serves(director) else set()
        check_peers(cluster)
        check_sync_peers(cluster, {one.name: directors[one.name]["sync_daemon"] for one in cluster.sorted})
        check_agreement(cluster, planned)
        colocation.check()
    check_router_ids(known.clusters.values())
    check_apart(known.clusters.values(), directors)
    check_sync_apart(known.clusters.values(), directors)
    everything = [
        (cluster, director, service)
        for cluster in known.clusters.values()
        for director in cluster.sorted
        for service in planned[director.name]
    ]
    check_own_twice(known, everything)
    _check_tunnels(known, everything)
    _check_ways(known, everything)
    back = ways_back(known, everything)
    direct, tunneled = vip_holders(known, everything, {name: directors[name] for name in serving})
    nodes = plan_nodes(known, owners)
    faults = Findings.ordered(findings.faults)
    hosts = {
        name: {
            "host": name,
            "cluster": host.cluster,
            "leaves": host.leaves,
            "roles": host.roles,
            "director": directors.get(name),
            "real_server_nat": back.get(name),
            "real_server_dr": direct.get(name),
            "real_server_tun": tunneled.get(name),
            "clusterip_node": nodes.get(name),
        }
        for name, host in known.hosts.items()
    }
    return {"faults": faults, "notices": Findings.ordered(findings.notices), "hosts": {} if faults else hosts}


def _check_tunnels(known: Inventory, services: Iterable[tuple[Cluster, Host, Service]]) -> None:
    """Note directors among the real servers of tunnels; those of its own cluster were noted with the service."""
    named = {
        (cluster.name, server["host"])
        for cluster, _director, service in services
        for server in service.plan["real_servers"]
        if server["forwarding"] == "tun"
    }
    for host in known.hosts.values():
        if {"director", "real_server_tun"} <= set(host.roles) and (host.cluster, host.name) not in named:
            host.place.key("groups").key("real_servers_tun").fault(
                "the host is in directors, too, and a director can't be a real server behind a tunnel",
                "take it out of one of the two groups, or use direct routing",
            )


def _check_ways(known: Inventory, services: Iterable[tuple[Cluster, Host, Service]]) -> None:
    """Note a default route through a director beside direct routing: from an address of its own it forwards nothing."""
    used: dict[tuple[str, str], dict[str, str]] = {}
    for cluster, _director, service in services:
        for server in service.plan["real_servers"]:
            if server["host"] and service.plan["family"] == "ipv4":
                methods = used.setdefault((server["host"], cluster.name), {})
                methods.setdefault(server["forwarding"], service.plan["name"])
    for (name, _cluster), methods in used.items():
        host = known.hosts[name]
        if {"nat", "dr"} <= set(methods) and host.variables["lvs_route"] == "default":
            host.place.key("lvs_route").fault(
                f"is default, which leads the answers of {methods['dr']} (direct routing) to the director, too, and a "
                "director that holds their VIP drops them",
                "write lvs_route: policy",
            )
