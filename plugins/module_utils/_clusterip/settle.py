# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who serves what was moved by hand, where no VRRP gives the buckets and the inventory shares them out anew.

Each node follows its own share, and keeps what a person moved. Without more, a node that comes would get a bucket that
another has taken, and what a node that goes had taken would be nobody's. For the control node.
"""

from __future__ import annotations

from typing import Any, Collection, Mapping, NamedTuple, Sequence

__all__ = ["settled"]

Found = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Node of this run -> VIP -> what the module clusterip_node returned there, in check mode."""


class _Side(NamedTuple):
    """The buckets of each node, those that it would serve after this run or those of its next boot.

    ``first``: who keeps a bucket that several would have, of whom the best comes first.
    """

    has: Mapping[str, set[int]]
    first: Sequence[Mapping[str, Collection[int]]]

    def owners(self, bucket: int) -> list[str]:
        return [node for node, buckets in self.has.items() if bucket in buckets]

    def keeper(self, bucket: int) -> str:
        owners = self.owners(bucket)
        return min(owners, key=lambda node: [bucket not in kind[node] for kind in self.first])


def settled(
    preferred: Mapping[str, Collection[int]], found: Found, left_out: Collection[str] = ()
) -> dict[str, dict[str, Any]]:
    """{node: {"buckets": {VIP: {"now": [...], "at_boot": [...]}}, "lines": [...]}} for nodes that must be told.

    ``preferred`` are the buckets of each node of the cluster by the inventory, ``left_out`` the nodes that this run
    could not ask. A bucket that several would serve stays with who took it by hand. One that nobody would serve goes to
    the inventory's node, unless a node that was not asked may serve it. All that only where this run changes a node.
    """
    result: dict[str, dict[str, Any]] = {}
    for vip in dict.fromkeys(vip for mine in found.values() for vip in mine):
        nodes = {node: mine[vip] for node, mine in found.items() if vip in mine}
        if not any(one["changed"] for one in nodes.values()):
            continue
        unknown = bool(left_out) or len(nodes) < len(found)
        for node, (sides, lines) in _settle(preferred, nodes, unknown).items():
            mine = result.setdefault(node, {"buckets": {}, "lines": []})
            mine["buckets"][vip] = dict(zip(("now", "at_boot"), map(sorted, sides)))
            mine["lines"] += [line.format(vip=vip) for line in lines]
    return result


def _settle(
    preferred: Mapping[str, Collection[int]], nodes: Mapping[str, Mapping[str, Any]], unknown: bool
) -> dict[str, tuple[list[set[int]], list[str]]]:
    """By node that must be told: what it serves, what it serves at boot, and a line for each bucket."""
    hands = {node: one.get("by_hand") or {} for node, one in nodes.items()}
    taken = {node: set(hand.get("taken", ())) for node, hand in hands.items()}
    given = {node: set(hand.get("given", ())) for node, hand in hands.items()}
    now = {node: set(one["buckets"]) for node, one in nodes.items()}
    boot = {node: (set(preferred[node]) | taken[node]) - given[node] for node in nodes}
    before = {node: set(one["buckets_before"] or ()) for node, one in nodes.items()}
    sides = (_Side(now, (taken, before, preferred)), _Side(boot, (taken, preferred)))
    told: dict[str, dict[int, str]] = {}
    for owner, buckets in preferred.items():
        for bucket in buckets:
            for side in sides:
                has = side.owners(bucket)
                if not has and owner in nodes and not unknown:
                    side.has[owner].add(bucket)
                    told.setdefault(owner, {})[bucket] = f"bucket {bucket} of {{vip}} comes home: nobody else has it"
                for node in has if len(has) > 1 else ():
                    keeper = side.keeper(bucket)
                    if node != keeper:
                        side.has[node].discard(bucket)
                        told.setdefault(node, {})[bucket] = (
                            f"bucket {bucket} of {{vip}} stays on {keeper}, where it was moved by hand"
                        )
    return {node: ([now[node], boot[node]], list(lines.values())) for node, lines in told.items()}
