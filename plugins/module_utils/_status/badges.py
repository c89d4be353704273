# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the picture of a cluster says beside each host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._status.text import short_state

__all__ = ["BAD", "GOOD", "WARN", "badges", "level_of_director", "level_of_server"]

GOOD, WARN, BAD = "good", "warn", "bad"
_ORDER = (GOOD, WARN, BAD)
_WORKING = ("MASTER", "BACKUP")
_OF_SERVERS = {"up": GOOD, "down": BAD}


def level_of_server(server: Mapping[str, Any]) -> str:
    return _OF_SERVERS.get(server["state"], WARN)


def level_of_director(director: Mapping[str, Any]) -> str:
    if not director["told"]:
        return BAD if director["asked"] else WARN
    keepalived = director["keepalived"]
    if director["manager"] == "keepalived":
        states = [instance["state"] for instance in keepalived["instances"].values()]
        works = keepalived["running"] and not keepalived["error"] and all(state in _WORKING for state in states)
    else:
        works = director["loaded"] and not director["lacks"]
    if not works:
        return BAD
    return WARN if keepalived["pending"] or (keepalived["problems"] and director["manager"] == "keepalived") else GOOD


def badges(report: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """By host {"badge": a few words, "level": good, warn or bad}; hosts of which nothing is known are left out."""
    said: dict[str, list[tuple[str, str]]] = {}
    for director in report["directors"]:
        said.setdefault(director["host"], []).append((short_state(director), level_of_director(director)))
    for host, (word, level) in _servers(report).items():
        said.setdefault(host, []).append((word, level))
    for one in report["cluster_ips"]:
        for node, mine in one["nodes"].items():
            has = mine["buckets"]
            word = "no rules" if has is None else f"{len(has)} of {one['buckets']} buckets"
            said.setdefault(node, []).append((word, BAD if has is None else GOOD if has else WARN))
        for node in one["not_reached"]:
            said.setdefault(node, []).append(("not read" if node in one["unread"] else "not reached", BAD))
    return {
        host: {
            "badge": ", ".join(dict.fromkeys(word for word, _level in entries)),
            "level": max((level for _word, level in entries), key=_ORDER.index),
        }
        for host, entries in said.items()
    }


def _servers(report: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """The worst that a service has of each real server of the inventory."""
    worst: dict[str, tuple[str, str]] = {}
    for service in report["services"]:
        for server in service["real_servers"]:
            host = server["host"]
            if host is None or server["state"] == "unknown":
                continue
            level = level_of_server(server)
            if host not in worst or _ORDER.index(level) > _ORDER.index(worst[host][1]):
                worst[host] = (server["state"], level)
    return worst
