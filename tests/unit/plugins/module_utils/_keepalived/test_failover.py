# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import failover, failover_checks

ONE, TWO, GROUP = "lvs_failover_instance_VI_1", "lvs_failover_instance_VI_2", "lvs_failover_group_VG1"
SERVICE = {"address": "10.0.0.5", "port": 80, "protocol": "tcp", "family": "ipv4"}


def plans(priorities: dict[str, dict[str, int]], *, group: bool = False, **more: Any) -> dict[str, Any]:
    """Plans of directors with these priorities of their instances; ``more`` is in each instance."""
    found: dict[str, Any] = {"rs1": {"cluster": "default", "director": None}}
    for host, own in priorities.items():
        found[host] = {
            "cluster": "default",
            "director": {
                "manager": "keepalived",
                "peers": [one for one in priorities if one != host],
                "vrrp_instances": [
                    {"name": name, "priority": number, "advert_int": 1, **more} for name, number in own.items()
                ],
                "vrrp_sync_groups": [{"name": "VG1", "group": list(own)}] if group else [],
                "sync_daemon": {"interface": "eth1", "instance": "VI_1"},
            },
        }
    return found


PAIR = {"lb1": {"VI_1": 200}, "lb2": {"VI_1": 150}}


def numbers(found: dict[str, Any]) -> dict[str, dict[str, int]]:
    assert found["faults"] == []
    return {host: {name: number for name, number in one.items() if number} for host, one in found["numbers"].items()}


# --- the choice of numbers


def test_just_above_the_highest_of_the_others() -> None:
    found = failover.plan(plans(PAIR), "lb2", back=False)
    assert numbers(found) == {"lb1": {}, "lb2": {ONE: 51}}
    assert (found["members"], found["targets"], found["seconds"]) == (["lb2", "lb1"], {"VI_1": "lb2"}, 4)


def test_the_one_with_the_highest_priority_needs_none() -> None:
    assert numbers(failover.plan(plans(PAIR), "lb1", back=False)) == {"lb1": {}, "lb2": {}}


def test_of_three_only_one_has_a_number() -> None:
    three = {"lb1": {"VI_1": 200}, "lb2": {"VI_1": 150}, "lb3": {"VI_1": 100}}
    assert numbers(failover.plan(plans(three), "lb3", back=False)) == {"lb1": {}, "lb2": {}, "lb3": {ONE: 101}}


def test_each_instance_by_itself_where_directors_share_the_work() -> None:
    both = {"lb1": {"VI_1": 200, "VI_2": 100}, "lb2": {"VI_1": 150, "VI_2": 240}}
    assert numbers(failover.plan(plans(both), "lb1", back=False)) == {"lb1": {TWO: 141}, "lb2": {}}
    back = failover.plan(plans(both), "", back=True)
    assert numbers(back) == {"lb1": {}, "lb2": {}}
    assert back["targets"] == {"VI_1": "lb1", "VI_2": "lb2"}


def test_a_group_has_the_number_that_is_needed_most() -> None:
    both = {"lb1": {"VI_1": 200, "VI_2": 120}, "lb2": {"VI_1": 150, "VI_2": 110}}
    assert numbers(failover.plan(plans(both, group=True), "lb2", back=False)) == {"lb1": {}, "lb2": {GROUP: 51}}


def test_above_the_highest_the_others_go_down() -> None:
    found = failover.plan(plans({"lb1": {"VI_1": 254}, "lb2": {"VI_1": 150}}), "lb2", back=False)
    assert numbers(found) == {"lb1": {ONE: -1}, "lb2": {ONE: 104}}


def test_one_that_leaves_does_not_count() -> None:
    """Whether it still runs or has gone, which a plan doesn't know: nothing is asked of it, nothing moved to it."""
    three = plans({"lb1": {"VI_1": 200}, "lb2": {"VI_1": 150}, "lb3": {"VI_1": 250}})
    three["lb3"]["leaves"] = True
    assert numbers(failover.plan(three, "lb2", back=False)) == {"lb1": {}, "lb2": {ONE: 51}}
    assert failover.plan(three, "", back=True)["targets"] == {"VI_1": "lb1"}
    assert "lb3 leaves its cluster" in failover.plan(three, "lb3", back=False)["faults"][0]
    three["lb2"]["leaves"] = True
    assert "lb1 is the only director" in failover.plan(three, "lb1", back=False)["faults"][0]
    assert "nothing can be moved" in failover.plan(three, "", back=True)["faults"][0]


def test_equal_priorities() -> None:
    same = plans({"lb1": {"VI_1": 150}, "lb2": {"VI_1": 150}})
    assert numbers(failover.plan(same, "lb2", back=False)) == {"lb1": {}, "lb2": {ONE: 1}}
    assert "same priority for VI_1" in failover.plan(same, "", back=True)["faults"][0]


