# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a kept configuration needs before it can be in force again. Values in, values out, no I/O."""

from __future__ import annotations

import os
from typing import Collection, Iterable, Iterator, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._firewall.model import Chain
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    Destination,
    DestinationKey,
    Entry,
    ServiceKey,
    Table,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.weights import Name
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.conf import Block
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.owner import servers_of
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.scripts import SCRIPTS_DIRECTORY

__all__ = [
    "Mark",
    "given_marks",
    "instances",
    "named_marks",
    "scripts",
    "table_marks",
    "unmarked_fault",
    "wanted_table",
    "weight_file_names",
]


Mark = Tuple[str, int]
"""An address family and a firewall mark."""


def instances(blocks: Iterable[Block]) -> list[str]:
    """The names of the VRRP instances."""
    return [one.words[1] for one in blocks if one.words[0] == "vrrp_instance" and len(one.words) > 1]


def weight_file_names(blocks: Iterable[Block], directory: str) -> list[str]:
    """The names of the weight files that the configuration reads in this directory."""
    return [
        os.path.basename(inner.words[1])
        for one in blocks
        if one.words[0] in ("track_file", "vrrp_track_file")
        for inner in one.inside or ()
        if inner.words[0] == "file" and len(inner.words) > 1 and os.path.dirname(inner.words[1]) == directory
    ]


def scripts(blocks: Iterable[Block]) -> list[str]:
    """The scripts of the inventory that keepalived calls, by their paths."""
    return sorted(set(_scripts(blocks)))


def _scripts(blocks: Iterable[Block]) -> Iterator[str]:
    for one in blocks:
        for value in one.words[1:]:
            program = value.split(" ", 1)[0].strip("'")
            if os.path.dirname(program) == SCRIPTS_DIRECTORY:
                yield program
        yield from _scripts(one.inside or ())


def named_marks(blocks: Iterable[Block]) -> frozenset[Mark]:
    """The firewall marks that the configuration balances. Raises UnreadableError for what can't be told."""
    return frozenset((one.family, one.fwmark) for one in servers_of(blocks) if one.fwmark)


def table_marks(table: Iterable[ServiceKey]) -> frozenset[Mark]:
    """The firewall marks that a table balances."""
    return frozenset((key.family, key.fwmark) for key in table if key.fwmark)


def given_marks(chains: Iterable[Chain]) -> frozenset[Mark]:
    """The firewall marks that these chains give packets."""
    return frozenset(
        (chain.family, int(value.partition("/")[0], 0))
        for chain in chains
        for rule in chain.rules
        for word, value in zip(rule, rule[1:])
        if word == "--set-xmark"
    )


def unmarked_fault(named: Iterable[Mark], known: Collection[Mark]) -> str | None:
    """What is wrong with a configuration that names marks; ``known``: those that are given, or in force, now."""
    lost = ", ".join(f"{mark} ({family})" for family, mark in sorted(set(named) - set(known)))
    if not lost:
        return None
    return (
        f"it balances by firewall marks that no packet gets here any more ({lost}), so that every new connection of "
        "these services would be refused, and a rollback brings no firewall rules back: change the services back in "
        "the inventory and run lvs.cluster.site"
    )


def wanted_table(kept: Table, live: Table, ours: Collection[Name]) -> Table:
    """The table to be had. A weight 0 in ``kept`` says only that a server was drained or held back then.

    So such a server keeps the weight that it has now. ``ours``: whose weight 0 is our own. Where a person gave it, any
    other weight is wanted, so that it goes on counting as that person's.
    """
    return {
        key: Entry(
            entry.settings,
            {
                name: values._replace(weight=values.weight or _weight(key, name, live, ours))
                for name, values in entry.destinations.items()
            },
        )
        for key, entry in kept.items()
    }


def _weight(key: ServiceKey, name: DestinationKey, live: Table, ours: Collection[Name]) -> int:
    here: Destination | None = live[key].destinations.get(name) if key in live else None
    if here is None:
        return 0
    return here.weight or (0 if (key, name) in ours else 1)
