# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock's file on a host. Two runs that take it at once come one after the other."""

from __future__ import annotations

import contextlib
import json
import os
from typing import ContextManager

from ansible_collections.lvs.cluster.plugins.module_utils import _store as store
from ansible_collections.lvs.cluster.plugins.module_utils._boot import alone as locks
from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import STATE_DIR
from ansible_collections.lvs.cluster.plugins.module_utils._lock.model import Lock, LockError, lock_of, to_json

__all__ = ["PATH", "CorruptError", "alone", "read", "remove", "write"]

PATH = f"{STATE_DIR}/lock.json"
_WAIT = 10.0  # seconds
_OWNER = store.Owner(mode=0o644)


class CorruptError(LockError):
    """The file is there and is no lock."""


def alone() -> ContextManager[None]:
    """Keep every other task that takes or gives back a lock out. BootError: nobody lets go of it."""
    return locks.alone("lock", _WAIT)


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
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    store.write_text(path, json.dumps(to_json(lock), indent=1, sort_keys=True) + "\n", _OWNER)


def remove(path: str) -> None:
    """Remove the lock, and our own folder if nothing else is in it; any other folder may have been there before."""
    store.remove(path)
    if os.path.dirname(path) == STATE_DIR:
        with contextlib.suppress(OSError):
            os.rmdir(STATE_DIR)
