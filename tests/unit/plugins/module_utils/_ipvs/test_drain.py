"""Waiting for connections to end, with a clock that only moves when somebody sleeps."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.drain import Clock, Drained, wait
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.wire import Connections


class Time:
    """A clock that begins at 1000 s and writes down each sleep."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.slept: list[float] = []
        self.clock = Clock(lambda: self.seconds, self.sleep)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


def looks(figures: Iterable[Connections]) -> Callable[[], Connections]:
    """One of the figures at each look; more looks than figures are a StopIteration."""
    return iter(figures).__next__


def test_nothing_to_wait_for() -> None:
    time = Time()
    found = wait(looks([Connections()]), timeout=60, inactive=True, clock=time.clock)
    sample = {"seconds": 0.0, "active": 0, "inactive": 0, "persistent": 0}
    assert found == Drained(True, Connections(), [sample])
    assert time.slept == []


def test_inactive_and_persistent_ones_are_not_waited_for() -> None:
    time = Time()
    found = wait(looks([Connections(0, 7, 3)]), timeout=60, inactive=False, clock=time.clock)
    sample = {"seconds": 0.0, "active": 0, "inactive": 7, "persistent": 3}
    assert found == Drained(True, Connections(0, 7, 3), [sample])
    assert time.slept == []


def test_inactive_ones_are_waited_for_when_asked() -> None:
    time = Time()
    figures = [Connections(0, 7, 3), Connections(0, 7, 3), Connections(0, 0, 3)]
    found = wait(looks(figures), timeout=60, inactive=True, clock=time.clock)
    assert found == Drained(
        True,
        Connections(0, 0, 3),
        [
            {"seconds": 0.0, "active": 0, "inactive": 7, "persistent": 3},
            {"seconds": 1.0, "active": 0, "inactive": 0, "persistent": 3},
        ],
    )
    assert time.slept == [0.5, 0.5]


def test_a_sample_for_each_change_and_none_for_the_same_again() -> None:
    time = Time()
    figures = [
        Connections(2),
        Connections(2),
        Connections(2, 0, 1),
        Connections(1, 1, 1),
        Connections(2),
        Connections(),
    ]
    found = wait(looks(figures), timeout=60, inactive=False, clock=time.clock)
    assert (found.done, found.last) == (True, Connections())
    assert [tuple(sample.values()) for sample in found.progress] == [
        (0.0, 2, 0, 0),
        (1.0, 2, 0, 1),
        (1.5, 1, 1, 1),
        (2.0, 2, 0, 0),
        (2.5, 0, 0, 0),
    ]


def test_the_time_is_over() -> None:
    time = Time()
    figures = [Connections(3, 1), Connections(2, 2), Connections(2, 2), Connections(2, 2)]
    found = wait(looks(figures), timeout=1.25, inactive=False, clock=time.clock)
    assert found == Drained(
        False,
        Connections(2, 2),
        [
            {"seconds": 0.0, "active": 3, "inactive": 1, "persistent": 0},
            {"seconds": 0.5, "active": 2, "inactive": 2, "persistent": 0},
        ],
    )
    assert time.slept == [0.5, 0.5, 0.25]


def test_the_last_look_still_counts() -> None:
    time = Time()
    found = wait(looks([Connections(1), Connections()]), timeout=0.5, inactive=False, clock=time.clock)
    assert found.done
    assert found.progress[-1] == {"seconds": 0.5, "active": 0, "inactive": 0, "persistent": 0}


def test_no_time_is_one_look() -> None:
    time = Time()
    found = wait(looks([Connections(1)]), timeout=0, inactive=False, clock=time.clock)
    assert found == Drained(False, Connections(1), [{"seconds": 0.0, "active": 1, "inactive": 0, "persistent": 0}])
    assert time.slept == []


def test_a_slow_look_is_part_of_the_time() -> None:
    time = Time()

    def look() -> Connections:
        time.seconds += 2.04
        return Connections(1)

    found = wait(look, timeout=3, inactive=False, clock=time.clock)
    assert found.progress == [{"seconds": 2.0, "active": 1, "inactive": 0, "persistent": 0}]
    assert time.slept == [0.5]
    assert not found.done


def test_the_first_99_samples_and_the_last() -> None:
    time = Time()
    found = wait(looks(map(Connections, range(150, -1, -1))), timeout=100, inactive=False, clock=time.clock)
    assert found.done
    assert [sample["active"] for sample in found.progress] == [*range(150, 51, -1), 0]
    assert [found.progress[place]["seconds"] for place in (0, 98, 99)] == [0.0, 49.0, 75.0]


def test_exactly_a_hundred_samples_are_all_kept() -> None:
    found = wait(looks(map(Connections, range(99, -1, -1))), timeout=100, inactive=False, clock=Time().clock)
    assert [sample["active"] for sample in found.progress] == list(range(99, -1, -1))
