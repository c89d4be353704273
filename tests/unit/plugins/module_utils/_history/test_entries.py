# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._history import entries
from ansible_collections.lvs.cluster.plugins.module_utils._history.entries import Entry

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
A, B, C, D = (letter * 12 for letter in "abcd")


def history(*digests: str) -> list[Entry]:
    """Entries of one file with these digests, newest first."""
    return [Entry("keepalived.conf", NOON - timedelta(minutes=at), one) for at, one in enumerate(digests)]


def test_a_name_is_read_as_it_was_written() -> None:
    one = Entry("lvs-director-table.json", NOON.replace(microsecond=7), A)
    assert one.name == "lvs-director-table.json@20261126T120000.000007Z-aaaaaaaaaaaa"
    assert entries.parse([one.name]) == [one]
    assert (one.kind, history(A)[0].kind) == ("table", "keepalived")
    of_a_run = one._replace(run="0123abcd")
    assert of_a_run.name == f"{one.name}-0123abcd"
    assert entries.parse([of_a_run.name]) == [of_a_run]


def test_a_run_has_eight_digits_of_its_own() -> None:
    runs = [entries.next_name([], "keepalived.conf", A, NOON, run).run for run in ("", "one", "two words", "one")]
    assert [len(run) for run in runs] == [0, 8, 8, 8]
    assert (len(set(runs)), runs[1]) == (3, runs[3])


@pytest.mark.parametrize(
    "name",
    [
        ".lvs-cluster-x8",
        ".restored-keepalived.conf",
        "keepalived.conf",
        "keepalived.conf@20261126T120000.000000Z-short",
        "keepalived.conf@20261399T120000.000000Z-aaaaaaaaaaaa",
        "keepalived.conf@20261126T120000.000000Z-aaaaaaaaaaaa.bak",
        "keepalived.conf@20261126T120000.000000Z-aaaaaaaaaaaa-run",
    ],
)
def test_other_files_are_no_entries(name: str) -> None:
    assert entries.parse([name]) == []


def test_the_newest_comes_first_whatever_the_order_of_names() -> None:
    wanted = history(A, B, C)
    assert entries.parse([wanted[1].name, wanted[2].name, wanted[0].name]) == wanted


def test_a_clock_that_was_set_back_does_not_change_the_order() -> None:
    one = entries.next_name(history(A), "keepalived.conf", B, NOON - timedelta(days=1))
    assert one.time > NOON
    assert entries.next_name([], "keepalived.conf", B, NOON).time == NOON


@pytest.mark.parametrize(
    ("there", "text", "restored", "kept"),
    [
        ((), A, (), False),
        ((A, B), A, (), True),
        ((A, B), B, (), False),
        ((A, B), B, (B,), True),
        ((A,), B, (B,), False),
    ],
)
def test_is_kept(there: tuple[str, ...], text: str, restored: tuple[str, ...], kept: bool) -> None:
    assert entries.is_kept(history(*there), text, restored) is kept


@pytest.mark.parametrize(
    ("there", "present", "restored", "numbers"),
    [
        ((), A, (), []),
        ((B, C), A, (), [1, 2]),
        # A change that failed after A was kept, or a change back by the inventory.
        ((A, B), A, (), [None, 1]),
        ((B, A, C), A, (), [1, None, 2]),
        # A rollback from B to A: nothing moves.
        ((B, A, C), A, (A,), [0, 1, 2]),
        ((B, A, C), C, (A, C), [0, 1, 2]),
        # It is over: something else is in force.
        ((B, A, C), D, (A,), [1, 2, 3]),
        ((B, A, C), B, (A,), [None, 1, 2]),
        # What it has put in force was pruned.
        ((B, C), A, (A,), [1, 2]),
    ],
)
def test_numbers(there: tuple[str, ...], present: str, restored: tuple[str, ...], numbers: list[int | None]) -> None:
    assert entries.numbers(history(*there), present, restored) == numbers


def test_what_is_beyond() -> None:
    assert entries.beyond(history(A, B, C), 2) == history(A, B, C)[2:]
    assert entries.beyond(history(A, B), 2) == []
