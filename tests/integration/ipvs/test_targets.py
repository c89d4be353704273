"""The modules as Ansible runs them: one target each, on a guest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cluster import ROOT, Cluster, Run
from tests.support.guest_modules import GuestModules

TARGETS = ROOT / "tests" / "integration" / "targets"


@pytest.mark.parametrize("name", sorted(path.name for path in TARGETS.iterdir()))
def test_target(cluster: Cluster, box: GuestModules, tmp_path: Path, name: str) -> None:
    play = {
        "hosts": "box",
        "gather_facts": False,
        "tasks": [{"ansible.builtin.import_role": {"name": str(TARGETS / name)}}],
    }
    file = tmp_path / "play.yml"
    file.write_text(json.dumps([play]))
    words = [sys.executable, "-m", "lab", "run", "--name", cluster.lab.name, "-i", str(cluster.inventory)]
    done = subprocess.run(
        [*words, "--", "ansible-playbook", str(file)], cwd=ROOT, env={**os.environ, "ANSIBLE_NOCOLOR": "1"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    run = Run(done.returncode, done.stdout + done.stderr)
    assert run.status == 0, run.output
    assert box.run({"argv": ["ipvsadm", "--save", "--numeric"]})[0]["stdout"] == ""
