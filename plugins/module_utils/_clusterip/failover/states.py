# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keepalived says through its notify FIFO: which buckets are this node's. No I/O."""

from __future__ import annotations

import re

__all__ = ["Lines", "States", "instance"]

_INSTANCE = "LVS_BUCKET_"
_LINE = re.compile(rf'INSTANCE "{_INSTANCE}([1-9][0-9]{{0,3}})" (\S+) [0-9]+')
# A master that hears one of lower priority says so and stays master; a change of priority is none of state.
_EVENTS = ("MASTER_RX_LOWER_PRI", "MASTER_PRIORITY", "BACKUP_PRIORITY")
_LONGEST = 4096


def instance(bucket: int) -> str:
    """The name of a bucket's VRRP instance."""
    return f"{_INSTANCE}{bucket}"


class Lines:
    """Whole lines out of reads that end anywhere."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        *whole, rest = (self._rest + data).split(b"\n")
        self._rest = rest if len(rest) <= _LONGEST else b""
        return [line.decode(errors="replace") for line in whole]


class States:
    """The last state of each bucket's VRRP instance."""

    def __init__(self) -> None:
        self._masters: set[int] = set()

    def note(self, line: str) -> bool:
        """Takes a line; False if it is about none of our instances."""
        found = _LINE.fullmatch(line)
        if not found:
            return False
        bucket, state = int(found.group(1)), found.group(2)
        if state == "MASTER":
            self._masters.add(bucket)
        elif state not in _EVENTS:
            self._masters.discard(bucket)
        return True

    def clear(self) -> None:
        """No keepalived, no bucket."""
        self._masters.clear()

    @property
    def buckets(self) -> tuple[int, ...]:
        """The buckets of which this node is the master, sorted."""
        return tuple(sorted(self._masters))
