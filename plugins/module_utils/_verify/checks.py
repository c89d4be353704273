# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One thing that was looked at, and what was found."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, NamedTuple

__all__ = ["ASPECTS", "Check", "Plans", "bracketed", "listing", "unknown"]

Plans = Mapping[str, Mapping[str, Any]]
"""The plans of the hosts by host."""

ASPECTS = (
    "real servers",
    "vrrp",
    "addresses",
    "sync daemons",
    "table",
    "configuration",
    "buckets",
    "neighbours",
    "requests",
)
"""What is looked at, in the order in which it is told."""


class Check(NamedTuple):
    """``faults`` fail the run, ``notes`` never do. ``skipped``: why it could not be looked at, which is no fault."""

    cluster: str
    aspect: str
    name: str
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    skipped: str = ""

    def as_result(self) -> dict[str, Any]:
        return {**self._asdict(), "faults": list(self.faults), "notes": list(self.notes)}


def bracketed(address: str, port: int) -> str:
    """An address with its port, as ipvsadm prints it."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def listing(names: Iterable[str]) -> str:
    """``a, b and c``."""
    *first, last = names
    return " and ".join([", ".join(first), last]) if first else last


def unknown(result: Mapping[str, Any]) -> str:
    """Why a task has no result: it failed, did not reach the host, or was never begun; "" if it has one."""
    if result.get("unreachable"):
        return "it was not reached"
    if result.get("failed") or result.get("skipped") or not result:
        return str(result.get("msg") or "it was not asked")
    return ""
