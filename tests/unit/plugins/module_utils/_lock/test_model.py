"""What comes of a try to take a lock, and what stands in its file."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._lock import model
from ansible_collections.lvs.cluster.plugins.module_utils._lock.model import Holder, Lock

ME = Holder("c1/7", "anna", "control1", 7, "70", "boot", "1:2")
OTHER = Holder("c2/9", "otto", "control2", 9, "90", "boot", "1:2", "17")
NOW = 1_795_724_460
THEIRS = Lock(OTHER, "lvs.cluster.drain", NOW - 60, NOW + 60)


def take(present: Lock | None, *, gone: str = "", broken: bool = False) -> model.Taking:
    return model.take(present, ME, "lvs.cluster.site", 100, NOW, gone=gone, broken=broken)


def test_nobody_has_it() -> None:
    taking = take(None)
    assert taking.lock == Lock(ME, "lvs.cluster.site", NOW, NOW + 100)
    assert taking.taken_over is None


def test_another_run_has_it() -> None:
    for taking in (take(THEIRS), take(THEIRS, gone="c2/8")):
        assert (taking.lock, taking.before, taking.taken_over) == (None, THEIRS, None)


def test_the_same_run_renews_it() -> None:
    for since, expires in ((NOW - 50, NOW + 50), (NOW - 500, NOW - 400)):
        taking = take(Lock(ME, "before", since, expires))
        assert taking.lock == Lock(ME, "lvs.cluster.site", since, NOW + 100)
        assert taking.taken_over is None


@pytest.mark.parametrize(
    ("present", "more", "reason"),
    [
        (THEIRS._replace(expires=NOW), {}, "it had expired"),
        (THEIRS, {"gone": "c2/9"}, "its run has ended"),
        (THEIRS, {"broken": True}, "this run was told to break it"),
    ],
)
def test_it_is_taken_over(present: Lock, more: dict[str, Any], reason: str) -> None:
    taking = take(present, **more)
    assert taking.lock == Lock(ME, "lvs.cluster.site", NOW, NOW + 100)
    assert (taking.taken_over, taking.reason) == (present, reason)


def test_the_sentence() -> None:
    lock = Lock(ME, "lvs.cluster.site", NOW - 60, NOW)
    times = "since 2026-11-26T20:20:00Z, expires 2026-11-26T20:21:00Z"
    assert model.describe("lb1", lock) == (
        f"lb1 is being changed by anna on control1 (lvs.cluster.site, process 7, {times})"
    )
    assert "AWX job 17" in model.describe("lb1", THEIRS)


def test_there_and_back() -> None:
    for lock in (THEIRS, Lock(ME, "", 0, 1)):
        assert model.lock_of(model.to_json(lock)) == lock


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"version": 2}, "its version is 2"),
        ({"version": True}, "its version is True"),
        ({"purpose": None}, "no purpose"),
        ({"since": "yesterday"}, "since is no time"),
        ({"expires": 7}, "expires is no time"),
        ({"holder": None}, "who holds it"),
        ({"holder": {"run": "x"}}, "who holds it"),
        ({"holder": {**OTHER._asdict(), "pid": "9"}}, "properly"),
        ({"holder": {**OTHER._asdict(), "pid": 0}}, "properly"),
        ({"holder": {**OTHER._asdict(), "pid": -1}}, "properly"),
        ({"holder": {**OTHER._asdict(), "run": ""}}, "properly"),
        ({"holder": {**OTHER._asdict(), "user": 7}}, "properly"),
    ],
)
def test_what_is_no_lock(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        model.lock_of({**model.to_json(THEIRS), **changes})


def test_what_is_no_object() -> None:
    contents: list[Any] = [[], "x", None, 7]
    for content in contents:
        with pytest.raises(ValueError, match="no JSON object"):
            model.lock_of(content)
