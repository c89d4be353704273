"""Knowing and ending the lab's own processes: what runs in its network namespace, told apart by command line and session."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from lab.errors import LabError


def everyone() -> list[int]:
    """The ids of all processes that can be seen."""
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def command_line(pid: int) -> list[str]:
    """A process's arguments; empty for one that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except OSError:
        return []


def session(pid: int) -> int:
    """The session that a process belongs to; 0 for one that has ended."""
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return 0


def end(pids: Iterable[int], *, deadline: float = 10.0) -> None:
    """Kill these processes at once, as a power cut does, and wait until they are gone."""
    left = [pid for pid in pids if pid != os.getpid()]
    for pid in left:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    wait_until(lambda: not any(alive(pid) for pid in left), deadline=deadline, what="the end of killed processes")


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie that nobody has collected yet doesn't)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}


def start(argv: list[str], log: Path) -> None:
    """Start a process in a session of its own, nobody's child, that outlives us; its output goes to `log`."""
    with log.open("ab") as output:
        subprocess.run(["setsid", "--fork", *argv], check=True, stdin=subprocess.DEVNULL, stdout=output, stderr=output)


def wait_until(done: Callable[[], bool], *, deadline: float, what: str, every: float = 0.05) -> None:
    """Poll until `done` says so; LabError when `deadline` seconds have passed."""
    end_at = time.monotonic() + deadline
    while not done():
        if time.monotonic() > end_at:
            raise LabError(f"waited {deadline:.0f} s in vain for {what}")
        time.sleep(every)
