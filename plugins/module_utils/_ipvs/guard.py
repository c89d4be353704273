# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run would take away from those who serve now: real servers of a pool, and virtual services.

The live table against the one that is wanted. Only what serves counts: a destination with weight 0, and one that health
checks took out, is on neither side.
"""

from __future__ import annotations

from fractions import Fraction
from typing import AbstractSet, Any, Iterable, Mapping, NamedTuple, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    Destination,
    DestinationKey,
    Entry,
    ServiceKey,
    Settings,
    Table,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.options import Options

__all__ = ["Losses", "Pool", "Spared", "faults", "find", "read_services", "read_threshold"]

_KEYS = ("address", "port", "protocol", "fwmark", "family")
_DESTINATION_KEYS = ("address", "port", "weight", "forwarding")


class Pool(NamedTuple):
    """What one virtual service that stays would lose."""

    service: ServiceKey
    servers: list[DestinationKey]
    """Those that serve now, and would not."""
    weight: int
    of_servers: int
    of_weight: int


class Losses(NamedTuple):
    pools: list[Pool]
    removed: list[ServiceKey]
    """Virtual services that would go, renamed ones left out."""
    of_services: int


class Spared(NamedTuple):
    """What does not count although it serves now."""

    addresses: AbstractSet[str] = frozenset()
    """Real servers whose leave the inventory declares."""
    sorry: Mapping[ServiceKey, DestinationKey] = {}
    """The sorry server of each service: it is in the table while nobody else is."""


class Wanted(NamedTuple):
    table: Table
    sorry: Mapping[ServiceKey, DestinationKey]


# -- what is asked


def read_services(services: Sequence[Any], sorry_servers: Sequence[Any]) -> Wanted:
    """The services as the filter ``ipvs_services`` has them, for keepalived too, whose own words are passed over.

    ``sorry_servers`` has one for each service, {} where it has none. IpvsError tells all that is wrong.
    """
    options = Options()
    table: Table = {}
    sorry: dict[ServiceKey, DestinationKey] = {}
    for number, given in enumerate(services):
        place = f"services[{number}]"
        if not isinstance(given, dict):
            options.fault(place, f"{given!r} is not a mapping", "write a virtual service")
            continue
        destinations = [
            {name: one[name] for name in _DESTINATION_KEYS if name in one} if isinstance(one, dict) else one
            for one in given.get("destinations", [])
        ]
        service = options.service(
            {**{name: given[name] for name in _KEYS if name in given}, "destinations": destinations}, place
        )
        if service is None:
            continue
        table[service.key] = Entry(
            Settings(), {name: Destination(**one.values) for name, one in service.destinations.items()}
        )
        one = sorry_servers[number] if number < len(sorry_servers) else {}
        if one and service.key.fwmark and one.get("forwarding", _method(destinations)) != "nat":
            # As planned.kernel_port has it.
            one = {**one, "port": 0}
        name = options.destination_key(one, f"sorry_servers[{number}]", service.key.port) if one else None
        if name is not None:
            sorry[service.key] = name
    options.finish()
    return Wanted(table, sorry)


def _method(destinations: Sequence[Any]) -> str:
    """The forwarding method of a service that doesn't say its own here: that of its first destination."""
    return next((str(one.get("forwarding", "nat")) for one in destinations if isinstance(one, dict)), "nat")


def read_threshold(value: str) -> Fraction:
    """A number from 0 to 1 as it is written, so that 2 of 3 are more than 0.66 and not more than 0.67."""
    try:
        number = Fraction(value)
    except (ValueError, ZeroDivisionError):
        number = Fraction(-1)
    if not 0 <= number <= 1:
        raise ValueError(f"threshold: {value!r} is no number from 0 to 1: write one such as 0.5")
    return number


# -- what would be lost


