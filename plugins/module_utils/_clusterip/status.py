# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who serves which bucket of which cluster IP, and what is wrong with that. For the control node."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

__all__ = ["lines_of", "status"]

Found = Mapping[str, Mapping[str, Any]]
"""Node -> VIP -> what the module clusterip_node returned there, in check mode."""


def status(plans: Mapping[str, Mapping[str, Any]], found: Found) -> list[dict[str, Any]]:
    """For each cluster IP: cluster, address, buckets (how many), nodes, not_reached, nobody, twice.

    ``plans`` are the plans of cluster nodes by host. nodes: by node its backend, its buckets, and those that a person
    took and gave there; nobody: buckets that no node serves; twice: buckets, as text, with the nodes where several do.
    """
    result: dict[tuple[str, str], dict[str, Any]] = {}
    for node, plan in plans.items():
        for it in plan["cluster_ips"]:
            empty = {"cluster": plan["cluster"], "address": it["address"], "buckets": it["total"]}
            one = result.setdefault((plan["cluster"], it["address"]), {**empty, "nodes": {}, "not_reached": []})
            if node in found:
                one["nodes"][node] = _served(found[node].get(it["address"], {}))
            elif plan["state"] == "present":
                one["not_reached"].append(node)
    for one in result.values():
        owners: dict[int, list[str]] = {}
        for node, mine in one["nodes"].items():
            for bucket in mine["buckets"] or ():
                owners.setdefault(bucket, []).append(node)
        one["nobody"] = [bucket for bucket in range(1, one["buckets"] + 1) if bucket not in owners]
        one["twice"] = {str(bucket): nodes for bucket, nodes in sorted(owners.items()) if len(nodes) > 1}
    return [result[key] for key in sorted(result)]


def _served(result: Mapping[str, Any]) -> dict[str, Any]:
    """None for the buckets of a node whose rules are not (all) there."""
    by_hand = result.get("by_hand") or {}
    return {
        "backend": result.get("backend", ""),
        "buckets": result.get("buckets_before"),
        "taken": list(by_hand.get("taken", ())),
        "given": list(by_hand.get("given", ())),
    }


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
        lines += [f"  {node:{wide}}  not reached" for node in one["not_reached"]]
        if one["nobody"]:
            lines.append(f"  served by nobody that was reached: {' '.join(map(str, one['nobody']))}")
        lines += [f"  served twice: {bucket} by {' and '.join(nodes)}" for bucket, nodes in one["twice"].items()]
    return lines
