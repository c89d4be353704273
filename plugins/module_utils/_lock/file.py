# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock's file on a host. Two runs that take it at once come one after the other."""

from __future__ import annotations

import contextlib
import json
import os
import time
from typing import Callable, ContextManager

from ansible_collections.lvs.cluster.plugins.module_utils import _store as store
from ansible_collections.lvs.cluster.plugins.module_utils._boot.alone import alone_in
from ansible_collections.lvs.cluster.plugins.module_utils._lock.model import Lock, LockError, lock_of, to_json

__all__ = ["CorruptError", "alone", "read", "remove", "write"]

_WAIT = 10.0  # seconds
_OWNER = store.Owner(mode=0o644)


class CorruptError(LockError):
    """The file is there and is no lock."""


def alone(path: str, pause: Callable[[float], None] = time.sleep) -> ContextManager[None]:
    """Keep every other task that takes or gives back this lock out, by its folder. BootError: nobody lets go of it."""
    return alone_in(os.path.dirname(path), _WAIT, pause)


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
