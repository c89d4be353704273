# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lock as values, and what taking it or giving it back comes to. Times are seconds since 1970 by the host's clock."""

from __future__ import annotations

import calendar
import time
from typing import Any, Mapping, NamedTuple

__all__ = ["Holder", "Lock", "LockError", "Taking", "describe", "holder_of", "lock_of", "take", "time_text", "to_json"]

_VERSION = 1
_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


class LockError(Exception):
    """What can't be done with a lock, and what to do."""


class Holder(NamedTuple):
    """A run of ansible-playbook."""

    run: str
    """The same for all tasks of a run, and another one for every other run."""
    user: str
    controller: str
    """The control node's host name."""
    pid: int
    """Of ansible-playbook, in `namespace`."""
    start: str = ""
    """When the process began, in the words of its system: a number may be another process's later."""
    boot: str = ""
    namespace: str = ""
    """The control node's boot id and pid namespace; "" where its system has none."""
    job: str = ""
    """The job of AWX."""


class Lock(NamedTuple):
    """What stands in the file."""

    holder: Holder
    purpose: str
    since: int
    expires: int


class Taking(NamedTuple):
    """What comes of a try: the lock that is to be written, or None and the one that stands in the way."""

    lock: Lock | None
    before: Lock | None
    reason: str = ""
    """Why another run's lock may be taken over."""

    @property
    def taken_over(self) -> Lock | None:
        return self.before if self.reason else None


def take(present: Lock | None, me: Holder, purpose: str, seconds: int, now: int, *, gone: str, broken: bool) -> Taking:
    """Try to take the lock for so many seconds, or take it again.

    ``gone`` is a run of which is known that it has ended, ``broken`` says that the user vouches for that of any run.
    """
    fresh = Lock(me, purpose, now, now + seconds)
    if present is None:
        return Taking(fresh, None)
    if present.holder.run == me.run:
        return Taking(fresh._replace(since=present.since), present)
    if present.expires <= now:
        return Taking(fresh, present, "it had expired")
    if gone and present.holder.run == gone:
        return Taking(fresh, present, "its run has ended")
    if broken:
        return Taking(fresh, present, "this run was told to break it")
    return Taking(None, present)


def describe(host: str, lock: Lock) -> str:
    """Who changes the host, in a sentence for the second run."""
    holder = lock.holder
    facts = [
        lock.purpose,
        f"AWX job {holder.job}" if holder.job else f"process {holder.pid}",
        f"since {time_text(lock.since)}",
        f"expires {time_text(lock.expires)}",
    ]
    return f"{host} is being changed by {holder.user} on {holder.controller} ({', '.join(facts)})"


def time_text(seconds: int) -> str:
    return time.strftime(_FORMAT, time.gmtime(seconds))


# -- in JSON


def to_json(lock: Lock) -> dict[str, Any]:
    return {
        "version": _VERSION,
        "purpose": lock.purpose,
        "since": time_text(lock.since),
        "expires": time_text(lock.expires),
        "holder": lock.holder._asdict(),
    }


def lock_of(content: Any) -> Lock:
    """Raises ValueError where it isn't to_json's."""
    if not isinstance(content, dict):
        raise ValueError("it holds no JSON object")
    if content.get("version") is True or content.get("version") != _VERSION:
        raise ValueError(f"its version is {content.get('version')}")
    if not isinstance(content.get("purpose"), str):
        raise ValueError("it has no purpose")
    return Lock(
        holder_of(content.get("holder")), content["purpose"], _seconds(content, "since"), _seconds(content, "expires")
    )


def holder_of(content: Any) -> Holder:
    """Raises ValueError where it isn't a holder's dictionary."""
    if not isinstance(content, Mapping) or set(content) != set(Holder._fields):
        raise ValueError("it does not say who holds it")
    values = dict(content)
    pid = values["pid"]
    wrong = [name for name, value in values.items() if name != "pid" and not isinstance(value, str)]
    if wrong or not isinstance(pid, int) or isinstance(pid, bool) or pid < 1 or not values["run"]:
        raise ValueError("it does not say properly who holds it")
    return Holder(**values)


def _seconds(content: Mapping[str, Any], name: str) -> int:
    try:
        return calendar.timegm(time.strptime(content[name], _FORMAT))
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"{name} is no time such as 2026-11-26T20:31:00Z") from None
