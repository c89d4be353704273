# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a director does, and whether it could serve."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import ServiceKey
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import state
from tests.unit.plugins.module_utils._keepalived.process_tree import JSON, Clock, Tree, instance

VRRP = "vrrp_instance VI_1 {\n interface eth0\n}\n"
SERVICES = """\
virtual_server 10.0.0.5 80 {
  protocol TCP
}
virtual_server fwmark 7 {
  ip_family inet6
}
virtual_server_group G {
  10.0.0.8-10 53
  fd00::0:a 53
}
virtual_server group G {
  protocol UDP
}
"""
KEYS = [
    ServiceKey("ipv4", "tcp", "10.0.0.5", 80),
    ServiceKey("ipv6", fwmark=7),
    ServiceKey("ipv4", "udp", "10.0.0.8", 53),
    ServiceKey("ipv4", "udp", "10.0.0.9", 53),
    ServiceKey("ipv4", "udp", "10.0.0.10", 53),
    ServiceKey("ipv6", "udp", "fd00::a", 53),
]


class Director:
    """A host with a configuration, whose keepalived runs or doesn't."""

    def __init__(self, folder: Path, text: str) -> None:
        self.tree, self.clock = Tree(folder), Clock()
        self.file = folder / "keepalived.conf"
        self.file.write_text(text)
        self.table: list[ServiceKey] = list(KEYS)
        self.commands: list[list[str]] = []
        self.signum = (0, f"{JSON}\n")
        self.host = state.Host(
            run=self.run,
            table=lambda: self.table,
            proc=str(self.tree.proc),
            root=os.getuid(),
            waiting=self.clock.waiting(self.tree.kill),
        )

    def start(self, *words: str) -> int:
        return self.tree.keepalived("-f", str(self.file), *words)

    def run(self, argv: Sequence[str]) -> tuple[int, str]:
        self.commands.append(list(argv))
        return self.signum if argv[1] == "--signum=JSON" else (0, "Keepalived v2.3.3 (03/30,2025)\n\nCopyright\n")


@pytest.fixture
def director(tmp_path: Path) -> Director:
    return Director(tmp_path, VRRP + SERVICES)


def test_a_healthy_director(director: Director) -> None:
    pid = director.start()
    result = state.look(director.host, ["VI_1"]).result()
    shown = {
        "state": "MASTER",
        "priority": 100,
        "effective_priority": 100,
        "interface": "eth0",
        "vips": ["10.0.0.5/24"],
    }
    assert result == {
        "running": True,
        "pid": pid,
        "version": "2.3.3",
        "instances": {"VI_1": shown},
        "missing": [],
        "healthy": True,
        "problems": [],
    }
    exe = f"{director.tree.proc}/{pid}/exe"
    assert director.commands == [[exe, "--signum=JSON"], [exe, "--version"]]


def test_no_keepalived(director: Director) -> None:
    result = state.look(director.host, ["VI_1"]).result()
    assert (result["running"], result["pid"], result["healthy"]) == (False, None, False)
    assert result["problems"] == ["keepalived does not run"]
    assert director.commands == []


@pytest.mark.parametrize("place", range(len(KEYS)))
def test_each_service_that_the_table_lacks(director: Director, place: int) -> None:
    director.start()
    gone = director.table.pop(place)
    director.table.append(ServiceKey("ipv4", "tcp", "10.0.0.99", 1))
    found = state.look(director.host, [])
    assert found.missing == (str(gone),)
    assert found.problems == (f"{gone} is not in the kernel's table",)


def test_a_table_that_nobody_needs_is_not_read(tmp_path: Path) -> None:
    director = Director(tmp_path, VRRP)
    director.start()
    director.host.table = pytest.fail
    assert state.look(director.host, []).problems == ()


