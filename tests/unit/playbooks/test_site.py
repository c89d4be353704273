"""The order of events in site.yml: judged and locked before anything changes, unlocked last."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from tests.support.cluster import ROOT
from tests.unit.roles.playing import run_plays

PLAYS: list[dict[str, Any]] = yaml.safe_load((ROOT / "playbooks/site.yml").read_text())
NAMES = [play["name"] for play in PLAYS]


def place(*words: str) -> int:
    """Where the only play with these words in its name is."""
    (found,) = (number for number, name in enumerate(NAMES) if all(word in name for word in words))
    return found


def text(play: dict[str, Any]) -> str:
    return yaml.safe_dump(play, width=10_000)


def test_directors_are_judged_and_locked_before_they_change() -> None:
    compare, lock = place("Compare the directors"), place("Lock", "directors differ")
    changes = [place("Drain"), place("Configure the directors"), place("Put in force")]
    assert compare < lock < min(changes)
    assert lock == compare + 1
    names = [task["name"] for task in PLAYS[compare]["post_tasks"]]
    guard = names.index("Stop if this run would take out too much of what serves now")
    assert names.index("Stop if a director could not be compared") < guard
    assert guard < names.index("Group the directors that are as they shall be")
    assert PLAYS[compare]["check_mode"] is True


def test_nodes_are_locked_before_they_change() -> None:
    changes = [place("Change what the nodes"), place("Configure the cluster nodes")]
    assert place("Compare the cluster nodes") + 1 == place("Lock", "nodes differ") < min(changes)


def test_what_was_locked_is_unlocked_last() -> None:
    last = PLAYS[-1]
    assert last["tasks"][0]["ansible.builtin.include_tasks"] == "tasks/unlock.yml"
    locked = [play for play in PLAYS if "tasks/lock.yml" in text(play)]
    assert len(locked) == 2
    for play in locked:
        (group,) = (word for word in play["hosts"].split("'") if word.startswith("lvs_"))
        assert group in last["hosts"]
        assert play["tasks"][0]["vars"] == {"__lock_purpose": "lvs.cluster.site"}


def test_a_run_that_changes_nothing_locks_nothing() -> None:
    order = yaml.safe_load((ROOT / "playbooks/tasks/order.yml").read_text())
    (group,) = (task for task in order if "lvs_directors_to_lock" in text(task))
    assert "director_changed" in group["when"]
    nodes = PLAYS[place("Compare the cluster nodes")]
    (group,) = (task for task in nodes["tasks"] if "lvs_nodes_to_lock" in text(task))
    # In the plan of one that leaves the cluster has no members.
    assert group["when"].startswith("clusterip_node_differs or __nodes_members | ")


def test_a_director_that_stays_as_it_is_and_could_not_serve_stops_the_others() -> None:
    """Judged before anybody is put into a group to be changed; every director is, not only those that differ."""
    order = yaml.safe_load((ROOT / "playbooks/tasks/order.yml").read_text())
    names = [task["name"] for task in order]
    judged = names.index("Stop if a director that stays as it is could not serve")
    assert names.index("Note what this director is, and what those peers are") < judged
    assert judged < min(names.index(name) for name in names if name.startswith("Group"))
    assert order[judged]["when"] == ["__order_differ", "not (director_alone | default(false) | bool)"]
    # Who fails there is lost to the play, and then nobody is changed.
    after = [task["name"] for task in PLAYS[place("Compare the directors")]["post_tasks"]]
    assert after.index("Find out in which order the directors may be changed, and how") == len(after) - 2
    assert after[-1] == "Stop if a director could not be asked what VRRP says"


def test_nodes_that_come_go_first_and_those_that_leave_last(tmp_path: Path) -> None:
    """Else a bucket would be given up before somebody takes it, or move between two that stay."""
    compare = PLAYS[place("Compare the cluster nodes")]
    (group,) = (task for task in compare["tasks"] if "lvs_nodes_{{" in text(task))
    change = PLAYS[place("Configure the cluster nodes")]
    states = {"web1": "absent", "web2": "present", "web3": "present", "web4": "present"}
    plans = {name: {"clusterip_node": {"state": state, "nodes": {}}} for name, state in states.items()}
    hosts: dict[str, dict[str, Any]] = {name: {"clusterip_node_differs": True} for name in states}
    hosts["web2"]["clusterip_node_standing"] = ["10.0.0.9"]
    hosts["web3"]["clusterip_node_standing"] = []  # web4 has nothing, not even packages
    plays = [
        {"hosts": "all", "vars": {**compare["vars"], "__plan": {"hosts": plans}}, "tasks": [group]},
        {"hosts": change["hosts"], "serial": 1, "tasks": [{"ansible.builtin.debug": {"msg": "TURN."}}]},
    ]
    said = run_plays(tmp_path, plays, hosts)
    assert re.findall(r"ok: \[(\w+)\] => \{\s+\"msg\": \"TURN", said) == ["web3", "web4", "web2", "web1"]