def find(live: Table, wanted: Table, ours: AbstractSet[ServiceKey], spared: Spared) -> Losses:
    """Compare; ``ours`` are the services that this run would remove where they are not wanted. Others are left alone.

    ``wanted`` has the weights that it will have, 0 for what is held back.
    """
    guarded = {key: entry for key, entry in live.items() if key in ours or key in wanted}
    pools = []
    for key, entry in sorted(guarded.items()):
        if key in wanted:
            serving = _serving(key, entry, wanted[key], spared)
            lost = _lost(entry, serving, wanted[key])
            if lost:
                weight = sum(serving[name] for name in lost)
                pools.append(Pool(key, lost, weight, len(serving), sum(serving.values())))
    gone = {key: entry for key, entry in guarded.items() if key not in wanted}
    new = {key: _addresses(_weights(wanted[key])) for key in wanted if key not in live}
    return Losses(pools, _removed(gone, new, spared), len(guarded))


def _weights(entry: Entry) -> dict[DestinationKey, int]:
    return {name: values.weight for name, values in entry.destinations.items() if values.weight > 0}


def _addresses(names: Iterable[DestinationKey]) -> frozenset[str]:
    return frozenset(name.address for name in names)


def _serving(key: ServiceKey, entry: Entry, wanted: Entry, spared: Spared) -> dict[DestinationKey, int]:
    """The weights of those that serve now and count."""
    return {
        name: weight
        for name, weight in _weights(entry).items()
        if name.address not in spared.addresses and (name in wanted.destinations or name != spared.sorry.get(key))
    }


def _lost(live: Entry, serving: Iterable[DestinationKey], wanted: Entry) -> list[DestinationKey]:
    """Those that serve and would not. One that comes back on another port of its address has only moved."""
    weights = _weights(wanted)
    moved = [name.address for name in weights if name not in live.destinations]
    lost = []
    for name in sorted(serving):
        if name in weights:
            continue
        if name.address in moved and name not in wanted.destinations:
            moved.remove(name.address)
        else:
            lost.append(name)
    return lost


def _removed(gone: Table, new: Mapping[ServiceKey, frozenset[str]], spared: Spared) -> list[ServiceKey]:
    """The services that go, less those that are only renamed: a new one has all servers that serve there now.

    Each new service stands for one old one, the largest pool first, and is the one that fits best.
    """
    left = dict(new)
    removed = []
    pools = {key: _addresses(_weights(entry)) - spared.addresses for key, entry in gone.items()}
    for key in sorted(gone, key=lambda one: (-len(pools[one]), one)):
        fitting = [name for name, addresses in left.items() if pools[key] and pools[key] <= addresses]
        if fitting:
            del left[min(fitting, key=lambda name: (len(left[name]), name))]
        else:
            removed.append(key)
    return sorted(removed)


# -- what is too much


def faults(losses: Losses, threshold: Fraction) -> list[str]:
    """What is more than the threshold, a sentence each; a threshold of 1 allows everything."""
    found = [_pool_fault(pool) for pool in losses.pools if pool.weight > threshold * pool.of_weight]
    removed, count = len(losses.removed), losses.of_services
    if removed > threshold * count:
        every = "its last virtual service" if count == 1 else f"all of its {count} virtual services"
        what = every if removed == count else _part(removed, count, "virtual service")
        found.append(f"{_listing(losses.removed)} would go: {what}")
    return found


def _pool_fault(pool: Pool) -> str:
    part = _part(len(pool.servers), pool.of_servers, "server")
    verb = "serve" if pool.of_servers > 1 else "serves"
    percent = f"{100 * pool.weight / pool.of_weight:.0f} %"
    return f"{pool.service} would lose {_listing(pool.servers)}: {part} that {verb} there now, {percent} of the weight"


def _part(number: int, of: int, noun: str) -> str:
    if number == of:
        return f"the only {noun}" if of == 1 else f"all {of} {noun}s"
    return f"{number} of {of} {noun}s"


def _listing(names: Sequence[Any]) -> str:
    """The first ten; a service may have a thousand."""
    return ", ".join(map(str, names[:10])) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
