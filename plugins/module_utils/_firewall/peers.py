# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the hosts of a cluster send each other, as chains for ufw's hosts and as rules for firewalld. No I/O."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._firewall.marks import FAMILIES
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.masquerade import network

__all__ = ["PORTS", "PROTOCOLS", "RichRule", "peer_chains", "rich_rules"]

# Numbers, because the host may have no /etc/protocols, and "ipip" is another protocol there.
PROTOCOLS = {"ipip": 4, "ipv6": 41, "gre": 47, "ah": 51, "vrrp": 112}
PORTS = ("tcp", "udp")


class RichRule(NamedTuple):
    """A rule of firewalld in the words in which it lists it, for the zone of an interface; None: the default zone."""

    interface: str | None
    rule: str


class _Traffic(NamedTuple):
    family: str
    interface: str | None
    source: str | None
    protocol: str
    port: int | None


def peer_chains(traffic: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Chains for firewall_chains that let peers in where ufw runs; ValueError for what is no traffic."""
    found: dict[str, dict[tuple[str, ...], None]] = {}
    for item in traffic:
        entry = _traffic(item)
        rule = ["-s", entry.source] if entry.source is not None else []
        rule += ["-i", entry.interface] if entry.interface is not None else []
        rule += ["-p", entry.protocol]
        rule += ["-m", entry.protocol, "--dport", str(entry.port)] if entry.port is not None else []
        found.setdefault(entry.family, {})[(*rule, "-j", "ACCEPT")] = None
    where = {"table": "filter", "hook": "INPUT", "chain": "LVS-PEERS", "first": True, "when_active": ["ufw"]}
    return [
        {"family": family, **where, "rules": [list(rule) for rule in found[family]]}
        for family in FAMILIES
        if family in found
    ]


def rich_rules(traffic: Iterable[Mapping[str, Any]]) -> list[RichRule]:
    """Rules of firewalld that let peers in, each once; ValueError for what is no traffic."""
    found: dict[RichRule, None] = {}
    for item in traffic:
        entry = _traffic(item)
        words = [f'rule family="{entry.family}"']
        if entry.source is not None:
            address, _slash, length = entry.source.partition("/")
            whole = length == ("32" if entry.family == "ipv4" else "128")
            words.append(f'source address="{address if whole else entry.source}"')
        if entry.port is not None:
            words.append(f'port port="{entry.port}" protocol="{entry.protocol}"')
        else:
            words.append(f'protocol value="{entry.protocol}"')
        found[RichRule(entry.interface, " ".join([*words, "accept"]))] = None
    return list(found)


def _traffic(item: Mapping[str, Any]) -> _Traffic:
    family, protocol, port = item["family"], str(item["protocol"]), item.get("port")
    if family not in FAMILIES:
        raise ValueError(f"family {family} is neither ipv4 nor ipv6")
    if protocol in PORTS:
        if port is None or not 0 < int(port) <= 65535:
            raise ValueError(f"protocol {protocol} needs a port in 1 to 65535, not {port}")
    elif port is not None:
        raise ValueError(f"protocol {protocol} has no port {port}")
    elif protocol in PROTOCOLS:
        protocol = str(PROTOCOLS[protocol])
    elif not (protocol.isdigit() and 0 < int(protocol) <= 255):
        names = ", ".join([*PORTS, *PROTOCOLS])
        raise ValueError(f"protocol {protocol} is none of {names}, and no number in 1 to 255")
    source = item.get("source")
    return _Traffic(
        family,
        item.get("interface") or None,
        network(family, source) if source else None,
        protocol,
        int(port) if port is not None else None,
    )
