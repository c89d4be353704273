# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting until connections have ended, with figures of how it went."""

from __future__ import annotations

import time
from typing import Any, Callable, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.wire import Connections

__all__ = ["Clock", "Drained", "wait"]

_EVERY_SECONDS = 0.5
_KEPT = 100


class Clock(NamedTuple):
    """Time, to be replaced in tests."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


_CLOCK = Clock()


class Drained(NamedTuple):
    """How a wait ended: with no connection left (`done`) or by its timeout; the last figures; all changes of them."""

    done: bool
    last: Connections
    progress: list[dict[str, Any]]


def wait(look: Callable[[], Connections], *, timeout: float, inactive: bool, clock: Clock = _CLOCK) -> Drained:
    """Look until no active connection (and with `inactive` no other either) is left, or `timeout` seconds have passed.

    `progress` holds a sample each time that the figures changed, the first 99 and the last:
    {"seconds": since the beginning, "active": …, "inactive": …, "persistent": …}.
    """
    began = clock.now()
    progress: list[dict[str, Any]] = []
    seen = None
    while True:
        figures = look()
        passed = clock.now() - began
        if figures != seen:
            del progress[_KEPT - 1 :]
            progress.append({"seconds": round(passed, 1), **figures._asdict()})
            seen = figures
        if not figures.active and not (inactive and figures.inactive):
            return Drained(True, figures, progress)
        if passed >= timeout:
            return Drained(False, figures, progress)
        clock.sleep(min(_EVERY_SECONDS, timeout - passed))
