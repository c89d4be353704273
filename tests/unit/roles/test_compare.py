"""What compares a director is kept equal to what brings it to its plan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.lvs.cluster.plugins.module_utils._tasks.together import TASKS
from tests.unit.roles.playing import ROLE, run_play, shown

OURS = "lvs.cluster."
# Options that say how a change is made, or differ between the first and the second half of it.
OF_CHANGE = {"staged", "purge", "drain_timeout"}


def options_of(*files: str) -> dict[str, dict[str, Any]]:
    """The options that the tasks of these files give to each of our modules, less those of a change."""
    found: dict[str, dict[str, Any]] = {}
    for file in files:
        for task in yaml.safe_load((ROLE / f"tasks/{file}.yml").read_text()):
            for key, options in task.items():
                if key.startswith(OURS):
                    kept = {name: value for name, value in options.items() if name not in OF_CHANGE}
                    found.setdefault(key[len(OURS) :], {}).update(kept)
    return found


def compared(manager: str) -> dict[str, dict[str, Any]]:
    variables = yaml.safe_load((ROLE / "vars/main.yml").read_text())
    parts: dict[str, dict[str, Any]] = {**variables["__director_parts"], **variables[f"__director_{manager}_parts"]}
    return parts


def check(manager: str, brought: dict[str, dict[str, Any]]) -> None:
    """Every module and option has its like, and the value is the same wherever it is the same text."""
    parts = compared(manager)
    # They have tasks of their own in compare.yml, depend on a package there, or change nothing.
    apart = {"keepalived_scripts", "firewalld_peers", "ipvs_info"}
    # With keepalived it only looks whether there is one.
    looked = {"director_table"} if manager == "keepalived" else set()
    assert set(brought) - apart == set(parts) - looked
    assert set(parts) <= set(TASKS)
    for module, options in parts.items():
        if module in looked:
            assert options["state"] == "absent"
            continue
        different = {name for name in brought[module] if options.get(name) != brought[module][name]}
        assert different <= {"chains", "content", "state"}, module


def test_the_guard_has_options_that_it_takes() -> None:
    guard = yaml.safe_load((ROLE / "vars/main.yml").read_text())["__director_guard"]
    assert set(guard["pool_guard"]) == set(TASKS["pool_guard"].ARGUMENTS)
    (task,) = yaml.safe_load((ROLE / "tasks/ask.yml").read_text())
    gather = yaml.safe_load((ROLE / "tasks/compare.yml").read_text())[-1]
    assert "combine(__director_guard)" in task["lvs.cluster.host_compare"]["parts"]
    assert "pool_guard.faults" in gather["ansible.builtin.set_fact"]["director_losses"]


@pytest.mark.parametrize(
    ("check", "held", "group", "come", "losses"),
    [
        (False, ["web_rs1", "web_rs2"], "present", [], ["name rs1, rs2 in --limit, too"]),
        # They are in the run, and nobody could prepare them; --check prepares nobody.
        (False, ["web_rs1", "web_rs2"], "present", ["rs1", "rs2"], ["name rs1, rs2 in --limit, too"]),
        (True, ["web_rs1", "web_rs2"], "present", ["rs2"], []),
        (True, ["web_rs1", "web_rs2"], "present", [], ["name rs1, rs2 in --limit, too"]),
        # One waits for another gateway, is known, or is no host of the inventory.
        (False, ["web_rs1", "web_rs2"], "to_turn", ["rs2"], []),
        (False, ["web_rs1"], "present", [], []),
        # Those that leave are held as well.
        (False, ["web_rs8", "web_rs9"], "present", [], []),
        (False, ["web_rs1", "web_rs2", "web_rs9"], "present", [], ["name rs1, rs2 in --limit, too"]),
        (False, [], "present", [], []),
    ],
)
def test_a_new_director_without_its_real_servers(
    tmp_path: Path, check: bool, held: list[str], group: str, come: list[str], losses: list[str]
) -> None:
    """The last task of compare.yml itself; what the host said is given."""
    servers = [
        {"host": name, "address": address, "port": 80, "weight": 1, "forwarding": "nat", "weight_file": f"web_{name}"}
        for name, address in (("rs1", "192.168.0.11"), ("rs2", "192.168.0.12"))
    ]
    director = {"manager": "keepalived", "services": [{"name": "web", "real_servers": servers}]}
    parts = {"pool_guard": {"faults": []}, "keepalived_weights": {"leaving": [], "held": held}}
    variables = {
        "__plan": {"hosts": {"lb1": {"director": director}}},
        "__director_compared": {"parts": parts},
        "__director_scripts": {},
    }
    grouped = {
        "ansible.builtin.group_by": {"key": f"lvs_real_servers_{group}"},
        "when": f"inventory_hostname in {come}",
    }
    gather = {**yaml.safe_load((ROLE / "tasks/compare.yml").read_text())[-1], "when": "inventory_hostname == 'lb1'"}
    tasks = [grouped, gather, shown(tmp_path, "{{ director_losses | to_json }}")]
    run_play(tmp_path, {"vars": variables, "tasks": tasks}, {"lb1": {}, "rs1": {}, "rs2": {}}, check=check)
    found = json.loads((tmp_path / "shown.json").read_text())
    assert [text.split(": ")[0] for text in found] == ["lb1"] * len(losses)
    assert [text.split(": ")[-1] for text in found] == losses


@pytest.mark.parametrize("check", [True, False])
def test_what_the_guard_is_told(tmp_path: Path, check: bool) -> None:
    """The real variables of the role, for a plan of one service, while rs2 and rs3 leave."""
    servers = [
        {"host": name, "address": address, "port": 80, "weight": 1, "forwarding": "nat", "weight_file": name}
        for name, address in (("rs1", "192.168.0.11"), (None, "192.168.0.19"))
    ]
    service = {
        "name": "web",
        "address": "10.0.0.5",
        "port": 80,
        "protocol": "tcp",
        "family": "ipv4",
        "forwarding": "nat",
    }
    sorry = {"address": "192.168.0.1", "port": 8080}
    services = [
        {**service, "real_servers": servers, "sorry_server": sorry},
        {**service, "port": 81, "real_servers": []},
    ]
    director = {
        "manager": "keepalived",
        "services": services,
        "peers": [],
        "virtual_addresses": [],
        "marks": {"rules": []},
    }
    leaving: dict[str, dict[str, Any]] = {
        "rs2": {"lvs_address": "192.168.0.12", "lvs_address6": "fd00::12"},
        "rs3": {"lvs_interfaces": {"eth0": "192.168.0.13/24", "eth1": ["10.1.0.13/24", "fd00::13/64"]}},
    }
    group = {
        "ansible.builtin.group_by": {"key": "lvs_real_servers_absent"},
        "when": "inventory_hostname in ['rs2', 'rs3']",
    }
    variables = {
        "__plan": {"hosts": {"lb1": {"director": director}}},
        "director_config_file": "/etc/keepalived/keepalived.conf",
        "lvs_guard_threshold": 0.25,
    }
    play = {"vars": variables, "tasks": [group, shown(tmp_path, "{{ __director_guard | to_json }}")]}
    run_play(tmp_path, play, {"lb1": {}, "rs1": {"lvs_address": "192.168.0.11"}, **leaving}, check=check)
    guard = json.loads((tmp_path / "shown.json").read_text())["pool_guard"]
    assert [len(one["destinations"]) for one in guard["services"]] == [2, 0]
    assert guard["sorry_servers"] == [sorry, {}]
    # Under --check nobody has prepared the real servers yet.
    assert guard["unready"] == ([] if check else [{"address": "192.168.0.11", "forwarding": "nat"}])
    assert sorted(guard["leaving"]) == ["10.1.0.13", "192.168.0.12", "192.168.0.13", "fd00::12", "fd00::13"]
    assert (guard["name"], guard["config"]) == ("", "/etc/keepalived/keepalived.conf")
    assert guard["threshold"] == "0.25"


def test_a_keepalived_director() -> None:
    check("keepalived", options_of("present", "keepalived", "peers", "entrances", "chains", "weights"))


def test_a_static_director() -> None:
    check("static", options_of("present", "static", "peers", "chains"))


def test_what_is_compared_apart() -> None:
    (task,) = yaml.safe_load((ROLE / "tasks/ask.yml").read_text())
    (_names, _ask, _other, _table, scripts, selinux, _gather) = yaml.safe_load((ROLE / "tasks/compare.yml").read_text())
    arguments = task["lvs.cluster.host_compare"]
    with_package = arguments["parts_with"]
    assert with_package["firewalld"]["firewalld_peers"] == options_of("peers")["firewalld_peers"]
    assert with_package["ufw"]["firewall_chains"] == {"chains": "{{ __director_ufw_chains }}"}
    assert "keepalived_conf" in arguments["content"]
    assert scripts["lvs.cluster.keepalived_scripts"] == {
        **options_of("keepalived")["keepalived_scripts"],
        "purge": False,
    }
    # The very file that brings it to its plan.
    tasks = yaml.safe_load((ROLE / "tasks/keepalived.yml").read_text())
    (brought,) = [task for task in tasks if "SELinux" in task["name"]]
    assert {**brought, "name": ""} == {**selinux, "name": ""}


@pytest.mark.parametrize(
    ("variables", "differs"),
    [
        ({}, False),
        ({"__director_results": [{"changed": False}, {"changed": True}]}, True),
        ({"packages_missing": ["keepalived"]}, True),
        # It has the file, and has not loaded it or could not serve with it: the others don't get it yet.
        ({"director_config_differs": True}, True),
        ({"director_config_differs": False}, False),
    ],
)
def test_what_makes_a_director_differ(tmp_path: Path, variables: dict[str, Any], differs: bool) -> None:
    (said,) = (
        task["ansible.builtin.set_fact"]["director_changed"]
        for task in yaml.safe_load((ROLE / "tasks/main.yml").read_text())
        if "director_changed" in task.get("ansible.builtin.set_fact", {})
    )
    play = {"vars": {"__director_results": [{}, {"changed": False}], **variables}, "tasks": [shown(tmp_path, said)]}
    run_play(tmp_path, play, {"lb1": {}})
    assert (tmp_path / "shown.json").read_text() == str(differs)
