# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cluster nodes: who shares which cluster IPs, and who serves which bucket."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology.bucket_vrrp import (
    HIGHEST_ID,
    RouterIds,
    adverts,
    check_link,
    check_settings,
    instances,
    settings,
    vrrp_plan,
)
from ansible_collections.lvs.cluster.plugins.module_utils._topology.buckets import rankings
from ansible_collections.lvs.cluster.plugins.module_utils._topology.cluster_ip_entries import (
    check_addresses,
    directors_addresses,
    entries,
)
from ansible_collections.lvs.cluster.plugins.module_utils._topology.cluster_sharing import (
    FAILBACK,
    Node,
    Sharing,
    check_agreement,
    check_apart,
    check_buckets,
)
from ansible_collections.lvs.cluster.plugins.module_utils._topology.director import manager_of
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Inventory
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vips import Owners
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import listing, natural

__all__ = ["plan_nodes"]


def plan_nodes(known: Inventory, owners: Owners) -> dict[str, dict[str, Any]]:
    """The ``clusterip_node`` part of every host in that group, by host name; less than all only with a fault."""
    taken = directors_addresses(known.clusters.values())
    ids = RouterIds(known.clusters.values())
    clusters: dict[str, Sharing] = {}
    order: dict[str, list[str]] = {}
    for host in known.nodes:
        found, whole = entries(host)
        node = Node(host, found, whole, settings(host, found))
        sharing = clusters.setdefault(host.cluster, Sharing(host.cluster))
        (sharing.leaving if host.leaves else sharing.nodes).append(node)
        order.setdefault(host.cluster, []).append(host.name)
        check_addresses(host, found, owners, taken)
        _check_one_keepalived(node)
    ordered = [clusters[name] for name in sorted(clusters, key=natural)]
    check_apart(ordered)
    plans: dict[str, dict[str, Any]] = {}
    for sharing in ordered:
        check_buckets(sharing)
        check_agreement(sharing)
        _number(sharing, order[sharing.name])
        _check_failover(sharing, ids)
        plans.update(_planned(sharing))
        plans.update({node.name: node.absent for node in sharing.leaving if node.whole})
    return plans


def _check_one_keepalived(node: Node) -> None:
    """Note a host with two keepalived daemons: what looks for the director's would find that of the buckets."""
    host = node.host
    if node.failover and not host.leaves and "director" in host.roles and manager_of(host) == "keepalived":
        host.place.key("clusterip_node_failover").fault(
            "the host is a director with keepalived, too, and the failover would run a second one",
            "write clusterip_node_failover: false, lvs_manager: static, or take the host out of one of the groups",
        )


def _number(sharing: Sharing, order: list[str]) -> None:
    """Give each node that stays its number: its own, or where none has one its place in the group's order."""
    given = [node.name for node in sharing.nodes if "lvs_node_number" in node.host.variables]
    users: dict[int, list[str]] = {}
    for node in sharing.nodes:
        # Those that leave keep their place, so that nobody's number changes with them.
        node.number = node.host.variables.get("lvs_node_number") if given else order.index(node.name) + 1
        if node.number is not None:
            users.setdefault(node.number, []).append(node.name)
    buckets = sharing.buckets
    shown = listing(f"{node.name}: {node.number}" for node in sharing.nodes)
    for node in sharing.nodes:
        place = node.host.place.key("lvs_node_number")
        if given and node.name not in given:
            place.fault(
                f"is missing, unlike that of {listing(given)}", "give each node of the cluster a number of its own"
            )
        elif not given and len(order) > 1:
            place.notice(
                f"is not given, so the order in the group clusterip_nodes decides: {shown}",
                "write each node's lvs_node_number, so that another order of the group moves no bucket",
            )
        holders = users.get(node.number or 0, [])
        if len(holders) > 1:
            place.fault(
                f"{node.number} is the number of {listing(holders)}",
                "give each node of the cluster a number of its own",
            )
        elif buckets is not None and len(sharing.nodes) > buckets:
            for entry in node.entries:
                entry.place.key("buckets").fault(
                    f"is {buckets}, and the cluster has {len(sharing.nodes)} nodes", "write at least one for each node"
                )
        elif buckets is not None and (node.number or 0) > buckets:
            place.fault(
                f"is {node.number}, and there are {buckets} buckets",
                f"write a number from 1 to {buckets}, or more buckets",
            )


def _check_failover(sharing: Sharing, ids: RouterIds) -> None:
    buckets = sharing.buckets
    moved = [(node, node.vrrp) for node in sharing.nodes if node.failover and node.vrrp]
    for node, vrrp in moved:
        if buckets is not None:
            check_settings(node.host, vrrp, node.entries, buckets, len(sharing.nodes))
        if buckets is not None and buckets <= HIGHEST_ID:
            beside = [entry for entry in node.entries if entry.plan["interface"] == vrrp["interface"]]
            ids.add(node.host, vrrp, buckets, beside)
    check_link({node.name: (node.host, vrrp) for node, vrrp in moved})


def _planned(sharing: Sharing) -> dict[str, dict[str, Any]]:
    """The plans of the nodes that share, none of them where what they need is not known (its faults are noted)."""
    buckets = sharing.buckets
    ready = [node for node in sharing.nodes if node.whole and node.vrrp and node.failover is not None]
    nodes = {node.name: node.number for node in sorted(ready, key=lambda node: node.number or 0) if node.number}
    highest = max(nodes.values(), default=0)
    if buckets is None or len(nodes) < len(sharing.nodes) or highest > buckets:
        return {}
    here = set(nodes.values())
    ranks = [
        {number: rank for rank, number in enumerate(number for number in ranking if number in here)}
        for ranking in rankings(buckets, highest)
    ]
    preferred = {
        node.name: [bucket for bucket, ranked in enumerate(ranks, 1) if ranked.get(node.number or 0) == 0]
        for node in sharing.nodes
    }
    _check_even(sharing, {name: len(some) for name, some in preferred.items()})
    return {
        node.name: {
            "state": "present",
            "cluster": sharing.name,
            "number": node.number,
            "nodes": nodes,
            "buckets": buckets,
            "preferred": preferred[node.name],
            "failover": node.failover,
            "failback": node.host.variables[FAILBACK],
            "cluster_ips": [entry.plan for entry in node.entries],
            "vrrp": vrrp_plan(
                node.host,
                node.vrrp or {},
                instances((node.vrrp or {})["virtual_router_id_base"], node.number or 0, ranks)
                if node.failover
                else [],
            ),
            "peer_traffic": adverts(
                node.vrrp or {}, [(other.host, other.vrrp or {}) for other in sharing.nodes if other is not node]
            )
            if node.failover
            else [],
        }
        for node in sharing.nodes
    }


def _check_even(sharing: Sharing, shares: Mapping[str, int]) -> None:
    if shares and max(shares.values()) - min(shares.values()) > 1:
        shown = listing(f"{name}: {share}" for name, share in shares.items())
        for node in sharing.nodes:
            node.host.place.key("lvs_node_number").notice(
                f"the numbers have gaps, so the nodes' buckets are not even: {shown}",
                f"number the nodes from 1 to {len(shares)} at a time when clients may lose their connections",
            )
