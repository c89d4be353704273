# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what several directors would put back belongs together. Pure.

Each counts its own changes. After a run that changed only one of them, as one that stopped on the way did, the entry
with number 1 is what that run replaced there, and on the others what an earlier run replaced.
"""

from __future__ import annotations

from datetime import datetime
from itertools import combinations
from typing import Any, Mapping

__all__ = ["faults"]


def faults(chosen: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """``chosen`` are the results of config_history with the state restored, by director: one text, or none.

    Entries of one run belong together, and those of which no run is known. Those of two runs do as well where no other
    entry of one director is nearer in time to the other's: there the second run went on where the first had stopped.
    """
    if not any(_apart(*pair) for pair in combinations(chosen.values(), 2)):
        return []
    had = ", ".join(f"{name} had until {result['entry']['time']}" for name, result in sorted(chosen.items()))
    return [
        f"lvs_entry: would put back what {had}, and different runs have replaced that. If the last run changed only "
        "some of the directors, name those with --limit; lvs_list=true shows what each has"
    ]


def _apart(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    runs = {one["entry"]["run"], other["entry"]["run"]}
    return "" not in runs and len(runs) > 1 and (_nearer(one, other) or _nearer(other, one))


def _nearer(chosen: Mapping[str, Any], beside: Mapping[str, Any]) -> bool:
    """Whether an entry that ``beside`` has, and that is not meant, is nearer to the one that is meant of ``chosen``."""
    meant = _seconds(chosen["entry"]["time"])
    distance = abs(meant - _seconds(beside["entry"]["time"]))
    return any(abs(meant - _seconds(time)) < distance for time in beside["times"])


def _seconds(time: str) -> float:
    return datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ").timestamp()
