"""In which order a cluster node is brought to its plan, and what its failover asks meanwhile."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.cluster import ROOT
from tests.unit.roles.playing import run_play

ROLE = ROOT / "roles/clusterip_node"


def tasks_of(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((ROLE / f"tasks/{name}.yml").read_text())
    return found


def cluster_ip(address: str) -> dict[str, Any]:
    check = {"type": "tcp", "port": 80, "connect_timeout": 2}
    return {"address": address, "backend": "nftables", "health_checks": [check]}


def steps(tmp_path: Path, found: dict[str, Any], *, failover: bool = True) -> list[Any]:
    """What the real present.yml does on a node whose plan has 10.0.0.9 and 10.0.0.10.

    For the failover, the VIPs that it is told to ask at; for another file, what it is about.
    """
    (failover_task,) = tasks_of("failover")
    checks = failover_task["lvs.cluster.clusterip_failover"]["checks"]
    addresses = checks.strip("{} ") + " | map(attribute='address') | list"
    stubs = {"failover": f"{{{{ ({addresses}) | to_json }}}}", "cluster_ips": '"VIPs"', "firewall": '"firewall"'}
    for name, says in stubs.items():
        task = {"ansible.builtin.debug": {"msg": f"STEP {says}."}}
        (tmp_path / f"{name}.yml").write_text(yaml.safe_dump([task]))
    (tmp_path / "present.yml").write_text((ROLE / "tasks/present.yml").read_text())
    plan = {"failover": failover, "cluster_ips": [cluster_ip("10.0.0.9"), cluster_ip("10.0.0.10")], "nodes": {}}
    variables = {
        "__plan": {"hosts": {"web1": {"clusterip_node": plan}}},
        "packages_seen": [],
        "clusterip_node_agreed": {"backends": {}},
        "clusterip_node_settled": {},
        "clusterip_node_packages": [],
        "__clusterip_node_failover": {"good": True, "shared": False},
        **found,
    }
    play = {
        "vars_files": [str(ROLE / "vars/main.yml")],
        "vars": variables,
        "tasks": [{"ansible.builtin.include_tasks": "present.yml"}],
    }
    said = run_play(tmp_path, play, {"web1": {}})
    return [json.loads(json.loads(f'"{text}"')) for text in re.findall(r'"msg": "STEP (.*)\."', said)]


BOTH = ["10.0.0.9", "10.0.0.10"]


@pytest.mark.parametrize(
    ("gone", "standing", "first"),
    [
        # One goes that the plan has no more; the other stays.
        (["10.0.0.11"], BOTH, BOTH),
        # It has another address now, which does not stand yet.
        (["10.0.0.11"], ["10.0.0.9"], ["10.0.0.9"]),
        # It comes back on another interface.
        (["10.0.0.9"], BOTH, ["10.0.0.10"]),
        (["10.0.0.11"], [], []),
    ],
)
def test_where_a_vip_goes_the_failover_asks_no_more_before(
    tmp_path: Path, gone: list[str], standing: list[str], first: list[str]
) -> None:
    found = {"clusterip_node_gone": gone, "clusterip_node_standing": standing}
    assert steps(tmp_path, found) == [first, "VIPs", BOTH]


@pytest.mark.parametrize(
    "found",
    [
        {"clusterip_node_gone": []},
        # It is bad, and without the checks of the VIP that goes it might take buckets.
        {"__clusterip_node_failover": {"good": False, "shared": False}},
        # All nodes change what they share: the new ids and buckets come after the new rules.
        {"__clusterip_node_failover": {"good": True, "shared": True}},
    ],
)
def test_no_step_more_where_it_is_of_no_use(tmp_path: Path, found: dict[str, Any]) -> None:
    seen = {"clusterip_node_gone": ["10.0.0.11"], "clusterip_node_standing": BOTH, **found}
    assert steps(tmp_path, seen) == ["VIPs", BOTH]


def test_without_failover_it_ends_first(tmp_path: Path) -> None:
    seen = {"clusterip_node_gone": ["10.0.0.11"], "clusterip_node_standing": BOTH}
    assert steps(tmp_path, seen, failover=False) == [BOTH, "VIPs"]


def test_the_comparison_finds_what_goes(tmp_path: Path) -> None:
    """Of every VIP's answer; each tells of the others that its run would take away."""
    (task,) = [task for task in tasks_of("compare_present") if task["name"] == "Note what was found"]
    results = [
        {"gone": ["10.0.0.11"], "buckets_before": [1], "backends": {}, "item": {"address": "10.0.0.9"}},
        {"gone": ["10.0.0.11", "10.0.0.10"], "buckets_before": None, "backends": {}, "item": {"address": "10.0.0.10"}},
    ]
    shown = {"ansible.builtin.debug": {"msg": "FOUND {{ [clusterip_node_gone, clusterip_node_standing] | to_json }}."}}
    variables = {
        "__clusterip_node_ips": {"results": results},
        "__clusterip_node_addresses": BOTH,
        "__clusterip_node_failover": {"changed": False},
    }
    said = run_play(tmp_path, {"vars_files": [], "vars": variables, "tasks": [task, shown]}, {"web1": {}})
    (found,) = re.findall(r'"msg": "FOUND (.*)\."', said)
    assert json.loads(json.loads(f'"{found}"')) == [["10.0.0.11", "10.0.0.10"], ["10.0.0.9"]]


