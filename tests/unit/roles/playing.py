"""Tasks of the role director in a play that needs no host: its real variables, and what a host said given."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.support.cluster import ROOT

ROLE = ROOT / "roles/director"


def run_play(tmp_path: Path, play: dict[str, Any], hosts: dict[str, dict[str, Any]], *, check: bool = False) -> str:
    """A play with the real variables of the role: its output."""
    return run_plays(tmp_path, [{"vars_files": [str(ROLE / "vars/main.yml")], **play}], hosts, check=check)


def run_plays(
    tmp_path: Path, plays: list[dict[str, Any]], hosts: dict[str, dict[str, Any]], *, check: bool = False
) -> str:
    """Plays as they stand: their output."""
    plays = [{"hosts": "all", "gather_facts": False, **play} for play in plays]
    (tmp_path / "play.yml").write_text(yaml.safe_dump(plays))
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts}}))
    argv = [str(ROOT / ".venv/bin/ansible-playbook"), "-i", "hosts.yml", "play.yml", *(["--check"] if check else [])]
    collections = {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".venv/collections"), "ANSIBLE_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        argv, cwd=tmp_path, env={**os.environ, **collections}, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def shown(tmp_path: Path, content: str) -> dict[str, Any]:
    """A task that writes what lb1 has there."""
    return {
        "ansible.builtin.copy": {"dest": str(tmp_path / "shown.json"), "content": content},
        "when": "inventory_hostname == 'lb1'", "check_mode": False, "delegate_to": "localhost",
    }  # fmt: skip
