# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ipvs_table's work: services from options or a file, purge and quiescence, the state file, timeouts, sync daemons."""

from __future__ import annotations

import errno
import json
import os
import socket
from typing import Any, Callable, Iterable, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import host, plan, report
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.errors import IpvsError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    NO_TIMEOUTS,
    DestinationKey,
    ServiceKey,
    SyncDaemon,
    Table,
    Timeouts,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.operations import Operation
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.options import Options
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.ownership import (
    StateFile,
    keepalived_owns,
    refuse_owned,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.session import Session

__all__ = ["Request", "bring"]

_KERNEL_TIMEOUTS = Timeouts(900, 120, 300)
"""What the kernel begins with, for a check before ip_vs is loaded (net/netfilter/ipvs/ip_vs_proto_tcp.c, _udp.c)."""


class Request(NamedTuple):
    """ipvs_table's options."""

    services: list[Any] | None = None
    src: str | None = None
    purge: bool = False
    quiesce: bool = True
    drain_timeout: int = 60
    state_file: str | None = None
    timeouts: dict[str, Any] | None = None
    sync_daemons: list[Any] | None = None
    force: bool = False


class _Wanted(NamedTuple):
    """What the options ask for; None: not asked."""

    table: Table | None
    timeouts: Timeouts
    daemons: dict[str, SyncDaemon] | None


def bring(
    session: Session,
    request: Request,
    *,
    diff: bool,
    warn: Callable[[str], object],
    before_purge: Callable[[frozenset[tuple[ServiceKey, DestinationKey]]], object] = lambda gone: None,
) -> dict[str, Any]:
    """Bring the table, the timeouts and the sync daemons to what is asked: the module's result.

    before_purge is told which destinations are to be quiesced and deleted, just before they are.
    """
    wanted = _read(request)
    services = None if wanted.table is None else _Services(session, request, wanted.table, warn, before_purge)
    daemons = _Daemons(session, wanted.daemons)
    before_lines: list[str] = []
    after_lines: list[str] = []
    changed = _timeouts(session, wanted.timeouts, before_lines, after_lines)
    result: dict[str, Any] = {}
    before: Table = {}
    after: Table = {}

    def done() -> dict[str, Any]:
        told = session.result(before, after, diff=False)
        told["operations"].update(timeouts={"changed": int(changed)}, sync_daemons=daemons.counts())
        return {**told, "changed": told["changed"] or changed or any(daemons.counts().values())}

    try:
        if services is not None:
            before, after, result = services.bring()
        daemons.bring(before_lines, after_lines)
    except IpvsError as error:
        # What was done until then is told, whatever it was that failed.
        error.facts = {**error.facts, **done()}
        raise
    result.update(done())
    if diff:
        result["diff"] = report.diff(before, after, before_lines, after_lines)
    return result


# -- what is asked


def _read(request: Request) -> _Wanted:
    """The options as values; an IpvsError tells all that is wrong with them."""
    options = Options()
    content: dict[str, Any] = {"services": request.services}
    if request.src is not None and request.services is not None:
        options.fault("src", "is given beside services", "give one of them")
    elif request.src is not None:
        content = options.reader.mapping(_load(request.src), "src", dict.fromkeys(_IN_FILE)) or {}
        if "services" not in content:
            options.fault("src", f"{request.src} has no services", 'write {"services": […]}')
    if request.purge and content.get("services") is None:
        options.fault("purge", "is given without services", "list those that stay, [] for none")
    if request.drain_timeout < 0:
        options.fault("drain_timeout", f"{request.drain_timeout} is below 0", "write seconds")
    if request.state_file is not None and not os.path.isabs(request.state_file):
        options.fault("state_file", f"{request.state_file} is no absolute path", "write one that begins with /")
    table = None if content.get("services") is None else options.table(content["services"])
    timeouts = request.timeouts if request.timeouts is not None else content.get("timeouts")
    daemons = request.sync_daemons if request.sync_daemons is not None else content.get("sync_daemons")
    wanted = _Wanted(
        table,
        NO_TIMEOUTS if timeouts is None else options.timeouts(timeouts),
        None if daemons is None else options.daemons(daemons),
    )
    options.finish()
    families = {name.family for entry in (table or {}).values() for name in entry.destinations}
    host.require_ipv6(families | {key.family for key in table or {}})
    return wanted


_IN_FILE = ("services", "timeouts", "sync_daemons")


def _load(path: str) -> Any:
    try:
        with open(path, encoding="utf-8") as stream:
            return json.load(stream)
    except OSError as error:
        raise IpvsError(f"src: {path} can't be read on this host: {error.strerror}") from error
    except ValueError as error:
        raise IpvsError(f"src: {path} is not JSON: {error}") from error


# -- services


class _Services:
    """The table of virtual services, whose they are, and the purge. IpvsError if it would touch what isn't ours."""

    def __init__(
        self,
        session: Session,
        request: Request,
        wanted: Table,
        warn: Callable[[str], object],
        before_purge: Callable[[frozenset[tuple[ServiceKey, DestinationKey]]], object],
    ) -> None:
        self.session, self.request, self.wanted, self.warn = session, request, wanted, warn
        self.before_purge = before_purge
        self.file = StateFile(request.state_file) if request.state_file else None
        self.ours: frozenset[ServiceKey] = self.file.read() if self.file else frozenset()
        if not request.force:
            refuse_owned(keepalived_owns(wanted), "the virtual service")
        self.present = session.table()
        if request.purge:
            self._removable(self.present)

    def bring(self) -> tuple[Table, Table, dict[str, Any]]:
        """The table before and after, and what the result tells of the purge."""
        session, wanted, request = self.session, self.wanted, self.request
        before = self.present
        self._claim(before)
        before, _wanted = session.load(_first(before, session.table), lambda _table: wanted)
        after = plan.apply(before, plan.load(before, wanted))
        told: dict[str, Any] = {}
        if request.purge:
            removable = self._removable(after)
            purged = plan.purge(after, wanted, removable)
            # The table is read again only for a purge that there is.
            read = session.table if purged and not session.check else lambda: after
            if purged and not session.check:
                self.before_purge(_destinations(after, purged))
            told = self._purge(read, removable)
            after = plan.apply(after, purged)
            self._forget(after)
        return before, after, told

    def _claim(self, present: Table) -> None:
        """Write down what will be ours before it is there: a run that is broken off must not leave it to nobody."""
        if self.file is None or self.session.check:
            return
        found = sorted(key for key in self.wanted if key in present and key not in self.ours)
        if found:
            names = ", ".join(map(str, found[:5])) + (" …" if len(found) > 5 else "")
            self.warn(f"virtual services that were there before are managed here from now on: {names}")
        if self.ours != self.ours | self.wanted.keys():
            self.ours = self.ours | self.wanted.keys()
            self.file.write(self.ours)

    def _removable(self, present: Table) -> plan.Removable:
        """What the purge may take: nothing of keepalived's, and with a state file nothing that isn't in it."""
        extra = [key for key in present if key not in self.wanted and (self.file is None or key in self.ours)]
        owned = set() if self.request.force else keepalived_owns(extra)
        if self.file is None:
            refuse_owned(owned, "purge would delete the virtual service")
        return plan.Removable(frozenset(key for key in extra if key not in owned), frozenset(self.wanted))

    def _purge(self, read: Callable[[], Table], removable: plan.Removable) -> dict[str, Any]:
        grace = float(self.request.drain_timeout) if self.request.quiesce else None
        ended = self.session.purge(read, self.wanted, removable, grace=grace)
        if ended is None:
            return {}
        if not ended.done:
            self.warn(
                f"{ended.last.active} active connections of what was purged were left after "
                f"{self.request.drain_timeout} s and were cut"
            )
        drain = {"done": ended.done, "connections": ended.last._asdict(), "progress": ended.progress}
        return {"drain": drain}

    def _forget(self, after: Table) -> None:
        """After a purge ours is what is wanted."""
        if self.file is not None and not self.session.check and self.ours != frozenset(self.wanted):
            self.file.write(self.wanted)


def _destinations(table: Table, purged: Iterable[Operation]) -> frozenset[tuple[ServiceKey, DestinationKey]]:
    """The destinations that these deletions take out."""
    return frozenset(
        (one.service, name)
        for one in purged
        for name in (table[one.service].destinations if one.destination is None else (one.destination,))
    )


def _first(table: Table, read: Callable[[], Table]) -> Callable[[], Table]:
    """What reads the table, the first time without asking the kernel again."""
    known = [table]
    return lambda: known.pop() if known else read()


# -- timeouts and sync daemons


def _timeouts(session: Session, wanted: Timeouts, before: list[str], after: list[str]) -> bool:
    if wanted == NO_TIMEOUTS:
        return False
    present = session.kernel.timeouts() if not session.check or host.is_loaded() else _KERNEL_TIMEOUTS
    whole = Timeouts(*(new or old for new, old in zip(wanted, present)))
    if whole == present:
        return False
    before.append(report.timeouts_line(present))
    after.append(report.timeouts_line(whole))
    if not session.check:
        session.kernel.set_timeouts(whole)
    return True


class _Daemons:
    """The sync daemons that run and those that shall. IpvsError if one is to start where there is no interface."""

    def __init__(self, session: Session, wanted: dict[str, SyncDaemon] | None) -> None:
        self.session, self.wanted = session, wanted
        self.started = self.stopped = 0
        for daemon in self._plan()[1]:
            try:
                socket.if_nametoindex(daemon.interface)
            except OSError as error:
                raise IpvsError(
                    f"sync_daemons: the {daemon.role} daemon can't be started: there is no interface "
                    f"{daemon.interface} here; see ip link"
                ) from error

    def counts(self) -> dict[str, int]:
        return {"started": self.started, "stopped": self.stopped}

    def bring(self, before: list[str], after: list[str]) -> None:
        """Stop what is not wanted or differs, start what is missing."""
        stop, start = self._plan()
        before += [report.daemon_line(daemon) for daemon in stop.values()]
        after += [report.daemon_line(daemon) for daemon in start]
        if self.session.check:
            self.started, self.stopped = len(start), len(stop)
            return
        roles = {daemon.role for daemon in start}
        for role, daemon in stop.items():
            if role not in roles:
                self._stop(daemon)
        for daemon in start:
            present = stop.get(daemon.role)
            if present is not None:
                self._stop(present)
            self._start(daemon, present)

    def _plan(self) -> tuple[dict[str, SyncDaemon], list[SyncDaemon]]:
        """Those to stop, by role, and those to start. No module is loaded for it."""
        if self.wanted is None:
            return {}, []
        wanted = self.wanted
        present = self.session.kernel.daemons() if host.is_loaded() else {}
        stop = {role: one for role, one in present.items() if role not in wanted or _differs(one, wanted[role])}
        return stop, [one for role, one in wanted.items() if role not in present or role in stop]

    def _stop(self, daemon: SyncDaemon) -> None:
        try:
            self.session.kernel.stop_daemon(daemon)
        except OSError as error:
            raise IpvsError(f"sync_daemons: the {daemon.role} daemon can't be stopped: {error.strerror}") from error
        self.stopped += 1

    def _start(self, daemon: SyncDaemon, stopped: SyncDaemon | None) -> None:
        try:
            self.session.kernel.start_daemon(daemon)
        except OSError as error:
            reason = error.strerror
            if error.errno == errno.ENODEV:
                reason = f"there is no interface {daemon.interface} here, or it is down"
            raise IpvsError(
                f"sync_daemons: the {daemon.role} daemon can't be started: {reason}{self._start_again(stopped)}"
            ) from error
        self.started += 1

    def _start_again(self, stopped: SyncDaemon | None) -> str:
        """Have the daemon back that made way for another one: what the error says of it."""
        if stopped is None:
            return ""
        try:
            self.session.kernel.start_daemon(stopped)
        except OSError as error:
            return f"; the one on {stopped.interface} was stopped and can't be started again: {error.strerror}"
        self.stopped -= 1
        return f"; the one on {stopped.interface} runs again as before"


def _differs(present: SyncDaemon, wanted: SyncDaemon) -> bool:
    """Whether a running daemon must be stopped to become what is wanted. Before 4.3 kernels tell less of it."""
    if (present.interface, present.id) != (wanted.interface, wanted.id):
        return True
    if not present.group:
        return False
    whole = (wanted.group or "224.0.0.81", wanted.port or 8848, wanted.ttl or 1)
    return (present.group, present.port, present.ttl) != whole or wanted.maxlen not in (0, present.maxlen)
