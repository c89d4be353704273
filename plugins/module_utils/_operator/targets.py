# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real servers that a task is about, as a director knows them."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import Destination, DestinationKey
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.options import Options
from ansible_collections.lvs.cluster.plugins.module_utils._operator.standing import Server

__all__ = ["Target", "read"]


class Target(NamedTuple):
    """A real server in a virtual service: its place in the table, its weight file, its planned weight.

    ``sorry`` is the destination that clients find when nobody else serves the service, where there is one.
    """

    server: Server
    file: str
    weight: int
    vips: tuple[str, ...]
    sorry: tuple[DestinationKey, Destination] | None = None


def read(given: Iterable[Mapping[str, Any]]) -> list[Target]:
    """The option `servers` as values; an IpvsError tells every fault."""
    options = Options()
    found = []
    for number, one in enumerate(given):
        place = f"servers[{number}]"
        key = options.service_key(one["key"], f"{place}.key")
        name = options.destination_key(one, place, key.port) if key else None
        sorry = one.get("sorry")
        sorry_name = options.destination_key(sorry, f"{place}.sorry", key.port) if key and sorry else None
        if key and name:
            label = one.get("label") or f"{key} -> {name}"
            instead = (sorry_name, Destination(sorry["forwarding"], 1)) if sorry and sorry_name else None
            vips = tuple(one.get("vips") or ())
            found.append(
                Target(Server(key, name, label, one.get("need") or 1), one["file"], one["weight"], vips, instead)
            )
    options.finish()
    return found
