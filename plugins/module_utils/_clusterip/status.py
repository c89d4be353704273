# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who serves which bucket of which cluster IP, and what is wrong with that. For the control node."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

__all__ = ["differences", "lines_of", "status"]

Found = Mapping[str, Mapping[str, Any]]
"""Node -> VIP -> what the module clusterip_node returned there, in check mode."""


def status(
    plans: Mapping[str, Mapping[str, Any]], found: Found, unread: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """For each cluster IP: cluster, address, buckets (how many), nodes, not_reached, unread, and what is wrong with it.

    ``plans`` are the plans of cluster nodes by host, ``unread`` says why reading failed on a node that was reached.
    nodes: by node its backend, its buckets, those that a person took and gave there, those that were left in FAULT, and
    whether it is shared, so what all nodes must agree on is not as planned there. nobody: buckets that no node serves;
    twice: buckets, as text, with the nodes where several do; backends: each with its nodes, if there are several;
    beyond: by node the buckets that the plan has not; idle: nodes without any bucket, and resting those of them for
    which that may be right.
    """
    result: dict[tuple[str, str], dict[str, Any]] = {}
    for node, plan in plans.items():
        for it in plan["cluster_ips"]:
            if node not in found and plan["state"] != "present":
                continue
            empty = {"cluster": plan["cluster"], "address": it["address"], "buckets": it["total"]}
            new = {**empty, "nodes": {}, "not_reached": [], "unread": {}}
            one = result.setdefault((plan["cluster"], it["address"]), new)
            if node in found:
                one["nodes"][node] = _served(found[node].get(it["address"], {}))
            else:
                one["not_reached"].append(node)
                if node in (unread or {}):
                    one["unread"][node] = (unread or {})[node]
    for one in result.values():
        one.update(_wrong(one, plans))
    return [result[key] for key in sorted(result)]


def _wrong(one: Mapping[str, Any], plans: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    nodes, total = one["nodes"], one["buckets"]
    owners: dict[int, list[str]] = {}
    backends: dict[str, list[str]] = {}
    for node, mine in nodes.items():
        for bucket in mine["buckets"] or ():
            owners.setdefault(bucket, []).append(node)
        if mine["buckets"] is not None:
            backends.setdefault(mine["backend"], []).append(node)
    beyond = {node: [bucket for bucket in mine["buckets"] or () if bucket > total] for node, mine in nodes.items()}
    idle = [node for node, mine in nodes.items() if mine["buckets"] == [] and not _moved_away(node, nodes, plans[node])]
    # A node that is back has nothing until somebody moves it there; and without VRRP only a person can have taken it.
    resting = [node for node in idle if plans[node]["failback"] == "manual" or not plans[node]["failover"]]
    return {
        "nobody": [bucket for bucket in range(1, total + 1) if bucket not in owners],
        "twice": {str(bucket): nodes for bucket, nodes in sorted(owners.items()) if len(nodes) > 1},
        "backends": backends if len(backends) > 1 else {},
        "beyond": {node: some for node, some in beyond.items() if some},
        "idle": [node for node in idle if node not in resting],
        "resting": resting,
    }


def _moved_away(node: str, nodes: Mapping[str, Mapping[str, Any]], plan: Mapping[str, Any]) -> bool:
    """Whether a person has moved all that a node would serve: it gave that away, or others took it."""
    moved = set(nodes[node]["given"]).union(*(mine["taken"] for other, mine in nodes.items() if other != node))
    return moved.issuperset(plan["preferred"])


def _served(result: Mapping[str, Any]) -> dict[str, Any]:
    """None for the buckets of a node whose rules are not (all) there."""
    by_hand = result.get("by_hand") or {}
    return {
        "backend": result.get("backend", ""),
        "buckets": result.get("buckets_before"),
        "taken": list(by_hand.get("taken", ())),
        "given": list(by_hand.get("given", ())),
        "left": list(result.get("left", ())),
        "shared": bool(result.get("shared")),
    }


def differences(one: Mapping[str, Any]) -> list[str]:
    """What is wrong with the nodes of a cluster IP, besides buckets that nobody or several serve."""
    texts = [
        f"{node} differs from the inventory in what all nodes share, so it may have other clients: run lvs.cluster.site"
        for node, mine in one["nodes"].items()
        if mine["shared"]
    ]
    texts += [
        f"{node} has let go {' '.join(map(str, mine['left']))}, and can't serve that until it takes it back: where no "
        f"run of lvs.cluster.buckets is under way, run it with lvs_host={node} lvs_bucket_state=home"
        for node, mine in one["nodes"].items()
        if mine["left"]
    ]
    if one["backends"]:
        has = "; ".join(f"{backend}: {', '.join(nodes)}" for backend, nodes in sorted(one["backends"].items()))
        texts.append(f"the nodes have different backends, which do not share clients alike: {has}")
    texts += [
        f"{node} serves buckets that are not planned, {' '.join(map(str, some))} of {one['buckets']}"
        for node, some in one["beyond"].items()
    ]
    texts += [f"{node} serves no bucket: see its failover and its health checks" for node in one["idle"]]
    return texts


def lines_of(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """The same as a table for people."""
    lines: list[str] = []
    for one in entries:
        lines.append(f"{one['address']} of the cluster {one['cluster']}, {one['buckets']} buckets")
        wide = max(map(len, [*one["nodes"], *one["not_reached"]]), default=0)
        for node, mine in one["nodes"].items():
            has = mine["buckets"]
            text = "its rules are not (all) there" if has is None else " ".join(map(str, has)) or "none"
            lines.append(f"  {node:{wide}}  {text}" + (f"  ({mine['backend']})" if mine["backend"] else ""))
            for kind in ("taken", "given"):
                if mine[kind]:
                    lines.append(f"  {'':{wide}}  {kind} by hand: {' '.join(map(str, mine[kind]))}")
        lines += [
            f"  {node:{wide}}  {'not read' if node in one['unread'] else 'not reached'}" for node in one["not_reached"]
        ]
        if one["nobody"]:
            lines.append(f"  served by nobody that was reached: {' '.join(map(str, one['nobody']))}")
        lines += [f"  served twice: {bucket} by {' and '.join(nodes)}" for bucket, nodes in one["twice"].items()]
        lines += [f"  {text}" for text in differences(one)]
    return lines