def test_an_instance_that_the_target_lacks_stays() -> None:
    some = {"lb1": {"VI_1": 200, "VI_2": 200}, "lb2": {"VI_1": 150}}
    found = failover.plan(plans(some), "lb2", back=False)
    assert (found["stay"], found["targets"]) == (["VI_2"], {"VI_1": "lb2"})


def test_how_long_keepalived_may_take() -> None:
    found = failover.plan(plans(PAIR, preempt_delay=60), "lb2", back=False)
    assert (found["seconds"], found["give_way_seconds"]) == (64, 5)


@pytest.mark.parametrize(
    ("host", "back", "changes", "fault"),
    [
        ("", False, {}, "lvs_host is missing"),
        ("lb9", False, {}, "lvs_host: lb9 is no host of this inventory; its directors are lb1, lb2"),
        ("rs1", False, {}, "lvs_host: rs1 is no director; name one of lb1, lb2"),
        ("lb1", False, {"manager": "static"}, "lb1 is a static director"),
        ("lb1", False, {"peers": []}, "lb1 is the only director"),
        ("lb1", False, {"vrrp_instances": []}, "lb1 has no VRRP instance"),
        ("", True, {"manager": "static"}, "nothing can be moved"),
        ("lb2", False, {"vrrp_instances": [{"name": "VI_1", "priority": 255}]}, "VI_1 on lb1 has priority 255"),
    ],
)
def test_refusals(host: str, back: bool, changes: dict[str, Any], fault: str) -> None:
    wrong = plans(PAIR)
    for name in ("lb1", "lb2") if "manager" in changes else ("lb1",):
        wrong[name]["director"].update(changes)
    (found,) = failover.plan(wrong, host, back=back)["faults"]
    assert fault in found


def test_back_must_say_which_cluster() -> None:
    several = plans(PAIR)
    for host, one in plans({"x1": {"VI_1": 200}, "x2": {"VI_1": 150}}).items():
        several.setdefault(host, {**one, "cluster": "other"})
    assert "several clusters, default, other" in failover.plan(several, "", back=True)["faults"][0]
    assert failover.plan(several, "x2", back=True)["members"] == ["x2", "x1"]


# --- what the directors say

UP = {"master": "MASTER", "backup": "BACKUP"}


def answer(priorities: dict[str, int], role: str, **states: str) -> dict[str, Any]:
    instances = {
        name: {"state": states.get(name, UP[role]), "priority": number, "effective_priority": number}
        for name, number in priorities.items()
    }
    return {
        "keepalived": {"running": True, "instances": instances, "problems": []},
        "priority": {"before": {}, "followed": [ONE], "pending": False},
        "table": {"services": [SERVICE], "sync_daemons": [{"role": role}]},
    }


def answers() -> dict[str, Any]:
    return {"lb1": answer({"VI_1": 200}, "master"), "lb2": answer({"VI_1": 150}, "backup")}


def check(given: dict[str, Any] | None = None, host: str = "lb2", **more: Any) -> dict[str, Any]:
    wanted = failover.plan(plans(PAIR, **more), host, back=False)
    return failover_checks.check(wanted, given or answers())


def test_what_is_to_be_done() -> None:
    found = check()
    assert (found["faults"], found["unsynced"], found["notices"], found["done"]) == ([], [], [], False)
    assert found["moves"] == [{"from": "lb1", "to": "lb2", "instances": ["VI_1"]}]
    assert found["write"] == [{"host": "lb2", "numbers": {ONE: 51}, "before": {ONE: 0}, "give_way": []}]
    assert found["expected"] == [{"host": "lb2", "masters": ["VI_1"]}, {"host": "lb1", "masters": []}]


def test_it_is_so_already() -> None:
    assert check(host="lb1")["done"]
    moved = {"lb1": answer({"VI_1": 200}, "backup"), "lb2": answer({"VI_1": 150}, "master")}
    moved["lb2"]["priority"]["before"] = {ONE: 51}
    moved["lb2"]["keepalived"]["instances"]["VI_1"]["effective_priority"] = 201
    found = check(moved)
    assert (found["done"], found["write"], found["moves"]) == (True, [], [])
    # The way back: the number goes, and that is all.
    back = check(moved, host="lb1")
    assert back["write"] == [{"host": "lb2", "numbers": {ONE: 0}, "before": {ONE: 51}, "give_way": []}]


def test_an_active_one_without_its_number_gets_it() -> None:
    """lb1 was away and would take over again."""
    moved = {"lb1": answer({"VI_1": 200}, "backup"), "lb2": answer({"VI_1": 150}, "master")}
    found = check(moved)
    assert (found["done"], [one["host"] for one in found["write"]], found["moves"]) == (False, ["lb2"], [])


