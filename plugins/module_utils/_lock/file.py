# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock's file on a host. Two runs that take it at once come one after the other, by flock(2) on its folder."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
import time
from typing import Callable, Iterator

from ansible_collections.lvs.cluster.plugins.module_utils import _store as store
from ansible_collections.lvs.cluster.plugins.module_utils._lock.model import Lock, LockError, lock_of, to_json

__all__ = ["CorruptError", "alone", "read", "remove", "write"]

_WAIT, _PAUSE = 10.0, 0.05
_OWNER = store.Owner(mode=0o644)


class CorruptError(LockError):
    """The file is there and is no lock."""


@contextlib.contextmanager
def alone(path: str, pause: Callable[[float], None] = time.sleep) -> Iterator[None]:
    """Keep every other task that takes or gives back this lock out; the folder is made if it is not there.

    The folder itself is locked, so that nothing is left of it afterwards. One that is removed meanwhile is made again.
    """
    folder = os.path.dirname(path)
    end = time.monotonic() + _WAIT
    handle = _try(folder)
    while handle is None:
        if time.monotonic() > end:
            raise LockError(
                f"another process has had {folder} locked for {_WAIT:g} s: see which one (lsof), and end it"
            )
        pause(_PAUSE)
        handle = _try(folder)
    try:
        yield
    finally:
        os.close(handle)


def _try(folder: str) -> int | None:
    """The folder, open and locked; None while somebody else has it, or has just removed it."""
    with contextlib.ExitStack() as stack:
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
            with contextlib.suppress(FileNotFoundError):
                if not stat.S_ISDIR(os.stat(folder).st_mode):
                    raise
    return None


def read(path: str) -> Lock | None:
    """The lock that is there, None if there is none. CorruptError and OSError are no "none"."""
    text = store.read_text(path)
    if text is None:
        return None
    try:
        return lock_of(json.loads(text))
    except ValueError as error:
        raise CorruptError(
            f"{path} is no lock of this collection ({error}), so nobody knows who changes this cluster: see that no "
            "other run does, then remove it, or say lvs_lock_break=true"
        ) from error


def write(path: str, lock: Lock) -> None:
    store.write_text(path, json.dumps(to_json(lock), indent=1, sort_keys=True) + "\n", _OWNER)


def remove(path: str) -> None:
    """Remove the lock, and its folder if nothing else is in it."""
    store.remove(path)
    with contextlib.suppress(OSError):
        os.rmdir(os.path.dirname(path))
