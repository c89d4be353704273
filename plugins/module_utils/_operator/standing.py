# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a real server is the last one that serves: pure."""

from __future__ import annotations

from typing import Iterable, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import DestinationKey, ServiceKey, Table

__all__ = ["Server", "last_ones"]


class Server(NamedTuple):
    """A real server in a virtual service, as a director's table has it."""

    key: ServiceKey
    name: DestinationKey
    label: str


def last_ones(table: Table, leaving: Iterable[Server]) -> list[str]:
    """The labels of the servers after which their service would have nobody with a weight.

    A service that is not in the table, and a server that gets no connection now, can't be the last. Neither can
    one whose sorry server stands in the table, because then nobody else serves.
    """
    by_service: dict[ServiceKey, list[Server]] = {}
    for server in leaving:
        by_service.setdefault(server.key, []).append(server)
    found = []
    for key, servers in by_service.items():
        if key not in table:
            continue
        there = {name for name, values in table[key].destinations.items() if values.weight > 0}
        going = {server.name for server in servers}
        if there and there <= going:
            found += [server.label for server in servers if server.name in there]
    return found
