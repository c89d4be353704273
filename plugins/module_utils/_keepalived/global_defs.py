# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The director's global_defs: mail, the connection sync daemon, and who runs scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.actions import programs
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.keywords import (
    pairs,
    split,
    switch,
    words,
    write,
)
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.scripts import SCRIPT_USER
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tree import Node, from_options

__all__ = ["global_defs"]

# In smtp_server a port may stand behind the address, in script_user a group behind the user.
_FIRST = (
    *words("notification_email_from"),
    split("smtp_server"),
    *words("smtp_connect_timeout", "router_id"),
)
_LAST = (
    *words("smtp_helo_name"),
    *switch("smtp_alert", "smtp_alert_vrrp", "smtp_alert_checker"),
    split("script_user"),
)
_OURS = {"notification_email", "options", *(word.key for word in (*_FIRST, *_LAST))}
_SYNC_DAEMON = words("id", "port", "ttl", "group", "maxlen")


def global_defs(director: Mapping[str, Any], body: Sequence[Node]) -> Node:
    """Return the block for a DIRECTOR plan; ``body`` is what stands behind it and may run programs."""
    settings: Mapping[str, Any] = director.get("global") or {}
    nodes = [*_mail_addresses(settings.get("notification_email")), *write(_FIRST, settings, "global")]
    nodes += _sync_daemon(director.get("sync_daemon"))
    rest = write(_LAST, settings, "global")
    rest += from_options({key: value for key, value in settings.items() if key not in _OURS}, "global")
    rest += from_options(settings.get("options") or {}, "global.options")
    return Node("global_defs", (), (*nodes, *_script_security(rest, body), *rest))


def _mail_addresses(addresses: Any) -> list[Node]:
    if not addresses:
        return []
    listed = [addresses] if isinstance(addresses, str) else addresses
    return [Node("notification_email", (), tuple(Node(address) for address in listed))]


def _sync_daemon(daemon: Mapping[str, Any] | None) -> list[Node]:
    if not daemon:
        return []
    instance = (daemon["instance"],) if daemon.get("instance") else ()
    return [Node("lvs_sync_daemon", (daemon["interface"], *instance, *pairs(_SYNC_DAEMON, daemon)))]


def _script_security(rest: Sequence[Node], body: Sequence[Node]) -> list[Node]:
    """Return the two keywords as far as anything needs them and the inventory leaves them out.

    A script_user whom nothing runs as is not written: keepalived complains if the host has no such user.
    """
    users = programs(rest) | programs(body)
    wanted = [Node("enable_script_security")] if users else []
    if "" in users:
        wanted.append(Node("script_user", (SCRIPT_USER,)))
    more = (node for block in body if block.name == "global_defs" for node in block.block or ())
    given = {node.name for node in (*rest, *more)}
    return [node for node in wanted if node.name not in given]
