# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Health checks that the service has not asked yet, asked by a run first.

The service begins with a new check as with one that was good. A bad one drives this node's buckets away some answers
later, when the run may have gone on to the next node, and at last nobody serves.
"""

from __future__ import annotations

import time
from typing import Callable, Iterable

from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.health import Check, Rhythm

__all__ = ["first_bad"]


def first_bad(checks: Iterable[Check], rhythm: Rhythm, ask: Callable[[Check], str]) -> str:
    """The first check that the service would find bad, with its last answer; "" if there is none.

    One good answer is enough. A bad one has its ``fall`` questions, each of which takes the interval, or its timeout
    where that is longer.
    """
    for check in checks:
        said = _last_answer(check, rhythm, ask)
        if said:
            return f"{check}: {said}"
    return ""


def _last_answer(check: Check, rhythm: Rhythm, ask: Callable[[Check], str]) -> str:
    said = ""
    for left in reversed(range(rhythm.fall)):
        begun = time.monotonic()
        said = ask(check)
        if not said:
            return ""
        if left:
            time.sleep(max(0.0, begun + rhythm.interval - time.monotonic()))
    return said
