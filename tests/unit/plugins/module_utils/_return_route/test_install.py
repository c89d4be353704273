"""The program, its unit and the files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot import files
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._return_route import agent, install, kernel

UTILS = "ansible_collections.lvs.cluster.plugins.module_utils"
ROUTE = {"family": "ipv4", "source": "192.168.0.12", "gateway": "192.168.0.1", "interface": "", "table": 200}
CONFIG = {"form": "policy", "rule_priority": 5000, "table_id": 200, "table_name": "LVS", "routes": [ROUTE]}


def test_the_program_runs_alone_and_is_the_same_each_time(tmp_path: Path) -> None:
    program = tmp_path / "return-route"
    program.write_bytes(install.agent_archive(sys.executable))
    program.chmod(0o755)
    done = subprocess.run([program], env={}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (64, "usage: return-route run|apply|remove|rollback\n")
    assert install.agent_archive(sys.executable) == program.read_bytes()
    assert len(program.read_bytes()) < 64 * 1024


@pytest.mark.parametrize("module", ["_return_route.agent", *install.AGENT_MODULES])
def test_the_program_needs_the_standard_library_alone(module: str) -> None:
    code = f"import {UTILS}.{module}, sys; print('ansible.module_utils' in sys.modules)"
    environ = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_the_unit_is_one_that_systemd_accepts(tmp_path: Path) -> None:
    unit = tmp_path / agent.SERVICE
    unit.write_text(install.unit_text("/usr/bin/python3").replace(install.AGENT, "/usr/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert agent.SERVICE not in done.stderr, done.stderr


def test_the_files() -> None:
    placed_files = install.wanted_files(CONFIG, "/usr/bin/python3")
    assert {path: placed and placed.mode for path, placed in placed_files.items()} == {
        kernel.CONFIG: 0o644, install.TABLES: 0o644, install.AGENT: 0o755, install.UNIT: 0o644,
    }  # fmt: skip
    tables = placed_files[install.TABLES]
    assert tables is not None
    assert tables.data.decode() == f"{files.HEADER}\n200 LVS\n"
    assert install.wanted_files({**CONFIG, "form": "default"}, "/usr/bin/python3")[install.TABLES] is None
    assert set(install.wanted_files(None, "x").values()) == {None}


def test_a_snapshot_keeps_bytes() -> None:
    kept = install.snapshot(CONFIG, {"/a": files.Placed(bytes(range(256)), 0o755), "/b": None}, True)
    assert kept["files"]["/a"]["text"].encode("latin-1") == bytes(range(256))
    assert kept["files"]["/b"] is None


def test_no_systemd_run_no_change() -> None:
    with pytest.raises(BootError, match="systemd-run, which would undo it"):
        install.need_timer(lambda argv: (127, "", "systemd-run is not installed"))
