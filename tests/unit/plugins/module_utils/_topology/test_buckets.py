# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who serves which bucket: shares are even, also with nodes gone, and a node that comes or goes moves the fewest."""

from __future__ import annotations

import time
from collections import Counter
from functools import cache
from itertools import combinations
from zlib import crc32

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._topology.buckets import owner, rankings

SIZES = [(buckets, nodes) for buckets in (1, 2, 3, 5, 7, 8, 10, 12, 16, 20, 24, 32, 48, 64) for nodes in range(1, 17)]
SIZES = [(buckets, nodes) for buckets, nodes in SIZES if nodes <= buckets]
COMMON = [
    *((12, nodes) for nodes in range(2, 7)),
    *((16, nodes) for nodes in range(2, 9)),
    *((32, nodes) for nodes in range(2, 9)),
]


@cache
def ranked(buckets: int, nodes: int) -> tuple[tuple[int, ...], ...]:
    """The rankings of so many nodes, worked out from those of more, as test_a_node_more_... says that they can be."""
    most = min(buckets, 16)
    more = rankings(buckets, most) if nodes == most else ranked(buckets, nodes + 1)
    return tuple(tuple(number for number in ranking if number <= nodes) for ranking in more)


def spread(buckets: int, nodes: int, gone: tuple[int, ...]) -> int:
    """How many buckets the node with the most has more than the one with the least."""
    alive = set(range(1, nodes + 1)) - set(gone)
    shares = Counter(owner(ranking, alive) for ranking in ranked(buckets, nodes))
    held = [shares[number] for number in alive]
    assert sum(held) == buckets
    return max(held) - min(held)


@pytest.mark.parametrize(("buckets", "nodes"), SIZES)
def test_each_bucket_ranks_each_node_once_and_shares_are_even(buckets: int, nodes: int) -> None:
    assert len(ranked(buckets, nodes)) == buckets
    assert all(sorted(ranking) == list(range(1, nodes + 1)) for ranking in ranked(buckets, nodes))
    assert spread(buckets, nodes, ()) <= 1


@pytest.mark.parametrize(("buckets", "nodes"), [*COMMON, (1, 1), (5, 4), (7, 9), (64, 15), (200, 12), (1024, 3)])
def test_a_node_more_changes_nothing_between_the_others(buckets: int, nodes: int) -> None:
    more = rankings(buckets, nodes + 1)
    assert tuple(tuple(one for one in ranking if one != nodes + 1) for ranking in more) == rankings(buckets, nodes)


def test_a_node_that_goes_moves_its_own_buckets_alone() -> None:
    for gone in range(1, 7):
        for ranking in rankings(12, 6):
            left = [number for number in range(1, 7) if number != gone]
            assert ranking[0] == gone or owner(ranking, left) == ranking[0]


@pytest.mark.parametrize(("buckets", "nodes"), COMMON)
def test_one_node_gone_leaves_even_shares_in_common_sizes(buckets: int, nodes: int) -> None:
    assert max(spread(buckets, nodes, (gone,)) for gone in range(1, nodes + 1)) <= 1


@pytest.mark.parametrize(("buckets", "nodes"), [size for size in SIZES if size[1] > 1])
def test_one_node_gone_leaves_shares_that_are_nearly_even(buckets: int, nodes: int) -> None:
    assert max(spread(buckets, nodes, (gone,)) for gone in range(1, nodes + 1)) <= 2


@pytest.mark.parametrize("nodes", [3, 4, 5, 6])
def test_two_nodes_gone(nodes: int) -> None:
    assert max(spread(12, nodes, gone) for gone in combinations(range(1, nodes + 1), 2)) <= 2


def test_nobody_is_left() -> None:
    assert owner((2, 1, 3), []) is None
    assert owner((2, 1, 3), {3, 1}) == 1


def test_many_buckets_and_nodes_take_no_second() -> None:
    rankings.cache_clear()
    start = time.process_time()
    rankings(32, 32)
    seconds = time.process_time() - start
    assert seconds < 1, f"{seconds:.1f} s"


@pytest.mark.parametrize(
    ("buckets", "nodes", "expected"),
    [(12, 6, "5c9a261a"), (16, 8, "2aac3e36"), (32, 8, "a79745b5"), (200, 20, "e86fb37c")],
)
def test_the_order_stays_what_it_was(buckets: int, nodes: int, expected: str) -> None:
    """Another order would move buckets, and cut connections, on every cluster that is run with a new release."""
    assert f"{crc32(repr(rankings(buckets, nodes)).encode()):08x}" == expected
