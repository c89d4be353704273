# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One process at a time, by flock(2) on a folder: two runs, or a run and a service of ours, that do the same."""

from __future__ import annotations

import fcntl
import os
import stat
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import Callable, Iterator

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError

__all__ = ["alone_in"]

_PAUSE = 0.02  # seconds


@contextmanager
def alone_in(folder: str, patience: float = 30.0, pause: Callable[[float], None] = time.sleep) -> Iterator[None]:
    """Waits for whoever has the folder, at most ``patience`` seconds (BootError). No process may take it twice.

    The folder itself is locked: it is made if it is not there, and goes again if nothing is in it.
    """
    end = time.monotonic() + patience
    handle = _try(folder)
    while handle is None:
        if time.monotonic() > end:
            raise BootError(
                f"another process has had {folder} locked for {patience:g} s: see which one (lsof), and end it"
            )
        pause(_PAUSE)
        handle = _try(folder)
    try:
        yield
    finally:
        with suppress(OSError):
            os.rmdir(folder)
        os.close(handle)


def _try(folder: str) -> int | None:
    """The folder, open and locked; None while somebody else has it, or has just removed it."""
    with ExitStack() as stack:
        try:
            os.makedirs(folder, mode=0o755, exist_ok=True)
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            stack.callback(os.close, handle)
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(handle), os.stat(folder)):
                stack.pop_all()
                return handle
        except (FileNotFoundError, BlockingIOError):
            return None
        except FileExistsError:
            # A folder that was there and is gone since, or something else in its place, which stays there.
            with suppress(FileNotFoundError):
                if not stat.S_ISDIR(os.stat(folder).st_mode):
                    raise
    return None
