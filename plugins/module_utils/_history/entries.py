# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of kept configurations, their order and their numbers. Names in, values out, no I/O."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta, timezone
from typing import Collection, Iterable, NamedTuple, Sequence

__all__ = [
    "KEEPALIVED",
    "KEPT",
    "TABLE",
    "Entry",
    "beyond",
    "digest",
    "is_kept",
    "next_name",
    "numbers",
    "of_file",
    "parse",
]

KEPT = 10
"""So many of each file."""
KEEPALIVED, TABLE = "keepalived", "table"
_TABLE_SUFFIX = "-table.json"
# The time sorts as text does. Microseconds, because two changes within one second have an order, too.
_TIME = "%Y%m%dT%H%M%S.%fZ"
_NAME = re.compile(
    r"(?P<file>[A-Za-z0-9_][A-Za-z0-9_.-]*)@(?P<time>\d{8}T\d{6}\.\d{6}Z)-(?P<digest>[0-9a-f]{12})(?:-(?P<run>[0-9a-f]{8}))?\Z"
)
_DIGITS, _RUN_DIGITS = 12, 8


class Entry(NamedTuple):
    """A kept configuration."""

    file: str
    """The name of the file that had it, without folder."""
    time: datetime
    """When it was replaced, UTC."""
    digest: str
    run: str = ""
    """By which run it was replaced, eight digits; "" where that is not known."""

    @property
    def name(self) -> str:
        return f"{self.file}@{self.time.strftime(_TIME)}-{self.digest}" + (f"-{self.run}" if self.run else "")

    @property
    def kind(self) -> str:
        return TABLE if self.file.endswith(_TABLE_SUFFIX) else KEEPALIVED


def digest(text: str) -> str:
    """Enough of it to tell ten texts apart, and to know one that was damaged."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:_DIGITS]


def parse(names: Iterable[str]) -> list[Entry]:
    """The entries among the names of a folder's files, newest first."""
    found = []
    for name in names:
        match = _NAME.match(name)
        if match:
            try:
                moment = datetime.strptime(match["time"], _TIME).replace(tzinfo=timezone.utc)
            except ValueError:
                continue
            found.append(Entry(match["file"], moment, match["digest"], match["run"] or ""))
    return sorted(found, key=lambda one: (one.time, one.file), reverse=True)


def of_file(entries: Iterable[Entry], file: str) -> list[Entry]:
    return [one for one in entries if one.file == file]


def is_kept(entries: Sequence[Entry], text_digest: str, restored: Collection[str]) -> bool:
    """Whether a text that is about to be replaced needs no new entry. ``entries``: those of its file, newest first.

    It is the newest one already, or a rollback has put it in force (``restored``): its place in the order of time is
    that of the entry from which it came.
    """
    newest = bool(entries) and entries[0].digest == text_digest
    return newest or (text_digest in restored and any(one.digest == text_digest for one in entries))


def next_name(entries: Sequence[Entry], file: str, text_digest: str, now: datetime, run: str = "") -> Entry:
    """The entry for a text. It sorts after all that are there, also where the clock was set back.

    ``run`` is a name of the run that replaces the text, of any form.
    """
    times = [one.time + timedelta(microseconds=1) for one in entries[:1]]
    return Entry(file, max([now, *times]), text_digest, digest(run)[:_RUN_DIGITS] if run else "")


def beyond(entries: Sequence[Entry], kept: int = KEPT) -> list[Entry]:
    """Those that go; ``entries`` are those of one file, newest first."""
    return list(entries[kept:])


def numbers(entries: Sequence[Entry], present: str, restored: Collection[str]) -> list[int | None]:
    """The number of each entry of one file, newest first: 1 is what was in force before the present.

    ``present`` and ``restored`` are digests: of what is in force, and of what the last rollback put in force. Else what
    is in force has no number. After a rollback the numbers stay what they were, so that the same rollback again finds
    itself done and doesn't swap the two: what it replaced is 0.
    """
    if present in restored and any(one.digest == present for one in entries[1:]):
        return list(range(len(entries)))
    found: list[int | None] = []
    count = 0
    for one in entries:
        count += one.digest != present
        found.append(count if one.digest != present else None)
    return found
