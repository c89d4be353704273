"""Which weights a director's table gets, and who gave a destination its weight 0."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import weights
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    Destination,
    DestinationKey,
    Entry,
    ServiceKey,
    Settings,
    Table,
)

WEB = ServiceKey("ipv4", "tcp", "10.0.0.6", 80)
RS1 = DestinationKey("ipv4", "10.0.0.11", 80)
UNREADY = {("10.0.0.11", "dr")}
OURS = frozenset({(WEB, RS1)})


def table(weight: int | None, forwarding: str = "dr") -> Table:
    """A service with one destination of this weight; without one where it is None."""
    there = {} if weight is None else {RS1: Destination(forwarding, weight)}
    return {WEB: Entry(Settings(), there)}


@pytest.mark.parametrize(
    ("present", "wanted", "unready", "zero", "weight", "told", "record"),
    [
        # New: at once where the host is ready, held back where it isn't.
        ({}, 5, False, False, 5, "", False),
        ({}, 5, True, False, 0, "held", True),
        (table(None), 5, True, False, 0, "held", True),
        # It serves: whatever is prepared in this run, it goes on, with the weight that is wanted now.
        (table(5), 7, True, False, 7, "", False),
        (table(5), 7, False, True, 7, "", False),
        # Held back before: it gets its weight once it is ready, and not earlier.
        (table(0), 5, False, True, 5, "", False),
        (table(0), 5, True, True, 0, "held", True),
        # The 0 is somebody else's.
        (table(0), 5, False, False, 0, "drained", False),
        (table(0), 5, True, False, 0, "drained", False),
        # The 0 is the inventory's.
        (table(5), 0, False, False, 0, "", True),
        (table(0), 0, False, False, 0, "", True),
        (table(0), 0, False, True, 0, "", True),
        ({}, 0, True, False, 0, "", True),
        # Ready for another forwarding method is not ready for this one.
        (table(5, "nat"), 5, True, False, 0, "held", True),
        (table(5, "nat"), 5, False, False, 5, "", False),
    ],
)
def test_weight(present: Table, wanted: int, unready: bool, zero: bool, weight: int, told: str, record: bool) -> None:
    got = weights.decide(present, table(wanted), UNREADY if unready else set(), OURS if zero else frozenset())
    assert got.table == table(weight)
    assert got.held == ([(WEB, RS1)] if told == "held" else [])
    assert got.drained == ([(WEB, RS1)] if told == "drained" else [])
    assert got.zero == (OURS if record else frozenset())


@pytest.mark.parametrize(
    ("present", "wanted", "unready", "zero", "given", "weight", "told", "record"),
    [
        # What an operator has set stands above the plan.
        (table(20), 20, False, False, 5, 5, "", False),
        (table(5), 20, False, False, 5, 5, "", False),
        (table(5), 30, False, False, 5, 5, "", False),
        (table(5), 3, False, False, 9, 9, "", False),
        (table(20), 20, False, False, 0, 0, "drained", False),
        (table(0), 20, False, False, 0, 0, "drained", False),
        # By hand it was drained later than it got a weight: the kernel lost it, for example at a boot.
        (table(0), 20, False, False, 5, 5, "", False),
        # A new server, or one whose table is gone.
        ({}, 20, False, False, 5, 5, "", False),
        ({}, 20, False, False, 0, 0, "drained", False),
        # It waits until its host is prepared, whatever an operator wants, and stays ours until then.
        ({}, 20, True, False, 5, 0, "held", True),
        (table(0), 20, True, True, 5, 0, "held", True),
        (table(0), 20, True, True, 0, 0, "held", True),
        # It is prepared now, and was drained before that.
        (table(0), 20, False, True, 0, 0, "drained", False),
        (table(0), 20, False, True, 5, 5, "", False),
        # The plan wants none: that is 0 anyhow.
        (table(5), 0, False, False, 0, 0, "", True),
    ],
)
def test_weight_that_an_operator_has_set(
    present: Table, wanted: int, unready: bool, zero: bool, given: int, weight: int, told: str, record: bool
) -> None:
    ours = OURS if zero else frozenset()
    got = weights.decide(present, table(wanted), UNREADY if unready else set(), ours, {(WEB, RS1): given})
    assert got.table == table(weight)
    assert (got.held, got.drained) == (
        [(WEB, RS1)] if told == "held" else [],
        [(WEB, RS1)] if told == "drained" else [],
    )
    assert got.zero == (OURS if record else frozenset())


def test_an_operator_means_one_destination() -> None:
    other = ServiceKey("ipv4", "tcp", "10.0.0.7", 80)
    got = weights.decide(table(5), table(5), set(), frozenset(), {(other, RS1): 0})
    assert (got.table, got.drained) == (table(5), [])


def test_what_is_wanted_is_not_changed_in_place() -> None:
    wanted = table(5)
    weights.decide({}, wanted, UNREADY, frozenset())
    assert wanted == table(5)


def test_record_survives_its_file() -> None:
    text = json.dumps(weights.names_to_json(OURS))
    assert weights.names_from_json(json.loads(text)) == OURS


@pytest.mark.parametrize("content", [[[{}]], [[{"family": "ipv4"}, {"colour": "red"}]], ["ab"], 7])
def test_another_file_is_no_record(content: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        weights.names_from_json(content)
