# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""keepalived's configuration for the buckets: one VRRP instance each. For the control node."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.settings import Places
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.states import instance
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import render
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tree import Node

__all__ = ["checks_of", "config_text"]

_HEALTH = "lvs_bucket_health"
_CHOICE = "lvs_bucket_choice_"


def config_text(plan: Mapping[str, Any], *, failback: str) -> str:
    """The text of keepalived.conf for a cluster node's plan; ``failback`` is auto or manual."""
    if failback not in ("auto", "manual"):
        raise ValueError(f"failback is auto or manual, not {failback!r}")
    places, vrrp = Places(), plan["vrrp"]
    global_defs = (
        Node("vrrp_version", (3,)),
        # Of root, who made it; without a user keepalived looks for keepalived_script and complains where there is none.
        Node("vrrp_notify_fifo", (places.fifo, "root")),
        Node("fifo_write_vrrp_states_on_reload"),
    )
    # With weight 0 anything but 0 is FAULT. A file that is missing is read as 0, so keepalived makes one that says 1.
    health = (Node("file", (places.health,)), Node("weight", (0,)), Node("init_file", (1,)))
    tracked = [Node("track_file", (_HEALTH,), health)]
    tracked += [_choice(places, item["bucket"]) for item in vrrp["instances"]]
    # VRRP tracks that of its adverts by itself. Where another one has no carrier, no client of its VIPs comes in.
    links = sorted({cluster_ip["interface"] for cluster_ip in plan["cluster_ips"]} - {vrrp["interface"]})
    instances = [_instance(item, vrrp, failback, links) for item in vrrp["instances"]]
    return render([Node("global_defs", (), global_defs), *tracked, *instances])


def checks_of(plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The health checks of a cluster node's plan, each against the VIP that it belongs to, for clusterip_failover."""
    return [
        {
            "type": check["type"],
            "address": cluster_ip["address"],
            "port": check["port"],
            "timeout": check["connect_timeout"],
            **({"path": check["path"], "status": check["status_code"]} if check["type"] == "http" else {}),
        }
        for cluster_ip in plan["cluster_ips"]
        for check in cluster_ip["health_checks"]
    ]


def _choice(places: Places, bucket: int) -> Node:
    """The file of a bucket whose number is added to the priority, as soon as it is written; none is 0."""
    nodes = (Node("file", (places.choice(bucket),)), Node("weight", (1,)))
    return Node("track_file", (f"{_CHOICE}{bucket}",), nodes)


def _instance(item: Mapping[str, Any], vrrp: Mapping[str, Any], failback: str, links: Sequence[str]) -> Node:
    """VRRP needs an address; the VIP is on all nodes at once, so it is one of the loopback network."""
    nodes = [
        Node("state", ("BACKUP",)),
        Node("interface", (vrrp["interface"],)),
        Node("virtual_router_id", (item["virtual_router_id"],)),
        Node("priority", (item["priority"],)),
        Node("advert_int", (vrrp["advert_int"],)),
    ]
    if vrrp.get("source"):
        nodes.append(Node("mcast_src_ip", (vrrp["source"],)))
    if failback == "manual":
        nodes.append(Node("nopreempt"))
    if links:
        nodes.append(Node("track_interface", (), tuple(Node(link) for link in links)))
    placeholder = Node(item["placeholder"], ("dev", "lo", "scope", "host"))
    tracked = (Node(_HEALTH), Node(f"{_CHOICE}{item['bucket']}"))
    nodes += [Node("virtual_ipaddress", (), (placeholder,)), Node("track_file", (), tracked)]
    return Node("vrrp_instance", (instance(item["bucket"]),), tuple(nodes))
