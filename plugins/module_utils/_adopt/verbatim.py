# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which services of the table stand in lvs_keepalived_options as they were written."""

from __future__ import annotations

from typing import Any, Callable, Iterable, Mapping, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._adopt.blocks import Item
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.table import Key, identity
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.conf import Block
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.owner import (
    UnreadableError,
    VirtualServer,
    servers_of,
)

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
    groups = [_block(item) for item in items if item.name == "virtual_server_group"]
    written = [one for item in items if item.name == "virtual_server" for one in _servers(_block(item), groups)]

    def is_verbatim(service: Mapping[str, Any]) -> bool:
        family, protocol, address = (service.get(name, "") for name in ("family", "protocol", "address"))
        port, fwmark = service.get("port") or 0, service.get("fwmark") or 0
        return identity(service) not in known and any(
            one.covers(family, protocol, address, port, fwmark) for one in written
        )

    return is_verbatim


def _servers(block: Block, groups: Sequence[Block]) -> list[VirtualServer]:
    """The services of a virtual server; none of one with a name that is not defined."""
    try:
        return servers_of([*groups, block])
    except UnreadableError:
        return []


def _block(item: Item) -> Block:
    return Block(item.words, None if item.inside is None else [_block(one) for one in item.inside])
