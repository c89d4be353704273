# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the kernel's table differs from the configuration on the host, in numbers. No I/O."""

from __future__ import annotations

from typing import AbstractSet, Dict, Mapping, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import Destination, ServiceKey, Table
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.wanted import Virtual

__all__ = ["Counts", "from_configuration", "from_table", "totals"]

Counts = Dict[Tuple[str, str], int]
"""(service, destination or weight; missing, extra or changed) to how many."""

# The kernel calls a destination on the host itself so, whatever was asked.
_LOCAL = "local"


def from_configuration(live: Table, wanted: Mapping[ServiceKey, Virtual]) -> Counts:
    """The differences of a director with keepalived.

    A real server that fails its check is missing, or has weight 0. Where none is left, the sorry server is none too
    many.
    """
    counts = _none()
    counts["service", "missing"] = len(wanted.keys() - live.keys())
    counts["service", "extra"] = len(live.keys() - wanted.keys())
    for key in wanted.keys() & live.keys():
        virtual, entry = wanted[key], live[key]
        counts["service", "changed"] += entry.settings.scheduler != virtual.scheduler
        there = {(name.address, name.port): values for name, values in entry.destinations.items()}
        counts["destination", "missing"] += len(virtual.reals.keys() - there.keys())
        counts["destination", "extra"] += len(there.keys() - virtual.reals.keys() - set(virtual.sorry))
        for name in virtual.reals.keys() & there.keys():
            has, real = there[name], virtual.reals[name]
            counts["destination", "changed"] += has.forwarding not in (real.forwarding, _LOCAL)
            counts["weight", "changed"] += has.weight != real.weight
    return counts


def from_table(live: Table, wanted: Table, ours: AbstractSet[ServiceKey]) -> Counts:
    """The differences of a director without keepalived. A service that isn't ours is none too many."""
    counts = _none()
    counts["service", "missing"] = len(wanted.keys() - live.keys())
    counts["service", "extra"] = len((live.keys() & ours) - wanted.keys())
    for key in wanted.keys() & live.keys():
        counts["service", "changed"] += live[key].settings != wanted[key].settings
        there, asked = live[key].destinations, wanted[key].destinations
        counts["destination", "missing"] += len(asked.keys() - there.keys())
        counts["destination", "extra"] += len(there.keys() - asked.keys())
        for name in asked.keys() & there.keys():
            counts["destination", "changed"] += _differs(there[name], asked[name])
            counts["weight", "changed"] += there[name].weight != asked[name].weight
    return counts


def _differs(has: Destination, asked: Destination) -> bool:
    if has.forwarding == _LOCAL:
        asked = asked._replace(forwarding=_LOCAL)
    return has != asked._replace(weight=has.weight)


def _none() -> Counts:
    counts = {(one, how): 0 for one in ("service", "destination") for how in ("missing", "extra", "changed")}
    return {**counts, ("weight", "changed"): 0}


def totals(table: Table) -> tuple[int, int]:
    """Services and destinations."""
    return len(table), sum(len(entry.destinations) for entry in table.values())
