"""Knowing and ending the lab's own processes: told apart by network namespace, session and arguments."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError


@dataclass(frozen=True)
class Process:
    """A process at the moment of looking: its id, session, inode of its network namespace, arguments and root folder.

    The inode is 0 where the kernel doesn't tell: such a process has more rights than we have, so it isn't ours.
    The root folder is told by device and inode: a container or a chroot has another one.
    """

    pid: int
    session: int
    network: int
    words: tuple[str, ...]
    root: tuple[int, int] = (0, 0)


def snapshot(network: int | None = None) -> list[Process]:
    """All user processes that run now, this one left out; with `network` only those in that network namespace."""
    found = []
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            try:
                inside = os.stat(f"{entry.path}/ns/net").st_ino
            except PermissionError:
                inside = 0
            if network in (None, inside):
                words = Path(entry.path, "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
                found.append(
                    Process(int(entry.name), os.getsid(int(entry.name)), inside, tuple(words), root_of(entry.name))
                )
        except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            continue
    return [process for process in found if process.words]  # kernel threads and zombies have no arguments


def root_of(pid: str) -> tuple[int, int]:
    """The device and inode of a process's root folder; zeros where the kernel doesn't tell."""
    try:
        found = os.stat(f"/proc/{pid}/root")
    except PermissionError:
        return 0, 0
    return found.st_dev, found.st_ino


def with_sessions(marked: Iterable[Process], among: Iterable[Process]) -> list[int]:
    """The ids of these processes, and of all in their sessions.

    What starts one (see start) is in the session of whoever called it, for a moment: of that it is taken alone.
    """
    known = list(marked)
    starting = {process.pid for process in known if process.words[0] == "setsid"}
    sessions = {process.session for process in known if process.pid not in starting}
    return [process.pid for process in among if process.pid in starting or process.session in sessions]


def end(pids: Iterable[int], *, deadline: float = 10.0) -> None:
    """Kill these processes at once, as a power cut does, and wait until they are gone."""
    left = list(pids)
    for pid in left:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    wait_until(lambda: not any(alive(pid) for pid in left), deadline=deadline, what="the end of killed processes")


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie that nobody has collected yet doesn't).

    The first thread may be gone while another one still holds the process's files, locks and network cards.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        threads = os.listdir(f"/proc/{pid}/task")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"} or len(threads) > 1


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
