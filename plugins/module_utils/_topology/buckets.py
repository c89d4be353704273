# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which node serves which bucket: for each bucket an order of the nodes, the first of which that lives serves it.

A node is put into the orders of those before it, so a new node takes buckets and moves none between the others, and a
node that is gone leaves its buckets to the others and moves none between them. Where it is put is searched for: its
share, and the shares of the others when some of them have failed, shall be as even as they can be. All is done with
whole numbers and without chance: the order is the same wherever and whenever it is worked out. A change of this file
that gives another order moves buckets on every cluster.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from typing import Collection, Sequence, Tuple
from zlib import crc32

__all__ = ["owner", "rankings"]

Rankings = Tuple[Tuple[int, ...], ...]

FAILURES = ((7, 6), (12, 2), (64, 1))
"""Up to how many nodes the shares are looked at with how many of the older ones gone; of more nodes with none."""

WEIGHTS = (10**9, 10**4, 100, 1)
"""What an uneven share counts with none, one, two and more nodes gone."""

MANY = 128
"""With more buckets than these, first places are not exchanged: it would take long, and the shares are even enough."""

TRIES, MOST_TRIES = 3000, 20
"""How often the search begins anew: the first number through the square of the buckets, which is how long one takes."""


def owner(ranking: Sequence[int], alive: Collection[int]) -> int | None:
    """The first node of a bucket's ranking that is alive, None if none is."""
    return next((number for number in ranking if number in alive), None)


@lru_cache(maxsize=16)
def rankings(buckets: int, highest: int) -> Rankings:
    """For each bucket (the first is bucket 1) the nodes 1 to ``highest`` in the order in which they serve it."""
    found: list[list[int]] = [[] for _bucket in range(buckets)]
    for number in range(1, highest + 1):
        places = _Search(found, number).places() if number > 1 else [0] * buckets
        for ranking, place in zip(found, places):
            ranking.insert(place, number)
    return tuple(tuple(ranking) for ranking in found)


