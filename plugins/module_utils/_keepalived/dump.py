# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keepalived that runs on this host: its main process, and the state that it writes when it is sent a signal.

Facts of 2.2.7 and 2.3.3: the main process hands the signal JSON on to the VRRP process, which writes keepalived.json to
the folder TMPDIR of its environment, else /tmp, and nothing at all while it has no instance. The file is a new one each
time: written under another name, renamed, and only then filled (lib/utils.c, fopen_safe). A process without a handler
for the signal is ended by it, so it is looked at first; keepalived takes signals from a signalfd, which shows as a
blocked one.
"""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.program import is_keepalived
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.vrrp_states import instances_of

__all__ = ["DumpError", "Waiting", "find", "read"]

FILE = "keepalived.json"
DEFAULT_FOLDER = "/tmp"
UNIT = "/keepalived.service"
_MAX_BYTES = 64 * 1024 * 1024
_PAUSE, _SIGNAL_AGAIN = 0.02, 1.0
# How long nothing may come from a keepalived that seems to have no VRRP instance.
_NO_INSTANCE = 2.0


class DumpError(Exception):
    """What keepalived does can't be read; the message says why and what to do."""


class Waiting(NamedTuple):
    """The clock, the pause and the signal, so that tests need none of the real ones."""

    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
    kill: Callable[[int, int], None] = os.kill


class _Process(NamedTuple):
    pid: int
    parent: int
    handled: int
    """The signals that don't end it, a bit each."""


def find(proc: str = "/proc") -> int | None:
    """The main process of the keepalived in this process's network namespace, None if none runs.

    Raise DumpError where it can't be looked at, or where several run and none is the one of systemd's unit.
    """
    found = {one.pid: one for one in _processes(proc)}
    # `keepalived -t` and the like handle no signal, nor does one that has just been started.
    reload_bit = 1 << (signal.SIGHUP - 1)
    mains = [one.pid for one in found.values() if one.parent not in found and one.handled & reload_bit]
    if len(mains) > 1:
        of_unit = [pid for pid in mains if _is_of_unit(proc, pid)]
        if len(of_unit) != 1:
            raise DumpError(
                f"several keepalived run in one network namespace (processes {', '.join(map(str, sorted(mains)))}), "
                "and keepalived.service is not one of them: stop those that are not meant"
            )
        mains = of_unit
    return mains[0] if mains else None


def _processes(proc: str) -> Iterator[_Process]:
    here = os.stat(f"{proc}/self/ns/net").st_ino
    for pid in filter(str.isdecimal, os.listdir(proc)):
        with _looking_at(pid):
            if is_keepalived(pid, proc) and os.stat(f"{proc}/{pid}/ns/net").st_ino == here:
                fields = dict(line.split(":", 1) for line in _text(f"{proc}/{pid}/status").splitlines() if ":" in line)
                handled = 0
                for mask in ("SigBlk", "SigCgt"):
                    handled |= int(fields[mask], 16)
                yield _Process(int(pid), int(fields["PPid"]), handled)


@contextlib.contextmanager
def _looking_at(pid: object) -> Iterator[None]:
    """A process that has ended meanwhile is passed over; one that must not be looked at is an error."""
    try:
        yield
    except (FileNotFoundError, ProcessLookupError):
        return
    except OSError as error:
        raise DumpError(
            f"the process {pid} of keepalived can't be looked at: {error.strerror}; use become: true"
        ) from error


def _text(path: str) -> str:
    with open(path, encoding="utf-8", errors="surrogateescape") as stream:
        return stream.read()


def _is_of_unit(proc: str, pid: int) -> bool:
    with _looking_at(pid):
        return any(line.endswith(UNIT) for line in _text(f"{proc}/{pid}/cgroup").splitlines())
    return False


