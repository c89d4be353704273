"""The program that follows a director: what it says of logs, processes and tables, without any of them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.lvs.cluster.extensions.eda.plugins.event_source import _follow, state
from ansible_collections.lvs.cluster.extensions.eda.plugins.event_source._follow import Doors, FollowError, Vrrp
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.dump import DumpError
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.process import Process

Pools = dict[str, dict[str, int]]
WEB = "tcp 10.0.0.5:80"
BOTH, ONE = {"192.168.0.12:80": 20, "192.168.0.13:80": 8}, {"192.168.0.13:80": 8}


class Machine:
    """A director as the program sees it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.running: Process | None = Process(7, 1)
        self.instances = {"VI_1": "BACKUP"}
        self.tables: list[Pools] = [{}]
        self.failures: list[Exception] = []
        self.reads = 0
        self.doors = Doors(
            table=self.table,
            find=lambda: self.running.pid if self.running else None,
            read=self.read,
            process=lambda pid: self.running if self.running and self.running.pid == pid else None,
            lives=lambda process: process == self.running,
            clock=lambda: self.now,
        )

    def table(self) -> Pools:
        """The next of the tables; the last one stays."""
        return self.tables.pop(0) if len(self.tables) > 1 else self.tables[0]

    def read(self, _pid: int) -> dict[str, str]:
        self.reads += 1
        for failure in self.failures:
            raise failure
        return dict(self.instances)


@pytest.fixture
def machine() -> Machine:
    return Machine()


# --- VRRP


@pytest.mark.parametrize(
    ("message", "entered"),
    [
        ("(VI_1) Entering MASTER STATE", ("VI_1", "MASTER")),
        ("(VI_1) Entering BACKUP STATE (init)", ("VI_1", "BACKUP")),
        ("(VI_1) Entering FAULT STATE", ("VI_1", "FAULT")),
        ("Thu Nov 26 20:33:14 2026: (lvs-1.a) Entering MASTER STATE", ("lvs-1.a", "MASTER")),
        ("(VI_1) Receive advertisement timeout", None),
        ("VRRP_Group(VG1) Syncing instances to MASTER state", None),
        ("script said: I wrote (VI_1) Entering MASTER STATE", None),
    ],
)
def test_lines_of_the_log(machine: Machine, message: str, entered: tuple[str, str] | None) -> None:
    vrrp = Vrrp(machine.doors)
    vrrp.look()
    assert vrrp.note(101.0, message) == entered


def test_a_line_from_before_the_instances_were_read_is_old(machine: Machine) -> None:
    vrrp = Vrrp(machine.doors)
    vrrp.look()
    assert vrrp.note(99.9, "(VI_1) Entering MASTER STATE") is None
    assert vrrp.instances == {"VI_1": "BACKUP"}
    assert vrrp.note(100.1, "(VI_1) Entering MASTER STATE") == ("VI_1", "MASTER")
    assert vrrp.instances == {"VI_1": "MASTER"}


def test_keepalived_is_asked_once_until_it_is_another_one(machine: Machine) -> None:
    vrrp = Vrrp(machine.doors)
    assert [vrrp.look(), vrrp.look(), machine.reads] == [True, False, 1]
    machine.running = None
    assert [vrrp.look(), vrrp.look()] == [True, False]
    assert vrrp.instances == {"VI_1": "STOP"}
    machine.running = Process(7, 2)  # the same number, another process
    assert [vrrp.look(), machine.reads] == [True, 2]
    assert vrrp.instances == {"VI_1": "BACKUP"}


@pytest.mark.parametrize("message", ["Reloading ...", "Thu Nov 26 20:33:14 2026: Reloading"])
def test_a_reload_may_take_instances_away(machine: Machine, message: str) -> None:
    vrrp = Vrrp(machine.doors)
    vrrp.look()
    machine.instances = {"VI_2": "MASTER"}
    assert vrrp.note(101.0, message) is None
    assert not vrrp.look()
    machine.now += 3
    assert vrrp.look()
    assert vrrp.instances == {"VI_2": "MASTER"}
    assert not vrrp.look()


