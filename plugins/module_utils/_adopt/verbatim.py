# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which services of the table stand in lvs_keepalived_options as they were written."""

from __future__ import annotations

from typing import Any, Callable, Iterable, Mapping, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._adopt.blocks import Item
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.servers import covers
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.table import Key, identity

__all__ = ["identities", "verbatim_of"]


def identities(services: Iterable[Mapping[str, Any]]) -> set[Key]:
    """What the kernel tells the services by, for each of their addresses and ports."""
    found: set[Key] = set()
    for service in services:
        if service.get("fwmark"):
            found.add(identity(service))
            continue
        for address in service.get("addresses") or [service["address"]]:
            for port in service.get("ports") or [service["port"]]:
                found.add(identity({**service, "address": address, "port": port}))
    return found


def verbatim_of(items: Sequence[Item], services: Iterable[Mapping[str, Any]]) -> Callable[[Mapping[str, Any]], bool]:
    """Whether a service of the table is a virtual server of the configuration that is none of ``services``."""
    known = identities(services)
    groups: dict[str, list[Item]] = {}
    for item in items:
        if item.name == "virtual_server_group" and item.values:
            groups.setdefault(item.values[0], []).extend(item.inside or ())
    written = [item for item in items if item.name == "virtual_server"]
    return lambda one: identity(one) not in known and any(covers(item, groups, one) for item in written)
