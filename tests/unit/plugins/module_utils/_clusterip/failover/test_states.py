# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The notify FIFO's lines, as keepalived 2.2.7 and 2.3.3 write them."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.states import Lines, States, instance


def line(bucket: int, state: str, priority: int = 250) -> str:
    return f'INSTANCE "{instance(bucket)}" {state} {priority}'


def test_the_last_state_of_each_instance_counts() -> None:
    states = States()
    for bucket, state in ((7, "BACKUP"), (7, "MASTER"), (3, "MASTER"), (12, "MASTER"), (12, "BACKUP"), (1, "FAULT")):
        assert states.note(line(bucket, state))
    assert list(states.buckets) == [3, 7]
    states.clear()
    assert list(states.buckets) == []


@pytest.mark.parametrize("state", ["BACKUP", "FAULT", "STOP", "DELETED", "{UNKNOWN}", "SOMETHING_NEW"])
def test_what_is_not_master_is_not_ours(state: str) -> None:
    states = States()
    states.note(line(7, "MASTER"))
    assert states.note(line(7, state))
    assert list(states.buckets) == []


@pytest.mark.parametrize("event", ["MASTER_RX_LOWER_PRI", "MASTER_PRIORITY", "BACKUP_PRIORITY"])
def test_events_change_no_state(event: str) -> None:
    """A master that hears another one, after a split, stays master and says the former."""
    states = States()
    assert states.note(line(7, event))
    assert list(states.buckets) == []
    states.note(line(7, "MASTER"))
    states.note(line(7, event))
    assert list(states.buckets) == [7]


@pytest.mark.parametrize(
    "other",
    ["", 'INSTANCE "VI_1" MASTER 100', 'GROUP "LVS_BUCKET_7" MASTER 0', 'INSTANCE "LVS_BUCKET_07" MASTER 1', "MASTER"],
)
def test_lines_about_others(other: str) -> None:
    states = States()
    assert not states.note(other)
    assert list(states.buckets) == []


def test_lines_are_whole_however_they_are_read() -> None:
    text = "".join(f"{line(bucket, 'MASTER')}\n" for bucket in range(1, 6)).encode()
    for size in range(1, len(text) + 1):
        lines = Lines()
        found = [one for at in range(0, len(text), size) for one in lines.feed(text[at : at + size])]
        assert found == text.decode().splitlines()


def test_what_is_no_line_is_not_kept_for_ever() -> None:
    lines = Lines()
    assert lines.feed(b"x" * 100_000) == []
    assert lines.feed(b"\xff\n") == ["\ufffd"]
