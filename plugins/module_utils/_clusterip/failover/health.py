# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether this node is fit to serve, out of the answers of its health checks. No I/O."""

from __future__ import annotations

from typing import Iterable, NamedTuple

__all__ = ["Check", "Health", "Rhythm"]


class Check(NamedTuple):
    """A server of this node, asked at one of its cluster IPs. ``path`` and ``status`` are for http."""

    type: str
    address: str
    port: int
    path: str = "/"
    status: tuple[int, ...] = (200,)
    timeout: float = 2.0

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.type} {host}:{self.port}{self.path if self.type == 'http' else ''}"


class Rhythm(NamedTuple):
    """Seconds between two questions; failures in a row that make a check bad, successes that make it good again."""

    interval: float = 1.0
    fall: int = 2
    rise: int = 2


class _Verdict:
    """One check: its answers so far. One that was never good needs a single success."""

    def __init__(self, good: bool) -> None:
        self.good = self.known = good
        self.against = 0

    def note(self, well: bool, rhythm: Rhythm) -> bool:
        """Takes an answer; True if the verdict changed."""
        if well == self.good:
            self.against = 0
            return False
        self.against += 1
        if self.against < (rhythm.fall if self.good else rhythm.rise if self.known else 1):
            return False
        self.good, self.against = well, 0
        self.known = True
        return True


class Health:
    """All checks of this node. Before its first answer a check is bad, so that no bucket comes before its server."""

    def __init__(self, checks: Iterable[Check], rhythm: Rhythm) -> None:
        self.rhythm = rhythm
        self._verdicts = {check: _Verdict(False) for check in checks}

    def change(self, checks: Iterable[Check], rhythm: Rhythm) -> None:
        """Other checks from now on.

        A new one begins with what the node is now: a reload alone must not drive a node's buckets away.
        """
        now = self.good
        self.rhythm = rhythm
        self._verdicts = {check: self._verdicts.get(check) or _Verdict(now) for check in checks}

    def note(self, check: Check, well: bool) -> bool:
        """Takes an answer, or drops one of a check that is gone; True if the check's verdict changed."""
        verdict = self._verdicts.get(check)
        return verdict is not None and verdict.note(well, self.rhythm)

    @property
    def good(self) -> bool:
        return all(verdict.good for verdict in self._verdicts.values())
