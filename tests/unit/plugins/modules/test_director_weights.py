# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""director_weights on a model of the kernel, with keepalived's files and without; then director_table after it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.lvs.cluster.plugins.module_utils._boot import files
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import persistent
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    Destination,
    DestinationKey,
)
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import weights
from ansible_collections.lvs.cluster.plugins.module_utils._operator import overrides
from ansible_collections.lvs.cluster.plugins.module_utils._tasks import director_weights as task
from ansible_collections.lvs.cluster.plugins.modules import director_table, director_weights
from tests.unit.plugins.modules.weighing import LATER, WEB, Machine, machine_of, name, server, told


@pytest.fixture
def machine(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Machine:
    return machine_of(tmp_path, capsys, monkeypatch)


@pytest.fixture(params=["keepalived", "static"])
def each(request: pytest.FixtureRequest, machine: Machine) -> Machine:
    if request.param == "keepalived":
        machine.keepalived()
    return machine


# -- with both managers


def test_a_drain_and_its_end(each: Machine) -> None:
    checked = each.set("drained", check=True, why="drain")
    assert (checked["changed"], told(checked), each.live()) == (True, [("changed", "ready", "drained", 0)], 20)
    assert checked["diff"] == {"before": "rs12 in web: ready\n", "after": "rs12 in web: drained\n"}
    done = each.set("drained", why="drain")
    assert (done["changed"], told(done), each.live()) == (True, [("changed", "ready", "drained", 0)], 0)
    assert (done["servers"][0]["by"], done["servers"][0]["until"]) == ("otto", "")
    for check in (True, False):
        again = each.set("drained", check=check, by="anna")
        assert (again["changed"], told(again)) == (False, [("already", "drained", "drained", 0)])
        # Who began it stays in the books.
        assert again["servers"][0] == done["servers"][0] | {"outcome": "already", "before": "drained"}
    back = each.set("restored")
    assert (back["changed"], told(back), each.live()) == (True, [("changed", "drained", "ready", 20)], 20)
    assert not each.set("restored")["changed"]
    assert each.live(13) == 8


def test_a_temporary_weight(each: Machine) -> None:
    done = each.set("weighted", weight=5, until=LATER, why="weight")
    assert (told(done), each.live(), done["servers"][0]["until"]) == (
        [("changed", "ready", "weighted", 5)],
        5,
        LATER,
    )
    assert not each.set("weighted", weight=5, until=LATER)["changed"]
    assert told(each.set("weighted", weight=0, until=LATER)) == [("changed", "weighted", "weighted", 0)]
    assert each.live() == 0
    assert told(each.set("drained")) == [("changed", "weighted", "drained", 0)]
    assert told(each.set("weighted", weight=25)) == [("changed", "drained", "weighted", 25)]
    assert each.live() == 25
    assert told(each.set("restored")) == [("changed", "weighted", "ready", 20)]
    assert each.live() == 20


@pytest.mark.parametrize(("percent", "weight"), [(50, 10), (33, 6), (1, 1), (100, 20)])
def test_a_part_of_the_planned_weight(each: Machine, percent: int, weight: int) -> None:
    # One that serves fully has nothing to warm up for.
    assert told(each.set("weighted", percent=percent)) == [("already", "ready", "ready", 20)]
    each.set("drained")
    assert told(each.set("weighted", percent=percent)) == [("changed", "drained", "weighted", weight)]
    assert each.live() == weight


def test_the_last_one_stays(each: Machine) -> None:
    assert "failed" not in each.set("drained")
    for check in (True, False):
        for state, weight in (("drained", None), ("weighted", 0)):
            result = each.set(state, server(13, 8), check=check, weight=weight)
            assert result["msg"] == (
                "rs13 in web: nobody else serves there, so nothing was changed; say lvs_last=true if the clients shall "
                "find no server"
            )
    assert each.live(13) == 8
    # Less than before is not nothing.
    assert "failed" not in each.set("weighted", server(13, 8), weight=1)
    assert "failed" not in each.set("drained", server(13, 8), last=True)
    assert (each.live(12), each.live(13)) == (0, 0)


def test_all_at_once_are_refused_or_done(each: Machine) -> None:
    both = (server(), server(13, 8))
    assert each.set("drained", *both)["msg"].startswith("rs12 in web, rs13 in web: nobody else serves there")
    assert (each.live(12), each.live(13)) == (20, 8)
    assert len(told(each.set("drained", *both, last=True))) == 2
    assert each.set("restored", *both)["changed"]
    assert (each.live(12), each.live(13)) == (20, 8)


def test_the_sorry_server_is_there_before_the_last_one_goes(machine: Machine) -> None:
    machine.keepalived()
    sorry = DestinationKey("ipv4", "192.168.0.1", 80)
    both = [
        {**server(number, weight), "sorry": {"address": "192.168.0.1", "port": 80, "forwarding": "nat"}}
        for number, weight in ((12, 20), (13, 8))
    ]

    def serving() -> set[DestinationKey]:
        return {name for name, values in machine.kernel.table[WEB].destinations.items() if values.weight}

    assert "failed" not in machine.set("drained", both[0])
    assert sorry not in serving()
    machine.set("drained", both[1], last=True, check=True)
    assert sorry not in serving()
    seen: list[set[DestinationKey]] = []
    machine.looks = lambda: seen.append(serving())
    assert machine.set("drained", both[1], last=True)["changed"]
    # At no moment was there nobody.
    assert seen[0] == {name(13)}
    assert all(seen)
    assert seen[-1] == {sorry}


def test_what_was_drained_by_hand_can_be_given_back(each: Machine) -> None:
    if each.follows:
        (each.weights / "web_12").write_text("-2147483647\n")
    else:
        each.kernel._destinations[WEB][name(12)] = Destination("nat", 0)
    assert told(each.set("drained")) == [("already", "drained", "drained", 0)]
    # Nobody said what for.
    assert told(each.set("restored", why="maintenance")) == [("left", "drained", "drained", 0)]
    assert told(each.set("restored")) == [("changed", "drained", "ready", 20)]
    assert each.live() == 20


def test_a_purpose_takes_back_its_own_alone(each: Machine) -> None:
    each.set("drained", server(12), why="drain")
    each.set("drained", server(13, 8), why="maintenance", last=True)
    result = each.set("restored", server(12), server(13, 8), why="maintenance")
    assert [one["outcome"] for one in result["servers"]] == ["left", "changed"]
    assert (each.live(12), each.live(13)) == (0, 8)


def test_one_that_is_held_gets_no_weight(each: Machine) -> None:
    if each.follows:
        (each.weights / "web_12").write_text(weights.text_for(weights.HELD))
        each.follow()
    else:
        each.kernel._destinations[WEB].pop(name(12))
        assert each.table(unready=True)["held"] == ["tcp 10.0.0.5:80 -> 192.168.0.12:80"]
    for state, weight in (("restored", None), ("weighted", 5)):
        result = each.set(state, weight=weight)
        assert (result["changed"], told(result)[0][:3]) == (False, ("left", "held", "held"))
    assert each.live() == 0
    assert told(each.set("drained")) == [("changed", "held", "drained", 0)]


def test_a_server_that_is_not_here_yet(each: Machine) -> None:
    result = each.set("drained", server(99), server(12))
    assert [one["label"] for one in result["servers"]] == ["rs12 in web"]
    (text,) = result["unknown"]
    assert text.startswith("rs99 in web: ")
    assert text.endswith("; run lvs.cluster.site first")


# -- what must be right


@pytest.mark.parametrize(
    ("state", "words", "text"),
    [
        ("weighted", {}, "state is weighted but any of the following are missing: weight, percent"),
        ("weighted", {"weight": 1, "percent": 1}, "parameters are mutually exclusive: weight|percent"),
        ("weighted", {"weight": -1}, "weight: -1 is not a weight; write 0 to 2147483647"),
        ("weighted", {"weight": 2**31}, f"weight: {2**31} is not a weight; write 0 to 2147483647"),
        ("weighted", {"percent": 0}, "percent: 0 is not a part of the planned weight; write 1 to 100"),
        ("weighted", {"percent": 101}, "percent: 101 is not a part of the planned weight; write 1 to 100"),
        (
            *("weighted", {"weight": 1, "until": "tomorrow"}),
            "until: 'tomorrow' is not a time in UTC such as 2026-11-26T20:31:00Z",
        ),
        ("drained", {"wait": -1}, "wait: -1 is below 0; write seconds"),
    ],
)
def test_a_wrong_option(machine: Machine, state: str, words: dict[str, Any], text: str) -> None:
    assert machine.set(state, **words)["msg"] == text
    assert machine.live() == 20


def test_the_largest_weight(machine: Machine) -> None:
    assert told(machine.set("weighted", weight=2**31 - 1))[0][3] == 2**31 - 1


def test_a_record_that_can_not_be_read(machine: Machine) -> None:
    files.write_file(overrides.record_path("lvs-director"), b"[]")
    result = machine.set("drained")
    assert result["failed"]
    assert "lvs-director-overrides.json" in result["msg"]
    assert "lvs-director-overrides.json" in machine.table()["msg"]


def test_documentation_is_the_argument_spec() -> None:
    told = yaml.safe_load(director_weights.DOCUMENTATION)["options"]
    assert set(told) == set(task.ARGUMENTS)
    assert set(told["servers"]["suboptions"]) == set(task.SERVER)


def test_whether_clients_come_here(machine: Machine) -> None:
    machine.has("10.0.0.5", "10.0.0.3")
    assert machine.set("drained", check=True)["active_director"] is True
    assert machine.set("drained", server() | {"vips": ["10.0.0.6"]}, check=True)["active_director"] is False
    # Where nobody can tell, its connections count.
    (machine.folder / "bin" / "ip").write_text("#!/bin/sh\nexit 1\n")
    assert machine.set("drained", server() | {"vips": ["10.0.0.6"]}, check=True)["active_director"] is True


# -- without keepalived: the next run of site.yml


def record() -> dict[str, Any]:
    return {str(one): override._asdict() for (_key, one), override in overrides.read_record("lvs-director").items()}


def test_a_run_leaves_what_an_operator_has_set(machine: Machine) -> None:
    machine.table()
    machine.set("drained", why="drain")
    assert machine.table()["drained"] == ["tcp 10.0.0.5:80 -> 192.168.0.12:80"]
    assert machine.table()["changed"] is False
    machine.set("weighted", weight=5, until=LATER, why="weight")
    assert machine.table(weight=30)["drained"] == []
    assert machine.live() == 5
    # A reboot brings the same.
    (service,) = json.loads(Path(persistent.Names("lvs-director").config).read_text())["services"]
    assert [one["weight"] for one in service["destinations"]] == [5, 8]
    machine.set("restored", server(weight=30))
    assert (machine.live(), machine.table(weight=30)["changed"]) == (30, False)


@pytest.mark.parametrize("weight", [5, 0])
def test_a_temporary_weight_ends_with_the_first_run_after_its_time(machine: Machine, weight: int) -> None:
    machine.table()
    machine.set("weighted", weight=weight, until=overrides.now(-1), why="weight")
    assert machine.live() == weight
    checked = machine.table(check=True)
    assert not checked.get("failed"), checked
    assert (checked["changed"], checked["drained"], checked["held"]) == (True, [], [])
    assert (machine.live(), len(record())) == (weight, 1)
    assert machine.table()["changed"]
    assert (machine.live(), record()) == (20, {})
    assert not Path(overrides.record_path("lvs-director")).exists()
    assert not machine.table()["changed"]


def test_what_leaves_the_plan_leaves_the_record(machine: Machine) -> None:
    machine.table()
    machine.set("weighted", weight=5, until=LATER)
    services = [
        {
            "address": "10.0.0.5",
            "port": 80,
            "destinations": [{"address": "192.168.0.13", "weight": 8, "forwarding": "nat"}],
        }
    ]
    assert machine.module(director_table, services=services, drain_timeout=0)["changed"]
    assert record() == {}


def test_a_kernel_that_lost_its_table_gets_it_back_with_what_was_set(machine: Machine) -> None:
    machine.table()
    machine.set("drained")
    machine.kernel._destinations[WEB] = {}
    assert machine.table()["drained"] == ["tcp 10.0.0.5:80 -> 192.168.0.12:80"]
    assert (machine.live(12), machine.live(13)) == (0, 8)


def test_absent_takes_the_record_away(machine: Machine) -> None:
    machine.table()
    machine.set("drained")
    assert machine.module(director_table, state="absent", drain_timeout=0)["changed"]
    assert not Path(overrides.record_path("lvs-director")).exists()


def test_one_that_was_drained_while_it_was_held_stays_out_when_it_is_prepared(machine: Machine) -> None:
    machine.kernel._destinations[WEB].pop(name(12))
    machine.table(unready=True)
    machine.set("drained")
    assert machine.table(unready=True)["held"] == ["tcp 10.0.0.5:80 -> 192.168.0.12:80"]
    result = machine.table()
    assert (result["held"], result["drained"]) == ([], ["tcp 10.0.0.5:80 -> 192.168.0.12:80"])
    assert machine.live() == 0
    assert told(machine.set("restored")) == [("changed", "drained", "ready", 20)]
    assert machine.live() == 20
