# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values as a user reads them: dictionaries for results, lines for diffs, counts of operations."""

from __future__ import annotations

from typing import Any, Iterable, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    Destination,
    DestinationKey,
    Entry,
    ServiceKey,
    Settings,
    SyncDaemon,
    Table,
    Timeouts,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.operations import ADD, DELETE, EDIT, Operation

__all__ = [
    "Counts",
    "daemon_line",
    "daemon_options",
    "destination_options",
    "diff",
    "entry_options",
    "key_options",
    "settings_options",
    "timeouts_line",
]

_VERBS = {ADD: "added", EDIT: "changed", DELETE: "deleted"}


def key_options(key: ServiceKey) -> dict[str, Any]:
    """The options that name a virtual service."""
    if key.fwmark:
        return {"fwmark": key.fwmark, "family": key.family}
    return {"address": key.address, "port": key.port, "protocol": key.protocol, "family": key.family}


def settings_options(settings: Settings) -> dict[str, Any]:
    return {**settings._asdict(), "scheduler_flags": list(settings.scheduler_flags)}


def destination_options(name: DestinationKey, values: Destination) -> dict[str, Any]:
    """All options of a destination; those of tunnels only where there is one."""
    found = {"address": name.address, "port": name.port, **values._asdict()}
    if values.forwarding != "tun":
        for option in ("tunnel_type", "tunnel_port", "tunnel_checksum"):
            del found[option]
    return found


def entry_options(key: ServiceKey, entry: Entry) -> dict[str, Any]:
    """A virtual service with its destinations."""
    destinations = [destination_options(name, values) for name, values in entry.destinations.items()]
    return {**key_options(key), **settings_options(entry.settings), "destinations": destinations}


class Counts:
    """How many operations the kernel carried out."""

    def __init__(self) -> None:
        self.services = dict.fromkeys(_VERBS.values(), 0)
        self.destinations = dict.fromkeys(_VERBS.values(), 0)

    def add(self, operations: Iterable[Operation]) -> None:
        for operation in operations:
            counts = self.services if operation.destination is None else self.destinations
            counts[_VERBS[operation.verb]] += 1

    def as_options(self) -> dict[str, dict[str, int]]:
        return {"services": dict(self.services), "destinations": dict(self.destinations)}

    @property
    def total(self) -> int:
        return sum(self.services.values()) + sum(self.destinations.values())


def _words(values: Mapping[str, Any], default: Mapping[str, Any], always: Iterable[str]) -> str:
    """option=value for what isn't the default."""
    shown = []
    for name, value in values.items():
        if name in always or value != default[name]:
            shown.append(f"{name}={','.join(value) if isinstance(value, tuple) else str(value).lower()}")
    return " ".join(shown)


def _lines(key: ServiceKey, entry: Entry, only: Entry | None) -> list[str]:
    """A service and its destinations; of those that are alike in `only` none."""
    lines = [f"{key} {_words(entry.settings._asdict(), Settings()._asdict(), ('scheduler',))}"]
    for name in sorted(entry.destinations):
        values = entry.destinations[name]
        if only is None or only.destinations.get(name) != values:
            words = _words(values._asdict(), Destination()._asdict(), ("forwarding", "weight"))
            lines.append(f"  -> {name} {words}")
    return lines


def _table_lines(table: Table, other: Table) -> list[str]:
    """The services that differ in the other table, with the destinations that do."""
    lines = []
    for key in sorted(table):
        if other.get(key) != table[key]:
            lines += _lines(key, table[key], other.get(key))
    return lines


def diff(
    before: Table, after: Table, more_before: Iterable[str] = (), more_after: Iterable[str] = ()
) -> dict[str, str]:
    """Ansible's diff of two tables: what is alike in both is left out."""
    texts = ([*_table_lines(before, after), *more_before], [*_table_lines(after, before), *more_after])
    return {name: "".join(f"{line}\n" for line in text) for name, text in zip(("before", "after"), texts)}


def daemon_options(daemon: SyncDaemon) -> dict[str, Any]:
    """The options of a sync daemon; what an old kernel doesn't tell is left out."""
    return {name: value for name, value in daemon._asdict().items() if value or name == "id"}


def timeouts_line(timeouts: Timeouts) -> str:
    return f"timeouts tcp={timeouts.tcp} tcp_fin={timeouts.tcp_fin} udp={timeouts.udp}"


def daemon_line(daemon: SyncDaemon) -> str:
    values = [f"{name}={value}" for name, value in daemon._asdict().items() if name != "role" and value]
    return f"sync_daemon {daemon.role} {' '.join(values)}"
