# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Leaving a process behind that outlives the module, its connection and its terminal."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Collection

__all__ = ["detach"]


def detach(begin: Callable[[], Callable[[], None]], keep: Collection[int], ready: bytes) -> bool:
    """Run ``begin`` and then what it returns in a process of its own; whether ``begin`` came to its end.

    All that it needs must be imported by now: the archive that a module runs from is gone soon. ``keep``: its files.
    """
    reader, writer = os.pipe()
    first = os.fork()
    if first == 0:
        try:
            # Neither a leader of a session nor a child of the module: no terminal, and nobody who waits for it.
            os.setsid()
            if os.fork() == 0:
                _alone({*keep, writer})
                work = begin()
                os.write(writer, ready)
                os.close(writer)
                work()
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(first, 0)
    with os.fdopen(reader, "rb") as stream:
        return stream.read() == ready


def _alone(keep: Collection[int]) -> None:
    """Let go of all that belongs to the module: its output above all, whose end Ansible waits for."""
    for ignored in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
        signal.signal(ignored, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.chdir("/")
    os.umask(0o077)
    null = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(null, number)
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) not in keep:
            with contextlib.suppress(OSError):
                os.close(int(name))
