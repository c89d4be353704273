"""What became of real servers on all directors, in words."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._operator.outcome import report

SINCE, UNTIL = "2026-11-26T20:00:00Z", "2026-11-26T21:00:00Z"


def told(outcome: str, after: str, **more: Any) -> dict[str, Any]:
    return {
        **{"label": "rs1 in web", "outcome": outcome, "before": "ready", "after": after, "weight": 20},
        **{"since": "", "until": "", "by": "", **more},
    }


def result(*servers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"servers": list(servers), "unknown": [], **more}


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (told("changed", "drained", since=SINCE, by="otto"), "drained"),
        (told("changed", "ready"), "has its planned weight 20 again"),
        (told("changed", "weighted", weight=5), "has weight 5"),
        (told("changed", "weighted", weight=5, until=UNTIL), f"has weight 5 until {UNTIL}"),
        (told("changed", "weighted", weight=0, until=UNTIL), f"has weight 0 until {UNTIL}"),
        (told("already", "ready"), "has its planned weight already"),
        (told("already", "drained", since=SINCE, by="anna"), f"is drained since {SINCE} by anna already"),
        (told("already", "drained"), "is drained already"),
        (
            told("already", "weighted", since=SINCE, by="anna", until=UNTIL),
            f"is weighted since {SINCE} by anna until {UNTIL} already",
        ),
        (told("left", "held"), "is held until its host is prepared, and was left so; run lvs.cluster.site"),
        (told("left", "drained", since=SINCE, by="anna"), f"stays drained since {SINCE} by anna"),
        (told("left", "drained"), "stays drained"),
    ],
)
def test_a_sentence(one: dict[str, Any], text: str) -> None:
    assert report({"lb1": result(one)})["lines"] == [f"rs1 in web: {text} (lb1)"]


def test_directors_that_say_the_same_share_a_line() -> None:
    drained, was = told("changed", "drained"), told("already", "drained", since=SINCE)
    found = report({"lb1": result(drained), "lb2": result(was), "lb3": result(drained)})
    assert found["lines"] == ["rs1 in web: drained (lb1, lb3)", f"rs1 in web: is drained since {SINCE} already (lb2)"]
    assert set(found["servers"]) == {"rs1 in web"}
    assert set(found["servers"]["rs1 in web"]) == {"lb1", "lb2", "lb3"}
    assert found["servers"]["rs1 in web"]["lb2"] == {key: one for key, one in was.items() if key != "label"}


def test_who_does_not_know_a_server_says_so() -> None:
    found = report({"lb1": result(unknown=["rs1 in web: no file"]), "lb2": result(told("changed", "drained"))})
    assert found["lines"] == ["lb1: rs1 in web: no file", "rs1 in web: drained (lb2)"]


@pytest.mark.parametrize(
    ("directors", "active"),
    [
        # What a backup knows by connection sync does not count.
        ({"lb1": (True, 3), "lb2": (False, 9)}, 3),
        ({"lb1": (True, 0), "lb2": (False, 9)}, 0),
        # Each with a VIP of its own.
        ({"lb1": (True, 3), "lb2": (True, 4)}, 4),
        # Nobody has the VIP now: the largest number is the safe one.
        ({"lb1": (False, 3), "lb2": (False, 9)}, 9),
        ({}, 0),
    ],
)
def test_connections_that_are_left(directors: dict[str, tuple[bool, int]], active: int) -> None:
    found = report(
        {
            name: result(active_director=holds, connections={"active": number, "inactive": 50, "persistent": 60})
            for name, (holds, number) in directors.items()
        }
    )
    assert found["active"] == active
    assert found["connections"] == {name: number for name, (_holds, number) in directors.items()}


def test_a_director_that_gave_no_answer_says_nothing() -> None:
    assert report({"lb1": {"unreachable": True, "msg": "no route"}}) == {
        "lines": [],
        "servers": {},
        "active": 0,
        "connections": {},
    }