class _Search:
    """The search for the places of one more node.

    ``_holds[event][node]`` is how many buckets a node serves in an event, which is a set of older nodes that are gone.
    ``_held[bucket][place]`` are the events in which the node that is now at this place would serve the bucket: the new
    node takes them from it by standing at this place or before.
    """

    def __init__(self, older: Sequence[Sequence[int]], number: int) -> None:
        self._older = older
        self._number = number
        gone = next((most for nodes, most in FAILURES if number <= nodes), 0)
        events = [set(event) for size in range(gone + 1) for event in combinations(range(1, number), size)]
        self._weights = [WEIGHTS[min(len(event), len(WEIGHTS) - 1)] for event in events]
        self._deepest = min(gone + 1, number - 1)
        self._holds = [[0] * (number + 1) for _event in events]
        self._held: list[list[list[int]]] = []
        self._places: list[int] = []
        self._row = number
        for bucket, ranking in enumerate(older):
            held: list[list[int]] = [[] for _place in range(self._deepest + 1)]
            for index, event in enumerate(events):
                place = next((place for place, node in enumerate(ranking) if node not in event), number - 1)
                if place < number - 1:
                    held[place].append(index)
                self._holds[index][ranking[place] if place < number - 1 else number] += 1
            self._held.append(held)
            # Where no event tells, any place will do, but not the same for all buckets.
            self._places.append(number - 1)
            self._move(bucket, 1 + crc32(f"{bucket} {number}".encode()) % (number - 1))

    def places(self) -> list[int]:
        """The place of the new node in each bucket's ranking."""
        buckets = range(len(self._older))
        for _turn in range(len(self._older) // self._number):
            self._move(min(buckets, key=self._as_first), 0)
        self._descend()
        best, places = self._unevenness(), list(self._places)
        for _turn in range(min(MOST_TRIES, TRIES // len(self._older) ** 2) if self._deepest > 1 else 0):
            self._shake()
            self._descend()
            cost = self._unevenness()
            if cost < best:
                best, places = cost, list(self._places)
            for bucket, place in enumerate(places):
                self._move(bucket, place)
        return places

    def _unevenness(self) -> int:
        return sum(weight * sum(one * one for one in holds) for weight, holds in zip(self._weights, self._holds))

    def _descend(self) -> None:
        while self._better_places() or (len(self._older) <= MANY and self._better_firsts()):
            pass

    def _shake(self) -> None:
        """Leave a place from which no single step is better."""
        firsts = [bucket for bucket, place in enumerate(self._places) if not place]
        others = [bucket for bucket, place in enumerate(self._places) if place]
        if firsts and others:
            self._move(others[self._next(len(others))], 0)
            self._move(firsts[self._next(len(firsts))], 1)
        for _turn in range(3):
            bucket = self._next(len(self._places))
            if self._places[bucket]:
                self._move(bucket, 1 + self._next(self._number - 1))

    def _next(self, below: int) -> int:
        """A number from a row that is the same on every machine and with every Python (random's isn't promised)."""
        self._row = (self._row * 1103515245 + 12345) % 2**31
        return (self._row >> 16) % below

    def _as_first(self, bucket: int) -> tuple[int, int, int]:
        """The order in which buckets are taken: from the node with the most of them."""
        if not self._places[bucket]:
            return 1, 0, bucket
        cost = self._cost(bucket, 0) if len(self._older) <= MANY else 0
        return -self._holds[0][self._older[bucket][0]], cost, bucket

    def _better_places(self) -> bool:
        """Move the new node within rankings that it is not the first of, where that is better."""
        changed = False
        for bucket, place in enumerate(self._places):
            costs = [(self._cost(bucket, other), other) for other in range(1, self._deepest + 1)] if place else []
            cost, best = min(costs, default=(0, place))
            if cost < 0:
                self._move(bucket, best)
                changed = True
        return changed

    def _better_firsts(self) -> bool:
        """Let the new node be the first of another bucket, where that is better."""
        changed = False
        for bucket in [bucket for bucket, place in enumerate(self._places) if not place]:
            for other in range(len(self._places)):
                if self._places[other] and self._exchanged(bucket, other):
                    changed = True
                    break
        return changed

    def _exchanged(self, bucket: int, other: int) -> bool:
        before = self._places[other]
        cost = self._cost(bucket, 1)
        self._move(bucket, 1)
        cost += self._cost(other, 0)
        self._move(other, 0)
        further, place = min((self._cost(bucket, place), place) for place in range(1, self._deepest + 1))
        if cost + further < 0:
            self._move(bucket, place)
            return True
        self._move(other, before)
        self._move(bucket, 0)
        return False

    def _passed(self, bucket: int, place: int) -> tuple[range, int]:
        """The places that are passed on the way to another, and 1 where the new node gains by it, else -1."""
        now, then = (min(one, self._deepest + 1) for one in (self._places[bucket], place))
        return range(min(now, then), max(now, then)), 1 if then < now else -1

    def _cost(self, bucket: int, place: int) -> int:
        """By how much a move makes the weighted sum of squared shares larger (half of it)."""
        passed, gain = self._passed(bucket, place)
        total = 0
        for spot in passed:
            node = self._older[bucket][spot] if spot < self._number - 1 else 0
            for index in self._held[bucket][spot]:
                holds = self._holds[index]
                total += self._weights[index] * (gain * (holds[self._number] - holds[node]) + 1)
        return total

    def _move(self, bucket: int, place: int) -> None:
        passed, gain = self._passed(bucket, place)
        for spot in passed:
            node = self._older[bucket][spot] if spot < self._number - 1 else 0
            for index in self._held[bucket][spot]:
                self._holds[index][self._number] += gain
                self._holds[index][node] -= gain
        self._places[bucket] = place
