# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters `weight_servers` and `active_connections`: between a director's plan, its weight files and its table."""

from __future__ import annotations

from typing import Any, Callable, Collection, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.serving import active_connections


def weight_servers(director: Mapping[str, Any], prepared: Mapping[str, Collection[str]]) -> list[dict[str, Any]]:
    """Every weight file with its real server, its forwarding method, and whether it may have its weight.

    The services of a virtual server group have their real servers' files in common.

    `prepared` names, by forwarding method, the hosts that their own role found or made ready in this run: they may. A
    machine outside the inventory always may, because nobody else will say so.
    """
    files = {
        server["weight_file"]: {
            "file": server["weight_file"],
            "label": f"{service['name']} {server['host'] or server['address']}",
            "forwarding": server["forwarding"],
            "ready": server["host"] is None or server["host"] in prepared.get(server["forwarding"], ()),
        }
        for service in director["services"]
        for server in service["real_servers"]
    }
    return list(files.values())


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"active_connections": active_connections, "weight_servers": weight_servers}
