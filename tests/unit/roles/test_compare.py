"""What compares a director is kept equal to what brings it to its plan."""

from __future__ import annotations

from typing import Any

import yaml

from ansible_collections.lvs.cluster.plugins.module_utils._tasks.together import TASKS
from tests.support.cluster import ROOT

ROLE = ROOT / "roles/director"
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
    # These two have tasks of their own in compare.yml, or depend on a package there.
    apart = {"keepalived_scripts", "firewalld_peers"}
    assert set(brought) - apart == set(parts)
    assert set(parts) <= set(TASKS)
    for module, options in parts.items():
        different = {name for name in brought[module] if options.get(name) != brought[module][name]}
        assert different <= {"chains", "content", "state"}, module


def test_a_keepalived_director() -> None:
    check("keepalived", options_of("present", "keepalived", "firewall", "weights"))


def test_a_static_director() -> None:
    check("static", options_of("present", "static", "firewall"))


def test_what_is_compared_apart() -> None:
    (task, scripts, _gather) = yaml.safe_load((ROLE / "tasks/compare.yml").read_text())
    arguments = task["lvs.cluster.host_compare"]
    with_package = arguments["parts_with"]
    assert with_package["firewalld"]["firewalld_peers"] == options_of("firewall")["firewalld_peers"]
    assert with_package["ufw"]["firewall_chains"] == {"chains": "{{ __director_ufw_chains }}"}
    assert "keepalived_conf" in arguments["content"]
    assert scripts["lvs.cluster.keepalived_scripts"] == {
        **options_of("keepalived")["keepalived_scripts"],
        "purge": False,
    }
