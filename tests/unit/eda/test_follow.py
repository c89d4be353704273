"""The program that follows a director: what it says of logs, processes and tables, without any of them."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lvs.cluster.extensions.eda.plugins.event_source import _follow, state
from ansible_collections.lvs.cluster.extensions.eda.plugins.event_source._follow import (
    Doors,
    FollowError,
    Journal,
    Vrrp,
)
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import owner
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.conf import UnreadableError, read_text
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.dump import DumpError
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.process import Process

Pools = dict[str, dict[str, int]]
WEB = "tcp 10.0.0.5:80"
BOTH, ONE = {"192.168.0.12:80": 20, "192.168.0.13:80": 8}, {"192.168.0.13:80": 8}
SETUP = {"vips": {"VI_1": ["10.0.0.5"]}, "sorry": {WEB: "192.168.0.1:80"}}


class Machine:
    """A director as the program sees it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.running: Process | None = Process(7, 1)
        self.instances = {"VI_1": "BACKUP"}
        self.setup: dict[str, Any] = SETUP
        self.tables: list[Pools] = [{}]
        self.failures: list[Exception] = []
        self.reads = 0
        self.doors = Doors(
            table=self.table,
            find=lambda: self.running.pid if self.running else None,
            read=self.read,
            setup=lambda: self.setup,
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


def test_the_clock_of_lines_is_not_the_time_of_day() -> None:
    """That one can be set back, and what keepalived says then would be taken for old."""
    assert Doors().clock is time.monotonic


def test_lines_have_their_time_since_the_boot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = {"__REALTIME_TIMESTAMP": "1700000000000000", "__MONOTONIC_TIMESTAMP": "12500000", "MESSAGE": "Reloading"}
    journalctl = tmp_path / "journalctl"
    journalctl.write_text(f'#!/bin/sh\necho "$*" > "$0.words"\necho \'{json.dumps(entry)}\'\nexec sleep 60\n')
    journalctl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with Journal(1700000000.0) as journal:
        assert list(journal.lines(20.0)) == [(12.5, "Reloading")]
    # Lines of another boot have another clock.
    assert "--boot" in (tmp_path / "journalctl.words").read_text().split()


# --- the configuration

SERVICES = """
virtual_server_group POOL {{
  10.0.0.20-21 443
  fwmark 7
}}
virtual_server {head} {{
  lvs_method {method}
  protocol UDP
  quorum 2
  {sorry}
  real_server 192.168.0.12 80 {{
    weight 1
    TCP_CHECK {{
    }}
  }}
}}
virtual_server 10.0.0.99 80 {{
  real_server 192.168.0.12 80 {{
  }}
}}
"""


@pytest.mark.parametrize(
    ("head", "method", "sorry", "found"),
    [
        ("10.0.0.5 80", "NAT", "", {}),
        ("10.0.0.5 80", "NAT", "sorry_server 192.168.0.1 8080", {"udp 10.0.0.5:80": "192.168.0.1:8080"}),
        # The same machine, by another port.
        ("10.0.0.5 80", "NAT", "sorry_server 192.168.0.12 8080", {"udp 10.0.0.5:80": "192.168.0.12:8080"}),
        ("10.0.0.5 80", "NAT", "sorry_server 192.168.0.1", {"udp 10.0.0.5:80": "192.168.0.1:0"}),
        ("10.0.0.5 80", "DR", "sorry_server 192.168.0.1", {"udp 10.0.0.5:80": "192.168.0.1:80"}),
        ("10.0.0.5 80", "DR", "sorry_server 192.168.0.1 8080", {"udp 10.0.0.5:80": "192.168.0.1:80"}),
        (
            "10.0.0.5 80",
            "DR",
            "sorry_server 192.168.0.1 8080\nsorry_server_lvs_method NAT",
            {"udp 10.0.0.5:80": "192.168.0.1:8080"},
        ),
        ("FD00:0::5 53", "TUN", "sorry_server fd00:0::1", {"udp [fd00::5]:53": "[fd00::1]:53"}),
        ("fwmark 3", "NAT", "sorry_server 192.168.0.1 80", {"fwmark 3": "192.168.0.1:80"}),
        ("fwmark 3", "DR", "ip_family inet6\nsorry_server fd00::1", {"fwmark 3 (ipv6)": "[fd00::1]:0"}),
        (
            "group POOL",
            "NAT",
            "sorry_server 192.168.0.1 80",
            {
                "udp 10.0.0.20:443": "192.168.0.1:80",
                "udp 10.0.0.21:443": "192.168.0.1:80",
                "fwmark 7": "192.168.0.1:80",
            },
        ),
        # It is a real server of this service, too.
        ("10.0.0.5 80", "NAT", "sorry_server 192.168.0.12 80", {}),
        ("10.0.0.5 80", "DR", "sorry_server 192.168.0.12", {}),
    ],
)
def test_sorry_servers(head: str, method: str, sorry: str, found: dict[str, str]) -> None:
    text = SERVICES.format(head=head, method=method, sorry=sorry)
    assert _follow.sorry_servers(read_text(text, "lb1")) == found


def test_vips_of_instances(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = """
vrrp_instance VI_1 {
  virtual_ipaddress {
    10.0.0.5/24 dev eth0 label eth0:1
    FD00:0::5/64
  }
  virtual_ipaddress_excluded {
    10.0.0.6
  }
}
vrrp_instance VI_2 {
  track_interface {
    eth0
  }
}
"""
    conf = tmp_path / "keepalived.conf"
    conf.write_text(text)
    monkeypatch.setattr(owner, "running", lambda: [owner.Running(str(conf), "lb1")])
    assert _follow.read_setup() == {
        "vips": {"VI_1": ["10.0.0.5", "fd00::5", "10.0.0.6"], "VI_2": []}, "sorry": {},
    }  # fmt: skip


def test_a_configuration_that_can_not_be_read_is_not_one_without_a_sorry_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conf = tmp_path / "keepalived.conf"
    conf.write_text("virtual_server 10.0.0.5 80 {\n  sorry_server 192.168.0.1 80\n}\n")
    monkeypatch.setattr(owner, "running", lambda: [owner.Running(str(conf), "lb1")])
    assert _follow.read_setup() == {"vips": {}, "sorry": {WEB: "192.168.0.1:80"}}
    conf.write_text("include parts/*.conf\ninclude ~/${PART}\n")
    assert _follow.read_setup() == {"vips": {}, "sorry": None}

    def fail() -> list[owner.Running]:
        raise UnreadableError("no permission")

    monkeypatch.setattr(owner, "running", fail)
    assert _follow.read_setup() == {"vips": {}, "sorry": None}


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
        {"snapshot": {"instances": {"VI_1": "BACKUP"}, **SETUP, "services": {WEB: BOTH}}},
        {"instance": "VI_1", "state": "MASTER"},
        {"services": {WEB: {**BOTH, "192.168.0.13:80": 0}}},
        {"services": {WEB: None}},
    ]


def test_a_director_is_alive_while_its_table_is_read_seldom(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so every 5 seconds, because who hears nothing for 30 gives it up."""
    clock, reads = [1000.0], []
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
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
    """The table is looked at once more, and not again while nothing else leaves."""
    machine.tables = [{WEB: BOTH}, {WEB: ONE}, {WEB: ONE}, {}]
    assert said(machine, [])[1:] == [{"services": {WEB: ONE}}]


def test_a_service_that_is_being_taken_away_loses_its_servers_first(machine: Machine) -> None:
    machine.tables = [{WEB: BOTH}, {WEB: ONE}, {}]
    assert said(machine, [])[1:] == [{"services": {WEB: None}}]


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_follow, "_SETTLE_SECONDS", 0.0)


@pytest.mark.usefixtures("no_pause")
def test_a_keepalived_that_stops_takes_one_service_after_the_other_away(machine: Machine) -> None:
    """Each time that the table is read another service has lost a part of its servers."""
    names = [f"tcp 10.0.0.5:{port}" for port in range(81, 86)]
    machine.tables = [dict.fromkeys(names, BOTH)]
    for number, name in enumerate(names):
        left = dict.fromkeys(names[number + 1 :], BOTH)
        machine.tables.append({name: ONE, **left})
    machine.tables.append({})
    assert said(machine, [])[1:] == [{"services": dict.fromkeys(names)}]


@pytest.mark.usefixtures("no_pause")
def test_servers_that_leave_for_ever_do_not_hold_it_up(machine: Machine) -> None:
    pool = {f"192.168.0.{number}:80": 1 for number in range(1, 30)}
    machine.tables = [{WEB: dict(itertools.islice(pool.items(), left))} for left in range(29, 0, -1)]
    (line,) = said(machine, [])[1:]
    assert len(line["services"][WEB]) == 29 - 11  # one look, and ten more


def test_the_configuration_is_told_again_after_a_reload(machine: Machine) -> None:
    changed: dict[str, Any] = {"vips": {"VI_1": []}, "sorry": {}}

    def reload() -> Batch:
        machine.setup = changed
        return [(101.0, "Reloading ...")]

    def later() -> Batch:
        machine.now += 3
        return []

    first, *others = said(machine, reload, later, [])
    assert first == {"snapshot": {"instances": {"VI_1": "BACKUP"}, **SETUP, "services": {}}}
    assert others == [{"instances": {"VI_1": "BACKUP"}, **changed}]


def test_keepalived_that_ends_is_told_before_its_services(machine: Machine) -> None:
    """So that a director which is being stopped is not taken for an active one that loses them."""
    machine.tables = [{WEB: BOTH}, {}]

    def stop() -> list[tuple[float, str]]:
        machine.running = None
        return []

    assert said(machine, stop)[1:] == [{"instances": {"VI_1": "STOP"}, **SETUP}, {"services": {WEB: None}}]


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
