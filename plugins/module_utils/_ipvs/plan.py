# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the table that is there and the one that is wanted to the fewest operations, in an order that serves throughout.

Pure: no kernel, no clock. A purge is apart from the rest, because it comes last, after the table was read again.
"""

from __future__ import annotations

from typing import AbstractSet, Iterable, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import Destination, Entry, ServiceKey, Table
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.operations import ADD, DELETE, EDIT, Operation

__all__ = ["Removable", "apply", "load", "purge", "quiesce"]


class Removable(NamedTuple):
    """What a purge may take out, beside what is wanted."""

    services: AbstractSet[ServiceKey] = frozenset()
    """Virtual services that go as a whole."""
    destinations: AbstractSet[ServiceKey] = frozenset()
    """Virtual services whose destinations go if they aren't wanted."""


def load(present: Table, wanted: Table) -> list[Operation]:
    """Add what is missing and edit what differs: each service, then its destinations."""
    operations: list[Operation] = []
    for key, (settings, destinations) in wanted.items():
        entry = present.get(key)
        if entry is None:
            operations.append(Operation(ADD, key, settings))
            operations += [Operation(ADD, key, None, name, values) for name, values in destinations.items()]
            continue
        if entry.settings != settings:
            operations.append(Operation(EDIT, key, settings))
        there = entry.destinations
        if there == destinations:
            continue
        for name, values in destinations.items():
            held = there.get(name)
            if held is None:
                operations.append(Operation(ADD, key, None, name, values))
            elif held != values:
                operations.append(Operation(EDIT, key, None, name, values))
    return operations


def purge(present: Table, wanted: Table, removable: Removable) -> list[Operation]:
    """Delete what isn't wanted and may go. A service takes its destinations with it."""
    operations = []
    for key, entry in present.items():
        if key in wanted:
            if key in removable.destinations:
                keep = wanted[key].destinations
                gone = (name for name in entry.destinations if name not in keep)
                operations += [Operation(DELETE, key, None, name) for name in gone]
        elif key in removable.services:
            operations.append(Operation(DELETE, key))
    return operations


def quiesce(present: Table, purged: Iterable[Operation]) -> list[Operation]:
    """Weight 0 for each destination that the purge takes out, so that no new connection comes to it."""
    operations = []
    for operation in purged:
        destinations = present[operation.service].destinations
        leaving = destinations if operation.destination is None else (operation.destination,)
        for name in leaving:
            values = destinations[name]
            if values.weight:
                operations.append(Operation(EDIT, operation.service, None, name, values._replace(weight=0)))
    return operations


def apply(present: Table, operations: Iterable[Operation]) -> Table:
    """The table after these operations, for the diff. What they don't touch is shared with `present`."""
    table = dict(present)
    copied: dict[ServiceKey, Entry] = {}
    for verb, key, settings, name, values in operations:
        if name is None:
            if settings is None:
                table.pop(key, None)
                copied.pop(key, None)
                continue
            old = table.get(key)
            table[key] = copied[key] = Entry(settings, dict(old.destinations) if old else {})
            continue
        if key not in copied:
            table[key] = copied[key] = Entry(table[key].settings, dict(table[key].destinations))
        if verb == DELETE:
            copied[key].destinations.pop(name, None)
        else:
            copied[key].destinations[name] = values or Destination()
    return table
