"""What the role clusterip_node knows of the other nodes, in plays that need no host."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.cluster import ROOT
from tests.unit.roles.playing import run_play

ROLE = ROOT / "roles/clusterip_node"
NODES = {"n1": 1, "n2": 2, "n3": 3, "n4": 4}


def play(tmp_path: Path, tasks: list[dict[str, Any]], *, check: bool = False, **variables: Any) -> str:
    """Tasks on n1, n2 and n3, of a cluster that has n4, too."""
    node = {"nodes": NODES, "cluster_ips": [], "failover": False, "preferred": [], "peer_traffic": []}
    hosts: dict[str, dict[str, Any]] = {name: {} for name in ("n1", "n2", "n3")}
    plans = {"hosts": {name: {"clusterip_node": node} for name in hosts}}
    whole = {
        "vars_files": [str(ROLE / "vars/main.yml")],
        "vars": {"__plan": plans, "clusterip_node_state": "present", **variables},
        "tasks": tasks,
    }
    return run_play(tmp_path, whole, hosts, check=check)


def left_out(tmp_path: Path, *, check: bool = False) -> list[str]:
    """Whom n1 has for not asked: n2 was, n3 lacks packages."""
    shown = {"content": "{{ __clusterip_node_left_out | to_json }}", "dest": str(tmp_path / "shown.json")}
    tasks: list[dict[str, Any]] = [
        {"ansible.builtin.set_fact": {"clusterip_node_found": {}}, "when": "inventory_hostname != 'n3'"},
        {"ansible.builtin.set_fact": {"packages_missing": "{{ ['nftables'] if inventory_hostname == 'n3' else [] }}"}},
        {"ansible.builtin.copy": shown, "check_mode": False, "run_once": True, "delegate_to": "localhost"},
    ]
    play(tmp_path, tasks, check=check)
    found: list[str] = json.loads((tmp_path / "shown.json").read_text())
    return found


def test_who_said_nothing_in_this_run_was_left_out(tmp_path: Path) -> None:
    assert left_out(tmp_path) == ["n3", "n4"]


def test_who_has_no_packages_yet_was_not_left_out(tmp_path: Path) -> None:
    assert left_out(tmp_path, check=True) == ["n4"]


@pytest.mark.parametrize(("check", "done"), [(False, True), (True, False)])
def test_what_was_installed_in_this_run_is_there(tmp_path: Path, check: bool, done: bool) -> None:
    tasks = [
        *yaml.safe_load((ROLE / "tasks/compare.yml").read_text())[:1],
        *yaml.safe_load((ROLE / "tasks/apply.yml").read_text())[:1],
    ]
    for task in tasks:
        task["ansible.builtin.debug"] = {"msg": f"does {task.pop('ansible.builtin.include_tasks')}"}
    said = play(tmp_path, tasks, check=check, packages_missing=["nftables"])
    assert [f"does {name}.yml" in said for name in ("compare_present", "present")] == [done, done]
