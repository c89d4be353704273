"""The service's patience, and what of the kernel's notifications it listens to."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._return_route import agent


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
    assert agent.matters(data) is expected


def test_calm_repairs_are_prompt_for_ever() -> None:
    pace = agent.Pace(0.2)
    for hour in range(1, 20):
        assert not pace.repaired(hour * 3600.0)
        assert pace.after_event() == 0.2


def test_a_fight_is_given_up_step_by_step_and_said_once() -> None:
    pace, now, said, waits = agent.Pace(0.2), 1000.0, [], []
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
    pace = agent.Pace(0.2)
    assert pace.idle() == agent.IDLE
    waits = []
    for _number in range(8):
        pace.failures += 1
        waits.append(pace.idle())
    assert waits == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]
    assert pace.after_event() == 0.2  # an event brings the next look forward


def test_a_stream_of_events_costs_one_look_a_second() -> None:
    pace = agent.Pace(0.2)
    assert pace.next_look(event=100.0, looked=50.0) == 100.2
    assert pace.next_look(event=100.0, looked=99.9) == 100.9


def refusing(argv: Sequence[str]) -> tuple[int, str, str]:
    return (0, "[]", "") if "show" in argv else (2, "", "Error: Nexthop has invalid gateway.")


def test_a_complaint_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    route = {"family": "ipv4", "source": "192.168.0.12", "gateway": "192.168.0.1", "interface": "", "table": 200}
    config = tmp_path / "config"
    config.write_text(json.dumps({"form": "policy", "rule_priority": 5000, "routes": [route]}))
    monkeypatch.setattr(agent, "CONFIG", str(config))
    monkeypatch.setattr(agent, "SAVED", str(tmp_path / "saved"))
    pace: agent.Pace = agent.Pace(0.2)
    said: list[str] = []
    agent.look(pace, refusing, said, 0.0)
    agent.look(pace, refusing, said, 1.0)
    assert pace.failures == 2
    assert capsys.readouterr().err.count("not possible now, will be tried again") == 1


def test_a_lost_configuration_is_no_reason_to_do_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Sequence[str]] = []

    def noting(argv: Sequence[str]) -> tuple[int, str, str]:
        asked.append(argv)
        return 0, "[]", ""

    monkeypatch.setattr(agent, "CONFIG", str(tmp_path / "none"))
    agent.look(agent.Pace(0.2), noting, [], 0.0)
    assert asked == []


@pytest.mark.parametrize("argv", [["return-route"], ["return-route", "stop"], ["return-route", "run", "more"]])
def test_usage(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert agent.main(argv) == 64
    assert "run|apply|remove|rollback" in capsys.readouterr().err
