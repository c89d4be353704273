# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What VRRP follows: the scripts, processes, files and BFD sessions, and the blocks that name them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.actions import command, user
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.failover_files import Unit
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.keywords import split, words, write
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tree import Node, TreeError, Value, from_options

__all__ = ["definitions", "failover_files", "track_files", "tracked", "weight"]

_SCRIPT = words("interval", "timeout", "weight", "rise", "fall", "init_fail")
# delay sets fork_delay and terminate_delay, so it comes first.
_PROCESS = (
    split("process"),
    *words("full_command", "weight", "quorum", "quorum_max", "delay", "fork_delay", "terminate_delay"),
)
_FILE = words("file", "weight")
_BFD = words(
    "neighbor_ip", "source_ip", "min_rx", "min_tx", "idle_tx", "multiplier", "passive", "ttl", "hoplimit", "max_hops"
)
_TRACKED = ("track_interface", "track_script", "track_process", "track_file", "track_bfd")


def definitions(director: Mapping[str, Any]) -> list[Node]:
    """Return the blocks that must stand before their first use: keepalived looks a name up while it reads."""
    nodes = [_script(item) for item in director.get("vrrp_scripts") or []]
    for key, keyword, table in (
        ("track_processes", "vrrp_track_process", _PROCESS),
        ("bfd_instances", "bfd_instance", _BFD),
        ("track_files", "track_file", _FILE),
    ):
        for item in director.get(key) or []:
            where = f"{keyword} {item['name']}"
            inside = write(table, item, where) + from_options(item.get("options") or {}, where)
            nodes.append(Node(keyword, (item["name"],), tuple(inside)))
    return nodes


def track_files(services: Iterable[Mapping[str, Any]], directory: str) -> list[Node]:
    """Return the declarations of the weight files, each once."""
    names = dict.fromkeys(server["weight_file"] for service in services for server in service["real_servers"])
    return [Node("track_file", (name,), (Node("file", (f"{directory}/{name}",)),)) for name in names]


def failover_files(units: Iterable[Unit], directory: str) -> list[Node]:
    """Return the declarations of the files by which the active director is chosen."""
    return [Node("track_file", (unit.name,), (Node("file", (f"{directory}/{unit.name}",)),)) for unit in units]


def tracked(settings: Mapping[str, Any], where: str, failover: str = "") -> list[Node]:
    """Return the track_ blocks of an instance or a sync group; ``failover``: the failover file that it follows."""
    nodes = []
    for keyword in _TRACKED:
        items = list(settings.get(keyword) or [])
        if keyword == "track_file" and failover:
            items.append({"name": failover, "weight": 1})
        if items:
            lines = []
            for item in items:
                values = weight(item, f"{where}.{keyword}.{item['name']}")
                lines.append(Node(item["name"], ("weight", *values) if values else ()))
            nodes.append(Node(keyword, (), tuple(lines)))
    return nodes


def weight(item: Mapping[str, Any], path: str) -> tuple[Value, ...]:
    """Return a weight with its ``reverse``, () if the one of the definition holds."""
    given = item.get("weight")
    if given is None:
        if item.get("reverse"):
            raise TreeError(path, "reverse needs a weight beside it")
        return ()
    return (given, "reverse") if item.get("reverse") else (given,)


def _script(item: Mapping[str, Any]) -> Node:
    where = f"vrrp_script {item['name']}"
    nodes = [Node("script", (command(item, where),))]
    who = user(item)
    if who:
        nodes.append(Node("user", who))
    nodes += write(_SCRIPT, item, where) + from_options(item.get("options") or {}, where)
    return Node("vrrp_script", (item["name"],), tuple(nodes))
