# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a kept configuration needs before it can be in force again. Values in, values out, no I/O."""

from __future__ import annotations

import os
from typing import Collection, Iterable, Iterator

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    Destination,
    DestinationKey,
    Entry,
    ServiceKey,
    Table,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.weights import Name
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.conf import Block
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.scripts import SCRIPTS_DIRECTORY

__all__ = ["instances", "scripts", "wanted_table", "weight_file_names"]


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
