"""What lvs_alone goes on without: a director that can't be reached, and none that refuses. No lab is needed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.cluster import ROOT

WEIGHTS = ROOT / "playbooks" / "tasks" / "weights.yml"
ASKED = {"ansible.builtin.fail": {"msg": "nobody else serves there"}, "register": "__weights_result"}
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": str(ROOT / ".venv/bin/python")}
UNREACHED = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}


@pytest.mark.parametrize(
    ("lb1", "asked", "goes_on"),
    [
        (LOCAL, {**ASKED, "when": "inventory_hostname == 'lb1'"}, False),
        (UNREACHED, {"ansible.builtin.ping": {}, "register": "__weights_result"}, True),
    ],
)
def test_a_director_that_refuses_stops_the_others(
    tmp_path: Path, lb1: dict[str, Any], asked: dict[str, Any], goes_on: bool
) -> None:
    [stop] = [task for task in yaml.safe_load(WEIGHTS.read_text()) if task["name"] == "Stop if a director refused"]
    change = {"ansible.builtin.debug": {"msg": "lb2 was changed"}}
    (tmp_path / "play.yml").write_text(
        yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": [asked, stop, change]}])
    )
    hosts = {"lb1": lb1, "lb2": LOCAL}
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts}}))
    done = subprocess.run(
        [str(ROOT / ".venv/bin/ansible-playbook"), "-i", "hosts.yml", "play.yml"],
        cwd=tmp_path, env={**os.environ, "ANSIBLE_HOME": str(tmp_path / "home"), "ANSIBLE_NOCOLOR": "1"},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert ("lb2 was changed" in done.stdout) is goes_on, done.stdout
    assert ("No director is changed: nobody else serves there" in done.stdout) is not goes_on, done.stdout
