# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which entries of several directors one rollback may put back together."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.cluster.plugins.filter.rollback_faults import rollback_faults

FIRST, SECOND, THIRD = "aaaaaaaa", "bbbbbbbb", "cccccccc"


def kept(*changes: tuple[str, str], number: int = 1) -> dict[str, Any]:
    """What config_history says of a director with these changes, newest first: the run, and when in an hour it was."""
    times = [f"2026-11-26T20:{time}Z" for _run, time in changes]
    run, _time = changes[number - 1]
    return {"entry": {"run": run, "time": times[number - 1]}, "times": times}


def test_a_run_that_changed_all() -> None:
    assert rollback_faults({"lb1": kept((FIRST, "10:00"))}) == []
    assert rollback_faults({"lb1": kept((FIRST, "10:40")), "lb2": kept((FIRST, "10:00"))}) == []
    # Two runs, one right after the other.
    quick = {"lb1": kept((SECOND, "11:30"), (FIRST, "10:40")), "lb2": kept((SECOND, "10:50"), (FIRST, "10:00"))}
    assert rollback_faults(quick) == []


@pytest.mark.parametrize("number", [1, 2])
def test_a_run_that_stopped_after_the_first_director(number: int) -> None:
    changes = ((THIRD, "50:00"), (SECOND, "30:00"), (FIRST, "10:00"))
    fault = (
        "lvs_entry: would put back what lb1 had until 2026-11-26T20:{}:40Z, lb2 had until 2026-11-26T20:{}:00Z, and "
        "different runs have replaced that. If the last run changed only some of the directors, name those with "
        "--limit; lvs_list=true shows what each has"
    )
    found = rollback_faults(
        {"lb2": kept(*changes, number=number), "lb1": kept((SECOND, "30:40"), (FIRST, "10:40"), number=number)}
    )
    assert found == [fault.format(*{1: ("30", "50"), 2: ("10", "30")}[number])]


def test_a_run_that_changed_one_alone() -> None:
    three = {name: kept((FIRST, f"10:{at}0")) for at, name in enumerate(("lb1", "lb2"))}
    assert len(rollback_faults({**three, "lb3": kept((SECOND, "40:00"), (FIRST, "10:30"))})) == 1


def test_the_same_again_until_it_was_done_is_one_change() -> None:
    """The first run stopped after lb2, the second went on with lb1."""
    found = {"lb2": kept((SECOND, "30:00"), (FIRST, "10:00")), "lb1": kept((THIRD, "40:00"), (FIRST, "10:40"))}
    assert rollback_faults(found) == []


def test_of_runs_that_nobody_knows_nothing_is_said() -> None:
    unknown = {"lb2": kept(("", "50:00"), (FIRST, "10:00")), "lb1": kept((FIRST, "10:40"))}
    assert rollback_faults(unknown) == []


def test_what_is_no_result() -> None:
    with pytest.raises(AnsibleFilterError, match="rollback_faults: "):
        rollback_faults({"lb1": {}, "lb2": {}})
