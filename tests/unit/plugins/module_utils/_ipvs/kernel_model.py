"""The kernel's IPVS table as the kernel keeps it, strict and apart from plan.py, and an `Ipvs` that talks to it.

Which errno comes for what: ip_vs_genl_set_cmd and what it calls, net/netfilter/ipvs/ip_vs_ctl.c.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeAlias

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    Destination,
    DestinationKey,
    Entry,
    ServiceKey,
    Settings,
    Table,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.operations import ADD, DELETE, EDIT, Operation
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.transport import Batch
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.wire import Connections

Name: TypeAlias = "tuple[ServiceKey, DestinationKey | None]"
"""A virtual service (None) or one of its destinations."""
Flat: TypeAlias = "dict[Name, Settings | Destination]"


def flat(table: Table) -> Flat:
    """Every entry of a table with its values."""
    found: Flat = {}
    for key, (settings, destinations) in table.items():
        found[key, None] = settings
        for name, values in destinations.items():
            found[key, name] = values
    return found


def name_of(operation: Operation) -> Name:
    return operation.service, operation.destination


class Kernel:
    """The table, and what was done to it."""

    def __init__(self, table: Table | None = None) -> None:
        self._services: dict[ServiceKey, Settings] = {}
        self._destinations: dict[ServiceKey, dict[DestinationKey, Destination]] = {}
        self.log: list[tuple[Operation, int]] = []
        """Every operation with its errno, 0 for what was carried out."""
        self.refuse: dict[Name, int] = {}
        """What this kernel doesn't add or edit, for a reason that lies in its values, with the errno."""
        for key, entry in (table or {}).items():
            self._services[key] = entry.settings
            self._destinations[key] = dict(entry.destinations)

    @property
    def table(self) -> Table:
        """A copy."""
        return {key: Entry(one, dict(self._destinations[key])) for key, one in self._services.items()}

    @property
    def done(self) -> list[Operation]:
        return [operation for operation, number in self.log if not number]

    def carry_out(self, operation: Operation) -> int:
        """Do it: 0, or the errno of a refusal."""
        on_service = operation.destination is None
        number = self._service(operation) if on_service else self._destination(operation)
        self.log.append((operation, number))
        return number

    def carry_out_all(self, operations: Iterable[Operation]) -> list[tuple[Operation, int]]:
        """Do them one after the other: those that were refused."""
        return [(one, number) for one in operations if (number := self.carry_out(one))]

    def _service(self, operation: Operation) -> int:
        verb, key, settings = operation.verb, operation.service, operation.settings
        assert operation.values is None, f"values of a destination in an operation on a service: {operation!r}"
        assert verb in (ADD, EDIT, DELETE)
        assert (settings is None) == (verb == DELETE), f"settings go with add and edit: {operation!r}"
        there = key in self._services
        if there and verb == ADD:
            return errno.EEXIST
        if not there and verb != ADD:
            return errno.ESRCH
        if settings is None:
            del self._services[key], self._destinations[key]
            return 0
        if (key, None) in self.refuse:
            return self.refuse[key, None]
        self._services[key] = settings
        self._destinations.setdefault(key, {})
        return 0

    def _destination(self, operation: Operation) -> int:
        verb, key, name, values = operation.verb, operation.service, operation.destination, operation.values
        assert name is not None
        assert operation.settings is None, f"settings of a service in an operation on a destination: {operation!r}"
        assert verb in (ADD, EDIT, DELETE)
        assert (values is None) == (verb == DELETE), f"values go with add and edit: {operation!r}"
        if key not in self._services:
            return errno.ESRCH
        if values is not None:
            if name.family != key.family and values.forwarding != "tun":
                return errno.EINVAL
            if values.weight < 0 or values.lower_threshold > values.upper_threshold:
                return errno.ERANGE
        held = self._destinations[key]
        if name in held and verb == ADD:
            return errno.EEXIST
        if name not in held and verb != ADD:
            return errno.ENOENT
        if values is None:
            del held[name]
            return 0
        if (key, name) in self.refuse:
            return self.refuse[key, name]
        held[name] = values
        return 0


class Event(NamedTuple):
    """What a fake was asked: read, connections, or a batch with its operations; or foreign, a change of another."""

    kind: str
    operations: tuple[Operation, ...] = ()


class FakeIpvs:
    """What a Session needs of transport.Ipvs. `before` is called before each read and each batch, with its number."""

    def __init__(
        self,
        kernel: Kernel,
        *,
        batch_size: int = 3,
        before: Callable[[FakeIpvs, int, str], object] = lambda _fake, _number, _kind: None,
        figures: Callable[[ServiceKey, DestinationKey], Connections] = lambda _key, _name: Connections(),
    ) -> None:
        self.kernel, self.batch_size, self.before = kernel, batch_size, before
        self.figures = figures
        self.events: list[Event] = []
        self.log: list[tuple[Operation, int]] = []
        """Every operation that was sent here with its errno; those of others are in the kernel's log only."""
        self.closed = False
        self._moment = 0

    # -- as transport.Ipvs

    def close(self) -> None:
        self.closed = True

    def table(self) -> Table:
        self._now("read")
        return self.kernel.table

    def entry(self, key: ServiceKey) -> Entry | None:
        self._now("read")
        return self.kernel.table.get(key)

    def connections(self, key: ServiceKey) -> dict[DestinationKey, Connections]:
        """Of an absent service the kernel gives an empty dump."""
        self._now("connections")
        entry = self.kernel.table.get(key)
        return {name: self.figures(key, name) for name in entry.destinations} if entry else {}

    def apply(self, operations: Iterable[Operation]) -> Iterator[Batch]:
        batch: list[Operation] = []
        for operation in operations:
            batch.append(operation)
            if len(batch) == self.batch_size:
                yield self._send(batch)
                batch = []
        if batch:
            yield self._send(batch)

    # -- for tests

    @property
    def done(self) -> list[Operation]:
        """What was sent here and carried out."""
        return [operation for operation, number in self.log if not number]

    def foreign(self, operation: Operation) -> bool:
        """Another process does this; whether the kernel lets it."""
        done = not self.kernel.carry_out(operation)
        if done:
            self.events.append(Event("foreign", (operation,)))
        return done

    def _now(self, kind: str) -> None:
        self.before(self, self._moment, kind)
        self._moment += 1
        if kind != "batch":
            self.events.append(Event(kind))

    def _send(self, batch: list[Operation]) -> Batch:
        """The kernel works through the whole batch, whatever it refuses of it."""
        self._now("batch")
        self.events.append(Event("batch", tuple(batch)))
        refused = {}
        for place, operation in enumerate(batch):
            number = self.kernel.carry_out(operation)
            self.log.append((operation, number))
            if number:
                refused[place] = number
        return Batch(batch, refused)


def at_moments(changes: Iterable[tuple[int, Operation]]) -> Callable[[FakeIpvs, int, str], object]:
    """Another process that makes these changes, each before the read or batch of this number."""
    changes = list(changes)

    def before(fake: FakeIpvs, number: int, _kind: str) -> None:
        for moment, operation in changes:
            if moment == number:
                fake.foreign(operation)

    return before
