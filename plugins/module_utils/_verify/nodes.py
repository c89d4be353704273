# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The buckets of cluster IPs: each is served, and by one node."""

from __future__ import annotations

from typing import Any, Iterator, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.status import differences, status
from ansible_collections.lvs.cluster.plugins.module_utils._verify.checks import Check, Plans, listing

__all__ = ["unserved"]


def unserved(plans: Plans, found: Mapping[str, Mapping[str, Any]], not_looked_at: Mapping[str, str]) -> list[Check]:
    """A check for each cluster IP of the nodes that were asked.

    ``found``: by node and VIP what clusterip_node returned in check mode. ``not_looked_at``: nodes that were asked and
    did not answer, with the reason; of a bucket that one of them may serve nothing is said. Nodes in neither were left
    out of the run.
    """
    asked = {*found, *not_looked_at}
    nodes = {host: plan["clusterip_node"] for host, plan in plans.items() if plan.get("clusterip_node")}
    checks = []
    for one in status(nodes, found):
        if not asked & {*one["nodes"], *one["not_reached"]}:
            continue
        here = f"{one['address']} of the cluster {one['cluster']}"
        faults = [f"{here}: {text}" for text in _faults(one)]
        faults += [
            f"{node}: which buckets it serves is not known: {not_looked_at[node]}"
            for node in one["not_reached"]
            if node in not_looked_at
        ]
        notes = [
            f"{here}: {node} has buckets {kind} by hand: {' '.join(map(str, mine[kind]))}"
            for node, mine in one["nodes"].items()
            for kind in ("taken", "given")
            if mine[kind]
        ]
        notes += [f"{here}: {node} serves no bucket" for node in one["resting"]]
        checks.append(Check(one["cluster"], "buckets", one["address"], tuple(faults), tuple(notes)))
    return checks


def _faults(one: Mapping[str, Any]) -> Iterator[str]:
    for node, mine in one["nodes"].items():
        if mine["buckets"] is None:
            yield f"the rules of {node} are not (all) there, so it serves nobody"
    if one["nobody"] and not one["not_reached"]:
        yield f"nobody serves the buckets {' '.join(map(str, one['nobody']))}: their clients get no answer"
    for bucket, owners in one["twice"].items():
        yield f"{listing(owners)} serve bucket {bucket}: its clients get {len(owners)} answers"
    yield from differences(one)
