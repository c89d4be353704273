# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gets the buckets that VRRP gives this node into the kernel, and remembers whether that worked."""

from __future__ import annotations

from typing import Callable

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError

__all__ = ["Delivery"]

RETRY = 1.0
_LONGEST = 60.0


class Delivery:
    """The buckets that are wanted and those that the kernel was told last. Seconds of a monotonic clock.

    A node whose kernel refuses buckets is bad, so that others take them. VRRP then takes all buckets away, to which the
    kernel agrees; were the node good at once, it would get them back and fail again every few seconds. So it stays bad
    for a time that doubles with each failure, until the kernel took a bucket.
    """

    def __init__(self, serve: Callable[[tuple[int, ...]], None]) -> None:
        self._serve = serve
        self.wanted: tuple[int, ...] = ()
        self._told: tuple[int, ...] | None = None
        self._refused: tuple[int, ...] | None = None
        self._failures = 0
        self._retry = self._bad_until = 0.0
        self.trouble = ""

    def again(self) -> None:
        """What the kernel has is not known any more."""
        self._told = self._refused = None

    def step(self, now: float) -> None:
        """Tells the kernel if there is anything to tell, and after a failure if it is time to try again."""
        if self.wanted == self._told or (self.wanted == self._refused and now < self._retry):
            return
        try:
            self._serve(self.wanted)
        except (BootError, OSError) as exc:
            self._failures += 1
            self._told, self._refused = None, self.wanted
            self._retry = now + RETRY
            self._bad_until = now + min(_LONGEST, 2.0 ** min(self._failures, 6))
            self.trouble = str(exc)
            return
        self._told, self._refused, self.trouble = self.wanted, None, ""
        if self.wanted:
            self._failures, self._bad_until = 0, 0.0

    def good(self, now: float) -> bool:
        return not self.trouble and now >= self._bad_until

    def due(self, now: float) -> float:
        """When step() or good() has to be asked again; infinity if nothing waits."""
        if self.trouble:
            return self._retry
        return self._bad_until if now < self._bad_until else float("inf")
