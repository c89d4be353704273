# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keepalived's JSON says, and what is wrong with the directors of a cluster."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.vrrp_states import (
    faults_of_clusters,
    instance_problems,
    instances_of,
    judge,
)

# What keepalived 2.2.7 of Debian 12 wrote, some keys left out.
WRITTEN = (
    r'[{"data":{"iname":"VI_1","dont_track_primary":0,"vmac_ifname":"","ifp_ifname":"v0","master_priority":0,'
    r'"last_transition":1795665479.228495,"base_priority":150,"effective_priority":148,"vipset":false,"state":3,'
    r'"wantstate":3,"version":2,"vips":["10.0.0.5\/24 dev v0 scope global"],"evips":["10.0.0.6 dev v0 scope global"],'
    r'"auth_type":0},"stats":{"advert_rcvd":0}},{"data":{"iname":"VI_2","ifp_ifname":"v1","base_priority":100,'
    r'"effective_priority":100,"state":2,"wantstate":2,"version":3,'
    r'"vips":["fd00::5\/64 dev v1 scope global preferred_lft forever set"],"auth_type":0},"stats":{"advert_rcvd":0}}]'
    "\n"
)


def written(**data: Any) -> str:
    full = {"iname": "VI_1", "base_priority": 100, "effective_priority": 100, "state": 2, "ifp_ifname": "eth0", **data}
    return json.dumps([{"data": full, "stats": {}}])


def test_what_keepalived_wrote() -> None:
    assert instances_of(WRITTEN) == {
        "VI_1": {
            "state": "FAULT",
            "priority": 150,
            "effective_priority": 148,
            "interface": "v0",
            "vips": ["10.0.0.5/24", "10.0.0.6"],
        },
        "VI_2": {
            "state": "MASTER",
            "priority": 100,
            "effective_priority": 100,
            "interface": "v1",
            "vips": ["fd00::5/64"],
        },
    }


def test_json_version_2() -> None:
    text = f'{{"vrrp":{WRITTEN.strip()},"track_process":[]}}\n'
    assert instances_of(text) == instances_of(WRITTEN)


@pytest.mark.parametrize("end", [0, 1, 40, len(WRITTEN) - 2])
def test_a_text_that_is_not_whole(end: int) -> None:
    with pytest.raises(ValueError, match=r"."):
        instances_of(WRITTEN[:end])


@pytest.mark.parametrize(
    "text", ["{}", '{"vrrp":1}', "3", '["x"]', "[{}]", '[{"data":{"iname":"A"}}]', '[{"data":[]}]']
)
def test_a_text_that_is_something_else(text: str) -> None:
    with pytest.raises(ValueError, match=r"it holds no list of VRRP instances|an instance is not as expected"):
        instances_of(text)


@pytest.mark.parametrize(
    ("number", "state"),
    [(0, "INIT"), (1, "BACKUP"), (2, "MASTER"), (3, "FAULT"), (97, "DELETED"), (98, "STOP"), (42, "UNKNOWN")],
)
def test_each_state(number: int, state: str) -> None:
    assert instances_of(written(state=number))["VI_1"]["state"] == state


def test_an_interface_that_is_gone_and_a_control_character() -> None:
    text = written(script_master="tab").replace('"ifp_ifname": "eth0"', '"x": "a\x01b"').replace("tab", "a\tb")
    assert instances_of(text)["VI_1"]["interface"] == ""


def one(state: str, interface: str = "eth0") -> dict[str, Any]:
    return {"state": state, "interface": interface}


def test_problems_of_one_director() -> None:
    instances = {"B": one("BACKUP"), "M": one("MASTER"), "F": one("FAULT"), "I": one("INIT", "")}
    assert instance_problems(instances, ["M", "X"]) == [
        "keepalived has no VRRP instance X",
        "F is FAULT (interface eth0)",
        "I is INIT",
    ]
    assert instance_problems({"B": one("BACKUP"), "M": one("MASTER")}, ["B", "M"]) == []


