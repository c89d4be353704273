# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""director_weights waits: for connections to end, for keepalived to follow, for health checks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import drain
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.wire import Connections
from ansible_collections.lvs.cluster.plugins.module_utils._tasks import director_weights as task
from tests.unit.plugins.modules.weighing import WEB, Machine, machine_of, name, server, told


@pytest.fixture
def machine(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Machine:
    return machine_of(tmp_path, capsys, monkeypatch)


@pytest.fixture(params=["keepalived", "static"])
def each(request: pytest.FixtureRequest, machine: Machine) -> Machine:
    if request.param == "keepalived":
        machine.keepalived()
    return machine


def test_it_waits_for_the_connections(each: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "_EVERY_SECONDS", 0.01)
    each.figures[name(12)] = [Connections(3, 1, 1), Connections(2, 1, 1), Connections(0, 3, 2)]
    # Those of another server do not count.
    each.figures[name(13)] = [Connections(50, 50, 50)]
    result = each.set("drained", wait=30)
    assert result["connections"] == {"active": 0, "inactive": 3, "persistent": 2}
    assert [one["active"] for one in result["progress"]] == [3, 2, 0]


def test_the_wait_ends_with_connections_left(each: Machine) -> None:
    each.figures[name(12)] = [Connections(3, 0, 0)]
    for wait in (0, 1):
        result = each.set("drained", wait=wait)
        assert ("failed" in result, result["connections"]["active"]) == (False, 3)


def test_nothing_is_waited_for_in_check_mode_or_where_weight_is_given(each: Machine) -> None:
    each.figures[name(12)] = [Connections(3, 0, 0)]
    for state, check, weight in (("drained", True, None), ("weighted", False, 0), ("restored", False, None)):
        result = each.set(state, wait=60, check=check, weight=weight)
        assert (result["connections"]["active"], result["progress"]) == (0, [])


@pytest.mark.parametrize("words", [{"state": "restored"}, {"state": "weighted", "percent": 50}])
def test_it_waits_until_a_health_check_lets_it_serve(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, words: dict[str, Any]
) -> None:
    monkeypatch.setattr(drain, "_EVERY_SECONDS", 0.01)
    machine.keepalived()
    machine.has("10.0.0.5")
    machine.set("drained", why="rolling")
    machine.down, looks = {12}, []

    def recover() -> None:
        looks.append(1)
        if len(looks) > 5:
            machine.down = set()

    machine.looks = recover
    assert machine.set(**words, why="rolling", wait=30)["changed"]
    assert name(12) in machine.kernel.table[WEB].destinations
    # Asked again it has nothing to do, and nothing to wait for.
    again = machine.set(**words, why="rolling", wait=30)
    assert "failed" not in again
    assert not again["changed"]


def test_a_health_check_that_goes_on_failing_is_told(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "_EVERY_SECONDS", 0.01)
    machine.keepalived()
    machine.has("10.0.0.5")
    machine.set("drained", why="rolling")
    machine.down = {12}
    for check, wait, fails in ((True, 1, False), (False, 0, False), (False, 1, True), (False, 1, True)):
        assert ("failed" in machine.set("restored", why="rolling", wait=wait, check=check)) is fails
    assert machine.set("restored", wait=1)["msg"] == (
        "rs12 in web: the weight is given back, and after 1 seconds keepalived still sends nobody there; see what the "
        "health check finds on the real server, and whether the service's quorum is reached"
    )
    # The weight is its own again: it serves as soon as the check is content.
    machine.down = set()
    assert machine.live() == 20


def test_who_is_not_to_serve_is_not_waited_for(machine: Machine) -> None:
    machine.keepalived()
    machine.has("10.0.0.5")
    machine.down = {12, 13}
    # Somebody else's drain stays, and a planned weight of 0 is none.
    machine.set("drained", why="drain", last=True)
    assert told(machine.set("restored", why="rolling", wait=60)) == [("left", "drained", "drained", 0)]
    assert "failed" not in machine.set("restored", server(13, 0), wait=60)
    # Neither is anybody on a director to which no client's packets come.
    machine.has("10.0.0.3")
    assert "failed" not in machine.set("restored", wait=60)


def test_keepalived_that_does_not_look_at_the_files(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.keepalived()
    monkeypatch.setattr(machine, "follow", lambda: None)
    monkeypatch.setattr(task, "_SETTLED_SECONDS", 0.1)
    for check, says in ((False, True), (True, False), (False, True)):
        # The second time the file is as it should be, and the server still has clients.
        result = machine.set("drained", check=check)
        assert ("failed" in result) is says
    assert result["msg"] == (
        "rs12 in web: the weight file says drained, and after 0.1 seconds the kernel's table still has a weight; see "
        "whether keepalived runs with the configuration of lvs.cluster.site"
    )
