# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing the kernel's table to what is wanted, beside others who write to it.

Reads, plans, sends; what another process changed in between is read and planned again. A refusal stops with the entry's
name and with what was done until then, so that the next run goes on from there.
"""

from __future__ import annotations

import errno
import os
from typing import Any, Callable, Iterable

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import drain, host, plan, report
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.errors import IpvsError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import DestinationKey, ServiceKey, Table
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.operations import ADD, DELETE, Operation
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.transport import Ipvs
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.wire import Connections

__all__ = ["Session"]

_ATTEMPTS = 10


class Session:
    """One task's work on the table of this process's network namespace.

    The module ip_vs is loaded when the first operation is sent, and never in check mode: without it the table is empty.
    """

    def __init__(self, *, check: bool) -> None:
        host.require_privilege()
        self.check = check
        self.counts = report.Counts()
        self._kernel: Ipvs | None = None

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._kernel is not None:
            self._kernel.close()

    @property
    def kernel(self) -> Ipvs:
        """The kernel's IPVS, loaded now if it isn't yet."""
        if self._kernel is None:
            if self.check and not host.is_loaded():
                raise AssertionError("check mode must not load ip_vs")
            try:
                self._kernel = Ipvs()
            except OSError as error:
                raise _unavailable(error) from error
        return self._kernel

    # -- reading

    def table(self) -> Table:
        """The whole table; empty while ip_vs isn't loaded."""
        return self.kernel.table() if self._can_read() else {}

    def service(self, key: ServiceKey) -> Table:
        """One virtual service as a table; an empty one if it isn't there."""
        entry = self.kernel.entry(key) if self._can_read() else None
        return {} if entry is None else {key: entry}

    def connections(self, purged: Iterable[Operation]) -> Connections:
        """The connections of all destinations that these deletions take out."""
        active = inactive = persistent = 0
        for key, names in _leaving(purged).items():
            for name, figures in self.kernel.connections(key).items():
                if names is None or name in names:
                    active += figures.active
                    inactive += figures.inactive
                    persistent += figures.persistent
        return Connections(active, inactive, persistent)

    def _can_read(self) -> bool:
        return self._kernel is not None or host.is_loaded()

    # -- changing

    def load(self, read: Callable[[], Table], want: Callable[[Table], Table]) -> tuple[Table, Table]:
        """Add and edit until nothing differs: the table before, and what was wanted of it.

        `want` turns a table into what is wanted, because options that aren't given keep their present value.
        """
        before = read()
        wanted = want(before)
        operations = plan.load(before, wanted)
        if self.check:
            self.counts.add(operations)
            return before, wanted
        for _attempt in range(_ATTEMPTS):
            if not operations or self.send(operations):
                return before, wanted
            present = read()
            wanted = want(present)
            operations = plan.load(present, wanted)
        if not operations:
            return before, wanted
        raise IpvsError(
            f"another process changed the table {_ATTEMPTS} times while it was being written; run this again",
            self._done(),
        )

    def purge(
        self, read: Callable[[], Table], wanted: Table, removable: plan.Removable, *, grace: float | None
    ) -> drain.Drained | None:
        """Delete what isn't wanted. With `grace` it gets weight 0 first, and so many seconds for its connections."""
        present = read()
        purged = plan.purge(present, wanted, removable)
        drained = None
        if self.check:
            self.counts.add(purged)
            return None
        if purged and grace is not None:
            self.send(plan.quiesce(present, purged))
            drained = drain.wait(lambda: self.connections(purged), timeout=grace, inactive=False)
        self.send(purged)
        return drained

    def carry_out(self, operations: list[Operation]) -> None:
        """Send operations that were planned from what is there now; in check mode only count them."""
        if self.check:
            self.counts.add(operations)
        elif operations and not self.send(operations):
            raise IpvsError("another process changed the table at the same time; run this again", self._done())

    def send(self, operations: list[Operation]) -> bool:
        """Send operations. False if another process changed an entry in between, so that the plan no longer holds.

        Raises an IpvsError that names the first entry that the kernel refuses.
        """
        settled = True
        if not operations:
            return settled  # and no module is loaded for it
        for batch in self.kernel.apply(operations):
            self.counts.add(one for place, one in enumerate(batch.operations) if place not in batch.refused)
            for place, number in sorted(batch.refused.items()):
                operation = batch.operations[place]
                if operation.verb == DELETE and number in (errno.ESRCH, errno.ENOENT):
                    continue  # gone already, which is what was wanted
                if not _is_race(operation, number):
                    raise IpvsError(_refusal(operation, number), {**self._done(), "refused": _named(operation)})
                settled = False
        return settled

    # -- telling

    def result(self, before: Table, after: Table, *, diff: bool = True) -> dict[str, Any]:
        """What a module returns of a change."""
        result = self._done()
        if diff:
            result["diff"] = report.diff(before, after)
        return result

    def _done(self) -> dict[str, Any]:
        return {"changed": self.counts.total > 0, "operations": self.counts.as_options()}