def test_an_instance_that_it_lacks_and_one_in_fault(director: Director) -> None:
    director.start()
    director.tree.answer = lambda: director.tree.write([instance("VI_1", 3)])
    assert state.look(director.host, ["VI_1", "VI_2"]).problems == (
        "keepalived has no VRRP instance VI_2",
        "VI_1 is FAULT (interface eth0)",
    )


def test_a_director_without_vrrp(tmp_path: Path) -> None:
    director = Director(tmp_path, SERVICES)
    director.tree.keepalived("-f", str(director.file), vrrp=False)
    found = state.look(director.host, [])
    assert (found.running, found.instances, found.problems, director.clock.now) == (True, {}, (), 0)


def test_one_that_does_vrrp_alone_has_no_services(director: Director) -> None:
    director.start("-P")
    director.table = []
    found = state.look(director.host, [])
    assert (list(found.instances), found.missing) == (["VI_1"], ())


def test_a_configuration_that_is_not_understood_is_never_nothing_missing(director: Director) -> None:
    director.start()
    director.file.write_text("~SEQ(X, 1, 3) virtual_server 10.0.0.$X 80 {\n}\n")
    found = state.look(director.host, [])
    assert list(found.instances) == ["VI_1"]
    (problem,) = found.problems
    assert problem.startswith("which virtual services belong in the kernel's table is not known: ")
    assert "~SEQ" in problem


@pytest.mark.parametrize("answer", [(1, "Unknown sigfunc JSON\n"), (0, ""), (127, "")])
def test_a_keepalived_without_json(director: Director, answer: tuple[int, str]) -> None:
    pid = director.start()
    director.signum = answer
    for seconds in (0, 60):
        with pytest.raises(state.UnsupportedError) as caught:
            state.wait(director.host, [], seconds)
        assert f"(process {pid}) does not know the signal JSON" in str(caught.value)
    assert (director.tree.signals, director.clock.now) == ([], 0)


def test_no_answer_is_an_error(director: Director) -> None:
    director.start()
    director.tree.answer = lambda: None
    with pytest.raises(state.StateError, match=r"did not write its state to /tmp/keepalived\.json within 10 seconds"):
        state.look(director.host, [])


def test_a_process_that_ends_meanwhile_is_an_error(director: Director) -> None:
    pid = director.start()
    (director.tree.proc / str(pid) / "environ").unlink()
    with pytest.raises(state.StateError, match=f"keepalived could not be asked: .*/{pid}/environ: No such file"):
        state.look(director.host, [])


# -- waiting


def test_waiting_ends_as_soon_as_it_is_healthy(director: Director) -> None:
    director.start()
    states = iter([0, 1])
    director.tree.answer = lambda: director.tree.write([instance("VI_1", next(states))])
    assert state.wait(director.host, ["VI_1"], 60).problems == ()
    assert 1 <= director.clock.now < 1.1
    assert len(director.commands) == 2


def test_waiting_for_one_that_starts(director: Director) -> None:

    def begin() -> None:
        if director.clock.pauses == 1:
            director.start()

    director.clock.meanwhile = begin
    assert state.wait(director.host, ["VI_1"], 60).running
    assert director.clock.now == 1


def test_what_is_wrong_at_the_end_is_returned(director: Director) -> None:
    director.start()
    director.table = director.table[1:]
    found = state.wait(director.host, [], 5)
    assert found.problems == ("tcp 10.0.0.5:80 is not in the kernel's table",)
    assert 5 <= director.clock.now < 6


def test_an_error_on_the_way_is_no_end(director: Director) -> None:
    director.start()

    def answer() -> None:
        if director.clock.now > 20:
            director.tree.write([instance("VI_1", 2)])

    director.tree.answer = answer
    assert state.wait(director.host, [], 60).problems == ()
    assert 20 < director.clock.now < 25


def test_an_error_at_the_end_is_raised(director: Director) -> None:
    director.start()
    director.tree.answer = lambda: None
    with pytest.raises(state.StateError, match="did not write its state"):
        state.wait(director.host, [], 4)
    assert 4 <= director.clock.now < 6
