# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The VRRP that moves buckets between nodes: one instance a bucket, whatever the number of cluster IPs."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._topology import networks
from ansible_collections.lvs.cluster.plugins.module_utils._topology.cluster_ip_entries import Entry, check_interface
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Cluster, Host
from ansible_collections.lvs.cluster.plugins.module_utils._topology.peer_traffic import ordered, sources, traffic
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_nodes import BUCKET_VRRP
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vrrp_peers import links, router_ids
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import SHOWN, listing

__all__ = [
    "HIGHEST_ID",
    "RouterIds",
    "adverts",
    "check_link",
    "check_settings",
    "instances",
    "settings",
    "vrrp_plan",
]

HIGHEST_ID = 255
FIRST_PRIORITY, LAST_PRIORITY = 250, 128
STEP = 10
MOST_NODES = FIRST_PRIORITY - LAST_PRIORITY + 1
"""No two nodes have the same priority in an instance. Below are those of buckets that a person gave away, which are
smaller by 127 (_clusterip.failover.choices), and above the one of a bucket that a person took."""


def settings(node: Host, entries: Sequence[Entry]) -> dict[str, Any] | None:
    """lvs_bucket_vrrp with its defaults; None where a value of it is wrong or no cluster IP gives the interface."""
    given = node.variables.get("lvs_bucket_vrrp", {})
    if given is None or None in given.values() or not entries:
        return None
    defaults = {key: one.default for key, one in BUCKET_VRRP.fields.items()}
    return {**defaults, "interface": entries[0].plan["interface"], **given}


def check_settings(node: Host, found: Mapping[str, Any], entries: Sequence[Entry], buckets: int, nodes: int) -> None:
    """Note what VRRP can't do with a node's settings."""
    place = node.place.key("lvs_bucket_vrrp")
    base, interval = found["virtual_router_id_base"], found["advert_int"]
    if buckets > HIGHEST_ID:
        place.key("virtual_router_id_base").fault(
            f"there are {buckets} buckets, and VRRP has no more than {HIGHEST_ID} ids for them",
            "write fewer buckets, or clusterip_node_failover: false",
        )
    elif base + buckets - 1 > HIGHEST_ID:
        place.key("virtual_router_id_base").fault(
            f"is {base}, so {buckets} buckets would need the ids to {base + buckets - 1}, and {HIGHEST_ID} is the last",
            f"write {HIGHEST_ID + 1 - buckets} or less, or fewer buckets",
        )
    if abs(interval * 100 - round(interval * 100)) > 1e-6:
        place.key("advert_int").fault(
            f"is {interval}, and VRRP 3 counts hundredths of a second", "write at most two digits after the point"
        )
    if nodes > MOST_NODES:
        place.key("virtual_router_id_base").fault(
            f"the cluster has {nodes} nodes, and VRRP has priorities for {MOST_NODES}",
            "split the cluster, or write clusterip_node_failover: false",
        )
    if found["interface"] != entries[0].plan["interface"]:
        check_interface(node, found["interface"], place)
    own = node.on(found["interface"])
    if own and not any(one.version == 4 for one in own):
        place.key("interface").fault(
            f"{found['interface']} has no IPv4 address in lvs_interfaces, and the adverts for buckets are IPv4",
            "name an interface that has one",
        )


def check_link(nodes: Mapping[str, tuple[Host, Mapping[str, Any]]]) -> None:
    """Note nodes whose adverts the others can't hear, because their interfaces are in different networks."""
    near = {
        name: {one.network for one in node.on(found["interface"]) if one.version == 4}
        for name, (node, found) in nodes.items()
    }
    told = {name: own for name, own in near.items() if own}
    if told and not set.intersection(*told.values()):
        texts = ", ".join(f"{name}: {listing(map(str, own))}" for name, own in sorted(told.items())[:SHOWN])
        for name in told:
            nodes[name][0].place.key("lvs_bucket_vrrp").key("interface").fault(
                f"the nodes have no network in common, so they would not hear each other's adverts ({texts})",
                "name interfaces that are in one network",
            )


class RouterIds:
    """The ids that are in use on each network, by VRRP instances of directors and by the buckets of clusters."""

    def __init__(self, clusters: Iterable[Cluster]) -> None:
        self._used: dict[str, dict[int, str]] = {}
        for (family, network, number), users in router_ids(clusters).items():
            if family == "ipv4":
                name, cluster = min(users)
                self._used.setdefault(network, {})[number] = f"the VRRP instance {name} (cluster {cluster})"

    def add(self, node: Host, found: Mapping[str, Any], buckets: int, entries: Iterable[Entry]) -> None:
        """Note ids that others use on the network of this node, then count them as used."""
        device, base = found["interface"], found["virtual_router_id_base"]
        near = [networks.interface(f"{one.vip}/{one.plan['prefix']}") for one in entries if one.vip.version == 4]
        user = f"the buckets of the cluster {node.cluster}"
        for network in sorted(links(node, device, "ipv4", near, node.cluster)):
            used = self._used.setdefault(network, {})
            ids = range(base, min(base + buckets, HIGHEST_ID + 1))
            others: dict[str, list[str]] = {}
            for number in ids:
                if used.setdefault(number, user) != user:
                    others.setdefault(used[number], []).append(str(number))
            for other, numbers in others.items():
                self._place(node).fault(
                    f"{base} to {ids[-1]} are not free on {network}: {other} has {listing(numbers)}",
                    "write another one, so that each id is used once on a network",
                )

    @staticmethod
    def _place(node: Host) -> Place:
        return node.place.key("lvs_bucket_vrrp").key("virtual_router_id_base")


def instances(base: int, number: int, ranks: Sequence[Mapping[int, int]]) -> list[dict[str, Any]]:
    """A node's instances, one for each bucket. ``ranks`` are, for each bucket, the places of the nodes that share.

    The placeholder is the address that an instance must have; a bucket has none. It is the same on all nodes, because
    a backup compares the addresses of an advert with its own.
    """
    return [
        {
            "bucket": bucket,
            "virtual_router_id": base + bucket - 1,
            "priority": FIRST_PRIORITY - min(STEP, (MOST_NODES - 1) // max(1, len(ranked) - 1)) * ranked[number],
            "placeholder": f"127.77.{base}.{bucket}/32",
        }
        for bucket, ranked in enumerate(ranks, 1)
    ]


def adverts(found: Mapping[str, Any], peers: Iterable[tuple[Host, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """The ``peer_traffic`` of a node with these settings: what its firewall must let in from the other nodes."""
    return ordered(
        traffic("ipv4", found["interface"], source, "vrrp")
        for peer, its in peers
        for source in sources(peer, "ipv4", its["interface"])
    )


def vrrp_plan(node: Host, found: Mapping[str, Any], made: list[dict[str, Any]]) -> dict[str, Any]:
    """The ``vrrp`` part of a node's plan, with the instances that were made for it.

    ``source`` is the node's own address there, where the inventory tells it. Without it keepalived takes the first one
    that the interface has, which may be a VIP after a cable was out, and who has the VIP, too, drops such adverts.
    """
    keys = ("interface", "advert_int", "health_interval", "health_fall", "health_rise")
    own = [str(one.ip) for one in node.on(found.get("interface", "")) if one.version == 4]
    return {**{key: found[key] for key in keys if key in found}, "source": (own or [""])[0], "instances": made}
