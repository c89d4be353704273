"""Where the jumps stand, and how they get there."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._firewall.jumps import Target, jump_commands, misplaced

A, B, OTHER = "-j LVS-A", "-j LVS-B", "-i lo -j ACCEPT"


def target(count: int = 1, *, first: bool = True, back: tuple[int, ...] | None = None) -> Target:
    return Target((), (), {"INPUT": count}, first, None if back is None else {"INPUT": back})


@pytest.mark.parametrize(
    ("rules", "gone", "new"),
    [
        ((), [], [A, B]),
        ((OTHER,), [], [A, B]),
        ((A, B, OTHER), [], []),
        ((B, A, OTHER), [], []),
        (("-j LVS-OF-ANOTHER-OWNER", A, B, OTHER), [], []),
        ((OTHER, A, B), [A, B], [A, B]),
        ((A, OTHER, B), [B], [B]),
        ((A, OTHER), [], [B]),
        (("-j ufw-before-input", A, B), [A, B], [A, B]),
        (("-m comment --comment x -j LVS-C", A, B), [A, B], [A, B]),
        # The kernel deletes the first of two, so both go.
        ((A, B, OTHER, A), [A, A], [A]),
    ],
)
def test_jumps_that_are_to_be_first(rules: tuple[str, ...], gone: list[str], new: list[str]) -> None:
    deletions, additions = jump_commands({"INPUT": rules}, {"LVS-A": target(), "LVS-B": target()})
    assert deletions == [f"-D INPUT {rule}" for rule in gone]
    assert additions == [f"-I INPUT {rule}" for rule in reversed(new)]


def test_a_jump_that_need_not_be_first_stays_where_it_is() -> None:
    for rules in ((A, OTHER), (OTHER, A)):
        assert jump_commands({"INPUT": rules}, {"LVS-A": target(first=False)}) == ([], [])
    assert jump_commands({"INPUT": (OTHER,)}, {"LVS-A": target(first=False)}) == ([], [f"-A INPUT {A}"])


def test_one_that_goes_is_not_misplaced() -> None:
    assert misplaced({"INPUT": (OTHER, A)}, {"LVS-A": target(0)}) == {}


def test_the_way_back_leads_to_the_places_of_before() -> None:
    before = {"LVS-A": target(first=False, back=(1,)), "LVS-B": target(back=(2,)), "LVS-C": target(back=())}
    assert jump_commands({"INPUT": (OTHER, A, B)}, before) == ([], [])
    gone, new = jump_commands({"INPUT": ("-j LVS-C", A, B, OTHER)}, before)
    assert gone == ["-D INPUT -j LVS-C"]
    assert new == []
    gone, new = jump_commands({"INPUT": ("-j LVS-C", B, A, OTHER)}, before)
    assert (gone, new) == (["-D INPUT -j LVS-A", "-D INPUT -j LVS-B", "-D INPUT -j LVS-C"],
                           ["-I INPUT 2 -j LVS-A", "-I INPUT 3 -j LVS-B"])  # fmt: skip


def test_the_way_back_copes_with_a_hook_that_others_emptied() -> None:
    before = {"LVS-A": target(back=(5,)), "LVS-B": target(back=(7,))}
    assert jump_commands({"INPUT": (B,)}, before)[1] == ["-I INPUT 1 -j LVS-A", "-I INPUT 2 -j LVS-B"]
    assert jump_commands({}, before) == ([], ["-I INPUT 1 -j LVS-A", "-I INPUT 2 -j LVS-B"])
