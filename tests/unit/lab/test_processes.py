"""lab/processes.py and lab/uml.py: which processes are a guest's, and their end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab import processes
from lab.errors import LabError
from lab.processes import Process
from lab.uml import UserModeLinux

FOLDER = Path("/state/a/guests/lb1")
DISK = f"ubd0={FOLDER}/disk.cow,/cache/disk.ext4"


def test_a_guest_is_the_whole_session_of_its_kernel() -> None:
    among = [
        Process(10, 10, 1, ("sh", "supervise.sh", "log", "linux", DISK)),
        Process(11, 10, 1, ("linux", DISK)),
        Process(12, 10, 1, ("a child without its kernel's arguments",)),
        Process(20, 20, 1, ("linux", "ubd0=/state/a/guests/lb10/disk.cow,/cache/disk.ext4")),
        Process(30, 30, 1, ("cat", f"{FOLDER}/disk.cow")),
        Process(31, 31, 1, ("grep", "-r", f"ubd0={FOLDER}/", "/var/log")),
    ]
    machine = UserModeLinux()
    assert machine.running(FOLDER, among) == [10, 11, 12]
    assert machine.running(Path("/state/a/guests/lb2"), among) == []
    assert machine.running(Path("/state/a"), among) == [10, 11, 12, 20]
    assert machine.running(Path("/state/b"), among) == []


def test_a_guest_whose_first_process_was_killed_is_found_by_the_rest() -> None:
    assert UserModeLinux().running(FOLDER, [Process(11, 10, 1, ("linux", DISK))]) == [11]


def test_start_snapshot_end(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("before\n")
    code = "import sys, time; print(sys.stdin.read(), 'started', flush=True); time.sleep(600)"
    words = (sys.executable, "-c", code, "a b", str(tmp_path))
    processes.start(list(words), log)
    processes.wait_until(lambda: "started" in log.read_text(), deadline=30, what="the child")
    assert log.read_text().startswith("before\n")
    here = os.stat("/proc/self/ns/net").st_ino
    (seen,) = (process for process in processes.snapshot() if process.words == words)
    root = os.stat("/")
    assert seen == Process(seen.pid, seen.pid, here, words, (root.st_dev, root.st_ino))
    assert seen in processes.snapshot(here)
    assert seen not in processes.snapshot(here + 1)
    processes.end([seen.pid, seen.pid])
    assert not processes.alive(seen.pid)
    processes.end([seen.pid])


def test_a_process_in_another_tree_has_another_root(tmp_path: Path) -> None:
    code = f"import os, sys; os.chroot({str(tmp_path)!r}); print('in', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"in\n"
        (seen,) = (process for process in processes.snapshot() if process.pid == child.pid)
        assert seen.root == (tmp_path.stat().st_dev, tmp_path.stat().st_ino) != processes.root_of("self")
        child.communicate()


def test_we_are_not_in_our_own_snapshot() -> None:
    assert os.getpid() not in {process.pid for process in processes.snapshot()}


def test_a_zombie_is_not_alive() -> None:
    with subprocess.Popen(["true"]) as child:
        processes.wait_until(lambda: not processes.alive(child.pid), deadline=30, what="its end")
        assert Path(f"/proc/{child.pid}").exists()


def test_a_process_without_its_first_thread_is_alive() -> None:
    code = """
import ctypes, os, threading
threading.Thread(target=lambda: (os.write(1, b"x"), input())).start()
ctypes.CDLL(None).pthread_exit(None)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.read(1) == b"x"
        stat = Path(f"/proc/{child.pid}/stat")
        processes.wait_until(lambda: ") Z " in stat.read_text(), deadline=30, what="the end of its first thread")
        assert processes.alive(child.pid)
        processes.end([child.pid])
        assert not processes.alive(child.pid)


def test_waiting_in_vain() -> None:
    with pytest.raises(LabError, match=r"^waited 0 s in vain for rain$"):
        processes.wait_until(lambda: False, deadline=0, what="rain")
