# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes that are known again: a number alone may be somebody else's by now."""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import dump
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.program import runs_keepalived

__all__ = ["PID_FILE", "Process", "keepalived", "process"]

PID_FILE = "/run/keepalived.pid"


class Process(NamedTuple):
    """A process: its number, and when it began (in the kernel's ticks since it booted)."""

    pid: int
    start: int

    def lives(self, proc: str = "/proc") -> bool:
        return process(self.pid, proc) == self


def process(pid: int, proc: str = "/proc") -> Process | None:
    """The process with this number, None if there is none, or only what is left of one that has ended."""
    try:
        with open(f"{proc}/{pid}/stat", encoding="utf-8", errors="replace") as stream:
            # Its name stands in parentheses and may hold any character.
            fields = stream.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in ("Z", "X") else Process(pid, int(fields[19]))


def keepalived(proc: str = "/proc", pid_file: str = PID_FILE) -> Process | None:
    """The main process of the keepalived of this host, None if it does not run. Raise dump.DumpError if it's not clear.

    One that gave itself another network namespace is found by its pid file.
    """
    pid = dump.find(proc)
    if pid is None:
        pid = _noted(proc, pid_file)
    return None if pid is None else process(pid, proc)


def _noted(proc: str, pid_file: str) -> int | None:
    try:
        with open(pid_file, encoding="ascii") as stream:
            pid = int(stream.read())
        return pid if runs_keepalived(pid, proc) else None
    except (OSError, ValueError):
        return None
