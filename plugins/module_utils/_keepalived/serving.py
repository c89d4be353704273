# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kernel's table by the names of weight files: which real servers serve, and how many connections they have."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import Table
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.weights import own_file

__all__ = ["active_connections", "serving"]

_LOCAL = "local"


def serving(table: Table, servers: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the files of those ``servers`` ([{"file", "forwarding"?}]) that have a weight in ``table``.

    It must be by the same forwarding method; a machine that is its own real server is local there, whatever its method
    is, and a server without a method has any.

    The file of a server in a virtual server group does not tell the group's services, and to serve one of them is not
    to be prepared for all: none of these is ever told.
    """
    found = [
        (own_file(_words(**key._asdict()), name.address, name.port), one.forwarding)
        for key, entry in table.items()
        for name, one in entry.destinations.items()
        if one.weight > 0
    ]
    return frozenset(
        server["file"]
        for server in servers
        for method in [server.get("forwarding")]
        if any(by in (method or by, _LOCAL) and own.search(server["file"]) for own, by in found)
    )


def active_connections(services: Iterable[Mapping[str, Any]], files: Collection[str]) -> int:
    """Add up the active connections of the real servers with these files. ``services`` are those of `ipvs_info`.

    The file of a server in a virtual server group (``NAME_group_ADDRESS_PORT``) does not tell the group's services, so
    all that the table has for this address and port counts.
    """
    active = 0
    for service in services:
        for server in service["destinations"]:
            own = own_file(_words(**service), server["address"], server["port"])
            group = f"_group_{server['address']}_{server['port']}".replace(":", "-")
            if any(own.search(file) or file.endswith(group) for file in files):
                active += server["connections"]["active"]
    return active


def _words(fwmark: int = 0, address: str = "", protocol: str = "", port: int = 0, **_others: Any) -> str:
    return f"fwmark_{fwmark}" if fwmark else f"{address}_{protocol}_{port}"
