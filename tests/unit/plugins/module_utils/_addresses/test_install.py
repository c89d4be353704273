"""The program, its unit and the files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._addresses import install

UTILS = "ansible_collections.lvs.cluster.plugins.module_utils"


def test_the_program_runs_alone_and_is_the_same_each_time(tmp_path: Path) -> None:
    program = tmp_path / "lvs-director-addresses"
    program.write_bytes(install.agent_archive(sys.executable))
    program.chmod(0o755)
    done = subprocess.run([program], env={}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (64, "usage: NAME-addresses run\n")
    assert install.agent_archive(sys.executable) == program.read_bytes()
    assert len(program.read_bytes()) < 64 * 1024


@pytest.mark.parametrize("module", ["_addresses.agent", *install.AGENT_MODULES])
def test_the_program_needs_the_standard_library_alone(module: str) -> None:
    code = f"import {UTILS}.{module}, sys; print('ansible.module_utils' in sys.modules)"
    environ = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_the_unit_is_one_that_systemd_accepts(tmp_path: Path) -> None:
    unit = tmp_path / install.service("lvs-director")
    text = install.unit_text("lvs-director", "/usr/bin/python3")
    unit.write_text(text.replace(install.agent_path("lvs-director") + " run", "/usr/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert unit.name not in done.stderr, done.stderr


def test_the_files() -> None:
    placed = install.wanted_files("x", {"addresses": []}, "/usr/bin/python3")
    assert {path: file and file.mode for path, file in placed.items()} == {
        "/etc/lvs-cluster/x-addresses.json": 0o644,
        "/usr/local/lib/lvs-cluster/x-addresses": 0o755,
        "/etc/systemd/system/x-addresses.service": 0o644,
    }
    assert set(install.wanted_files("x", None, "x").values()) == {None}
