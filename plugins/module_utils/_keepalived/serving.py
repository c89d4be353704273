# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which real servers of a plan the kernel's table serves by already, told by the names of their weight files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import ServiceKey, Table
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.weights import own_file

__all__ = ["serving"]

_LOCAL = "local"


def serving(table: Table, servers: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the files of those ``servers`` ([{"file", "forwarding"?}]) that have a weight in ``table``.

    It must be by the same forwarding method; a machine that is its own real server is local there, whatever its method
    is, and a server without a method has any.

    The file of a server in a virtual server group does not tell the group's services, and to serve one of them is not
    to be prepared for all: none of these is ever told.
    """
    found = [
        (own_file(_words(key), name.address, name.port), one.forwarding)
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


def _words(key: ServiceKey) -> str:
    return f"fwmark_{key.fwmark}" if key.fwmark else f"{key.address}_{key.protocol}_{key.port}"
