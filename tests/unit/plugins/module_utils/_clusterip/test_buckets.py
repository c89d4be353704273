"""Which buckets a node serves after a run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.buckets import Buckets, chosen, wanted
from tests.unit.plugins.properties import STABLE

BUCKETS = st.sets(st.integers(1, 8))


@pytest.mark.parametrize(
    ("live", "had_local", "local", "found"),
    [
        (None, (), (2, 1), (1, 2)),  # a new node, or one whose rules are gone
        (None, (3,), (1,), (1,)),
        ((1, 2), (1, 2), (1, 2), (1, 2)),
        ((), (1, 2), (1, 2), ()),  # somebody has taken them
        ((2, 3), (1, 2), (1, 4), (3, 4)),  # 1 stays with whoever has it
        ((1, 2, 3), (1, 2), (2,), (2, 3)),
        ((3,), (), (1,), (1, 3)),
    ],
)
def test_what_was_moved_stays_and_the_difference_is_made(
    live: Buckets | None, had_local: Buckets, local: Buckets, found: Buckets
) -> None:
    assert wanted(4, local, live=live, had_local=had_local) == found


def test_what_is_named_is_all() -> None:
    assert wanted(4, (1,), named=(3, 2, 3), live=(4,), had_local=(4,), given=(1,)) == (2, 3)
    assert wanted(4, (1,), named=(), live=(4,)) == ()


def test_what_vrrp_gave_is_for_a_kernel_that_serves_nothing_yet() -> None:
    assert wanted(4, (1,), given=(4, 3)) == (3, 4)
    assert wanted(4, (1,), given=()) == ()
    assert wanted(4, (1,), live=(2,), had_local=(1,), given=(4,)) == (2,)


def test_what_is_not_there_is_not_served() -> None:
    assert wanted(2, (), given=(1, 2, 3)) == (1, 2)
    assert wanted(2, (1, 9), live=(2, 8)) == (1, 2)


@STABLE
@given(BUCKETS, BUCKETS, BUCKETS)
def test_what_is_in_neither_list_does_not_move(live: set[int], had_local: set[int], local: set[int]) -> None:
    found = wanted(8, local, live=live, had_local=had_local)
    same = set(range(1, 9)) - (local ^ had_local)
    assert set(found) & same == live & same
    assert local - had_local <= set(found)
    assert not (had_local - local) & set(found)
    # The next run changes nothing.
    assert wanted(8, local, live=found, had_local=local) == found


def test_what_a_person_chose_comes_before_local_at_boot() -> None:
    assert wanted(4, (1,), by_hand=(2,)) == (2,)
    assert wanted(4, (1,), by_hand=()) == ()
    assert wanted(4, (1,), by_hand=(2,), given=(3,)) == (3,)


def test_a_choice_stays_and_follows_local_until_it_is_the_same() -> None:
    assert chosen(4, (1, 2)) is None
    assert chosen(4, (1, 2), named=(1, 3, 9)) == (1, 3)
    assert chosen(4, (1, 2), named=()) == ()
    assert chosen(4, (1, 2), named=(2, 1), had=(3,)) is None
    assert chosen(4, (1, 2), had=(1, 3), had_local=(1, 2)) == (1, 3)
    # A node joined and has 1 now; 4 came.
    assert chosen(4, (2, 4), had=(1, 3), had_local=(1, 2)) == (3, 4)
    assert chosen(4, (1, 3), had=(1, 3), had_local=(1, 3)) is None
    # VRRP gives them now.
    assert chosen(4, (), had=(1, 3), had_local=(1, 2)) is None
