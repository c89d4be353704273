# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which weights a director's table gets: what is not ready is held back, what a person drained stays drained.

The kernel's table says nothing of who gave a destination its weight 0. So a record does: it names those whose 0 came
from us. A destination with weight 0 that isn't in it was drained by a person.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Collection, Iterable, Mapping, NamedTuple, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    Destination,
    DestinationKey,
    Entry,
    ServiceKey,
    Table,
)

__all__ = ["Decision", "Name", "Unready", "decide", "names_from_json", "names_to_json"]

Name = Tuple[ServiceKey, DestinationKey]
Unready = Collection[Tuple[str, str]]
"""(address, forwarding method) of the real servers that nobody has prepared in this run."""


class Decision(NamedTuple):
    """The table to be had, and why weights in it are 0."""

    table: Table
    zero: frozenset[Name]
    """Those whose weight 0 is ours: held back, or wanted so. This is the next record."""
    held: list[Name]
    drained: list[Name]


def decide(
    present: Table,
    wanted: Table,
    unready: Unready,
    zero: Collection[Name],
    operator: Mapping[Name, int] = MappingProxyType({}),
) -> Decision:
    """The weights of ``wanted`` against the table that is there, the record ``zero`` and what an operator has set.

    A destination is held back only while it has no weight yet: one that serves goes on when a run did not prepare it,
    else a run that is limited to directors would take every real server away. Another forwarding method than before
    counts as a new destination, because what prepares the host for one does not for the other.
    """
    table: Table = {}
    ours: set[Name] = set()
    held: list[Name] = []
    drained: list[Name] = []
    for key, entry in wanted.items():
        live = present[key].destinations if key in present else {}
        destinations = dict(entry.destinations)
        for name, values in entry.destinations.items():
            weight = _weight(live.get(name), values, (key, name) in zero, (name.address, values.forwarding) in unready)
            is_drained = _is_drained(live.get(name), (key, name) in zero)
            is_set = (key, name) in operator and (weight > 0 or is_drained)
            weight = operator[key, name] if is_set else weight
            destinations[name] = values._replace(weight=weight)
            if weight or not values.weight:
                ours |= set() if weight else {(key, name)}
            elif is_set or is_drained:
                drained.append((key, name))
            else:
                held.append((key, name))
                ours.add((key, name))
        table[key] = Entry(entry.settings, destinations)
    return Decision(table, frozenset(ours), held, drained)


def _weight(live: Destination | None, wanted: Destination, ours: bool, unready: bool) -> int:
    if _is_drained(live, ours):
        return 0
    serves = live is not None and live.weight > 0 and live.forwarding == wanted.forwarding
    return 0 if unready and not serves else wanted.weight


def _is_drained(live: Destination | None, ours: bool) -> bool:
    return live is not None and live.weight == 0 and not ours


def names_to_json(names: Iterable[Name]) -> list[list[dict[str, Any]]]:
    return [[key._asdict(), name._asdict()] for key, name in sorted(names)]


def names_from_json(content: Iterable[Iterable[dict[str, Any]]]) -> frozenset[Name]:
    """Raises ValueError or TypeError where the content isn't names_to_json's."""
    found = set()
    for key, name in content:
        found.add((ServiceKey(**key), DestinationKey(**name)))
    return frozenset(found)
