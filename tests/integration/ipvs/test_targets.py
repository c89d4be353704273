"""The modules as Ansible runs them on a guest: one target each, and the examples of their documentation."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.cluster import ROOT, Cluster, Run
from tests.support.guest_modules import GuestModules, command, module

TARGETS = ROOT / "tests" / "integration" / "targets"
MODULES = sorted(path.name for path in TARGETS.iterdir())
# What the examples take for granted.
STANDING = [{"address": "192.0.2.80", "port": 80, "destinations": [{"address": "198.51.100.11"}]}, {"fwmark": 1}]


def play(cluster: Cluster, folder: Path, tasks: list[dict[str, Any]]) -> Run:
    """Run tasks on the guest `box`."""
    file = folder / "play.yml"
    file.write_text(json.dumps([{"hosts": "box", "gather_facts": False, "tasks": tasks}]))
    words = [sys.executable, "-m", "lab", "run", "--name", cluster.lab.name, "-i", str(cluster.inventory)]
    done = subprocess.run(
        [*words, "--", "ansible-playbook", str(file)], cwd=ROOT, env={**os.environ, "ANSIBLE_NOCOLOR": "1"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return Run(done.returncode, done.stdout + done.stderr)


@pytest.mark.parametrize("name", MODULES)
def test_target(cluster: Cluster, box: GuestModules, tmp_path: Path, name: str) -> None:
    run = play(cluster, tmp_path, [{"ansible.builtin.import_role": {"name": str(TARGETS / name)}}])
    assert run.status == 0, run.output
    assert box.run(command("ipvsadm", "--save", "--numeric"))[0]["stdout"] == ""


def examples(name: str) -> list[dict[str, Any]]:
    source = importlib.import_module(f"ansible_collections.lvs.cluster.plugins.modules.{name}")
    tasks: list[dict[str, Any]] = yaml.safe_load(source.EXAMPLES)
    return tasks


def test_examples_run_and_change_nothing_when_run_again(cluster: Cluster, box: GuestModules, tmp_path: Path) -> None:
    """Those of ipvs_table last: what they leave is what they would make."""
    box.run(module("ipvs_table", services=STANDING))
    tasks = [task for name in ("ipvs_service", "ipvs_info") for task in examples(name)]
    first = play(cluster, tmp_path, tasks)
    assert first.status == 0, first.output
    assert first.recap["box"][0] == 3  # the three of ipvs_service; ipvs_info's give back what was read

    box.run(module("ipvs_table", services=STANDING))
    dest = play(cluster, tmp_path, examples("ipvs_dest"))
    assert (dest.status, dest.recap["box"][0]) == (0, 3), dest.output

    table = play(cluster, tmp_path, [*examples("ipvs_table"), *examples("ipvs_table")])
    assert (table.status, table.recap["box"][0]) == (0, 2), table.output
