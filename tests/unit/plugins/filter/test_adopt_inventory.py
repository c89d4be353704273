# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of an adopted inventory, read back by Ansible itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.cluster.plugins.filter.adopt_inventory import adopt_inventory
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.adoption import adopt
from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan
from tests.unit.plugins.module_utils._adopt.facts import as_inventory
from tests.unit.plugins.module_utils._adopt.test_setups import setup_1, setup_2
from tests.unit.test_docs import templated

DIRECTORS = ["lb1", "lb2"]


def write(answer: dict[str, Any], folder: Path) -> None:
    for name, text in {**answer["files"], **answer["vaults"]}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def read_back(folder: Path) -> dict[str, Any]:
    """The inventory as ansible-inventory reads it, its expressions replaced."""
    command = [sys.executable, "-m", "ansible", "inventory", "-i", str(folder), "--list"]
    output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    answer = json.loads(output.stdout)
    assert "WARNING" not in output.stderr
    hosts = {
        name: {key: templated(value, one) for key, value in one.items() if key.startswith("lvs_")}
        for name, one in answer["_meta"]["hostvars"].items()
    }
    groups = {name: one.get("hosts", []) for name, one in answer.items() if name != "_meta"}
    return {"hosts": hosts, "groups": groups}


def test_what_is_read_back_is_planned_alike(tmp_path: Path) -> None:
    hosts = setup_2(tmp_path)
    answer = adopt_inventory(hosts, DIRECTORS)
    folder = tmp_path / "inventory"
    write(answer, folder)
    assert set(answer["files"]) == {
        "hosts.yml",
        "group_vars/directors/main.yml",
        "host_vars/lb1/main.yml",
        "host_vars/lb2/main.yml",
        "adopt.txt",
    }
    assert plan(read_back(folder))["hosts"] == plan(as_inventory(adopt(hosts, DIRECTORS)))["hosts"] != {}
    for file in folder.rglob("*.yml"):
        done = subprocess.run(["yamllint", "--strict", str(file)], check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


def test_passwords_are_in_the_vault_alone(tmp_path: Path) -> None:
    answer = adopt_inventory(setup_2(tmp_path), DIRECTORS)
    assert list(answer["vaults"]) == ["group_vars/directors/vault.yml"]
    assert yaml.safe_load(answer["vaults"]["group_vars/directors/vault.yml"]) == {"vault_vrrp_pass": "k@l"}
    assert "k@l" not in str({key: value for key, value in answer.items() if key != "vaults"})
    assert 'auth_pass: "{{ vault_vrrp_pass }}"' in answer["files"]["group_vars/directors/main.yml"]


def test_several_clusters_have_groups_of_their_own(tmp_path: Path) -> None:
    hosts = {**setup_2(tmp_path), **{f"b{name}": one for name, one in setup_1().items()}}
    hosts["blb1"]["links"][1]["addresses"][0]["address"] = "10.0.0.33/24"
    answer = adopt_inventory(hosts, [*DIRECTORS, "blb1"])
    assert answer["faults"] == []
    folder = tmp_path / "inventory"
    write(answer, folder)
    read = read_back(folder)
    read["groups"]["directors"] = [*DIRECTORS, "blb1"]
    found = plan(read)
    assert found["faults"] == []
    assert found["hosts"]["lb1"]["director"]["peers"] == ["lb2"]
    assert found["hosts"]["blb1"]["director"]["peers"] == []


def test_what_looks_like_a_template_is_none(tmp_path: Path) -> None:
    hosts = setup_2(tmp_path)
    for name in DIRECTORS:
        hosts[name]["keepalived"]["items"].append(
            [["future"], "here, line 1", [[["word", "{{ lookup('pipe', 'id') }}"], "here, line 2", None]]]
        )
    answer = adopt_inventory(hosts, DIRECTORS)
    text = answer["files"]["group_vars/directors/main.yml"]
    assert "!unsafe \"{{ lookup('pipe', 'id') }}\"" in text


def test_the_report_names_everything(tmp_path: Path) -> None:
    answer = adopt_inventory(setup_2(tmp_path), DIRECTORS)
    report = answer["files"]["adopt.txt"]
    assert "Directors: lb1, lb2" in report
    assert "10.0.0.5_80: tcp 10.0.0.5 port 80, wlc, nat: rs1 (20), rs2 (8)" in report
    for one in [*answer["left"], *answer["notes"]]:
        assert one["text"] in report


def test_what_is_no_answer_of_the_module() -> None:
    with pytest.raises(AnsibleFilterError, match="adopt_info"):
        adopt_inventory({"lb1": {"links": [{}]}}, ["lb1"])