def result(missing: tuple[str, ...] = (), **states: str) -> dict[str, Any]:
    return {
        "running": True,
        "instances": {name: one(state) for name, state in states.items()},
        "missing": list(missing),
    }


BOTH = {"lb1": ["VI_1"], "lb2": ["VI_1"]}


@pytest.mark.parametrize(
    ("states", "faults"),
    [
        ({"lb1": result(VI_1="MASTER"), "lb2": result(VI_1="BACKUP")}, []),
        (
            {"lb1": result(VI_1="MASTER"), "lb2": result(VI_1="MASTER")},
            ["split brain: VI_1 is MASTER on lb1 and lb2"],
        ),
        (
            {"lb1": result(VI_1="BACKUP"), "lb2": result(VI_1="BACKUP")},
            ["VI_1 has no MASTER: it is BACKUP on lb1, BACKUP on lb2"],
        ),
        (
            {"lb1": result(VI_1="FAULT"), "lb2": result(VI_1="MASTER")},
            ["lb1: VI_1 is FAULT (interface eth0)"],
        ),
        (
            {"lb1": {"running": False, "instances": {}, "missing": []}, "lb2": result()},
            [
                "lb1: keepalived does not run",
                "lb2: keepalived has no VRRP instance VI_1",
                "VI_1 has no MASTER: it is not there on lb1, not there on lb2",
            ],
        ),
        (
            {"lb1": result(("tcp 10.0.0.5:80", "fwmark 1"), VI_1="MASTER"), "lb2": result(VI_1="BACKUP")},
            ["lb1: tcp 10.0.0.5:80 is not in the kernel's table", "lb1: fwmark 1 is not in the kernel's table"],
        ),
        # Nobody knows whether the other one is master.
        ({"lb1": result(VI_1="BACKUP")}, []),
        (
            {"lb1": result(VI_1="BACKUP"), "lb2": {"unreachable": True, "msg": "no route"}},
            ["lb2: what keepalived does there is not known: no route"],
        ),
        ({"lb2": {}}, ["lb2: what keepalived does there is not known: it was not reached"]),
        # No plan has that one.
        (
            {"lb1": result(VI_1="MASTER"), "lb2": result(VI_1="BACKUP", VI_9="FAULT")},
            ["lb2: VI_9 is FAULT (interface eth0)"],
        ),
    ],
)
def test_judging_a_cluster(states: dict[str, dict[str, Any]], faults: list[str]) -> None:
    assert judge(states, BOTH) == faults


def test_three_masters_and_an_instance_on_two_directors_of_three() -> None:
    states = {name: result(VI_1="MASTER") for name in ("lb1", "lb2", "lb3")}
    assert judge(states, {name: ["VI_1"] for name in states}) == ["split brain: VI_1 is MASTER on lb1, lb2 and lb3"]
    states = {"lb1": result(A="MASTER"), "lb2": result(A="BACKUP"), "lb3": result()}
    assert judge(states, {"lb1": ["A"], "lb2": ["A"], "lb3": []}) == []


def plan(peers: list[str], *names: str, manager: str = "keepalived") -> dict[str, Any]:
    return {
        "director": {"manager": manager, "peers": peers, "vrrp_instances": [{"name": name} for name in names]},
        "roles": ["director"],
    }


def test_clusters_are_judged_apart() -> None:
    plans = {
        "lb1": plan(["lb2"], "VI_1"),
        "lb2": plan(["lb1"], "VI_1"),
        "x1": plan(["x2"], "VI_1"),
        "x2": plan(["x1"], "VI_1"),
        "alone": plan([], manager="static"),
        "rs1": {"roles": ["real_server_nat"]},
    }
    states = {
        "lb1": result(VI_1="MASTER"),
        "lb2": result(VI_1="BACKUP"),
        "x1": result(VI_1="MASTER"),
        "x2": result(VI_1="BACKUP"),
    }
    assert faults_of_clusters(states, plans) == []
    states["x2"] = result(VI_1="MASTER")
    assert faults_of_clusters(states, plans) == ["split brain: VI_1 is MASTER on x1 and x2"]
    assert faults_of_clusters({}, plans) == []