def test_a_keepalived_that_can_not_be_asked_is_an_error_and_one_that_ended_meanwhile_is_none(machine: Machine) -> None:
    vrrp = Vrrp(machine.doors)
    machine.failures = [DumpError("it did not write its state")]
    with pytest.raises(FollowError, match="it did not write its state"):
        vrrp.look()
    before, machine.running = machine.running, None
    assert before is not None
    doors = machine.doors._replace(find=lambda: 7, process=lambda _pid: before)
    assert not Vrrp(doors).look()


# --- all together


class Enough(Exception):
    """The test has seen enough."""


Batch = list[tuple[float, str]]


def said(machine: Machine, *batches: Batch | Callable[[], Batch]) -> list[dict[str, Any]]:
    """What follow() says while the log gives these batches, one for each look at the table."""
    waiting = iter(batches)

    def lines(_seconds: float) -> Iterator[tuple[float, str]]:
        batch = next(waiting, None)
        if batch is None:
            raise Enough
        yield from batch() if callable(batch) else batch

    found: list[dict[str, Any]] = []
    with pytest.raises(Enough):
        _follow.follow(lambda line: found.append(json.loads(json.dumps(line))), lines, 0.0, machine.doors)
    return found


def test_first_all_and_then_what_changes(machine: Machine) -> None:
    machine.tables = [{WEB: BOTH}, {WEB: BOTH}, {WEB: {**BOTH, "192.168.0.13:80": 0}}, {}]
    assert said(machine, [(101.0, "(VI_1) Entering MASTER STATE")], [], [], []) == [
        {"snapshot": {"instances": {"VI_1": "BACKUP"}, "services": {WEB: BOTH}}},
        {"instance": "VI_1", "state": "MASTER"},
        {"services": {WEB: {**BOTH, "192.168.0.13:80": 0}}},
        {"services": {WEB: None}},
    ]


def test_a_director_is_alive_while_its_table_is_read_seldom(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so every 5 seconds, because who hears nothing for 30 gives it up."""
    clock, reads = [1000.0], []
    monkeypatch.setattr(_follow.time, "monotonic", lambda: clock[0])
    found: list[tuple[float, dict[str, Any]]] = []

    def lines(seconds: float) -> Iterator[tuple[float, str]]:
        clock[0] += seconds
        if clock[0] >= 1060.0:
            raise Enough
        yield from ()

    def table() -> Pools:
        reads.append(clock[0])
        return {}

    with pytest.raises(Enough):
        _follow.follow(lambda line: found.append((clock[0], line)), lines, 60.0, machine.doors._replace(table=table))
    assert reads == [1000.0]
    assert found[1:] == [(1000.0 + 5 * number, {"alive": True}) for number in range(1, 12)]


def test_a_server_that_leaves(machine: Machine) -> None:
    machine.tables = [{WEB: BOTH}, {WEB: ONE}, {WEB: ONE}]
    assert said(machine, [])[1:] == [{"services": {WEB: ONE}}]


def test_a_service_that_is_being_taken_away_loses_its_servers_first(machine: Machine) -> None:
    machine.tables = [{WEB: BOTH}, {WEB: ONE}, {}]
    assert said(machine, [])[1:] == [{"services": {WEB: None}}]


def test_keepalived_that_ends_is_told_before_its_services(machine: Machine) -> None:
    """So that a director which is being stopped is not taken for an active one that loses them."""
    machine.tables = [{WEB: BOTH}, {}]

    def stop() -> list[tuple[float, str]]:
        machine.running = None
        return []

    assert said(machine, stop)[1:] == [{"instances": {"VI_1": "STOP"}}, {"services": {WEB: None}}]


# --- the program as it is sent


def test_the_program_brings_all_that_it_imports() -> None:
    """Python without its site packages and without the environment, as on a director; then it says why it can't."""
    text = state.program(1.0)
    # As somebody who may not read the table: what follows is the end, with an error as its last line.
    argv = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--reuid=65534", "--clear-groups"]
    done = subprocess.run(
        [*argv, sys.executable, "-IS", "-"], input=text, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert "no CAP_NET_ADMIN" in done.stdout
    assert done.stdout.startswith('{"error":')
