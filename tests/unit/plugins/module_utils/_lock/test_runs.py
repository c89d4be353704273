"""Which run this is, and whether another one of this machine has ended: asked of real processes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._lock import runs
from ansible_collections.lvs.cluster.plugins.module_utils._lock.model import Holder


def test_a_run_is_a_process() -> None:
    me = runs.this_run({}, os.getpid())
    assert me == runs.this_run({}, os.getpid())
    assert (me.pid, me.controller, me.job) == (os.getpid(), os.uname().nodename, "")
    assert me.boot
    assert int(me.start) > 0
    assert me.run != runs.this_run({}, os.getppid()).run


def test_a_process_that_lives_and_one_that_ended() -> None:
    me = runs.this_run({}, os.getpid())
    with subprocess.Popen(["sleep", "60"]) as process:
        other = runs.this_run({}, process.pid)
        assert not runs.has_ended(other, me)
        # The number is another process's now.
        assert runs.has_ended(other._replace(start="1"), me)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        # Nobody has asked for its status yet, so that it is still there by its number.
        assert Path(f"/proc/{process.pid}/stat").exists()
        assert runs.has_ended(other, me)
    assert runs.has_ended(other, me)
    assert runs.has_ended(other._replace(pid=2**40), me)


@pytest.mark.parametrize("field", ["controller", "boot", "namespace"])
def test_of_another_place_nothing_is_known(field: str) -> None:
    me = runs.this_run({}, os.getpid())
    with subprocess.Popen(["true"]) as process:
        other = runs.this_run({}, process.pid)._asdict()
    assert runs.has_ended(Holder(**{**other, "start": "1"}), me)
    assert not runs.has_ended(Holder(**{**other, "start": "1", field: "other"}), me)


def test_a_machine_without_proc(tmp_path: Path) -> None:
    proc = str(tmp_path)
    me = runs.this_run({}, os.getpid(), proc)
    assert (me.start, me.boot, me.namespace) == ("", "", "")
    other = me._replace(run="x", pid=2**22)
    assert not runs.has_ended(other, me, proc)


def test_hidden_processes_are_not_gone(tmp_path: Path) -> None:
    me = runs.this_run({}, os.getpid())
    with subprocess.Popen(["sleep", "60"]) as process:
        other = runs.this_run({}, process.pid)
        assert not runs.has_ended(other._replace(start="1"), me, str(tmp_path))
        process.kill()


def test_names_with_brackets(tmp_path: Path) -> None:
    (tmp_path / "5").mkdir()
    fields = ["S", *map(str, range(4, 22)), "4711", "0"]
    (tmp_path / "5" / "stat").write_text(f"5 (a ) b) {' '.join(fields)}\n")
    assert runs.this_run({}, 5, str(tmp_path)).start == "4711"


def test_the_user_and_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUDO_USER", raising=False)
    pid = os.getpid()
    plain = runs.this_run({}, pid).user
    assert plain
    monkeypatch.setenv("SUDO_USER", "otto")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert runs.this_run({}, pid).user == "otto"
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)
    assert runs.this_run({}, pid).user == "user 4000000"
    awx = runs.this_run({"awx_job_id": 17, "awx_user_name": "anna", "tower_job_id": 16}, pid)
    assert (awx.user, awx.job) == ("anna", "17")
    assert runs.this_run({"awx_job_id": "", "tower_job_id": "16"}, pid).job == "16"
