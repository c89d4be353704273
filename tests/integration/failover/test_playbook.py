# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook failover on two directors with a real keepalived.

They have no virtual service, because this machine's kernel may have no IPVS.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.director import tree
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import render
from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan
from tests.integration.failover.directors import INTERVAL, NAMES, Director, linked, until
from tests.support.cluster import ROOT

pytestmark = pytest.mark.late

VARIABLES: dict[str, Any] = {
    "lvs_virtual_services": [],
    "lvs_vrrp_instances": [
        {
            "name": f"VI_{number}",
            "interface": f"eth{number}",
            "virtual_router_id": 51 + number,
            "version": 3,
            "advert_int": INTERVAL,
            "priorities": {"lb1": 200, "lb2": 150},
            "virtual_ipaddress": [f"10.9.{number}.5/24"],
        }
        for number in range(2)
    ],
}
HOSTS: dict[str, Any] = {
    name: {"lvs_interfaces": {f"eth{number}": f"10.9.{number}.{place}/24" for number in range(2)}}
    for place, name in enumerate(NAMES, 2)
}


def _text(name: str) -> str:
    answer = plan({"hosts": {one: {**VARIABLES, **HOSTS[one]} for one in NAMES}, "groups": {"directors": list(NAMES)}})
    assert not answer["faults"]
    return render(tree(answer["hosts"][name]["director"]))


class Playbook:
    """Runs it against the two; a module's Python is entered where its director is."""

    def __init__(self, folder: Path, directors: tuple[Director, Director]) -> None:
        self.folder = folder
        hosts: dict[str, Any] = {}
        for one in directors:
            python = folder / f"python-{one.name}"
            python.write_text("#!/bin/sh\nexec " + " ".join(one.argv(sys.executable)) + ' "$@"\n')
            python.chmod(0o755)
            hosts[one.name] = {**HOSTS[one.name], "ansible_python_interpreter": str(python)}
        inventory = {"directors": {"hosts": hosts, "vars": {**VARIABLES, "ansible_connection": "local"}}}
        self.inventory = folder / "inventory.json"
        self.inventory.write_text(json.dumps(inventory))

    def __call__(self, *words: str) -> tuple[int, str]:
        argv = ["ansible-playbook", "-i", str(self.inventory), "lvs.cluster.failover", *words]
        environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".venv" / "collections")}
        environment.update(ANSIBLE_NOCOLOR="1", ANSIBLE_SHOW_CUSTOM_STATS="1", ANSIBLE_PIPELINING="1")
        done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=self.folder, env=environment)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "control"
    folder.mkdir()
    return folder


def test_there_and_back(tmp_path: Path, place: Path) -> None:
    with linked(tmp_path, _text) as (first, second):
        run = Playbook(place, (first, second))
        status, said = run("-e", "lvs_host=lb2", "--check")
        assert status == 0, said
        assert "A real run would write these numbers" in said
        assert 'VI_1: lb1 is master"' in said
        assert set(first.states().values()) == {"MASTER"}
        status, said = run("-e", "lvs_host=lb2")
        assert status == 0, said
        assert "VI_1: lb2 is master, was lb1" in said
        until(second, "MASTER")
        until(first, "BACKUP")
        status, said = run("-e", "lvs_back=true")
        assert status == 0, said
        until(first, "MASTER")
        until(second, "BACKUP")


def test_a_takeover_that_does_not_happen_is_taken_back(tmp_path: Path, place: Path) -> None:
    """Their configuration has nopreempt and the inventory does not, so the number alone moves nothing."""

    def preempts_not(name: str) -> str:
        return _text(name).replace("    advert_int", "    nopreempt\n    advert_int")

    with linked(tmp_path, preempts_not) as (first, second):
        status, said = Playbook(place, (first, second))("-e", "lvs_host=lb2", "-e", "lvs_timeout=3")
        assert status != 0
        assert "The takeover did not happen, so the priorities were set back. What was seen" in said
        assert "VI_0 is BACKUP on lb2, MASTER on lb1" in said
        assert second.module("vrrp_priority")["before"] == {}
        assert set(first.states().values()) == {"MASTER"}