def told(tmp_path: Path, *, failover: bool = False, ends: bool = False) -> dict[str, Any]:
    """Which buckets the nodes are told, where web3 comes and web1 has taken its bucket by hand."""
    tasks = [task for task in tasks_of("compare_present") if task["name"].startswith(("Note what was", "Find a"))]
    assert len(tasks) == 2
    shares: dict[str, dict[str, Any]] = {
        "web1": {"buckets": [1, 3], "buckets_before": [1, 3], "by_hand": {"taken": [3], "given": []}},
        "web2": {"buckets": [2], "buckets_before": [2], "by_hand": {"taken": [], "given": []}},
        "web3": {"buckets": [3], "buckets_before": None, "by_hand": {"taken": [], "given": []}},
    }
    result = {"changed": True, "gone": [], "backends": {"nftables": ""}, "item": {"address": "10.0.0.9"}}
    nodes = {name: number for number, name in enumerate(shares, 1)}
    plans = {
        name: {"failover": failover, "nodes": nodes, "preferred": [number], "cluster_ips": [cluster_ip("10.0.0.9")]}
        for name, number in nodes.items()
    }
    hosts = {
        name: {
            "__clusterip_node_ips": {"results": [{**result, **mine}]},
            "__clusterip_node_failover": {"changed": ends},
        }
        for name, mine in shares.items()
    }
    variables = {
        "__plan": {"hosts": {name: {"clusterip_node": one} for name, one in plans.items()}},
        "packages_missing": [],
        "clusterip_node_packages": [],
    }
    shown = {"ansible.builtin.debug": {"msg": "TOLD {{ {inventory_hostname: clusterip_node_settled} | to_json }}."}}
    play = {"vars_files": [str(ROLE / "vars/main.yml")], "vars": variables, "tasks": [*tasks, shown]}
    found: dict[str, Any] = {}
    for text in re.findall(r'"msg": "TOLD (.*)\."', run_play(tmp_path, play, hosts)):
        found.update(json.loads(json.loads(f'"{text}"')))
    return found


def test_a_node_that_comes_is_told_what_was_moved_by_hand(tmp_path: Path) -> None:
    line = "bucket 3 of 10.0.0.9 stays on web1, where it was moved by hand"
    kept = {"buckets": {"10.0.0.9": {"now": [], "at_boot": []}}, "lines": [line]}
    assert told(tmp_path) == {"web1": {}, "web2": {}, "web3": kept}


@pytest.mark.parametrize("case", [{"failover": True}, {"ends": True}])
def test_where_vrrp_gives_buckets_or_has_until_now_nobody_is_told(tmp_path: Path, case: dict[str, bool]) -> None:
    assert told(tmp_path, **case) == {"web1": {}, "web2": {}, "web3": {}}


def test_what_a_node_is_told_reaches_the_module(tmp_path: Path) -> None:
    """By the variables of the task that says a cluster IP."""
    (task,) = [task for task in tasks_of("present") if task["name"] == "Have the cluster IPs"]
    (ips,) = tasks_of("cluster_ips")
    options = ips["lvs.cluster.clusterip_node"]
    names = ("buckets", "at_boot", "buckets_at_boot")
    shown = {
        "ansible.builtin.debug": {"msg": {name: options[name] for name in names}},
        "loop": "{{ [{'address': '10.0.0.9'}] }}",
    }
    (tmp_path / "cluster_ips.yml").write_text(yaml.safe_dump([shown]))
    settled = {"buckets": {"10.0.0.9": {"now": [1], "at_boot": [1, 2]}}}
    variables = {"clusterip_node_settled": settled, "clusterip_node_agreed": {"backends": {}}}
    play = {"vars_files": [str(ROLE / "vars/main.yml")], "vars": variables, "tasks": [task]}
    said = re.sub(r"\s", "", run_play(tmp_path, play, {"web1": {}}))
    assert '"at_boot":true,"buckets":[1],"buckets_at_boot":[1,2]' in said