def _leaving(purged: Iterable[Operation]) -> dict[ServiceKey, set[DestinationKey] | None]:
    """The destinations that leave each service; None: all, with the service."""
    leaving: dict[ServiceKey, set[DestinationKey] | None] = {}
    for operation in purged:
        names = leaving.setdefault(operation.service, set())
        if operation.destination is None:
            leaving[operation.service] = None
        elif names is not None:
            names.add(operation.destination)
    return leaving


def _is_race(operation: Operation, number: int) -> bool:
    """Whether an errno says that the table isn't what it was when the plan was made."""
    if operation.verb == ADD:
        return number == errno.EEXIST or (number == errno.ESRCH and operation.destination is not None)
    if operation.destination is None:
        return number == errno.ESRCH  # ENOENT: no scheduler or engine of that name
    return number in (errno.ESRCH, errno.ENOENT)


def _named(operation: Operation) -> dict[str, Any]:
    found = {"service": report.key_options(operation.service)}
    if operation.destination is not None:
        found["destination"] = {"address": operation.destination.address, "port": operation.destination.port}
    return found


def _refusal(operation: Operation, number: int) -> str:
    settings = operation.settings
    if number == errno.EPERM:
        return _no_privilege()
    if number == errno.EAFNOSUPPORT:
        return f"{operation}: the kernel's IPVS knows no IPv6 (CONFIG_IP_VS_IPV6 is off); use IPv4"
    if number == errno.ENOENT and settings is not None:
        return f"{operation}: {_missing_module(settings.scheduler, settings.persistence_engine)}"
    hint = ""
    if number == errno.EINVAL and operation.destination is not None:
        # inet_addr_type() or sync_state (net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_new_dest and ip_vs_add_dest)
        hint = (
            "; it takes no broadcast address, none of the other family while a sync daemon runs, and nothing at all in "
            "a network namespace that has no address yet"
        )
    return f"{operation}: the kernel refuses it: {os.strerror(number)} ({errno.errorcode.get(number, number)}){hint}"


def _missing_module(scheduler: str, engine: str) -> str:
    """The kernel looks for the scheduler first and for the engine then, and says the same of both."""
    if not engine or not host.has_module(f"ip_vs_{scheduler}"):
        return f"this kernel has no scheduler {scheduler}; see whether modprobe ip_vs_{scheduler} finds it"
    return f"this kernel has no persistence engine {engine}; see whether modprobe ip_vs_pe_{engine} finds it"


def _no_privilege() -> str:
    return (
        "the kernel lets this process not change IPVS (no CAP_NET_ADMIN in the host's user namespace); use become: true"
    )


def _unavailable(error: OSError) -> IpvsError:
    if error.errno == errno.EPERM:
        return IpvsError(_no_privilege())
    return IpvsError(f"the kernel's IPVS can't be reached: {error.strerror}")
