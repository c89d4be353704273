# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One process at a time, by flock(2): two runs, or a run and a service of ours, that do the same."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import Iterator

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import LockedError

__all__ = ["FOLDER", "alone"]

FOLDER = "/run"
_PAUSE = 0.02  # seconds


@contextmanager
def alone(purpose: str, patience: float = 30.0) -> Iterator[None]:
    """Waits for whoever has the lock of this purpose, at most ``patience`` seconds (LockedError).

    No process may take it twice. Its file is root's alone, because whoever can open it can lock it; it stays.
    """
    path = f"{FOLDER}/lvs-cluster-{purpose}.lock"
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        end = time.monotonic() + patience
        while not _is_locked(handle):
            if time.monotonic() > end:
                raise LockedError(
                    f"another process has had {path} locked for {patience:g} s: see which one (lsof), and end it"
                )
            time.sleep(_PAUSE)
        yield
    finally:
        os.close(handle)


def _is_locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
