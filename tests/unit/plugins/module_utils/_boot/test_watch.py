"""A service's patience, and what of the kernel's notifications it listens to."""

from __future__ import annotations

import struct

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot.watch import IDLE, Pace, matters

KINDS = (16, 20, 21, 25, 33)  # RTM_NEWLINK, _NEWADDR, _DELADDR, _DELROUTE, _DELRULE


def message(kind: int, flags: int = 0, body: bytes = b"") -> bytes:
    padded = body + b"\0" * (-len(body) % 4)
    return struct.pack("=IHHII", 16 + len(body), kind, flags, 0, 0) + padded


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (message(25), True),  # RTM_DELROUTE
        (message(33), True),  # RTM_DELRULE
        (message(16), True),  # RTM_NEWLINK
        (message(20), True),  # RTM_NEWADDR
        (message(24), False),  # RTM_NEWROUTE beside ours
        (message(24, 0x100), True),  # NLM_F_REPLACE: ours may be what was replaced
        (message(32), False),  # RTM_NEWRULE
        (message(24, 0, b"12345") + message(33), True),
        (b"", False),
        (struct.pack("=IHHII", 3, 24, 0, 0, 0), True),
    ],
)
def test_which_events_matter(data: bytes, expected: bool) -> None:
    assert matters(data, KINDS) is expected


def test_calm_repairs_are_prompt_for_ever() -> None:
    pace = Pace(0.2)
    for hour in range(1, 20):
        assert not pace.repaired(hour * 3600.0)
        assert pace.after_event() == 0.2


def test_a_fight_is_given_up_step_by_step_and_said_once() -> None:
    pace, now, said, waits = Pace(0.2), 1000.0, [], []
    for _number in range(12):
        said.append(pace.repaired(now))
        waits.append(pace.after_event())
        now += pace.after_event()
    assert said.count(True) == 1
    assert waits[:4] == [0.2] * 4
    assert waits[4:10] == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0]
    assert waits[-1] == 60.0
    pace.repaired(now + 200)
    assert pace.after_event() == 0.2


def test_failures_are_tried_again_less_and_less_often() -> None:
    pace = Pace(0.2)
    assert pace.idle() == IDLE
    waits = []
    for _number in range(8):
        pace.failures += 1
        waits.append(pace.idle())
    assert waits == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]
    assert pace.after_event() == 0.2  # an event brings the next look forward


def test_a_stream_of_events_costs_one_look_a_second() -> None:
    pace = Pace(0.2)
    assert pace.next_look(event=100.0, looked=50.0) == 100.2
    assert pace.next_look(event=100.0, looked=99.9) == 100.9
