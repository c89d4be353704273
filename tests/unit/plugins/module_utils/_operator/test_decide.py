"""What becomes of a real server's weight: every state that it may be in, against everything that may be asked."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._operator.decide import RESTORED, Decision, decide
from ansible_collections.lvs.cluster.plugins.module_utils._operator.overrides import DRAINED, WEIGHTED, Override

NOW, LATER, EVEN_LATER = "2026-11-26T20:00:00Z", "2026-11-26T21:00:00Z", "2026-11-26T22:00:00Z"
DRAIN = Override(0, NOW, "", "otto", "drain")
FIVE = Override(5, NOW, LATER, "otto", "weight")
BEFORE = Override(0, "2026-11-25T08:00:00Z", "", "anna", "drain")
BY_HAND = Override(0)
HELD_DRAIN = DRAIN._replace(held=True)
NONE = FIVE._replace(weight=0)
UPKEEP = Override(0, "2026-11-25T08:00:00Z", "", "anna", "maintenance")


@pytest.mark.parametrize(
    ("state", "present", "held", "wanted", "decision"),
    [
        (DRAINED, None, False, DRAIN, Decision("changed", "ready", "drained", DRAIN)),
        # A server with a temporary weight, also with weight 0 for a while, is drained for good.
        (DRAINED, FIVE, False, DRAIN, Decision("changed", "weighted", "drained", DRAIN)),
        (DRAINED, FIVE._replace(weight=0), False, DRAIN, Decision("changed", "weighted", "drained", DRAIN)),
        # Who drained it first stays in the books.
        (DRAINED, BEFORE, False, DRAIN, Decision("already", "drained", "drained", BEFORE)),
        (DRAINED, BY_HAND, False, DRAIN, Decision("already", "drained", "drained", BY_HAND)),
        # One that is held stays out once it is prepared.
        # It is held again when it is given back, unless it was prepared meanwhile.
        (DRAINED, None, True, DRAIN, Decision("changed", "held", "drained", DRAIN._replace(held=True))),
        (RESTORED, DRAIN._replace(held=True), False, DRAIN, Decision("changed", "drained", "held", None)),
        # The end of the maintenance must not give back what was drained during it.
        (
            *(DRAINED, BEFORE._replace(why="maintenance"), False, DRAIN._replace(why="drain")),
            Decision("changed", "drained", "drained", DRAIN._replace(why="drain")),
        ),
        (WEIGHTED, None, False, FIVE, Decision("changed", "ready", "weighted", FIVE)),
        (WEIGHTED, BEFORE, False, FIVE, Decision("changed", "drained", "weighted", FIVE)),
        (
            WEIGHTED,
            FIVE,
            False,
            FIVE._replace(since=LATER, by="anna"),
            Decision("already", "weighted", "weighted", FIVE),
        ),
        (
            *(WEIGHTED, FIVE, False, FIVE._replace(weight=6)),
            Decision("changed", "weighted", "weighted", FIVE._replace(weight=6)),
        ),
        (
            *(WEIGHTED, FIVE, False, FIVE._replace(until=EVEN_LATER)),
            Decision("changed", "weighted", "weighted", FIVE._replace(until=EVEN_LATER)),
        ),
        # Nobody has prepared it: it gets no weight here.
        (WEIGHTED, None, True, FIVE, Decision("left", "held", "held", None)),
        # Nor may one have weight that was drained while it was held; nothing forgets that nobody has prepared it.
        (WEIGHTED, HELD_DRAIN, False, FIVE, Decision("left", "drained", "drained", HELD_DRAIN)),
        (WEIGHTED, HELD_DRAIN, False, NONE, Decision("changed", "drained", "weighted", NONE._replace(held=True))),
        # Weight 0 for a while is no drain.
        (
            *(WEIGHTED, None, False, FIVE._replace(weight=0)),
            Decision("changed", "ready", "weighted", FIVE._replace(weight=0)),
        ),
        (RESTORED, None, False, DRAIN, Decision("already", "ready", "ready", None)),
        (RESTORED, BEFORE, False, DRAIN, Decision("changed", "drained", "ready", None)),
        (RESTORED, BY_HAND, False, DRAIN, Decision("changed", "drained", "ready", None)),
        (RESTORED, FIVE, False, DRAIN, Decision("changed", "weighted", "ready", None)),
        (RESTORED, None, True, DRAIN, Decision("left", "held", "held", None)),
    ],
)
def test_decision(state: str, present: Override | None, held: bool, wanted: Override, decision: Decision) -> None:
    assert decide(state, present, held, wanted) == decision


def test_what_was_set_for_one_purpose_is_not_taken_back_for_another() -> None:
    assert decide(RESTORED, UPKEEP, False, DRAIN, "maintenance") == Decision("changed", "drained", "ready", None)
    for other in (BEFORE, BY_HAND, FIVE):
        assert decide(RESTORED, other, False, DRAIN, "maintenance") == Decision("left", other.state, other.state, other)
    assert decide(RESTORED, None, False, DRAIN, "maintenance").outcome == "already"


def test_the_purpose_restricts_nothing_else() -> None:
    assert decide(DRAINED, BEFORE, False, UPKEEP, "maintenance").outcome == "already"
    assert decide(WEIGHTED, BEFORE, False, FIVE, "weight").outcome == "changed"


ROLL = Override(0, NOW, "", "otto", "rolling")


@pytest.mark.parametrize("before", [BEFORE, BY_HAND, UPKEEP])
def test_a_rolling_run_leaves_what_somebody_else_has_drained(before: Override) -> None:
    left = Decision("left", "drained", "drained", before)
    assert decide(DRAINED, before, False, ROLL, "rolling") == Decision("already", "drained", "drained", before)
    assert decide(WEIGHTED, before, False, FIVE, "rolling", warms_up=True) == left
    assert decide(RESTORED, before, False, ROLL, "rolling") == left


def test_a_rolling_run_goes_on_with_what_an_earlier_one_has_drained() -> None:
    half = ROLL._replace(weight=5)
    assert decide(DRAINED, ROLL, False, ROLL, "rolling") == Decision("already", "drained", "drained", ROLL)
    assert decide(WEIGHTED, ROLL, False, half, "rolling", warms_up=True).override == half
    assert decide(RESTORED, half, False, ROLL, "rolling") == Decision("changed", "weighted", "ready", None)


def test_who_drains_what_a_rolling_run_has_drained_keeps_it_out() -> None:
    assert decide(DRAINED, ROLL, False, DRAIN, "drain") == Decision("changed", "drained", "drained", DRAIN)
    assert decide(DRAINED, ROLL, False, UPKEEP, "maintenance").outcome == "already"
    assert decide(RESTORED, ROLL, False, DRAIN) == Decision("changed", "drained", "ready", None)
