# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes that share cluster IPs, and what they must agree on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Iterable, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology import networks
from ansible_collections.lvs.cluster.plugins.module_utils._topology.bucket_vrrp import vrrp_plan
from ansible_collections.lvs.cluster.plugins.module_utils._topology.cluster_ip_entries import Entry
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Host
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import listing, natural

__all__ = ["FAILBACK", "FAILOVER", "Node", "Sharing", "check_agreement", "check_apart", "check_buckets"]

FAILOVER, FAILBACK = "clusterip_node_failover", "clusterip_node_failback"


@dataclass
class Node:
    """A cluster node with what its variables say; ``whole`` is false where a part of its cluster IPs can't be read."""

    host: Host
    entries: list[Entry]
    whole: bool
    vrrp: dict[str, Any] | None
    number: int | None = None

    @property
    def name(self) -> str:
        """The host's name."""
        return self.host.name

    @property
    def failover(self) -> bool | None:
        """Whether VRRP moves buckets; None where that can't be read."""
        failover: bool | None = self.host.variables[FAILOVER]
        return failover

    @property
    def absent(self) -> dict[str, Any]:
        """The plan of a node that leaves; it has the keys of the others and no bucket."""
        return {
            "state": "absent",
            "cluster": self.host.cluster,
            "number": None,
            "nodes": {},
            "buckets": self.entries[0].plan["total"],
            "preferred": [],
            "failover": self.failover,
            "failback": self.host.variables[FAILBACK],
            "cluster_ips": [entry.plan for entry in self.entries],
            "vrrp": vrrp_plan(self.host, self.vrrp or {}, []),
            "peer_traffic": [],
        }


@dataclass
class Sharing:
    """The nodes of one cluster that stay, in the order of the group, and those that leave."""

    name: str
    nodes: list[Node] = field(default_factory=list)
    leaving: list[Node] = field(default_factory=list)

    @property
    def whole(self) -> list[Node]:
        """The nodes all of whose cluster IPs could be read, in natural order."""
        return sorted((node for node in self.nodes if node.whole), key=lambda node: natural(node.name))

    @property
    def buckets(self) -> int | None:
        """The number of buckets, None where the cluster IPs do not agree on it."""
        found = {entry.plan["total"] for node in self.nodes for entry in node.entries}
        return found.pop() if len(found) == 1 else None


def check_apart(clusters: Iterable[Sharing]) -> None:
    users: dict[networks.Address, dict[str, list[Entry]]] = {}
    for sharing in clusters:
        for entry in (entry for node in sharing.nodes for entry in node.entries):
            users.setdefault(entry.vip, {}).setdefault(sharing.name, []).append(entry)
    for vip, found in users.items():
        for entry in (entry for one in found.values() for entry in one) if len(found) > 1 else ():
            entry.place.key("address").fault(
                f"{vip} is a cluster IP of the clusters {listing(found)}", "give each cluster an address of its own"
            )


def check_buckets(sharing: Sharing) -> None:
    """VRRP moves a bucket with all cluster IPs of the cluster, so they have the same number of them."""
    for node in sharing.nodes:
        for entry in node.entries[1:]:
            first, total = node.entries[0].plan, entry.plan["total"]
            if total != first["total"]:
                entry.place.key("buckets").fault(
                    f"is {total}, and {first['address']} has {first['total']}: a bucket moves with all cluster IPs",
                    "write the same number for all cluster IPs of the cluster",
                )


def check_agreement(sharing: Sharing) -> None:
    """Note where nodes differ: a client would be in one bucket here and in another there."""
    for variable in (FAILOVER, FAILBACK):
        _compare([(node, (variable,), node.host.variables[variable]) for node in sharing.nodes])
    for key in ("virtual_router_id_base", "advert_int"):
        _compare([(node, ("lvs_bucket_vrrp", key), node.vrrp[key]) for node in sharing.nodes if node.vrrp])
    nodes = sharing.whole
    views: dict[networks.Address, dict[str, Entry]] = {}
    for node in nodes:
        for entry in node.entries:
            views.setdefault(entry.vip, {}).setdefault(node.name, entry)
    for vip, view in views.items():
        for node in nodes:
            if node.name not in view:
                node.host.place.key("lvs_cluster_ips").fault(
                    f"lacks {vip}, which {listing(view)} has",
                    "write it for all nodes of the cluster, or give the other its own lvs_cluster",
                )
        for key in next(iter(view.values())).plan:
            values = {name: entry.plan[key] for name, entry in view.items()}
            if key != "interface" and any(value != next(iter(values.values())) for value in values.values()):
                for entry in view.values():
                    written = {"prefix": "address", "total": "buckets"}.get(key, key)
                    entry.place.key(written).fault(
                        f"the nodes {listing(view)} do not agree on {vip}" + _shown(values),
                        "give all nodes of the cluster the same",
                    )


def _compare(found: list[tuple[Node, tuple[str, ...], Any]]) -> None:
    values = {node.name: value for node, _path, value in found if value is not None}
    if any(value != next(iter(values.values())) for value in values.values()):
        for node, path, _value in found:
            place = node.host.place
            for key in path:
                place = place.key(key)
            problem = f"the nodes {listing(values)} do not agree" + _shown(dict(sorted(values.items())))
            place.fault(problem, "give all nodes of the cluster the same")


def _shown(values: Mapping[str, Any]) -> str:
    """The values in a message, unless they are health checks, which are long."""
    if any(isinstance(one, dict) for value in values.values() if isinstance(value, list) for one in value):
        return ""
    names: dict[str, list[str]] = {}
    for name, value in values.items():
        text = ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)
        names.setdefault(text.lower(), []).append(name)
    return ": " + "; ".join(f"{text} on {listing(some)}" for text, some in names.items())
