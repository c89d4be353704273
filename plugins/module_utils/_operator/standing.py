# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a real server is the last one that serves: pure."""

from __future__ import annotations

from typing import Iterable, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import DestinationKey, ServiceKey, Table

__all__ = ["Server", "last_ones"]


class Server(NamedTuple):
    """A real server in a virtual service, as a director's table has it.

    ``need``: below this sum of weights keepalived takes the service's real servers out, all of them (its quorum).
    """

    key: ServiceKey
    name: DestinationKey
    label: str
    need: int = 1


def last_ones(table: Table, changes: Iterable[tuple[Server, int]]) -> list[str]:
    """The labels of the servers with whose new weights their service would be down: nobody, or too few, would serve.

    A service that is not in the table, or is down already, can't go down. Neither can one whose sorry server stands in
    the table, because then nobody else serves.
    """
    by_service: dict[ServiceKey, list[tuple[Server, int]]] = {}
    for server, weight in changes:
        by_service.setdefault(server.key, []).append((server, weight))
    found = []
    for key, wanted in by_service.items():
        before = {name: values.weight for name, values in table[key].destinations.items()} if key in table else {}
        after = dict(before)
        for server, weight in wanted:
            if server.name in before:
                after[server.name] = min(before[server.name], weight)
        need = max(server.need for server, _weight in wanted)
        if sum(before.values()) >= need > sum(after.values()):
            lower = {name for name, weight in after.items() if weight < before[name]}
            found += [server.label for server, _weight in wanted if server.name in lower]
    return found
