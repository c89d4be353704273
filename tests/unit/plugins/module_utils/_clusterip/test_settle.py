# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes come and go after buckets were moved by hand, without VRRP: each bucket has one node, now and at boot."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.buckets import Buckets, chosen, wanted
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.moves import Asked, plan_moves
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.settle import settled
from ansible_collections.lvs.cluster.plugins.module_utils._topology.buckets import rankings

VIP, TOTAL = "10.0.0.9", 12


def one(
    buckets: list[int], before: list[int] | None, taken: tuple[int, ...] = (), given: tuple[int, ...] = (), **more: bool
) -> Any:
    by_hand = {"taken": list(taken), "given": list(given)}
    result = {"changed": buckets != before, "buckets": buckets, "buckets_before": before, "by_hand": by_hand}
    return {VIP: {**result, **more}}


def told(now: list[int], at_boot: list[int], *lines: str) -> dict[str, Any]:
    return {"buckets": {VIP: {"now": now, "at_boot": at_boot}}, "lines": list(lines)}


STAYS = "bucket 3 of 10.0.0.9 stays on n1, where it was moved by hand"
HOME = "bucket 3 of 10.0.0.9 comes home: nobody else has it"
THREE = {"n1": [1], "n2": [2], "n3": [3]}


def test_a_node_that_comes_leaves_what_another_took_by_hand() -> None:
    found = {"n1": one([1, 3], [1, 3], taken=(3,)), "n2": one([2], [2, 3], given=()), "n3": one([3], None)}
    assert settled(THREE, found) == {"n3": told([], [], STAYS)}


def test_what_a_node_that_goes_had_taken_comes_home() -> None:
    found = {"n1": one([1, 4], [1], given=(3,)), "n2": one([2], [2])}
    assert settled({"n1": [1, 3, 4], "n2": [2]}, found) == {"n1": told([1, 3, 4], [1, 3, 4], HOME)}


def test_what_may_be_with_a_node_that_was_not_asked_is_left_there() -> None:
    found = {"n1": one([1, 4], [1], given=(3,)), "n2": one([2], [2])}
    preferred = {"n1": [1, 3, 4], "n2": [2], "n4": []}
    assert settled(preferred, found, ["n4"]) == {}
    assert settled(preferred, {**found, "n4": {}}) == {}
    # Two that were asked would serve it all the same.
    found = {"n1": one([1, 3], [1, 3], taken=(3,)), "n3": one([3], None)}
    assert settled(THREE, found, ["n2"]) == {"n3": told([], [], STAYS)}


def test_a_run_that_changes_no_share_leaves_what_a_person_made_of_it() -> None:
    nobody = {"n1": one([], [], given=(1,)), "n2": one([2], [2]), "n3": one([3], [3])}
    twice = {"n1": one([1, 3], [1, 3], taken=(3,)), "n2": one([2], [2]), "n3": one([3], [3])}
    for found in (nobody, twice):
        assert settled(THREE, found) == {}


def test_a_share_that_changes_for_the_next_boot_alone_counts() -> None:
    """n2, which goes, had taken n1's bucket 3 back; of the others n1 has all that it has to get."""
    found = {"n1": one([1, 2], [1, 2], given=(3,), changed=True)}
    assert settled({"n1": [1, 2, 3]}, found) == {"n1": told([1, 2, 3], [1, 2, 3], HOME)}


def test_without_moves_nobody_is_told_anything() -> None:
    found = {"n1": one([1], [1, 3]), "n2": one([2], [2]), "n3": one([3], None)}
    assert settled(THREE, found) == {}


def test_what_moved_until_the_next_boot_stays_until_then() -> None:
    """An echo +3 on n1 and -3 on n2, whose bucket it was; now it is to be n3's."""
    found = {"n1": one([1, 3], [1, 3]), "n2": one([2], [2]), "n3": one([3], None)}
    assert settled(THREE, found) == {"n3": told([], [3], STAYS)}


def test_each_vip_for_itself() -> None:
    other = "10.0.0.10"
    found = {"n1": one([1, 3], [1, 3], taken=(3,)), "n2": one([2], [2]), "n3": one([3], None)}
    for name, mine in found.items():
        mine[other] = one(THREE[name], None)[VIP]
    assert settled(THREE, found) == {"n3": told([], [], STAYS)}


# --- a life ---------------------------------------------------------------------------------------------------------