def test_without_preemption_the_master_gives_way_after_the_target_was_raised() -> None:
    found = check(nopreempt=True)
    assert [(one["host"], one["give_way"]) for one in found["write"]] == [("lb2", []), ("lb1", [ONE])]


def test_a_group_gives_way_as_a_whole() -> None:
    both = {"lb1": {"VI_1": 200, "VI_2": 200}, "lb2": {"VI_1": 150, "VI_2": 150}}
    given = {"lb1": answer(both["lb1"], "master"), "lb2": answer(both["lb2"], "backup")}
    for one in given.values():
        one["priority"]["followed"] = [GROUP]
    wanted = failover.plan(plans(both, group=True, nopreempt=True), "lb2", back=False)
    found = failover_checks.check(wanted, given)
    assert found["faults"] == []
    assert [(one["host"], one["give_way"]) for one in found["write"]] == [("lb2", []), ("lb1", [GROUP])]


def changed(host: str, part: str, **changes: Any) -> dict[str, Any]:
    given = copy.deepcopy(answers())
    given[host][part].update(changes)
    return given


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (changed("lb2", "keepalived", running=False), "lb2: keepalived does not run"),
        (changed("lb2", "keepalived", problems=["VI_1 is FAULT (interface eth0)"]), "lb2: VI_1 is FAULT"),
        (changed("lb2", "priority", pending=True), "lb2: keepalived has not loaded"),
        (changed("lb2", "priority", followed=[]), f"lb2: its keepalived.conf does not follow {ONE}; run the site"),
        (changed("lb1", "priority", followed=[]), f"lb1: its keepalived.conf does not follow {ONE}; run the site"),
        (changed("lb2", "table", services=[]), "lb2: tcp 10.0.0.5 port 80 is not in the kernel's table"),
        ({**answers(), "lb2": {"keepalived": {"msg": "no route"}}}, "lb2 could not be asked: no route"),
        ({**answers(), "lb1": {"keepalived": {"msg": "no route"}}}, "VI_1 has no MASTER, and lb1 could not be asked"),
        ({**answers(), "lb2": answer({"VI_1": 150}, "master")}, "split brain: VI_1 is MASTER on lb2 and lb1"),
    ],
)
def test_faults(given: dict[str, Any], fault: str) -> None:
    found = check(given)
    assert len(found["faults"]) == 1
    assert fault in found["faults"][0]


def test_what_is_tracked_may_keep_it_from_being_master() -> None:
    given = changed("lb2", "keepalived")
    given["lb2"]["keepalived"]["instances"]["VI_1"]["effective_priority"] = 130
    (fault,) = check(given)["faults"]
    assert re.search("lb2 would not become master of VI_1: its priority would be 181 and lb1's 200", fault)


def test_sync() -> None:
    assert check(changed("lb2", "table", sync_daemons=[]))["unsynced"] == ["lb2: its sync daemon does not listen"]
    assert check(changed("lb1", "table", sync_daemons=[]))["unsynced"] == ["lb1: its sync daemon does not send"]
    wanted = failover.plan(plans(PAIR), "lb2", back=False)
    found = failover_checks.check({**wanted, "sync": False}, changed("lb2", "table", sync_daemons=[]))
    assert found["unsynced"] == []
    assert "no sync daemon is planned" in found["notices"][0]


def test_a_backup_with_handover_has_no_table() -> None:
    given = plans(PAIR)
    for host in PAIR:
        given[host]["director"]["colocated"] = "handover"
    found = failover_checks.check(failover.plan(given, "lb2", back=False), changed("lb2", "table", services=[]))
    assert found["faults"] == []


def test_one_that_is_away_and_not_needed() -> None:
    three = {"lb1": {"VI_1": 200}, "lb2": {"VI_1": 150}, "lb3": {"VI_1": 100}}
    given = {**answers(), "lb3": {"keepalived": {"msg": "no route"}}}
    found = failover_checks.check(failover.plan(plans(three), "lb2", back=False), given)
    assert (found["faults"], [one["host"] for one in found["expected"]]) == ([], ["lb2", "lb1"])
    assert found["notices"] == ["lb3 could not be asked, so its number stays as it is: no route"]


def test_what_is_told() -> None:
    wanted = failover.plan(plans(PAIR), "lb2", back=False)
    before = failover_checks.masters(wanted, answers())
    assert failover_checks.lines(before, {"VI_1": ["lb2"]}) == ["VI_1: lb2 is master, was lb1"]
    assert failover_checks.lines(before, before) == ["VI_1: lb1 is master"]
    assert failover_checks.seen(wanted, answers()) == ["VI_1 is BACKUP on lb2, MASTER on lb1"]