def read(
    pid: int,
    number: int,
    *,
    expected: bool,
    seconds: float,
    owner: int = 0,
    proc: str = "/proc",
    waiting: Waiting | None = None,
) -> dict[str, dict[str, Any]]:
    """Send the main process the signal ``number``, and return the VRRP instances that it writes down then.

    ``expected``: its configuration has some, so that no answer is an error once its VRRP process runs.
    """
    clock, pause, kill = waiting or Waiting()
    start = clock()
    signalled: float | None = None
    said = "there is no such file, or a link"
    folder = _folder(proc, pid)
    with contextlib.ExitStack() as stack:
        place = os.open(f"{proc}/{pid}/root{folder}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        stack.callback(os.close, place)
        # Held open: no new file gets the number of this one meanwhile.
        before = _Opened.at(place)
        if before is not None:
            stack.callback(before.close)
        while True:
            now = clock()
            if (signalled is None or now >= signalled + _SIGNAL_AGAIN) and _has_vrrp(proc, pid, number):
                _require_handler(proc, pid, number)
                kill(pid, number)
                signalled = now
            current = _Opened.at(place)
            if current is not None:
                with contextlib.closing(current):
                    said = current.fault(before, owner)
                    if not said:
                        try:
                            return instances_of(current.text())
                        except ValueError as error:
                            said = f"it is not complete, or not understood: {error}"
            if signalled is None and not expected:
                return {}
            if now - start >= (seconds if expected and signalled is not None else min(seconds, _NO_INSTANCE)):
                break
            pause(_PAUSE)
    if expected and signalled is not None:
        raise DumpError(
            f"keepalived (process {pid}) did not write its state to {folder}/{FILE} within {seconds:g} seconds: {said}"
        )
    return {}


def _folder(proc: str, pid: int) -> str:
    """Where the process writes such files (lib/utils.c, set_tmp_dir)."""
    entries = _text(f"{proc}/{pid}/environ").split("\0")
    folder = next((entry[len("TMPDIR=") :] for entry in entries if entry.startswith("TMPDIR=")), "")
    # From 2.4 on, one that is no folder is passed over.
    return folder if folder.startswith("/") and os.path.isdir(f"{proc}/{pid}/root{folder}") else DEFAULT_FOLDER


def _has_vrrp(proc: str, pid: int, number: int) -> bool:
    """Whether one of its processes waits for the signal: the VRRP process, which starts with the first instance."""
    return any(one.parent == pid and _awaits(proc, one.pid, number) for one in _processes(proc))


def _awaits(proc: str, pid: int, number: int) -> bool:
    with _looking_at(pid):
        for name in sorted(os.listdir(f"{proc}/{pid}/fdinfo"), key=int):
            with _looking_at(pid):
                for line in _text(f"{proc}/{pid}/fdinfo/{name}").splitlines():
                    if line.startswith("sigmask:"):
                        return bool(int(line.split()[1], 16) >> (number - 1) & 1)
    return False


def _require_handler(proc: str, pid: int, number: int) -> None:
    if not any(one.pid == pid and one.handled >> (number - 1) & 1 for one in _processes(proc)):
        raise DumpError(
            f"keepalived (process {pid}) does not listen to the signal JSON now: it is ending, or was replaced"
        )


class _Opened(NamedTuple):
    """The file as it was found, open."""

    handle: int
    status: os.stat_result

    @classmethod
    def at(cls, place: int) -> _Opened | None:
        """None if there is none, or a link, which keepalived replaces."""
        try:
            handle = os.open(FILE, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=place)
        except OSError:
            return None
        return cls(handle, os.fstat(handle))

    def close(self) -> None:
        os.close(self.handle)

    def fault(self, before: _Opened | None, owner: int) -> str:
        if before is not None and self._identity() == before._identity():
            return "the file there is an older one"
        if not stat.S_ISREG(self.status.st_mode) or self.status.st_uid != owner:
            return "what is there is no file of root's"
        return ""

    def _identity(self) -> tuple[int, int, int]:
        return (self.status.st_dev, self.status.st_ino, self.status.st_mtime_ns)

    def text(self) -> str:
        with os.fdopen(os.dup(self.handle), "rb") as stream:
            return stream.read(_MAX_BYTES).decode("utf-8", "replace")