class Life:
    """Nodes that do what the module does, and runs of site and buckets."""

    def __init__(self) -> None:
        self.here = [1, 2, 3]
        self.nodes: dict[int, tuple[Buckets, Buckets | None, Buckets]] = {}  # local, chosen, live
        self.site()

    def preferred(self) -> dict[str, list[int]]:
        first = [next(one for one in ranking if one in self.here) for ranking in rankings(TOTAL, max(self.here))]
        return {f"n{node}": [b for b, owner in enumerate(first, 1) if owner == node] for node in self.here}

    def compare(self, node: int, told: dict[str, list[int]] | None = None) -> tuple[Buckets, Buckets | None, Buckets]:
        local = tuple(self.preferred()[f"n{node}"])
        had_local, had, live = self.nodes.get(node, ((), None, None))
        choice = chosen(TOTAL, local, named=told["at_boot"] if told else None, had=had, had_local=had_local)
        named = told["now"] if told else None
        return local, choice, wanted(TOTAL, local, named=named, live=live, had_local=had_local, by_hand=choice)

    def seen(self) -> dict[str, Any]:
        found = {}
        for node in self.here:
            local, choice, buckets = self.compare(node)
            hand = set(local if choice is None else choice)
            taken, given = tuple(sorted(hand - set(local))), tuple(sorted(set(local) - hand))
            before = list(self.nodes[node][2]) if node in self.nodes else None
            changed = (local, choice, buckets) != self.nodes.get(node)
            found[f"n{node}"] = one(list(buckets), before, taken, given, changed=changed)
        return found

    def site(self) -> None:
        tell = settled(self.preferred(), self.seen())
        mine = {node: tell.get(f"n{node}", {}).get("buckets", {}).get(VIP) for node in self.here}
        self.nodes = {node: self.compare(node, mine[node]) for node in self.here}
        assert settled(self.preferred(), self.seen()) == {}

    def move(self, node: int, state: str, bucket: int | None) -> None:
        plan = {
            "state": "present", "failover": False, "cluster_ips": [{"address": VIP}], "buckets": TOTAL,
            "nodes": {f"n{one}": one for one in self.here},
        }  # fmt: skip
        seen = {name: {"cluster_ips": mine, "failover": {}} for name, mine in self.seen().items()}
        found = plan_moves(dict.fromkeys(seen, plan), seen, Asked(f"n{node}", state, bucket))
        if state == "given" and len(self.here) == 1:
            assert bucket not in self.nodes[node][2] or found["faults"]
            return
        assert found["faults"] == []
        for step in ("first", "then"):
            for name, told in found[step].items():
                self.nodes[int(name[1:])] = self.compare(int(name[1:]), told[VIP])

    def echo(self, node: int, bucket: int) -> None:
        """Until the next boot."""
        for one in self.here:
            local, choice, live = self.nodes[one]
            now = (set(live) - {bucket}) | ({bucket} if one == node else set())
            self.nodes[one] = (local, choice, tuple(sorted(now)))

    def whole(self) -> None:
        everything = list(range(1, TOTAL + 1))
        assert sorted(bucket for _local, _chosen, live in self.nodes.values() for bucket in live) == everything
        boot = [local if choice is None else choice for local, choice, _live in self.nodes.values()]
        assert sorted(bucket for some in boot for bucket in some) == everything


STEP = st.tuples(
    st.sampled_from(["taken", "given", "home", "echo", "comes", "goes", "replaced", "reboot"]),
    st.integers(1, 5),
    st.integers(1, TOTAL),
)


@given(st.lists(STEP, max_size=12))
@settings(deadline=None, max_examples=400)
def test_each_bucket_has_one_node_whatever_was_moved_before(steps: list[tuple[str, int, int]]) -> None:
    life = Life()
    for kind, node, bucket in steps:
        if kind == "comes" and node not in life.here:
            life.here = sorted([*life.here, node])
            life.site()
        elif node not in life.here:
            continue
        elif kind in ("taken", "given", "home"):
            life.move(node, kind, None if kind == "home" else bucket)
        elif kind == "echo":
            life.echo(node, bucket)
        elif kind == "goes" and len(life.here) > 1:
            life.here.remove(node)
            life.site()
        elif kind == "replaced" and len(life.here) > 1:
            # Another machine with its name and number, after the others have taken what it served.
            lost = life.nodes[node]
            for one in lost[2]:
                other = next(name for name in life.here if name != node)
                life.move(other, "taken", one)
            del life.nodes[node]
            life.site()
        elif kind == "reboot":
            for one in life.here:
                local, choice, _live = life.nodes[one]
                life.nodes[one] = (local, choice, local if choice is None else choice)
        life.whole()


@pytest.mark.parametrize("home", [False, True])
def test_home_takes_back_what_stayed(home: bool) -> None:
    life = Life()
    life.here = [1, 2, 3, 4]
    coming = life.preferred()["n4"][0]
    life.here = [1, 2, 3]
    owner = next(int(name[1:]) for name, some in life.preferred().items() if coming in some)
    taker = next(node for node in life.here if node != owner)
    life.move(taker, "taken", coming)
    life.here = [1, 2, 3, 4]
    life.site()
    assert coming in life.nodes[taker][2]
    if home:
        life.move(taker, "home", None)
    else:
        life.move(4, "home", None)
    life.whole()
    assert {f"n{node}": list(live) for node, (_local, _chosen, live) in life.nodes.items()} == life.preferred()
