"""The program that loads a director's table at boot, its service, and what goes with an owner."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot import files, program
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import host, persistent, whole
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import Entry, ServiceKey, Settings
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.ownership import StateFile
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.session import Session
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.transport import Ipvs
from tests.unit.plugins.module_utils._ipvs.kernel_model import FakeIpvs, Kernel

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


@pytest.mark.parametrize(("present", "purge", "gone"), [(False, False, 1), (False, True, 1), (True, False, 0)])
def test_the_owner_s_services_go_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, present: bool, purge: bool, gone: int
) -> None:
    monkeypatch.setattr(files, "STATE_DIR", str(tmp_path))
    monkeypatch.setattr(host, "require_privilege", lambda: None)
    monkeypatch.setattr(host, "is_loaded", lambda: True)
    monkeypatch.setattr(whole, "keepalived_owns", lambda _keys: set())
    ours, foreign = ServiceKey("ipv4", fwmark=7), ServiceKey("ipv4", fwmark=8)
    StateFile(persistent.Names("of-a-test").state).write([ours])
    session = Session(check=True)
    session._kernel = cast(Ipvs, FakeIpvs(Kernel({key: Entry(Settings(), {}) for key in (ours, foreign)})))
    request = persistent.Request("of-a-test", [], [], 0, purge, present)
    told = persistent.bring(
        session, request, lambda argv: (1, "disabled", ""), sys.executable, diff=True, warn=lambda text: None
    )
    assert told["operations"]["services"]["deleted"] == gone
    assert told["stale"] == ([] if gone else [str(ours)])
