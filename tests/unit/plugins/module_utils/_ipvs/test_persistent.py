"""The program that loads a director's table at boot, and its service."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ansible_collections.lvs.cluster.plugins.module_utils._boot import program
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import persistent

NAMES = persistent.Names("lvs-director")


def test_the_program_runs_alone(tmp_path: Path) -> None:
    file = tmp_path / "table"
    file.write_bytes(program.archive(sys.executable, persistent.MAIN, persistent.MODULES))
    file.chmod(0o755)
    done = subprocess.run([file], env={}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (64, "usage: table FILE\n")
    # Everything that it may need is in it: a missing module would show here, as it imports all of them at once.
    done = subprocess.run([file, str(tmp_path / "none")], env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_the_unit_is_one_that_systemd_accepts(tmp_path: Path) -> None:
    unit = tmp_path / NAMES.service
    unit.write_text(persistent.unit_text(NAMES, "/usr/bin/python3").replace(NAMES.program, "/usr/bin/true"))
    argv = ["systemd-analyze", "verify", "--man=no", str(unit)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert NAMES.service not in done.stderr, done.stderr
