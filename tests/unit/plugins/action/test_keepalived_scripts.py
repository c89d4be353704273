# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where scripts are looked for on the control node, and what is sent to the module; nothing is installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.lvs.cluster.plugins.action import keepalived_scripts as action
from ansible_collections.lvs.cluster.plugins.module_utils import _control_files as control_files

SCRIPT = "#!/bin/sh\necho sesame\n"


def put(path: Path, text: str = SCRIPT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


# -- places


def test_the_folders_in_their_order(tmp_path: Path) -> None:
    hosts = put(tmp_path / "inv" / "hosts.yml")
    other = tmp_path / "all" / "other"
    other.mkdir(parents=True)
    called = put(tmp_path / "mine" / "site.yml")
    variables = {
        "inventory_dir": str(tmp_path / "inv"),
        "ansible_inventory_sources": [str(hosts), str(other), "localhost,"],
        "playbook_dir": str(tmp_path / "collection"),
    }
    found = control_files.folders_of(variables, [str(called), "lvs.cluster.site"])
    assert found == [str(tmp_path / name) for name in ("inv", "all/other", "all", "collection", "mine")]
    assert control_files.folders_of({"inventory_dir": None}, []) == []


@pytest.mark.parametrize(
    ("name", "looked"),
    [
        ("a.sh", ["/i/files/a.sh", "/i/a.sh"]),
        ("files/a.sh", ["/i/files/a.sh"]),
        ("x/a.sh", ["/i/files/x/a.sh", "/i/x/a.sh"]),
    ],
)
def test_files_first(name: str, looked: list[str]) -> None:
    assert list(control_files.candidates(name, ["/i"])) == looked


def test_the_first_file_is_taken_and_a_folder_is_none(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    (first / "files" / "a.sh").mkdir(parents=True)
    put(second / "a.sh")
    assert control_files.find("a.sh", [str(first), str(second)]) == str(second / "a.sh")
    put(second / "files" / "a.sh")
    assert control_files.find("a.sh", [str(first), str(second)]) == str(second / "files" / "a.sh")
    put(first / "a.sh")
    assert control_files.find("a.sh", [str(first), str(second)]) == str(first / "a.sh")
    assert control_files.find("none.sh", [str(first), str(second)]) is None


@pytest.mark.parametrize(
    ("names", "faults"),
    [
        (["files/a.sh", "files/b.sh"], []),
        (["/usr/local/bin/a.sh"], ["the script /usr/local/bin/a.sh has an absolute path"]),
        (["files/.index.json"], ["the script files/.index.json: a script's name has letters"]),
        (["files/"], ["the script files/: a script's name has letters"]),
        (["files/a.sh", "other/a.sh"], ["the scripts files/a.sh and other/a.sh would be one file"]),
    ],
)
def test_names(names: list[str], faults: list[str]) -> None:
    found = list(action._name_faults(names))
    assert [text[: len(start)] for text, start in zip(found, faults, strict=True)] == faults


@pytest.mark.parametrize(
    ("text", "good"),
    [
        (b"#!/bin/sh\n", True),
        (b"\x7fELF\x02\x01\x01\0", True),
        (b"echo\n", False),
        (b"", False),
        (b"\n#!/bin/sh\n", False),
    ],
)
def test_what_can_be_run(text: bytes, good: bool) -> None:
    assert action._can_run(text) is good


# -- whole runs, in check mode or without a host


@pytest.fixture
def control(tmp_path: Path) -> Path:
    hosts = {
        "lb1": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable},
        "far": {"ansible_host": "127.0.0.1", "ansible_port": 9},
    }
    put(tmp_path / "inv" / "hosts.yml", json.dumps({"all": {"hosts": hosts}}))
    put(tmp_path / "inv" / "files" / "a.sh")
    vault = VaultLib([("default", VaultSecret(b"open"))])
    (tmp_path / "inv" / "secret.sh").write_bytes(vault.encrypt(SCRIPT + "# vault\n", VaultSecret(b"open")))
    put(tmp_path / "plays" / "b.sh")
    put(tmp_path / "password", "open\n")
    return tmp_path


def play(control: Path, *more: str, host: str = "lb1", **options: Any) -> dict[str, Any]:
    """The result of the task, from Ansible's JSON."""
    playbook = control / "plays" / "play.yml"
    task = {"lvs.cluster.keepalived_scripts": options, "register": "result", "ignore_errors": True}
    show: dict[str, Any] = {
        "ansible.builtin.copy": {"dest": str(control / "result.json"), "content": "{{ result | to_json }}"}
    }
    show.update(delegate_to="lb1", check_mode=False)
    put(playbook, json.dumps([{"hosts": host, "gather_facts": False, "tasks": [task, show]}]))
    command = [
        sys.executable,
        "-m",
        "ansible",
        "playbook",
        "-i",
        str(control / "inv" / "hosts.yml"),
        *more,
        str(playbook),
    ]
    environment = {**os.environ, "ANSIBLE_LOCALHOST_WARNING": "0", "ANSIBLE_SSH_RETRIES": "0", "ANSIBLE_NOCOLOR": "1"}
    environment.update(ANSIBLE_COLLECTIONS_PATH=os.pathsep.join(p for p in sys.path if p.endswith("collections")))
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, env=environment, cwd=control, check=False
    )
    assert "sesame" not in done.stdout
    result: dict[str, Any] = json.loads((control / "result.json").read_text()) if done.returncode == 0 else {}
    assert result, done.stdout + done.stderr
    return result


def test_scripts_from_all_places_in_check_mode(control: Path) -> None:
    given = ["a.sh", "b.sh", "secret.sh", "a.sh"]
    result = play(control, "--check", "--vault-password-file", str(control / "password"), scripts=given)
    assert (result.get("failed", False), result["changed"]) == (False, True), result
    assert result["installed"] == ["a.sh", "b.sh", "secret.sh"]
    lines = {line.split()[0]: line.split(":")[-1] for line in result["diff"]["after"].splitlines()}
    assert lines["a.sh"] == lines["b.sh"] != lines["secret.sh"]
    assert not Path("/etc/keepalived/lvs-cluster/a.sh").exists()


def test_what_is_missing_is_told_before_the_host_is_touched(control: Path) -> None:
    given = ["files/a.sh", "files/gone.sh", "gone.py"]
    result = play(control, "--check", host="far", scripts=given)
    inv, plays = control / "inv", control / "plays"
    assert "unreachable" not in result
    assert result["msg"] == (
        f"the script files/gone.sh is not on the control node: looked for {inv}/files/gone.sh, {plays}/files/gone.sh; "
        f"the script gone.py is not on the control node: looked for {inv}/files/gone.py, {inv}/gone.py, "
        f"{plays}/files/gone.py, {plays}/gone.py"
    )


def test_only_looking_contacts_no_host(control: Path) -> None:
    result = play(control, host="far", scripts=["files/a.sh", "b.sh"], state="found")
    assert (result.get("failed", False), result["changed"], "installed" in result) == (False, False, False)


def test_a_vault_without_its_password_and_a_text_that_cannot_be_run(control: Path) -> None:
    result = play(control, host="far", scripts=["secret.sh"], state="found")
    assert result["msg"].startswith(f"{control}/inv/secret.sh can't be read: ")
    assert "vault" in result["msg"].lower()
    put(control / "inv" / "a.sh", "echo\n")
    (control / "inv" / "files" / "a.sh").unlink()
    result = play(control, host="far", scripts=["a.sh"], state="found")
    assert result["msg"] == f"{control}/inv/a.sh can't be run: its first line does not begin with #!"
