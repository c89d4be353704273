# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a change moves the answers to Ansible's own connection onto another way: no I/O but /proc of the caller."""

from __future__ import annotations

import json
import os
from ipaddress import ip_address, ip_network
from typing import Any, Mapping, NamedTuple, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._return_route.model import (
    MAIN,
    METRIC,
    PROTOCOL,
    Live,
    Route,
    Rule,
    Wanted,
)


class Connection(NamedTuple):
    """The two ends of the connection that Ansible uses, as this host sees them."""

    peer: str
    local: str


class MainRoute(NamedTuple):
    """A route of the main table; gateway "" means that the destination is on the link."""

    network: str
    gateway: str
    interface: str
    metric: int
    ours: bool


def parse_connection(text: str) -> Connection | None:
    """``peer peer_port local local_port`` as sshd sets SSH_CONNECTION (ssh(1)); None for an empty text."""
    words = text.split()
    if not words:
        return None
    try:
        ends = [ip_address(word.split("%", 1)[0]) for word in (words[0], words[2])]
    except (IndexError, ValueError) as exc:
        raise BootError(f"connection: {text!r} is not 'client port server port', as in SSH_CONNECTION") from exc
    plain = [str(getattr(end, "ipv4_mapped", None) or end) for end in ends]
    return Connection(*plain)


def find_connection(environ: Mapping[str, str], pid: int, proc: str = "/proc") -> str:
    """SSH_CONNECTION of this process or, since sudo takes it away, of the nearest ancestor that has it; else ""."""
    if environ.get("SSH_CONNECTION"):
        return environ["SSH_CONNECTION"]
    while pid > 1:
        try:
            with open(os.path.join(proc, str(pid), "environ"), "rb") as handle:
                entries = handle.read().split(b"\0")
            with open(os.path.join(proc, str(pid), "status"), "rb") as handle:
                parent = next(line for line in handle.read().splitlines() if line.startswith(b"PPid:"))
        except (OSError, StopIteration):
            return ""
        for entry in entries:
            if entry.startswith(b"SSH_CONNECTION="):
                return entry.split(b"=", 1)[1].decode(errors="replace")
        pid = int(parent.split()[1])
    return ""


def parse_main(family: str, text: str) -> list[MainRoute]:
    """Unicast routes from ``ip -N -j route show table main``."""
    every = "0.0.0.0/0" if family == "ipv4" else "::/0"
    found = []
    for item in json.loads(text or "[]"):
        if item.get("type", "1") not in ("1", "unicast"):
            continue
        hop = item if "nexthops" not in item else item["nexthops"][0]
        network = every if item["dst"] == "default" else str(ip_network(item["dst"]))
        ours = str(item.get("protocol", "")) == str(PROTOCOL)
        found.append(MainRoute(network, hop.get("gateway", ""), hop.get("dev", ""), item.get("metric", 0), ours))
    return found


def main_after(
    family: str, main: Sequence[MainRoute], wanted: Wanted, saved: Mapping[str, Sequence[str]]
) -> list[MainRoute]:
    """The main table once wanted is in place: ours first, or the default route of others that comes back."""
    every = "0.0.0.0/0" if family == "ipv4" else "::/0"
    mine = [
        MainRoute(every, route.gateway, route.interface, route.metric, True)
        for route in wanted.routes
        if route.table == MAIN and route.family == family
    ]
    if not mine and family in saved:
        words = list(saved[family])
        values = {word: words[number + 1] for number, word in enumerate(words[:-1]) if word in ("via", "dev")}
        mine = [MainRoute(every, values.get("via", ""), values.get("dev", ""), METRIC[family], False)]
    return mine + [route for route in main if not route.ours]


def way_out(
    connection: Connection, rules: Sequence[Rule], routes: Sequence[Route], main: Sequence[MainRoute]
) -> tuple[str, str] | None:
    """(gateway, interface) of a packet from the connection's local end to its peer; None: no route.

    Only our rules and main are looked at: rules of others stay as they are, before and after.
    """
    peer, family = ip_address(connection.peer), "ipv6" if ":" in connection.peer else "ipv4"
    near = [route for route in main if peer in ip_network(route.network)]
    near.sort(key=lambda route: (-ip_network(route.network).prefixlen, route.metric))
    for rule in sorted(rules, key=lambda rule: rule.priority):
        if rule.family != family or rule.source != connection.local:
            continue
        if rule.main_first:
            specific = [route for route in near if ip_network(route.network).prefixlen > 0]
            if specific:
                return specific[0].gateway, specific[0].interface
            continue
        for entry in routes:
            if entry.family == family and entry.table == rule.table:
                return entry.gateway, entry.interface
    return (near[0].gateway, near[0].interface) if near else None


def moves(
    connection: Connection, live: Live, wanted: Wanted, main: Sequence[MainRoute], saved: Mapping[str, Any]
) -> bool:
    """Whether the peer is reached another way once wanted is in place."""
    family = "ipv6" if ":" in connection.peer else "ipv4"
    before = way_out(connection, live.rules, live.routes, main)
    after = way_out(connection, wanted.rules, wanted.routes, main_after(family, main, wanted, saved))
    if before is None or after is None:
        return before is not after
    if before[0] != after[0]:
        return True
    return before[1] != after[1] and "" not in (before[1], after[1])
