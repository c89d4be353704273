# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chains that masquerade what real servers send of their own accord, and let it pass. No I/O.

Rules are written as iptables prints them. What IPVS has to do with them, by net/netfilter/ipvs of Linux 6.1:

- It takes packets for its services in LOCAL_IN at priorities 98 and 99, so after table filter (0) and before nat (100).
  To conntrack such packets are new, again and again, because IPVS drops their entry (net.ipv4.vs.conntrack=0).
- It translates a real server's answer in FORWARD at priority 100, so after table filter, which sees the real server's
  address; to conntrack its SYN+ACK is INVALID. In POSTROUTING the packet has the VIP, and table nat does not see it
  (conntrack=0), or sees a source that no rule here names (conntrack=1).
"""

from __future__ import annotations

from ipaddress import ip_interface
from typing import Any, Iterable, Iterator, Mapping, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._firewall.marks import FAMILIES, host_network, multiport

__all__ = ["masquerade_chains", "network"]

# Nobody's own connections come from lower ports, apart from a few old protocols.
_FIRST_PORT, _LAST_PORT = 1024, 65535


def masquerade_chains(masquerade: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Chains for firewall_chains from a director's ``masquerade``; ValueError for what cannot be translated so."""
    items = list(masquerade)
    found = []
    for family in FAMILIES:
        own = [item for item in items if item["family"] == family]
        if own:
            found.append(_chain(family, "nat", "POSTROUTING", "LVS-MASQUERADE", _translated(family, own)))
            found.append({**_chain(family, "filter", "FORWARD", "LVS-FORWARD", _passing(family, own)), "first": True})
        rules = list(_held(family, own))
        if rules:
            found.append({**_chain(family, "filter", "INPUT", "LVS-MASQUERADE-IN", rules), "first": True})
    return found


def _chain(family: str, table: str, hook: str, name: str, rules: Iterable[Sequence[str]]) -> dict[str, Any]:
    words = _once(rules)
    return {"family": family, "table": table, "hook": hook, "chain": name, "rules": words}


def _once(rules: Iterable[Sequence[str]]) -> list[list[str]]:
    return [list(rule) for rule in dict.fromkeys(tuple(rule) for rule in rules)]


def _translated(family: str, items: Sequence[Mapping[str, Any]]) -> Iterator[list[str]]:
    """Packets from here keep their address, where director and real servers share a network too."""
    yield ["-m", "addrtype", "--src-type", "LOCAL", "-j", "RETURN"]
    for item in items:
        yield ["-d", network(family, item["source"]), "-j", "RETURN"]
    for vip in _vips(family, items):
        yield ["-d", vip, "-j", "RETURN"]
    for item in items:
        passing = ["-s", network(family, item["source"]), "-o", item["interface"]]
        if item["address"] is None:
            yield [*passing, "-j", "MASQUERADE"]
        else:
            address = host_network(family, item["address"]).partition("/")[0]
            yield [*passing, "-j", "SNAT", "--to-source", address]


def _passing(family: str, items: Iterable[Mapping[str, Any]]) -> Iterator[list[str]]:
    """Outward whatever its state: that lets the answers pass which IPVS translates after this, too."""
    for item in items:
        source, interface = network(family, item["source"]), item["interface"]
        yield ["-s", source, "-o", interface, "-j", "ACCEPT"]
        back = ["-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED"]
        yield ["-d", source, "-i", interface, *back, "-j", "ACCEPT"]


def _held(family: str, items: Sequence[Mapping[str, Any]]) -> Iterator[list[str]]:
    """After a takeover, the far end's packet may come before the real server's next one, and nothing here knows its
    connection: a reset would end it. Dropped here, it makes no entry that would keep its port from the real server."""
    for vip in _vips(family, [item for item in items if item["address"] is not None], services=False):
        ports = [
            (max(first, _FIRST_PORT), last or _LAST_PORT)  # port 0 is every port
            for item in items
            for address, protocol, first, last in item["services"]
            if protocol == "tcp" and host_network(family, address) == vip and (last or _LAST_PORT) >= _FIRST_PORT
        ]
        for group in multiport(ports):
            yield ["-d", vip, "-p", "tcp", "-m", "multiport", "--dports", group, "-j", "RETURN"]
        no_syn = ["--dport", f"{_FIRST_PORT}:{_LAST_PORT}", "!", "--tcp-flags", "FIN,SYN,RST,ACK", "SYN"]
        unknown = ["-m", "conntrack", "--ctstate", "INVALID,NEW"]
        yield ["-d", vip, "-p", "tcp", "-m", "tcp", *no_syn, *unknown, "-j", "DROP"]


def _vips(family: str, items: Iterable[Mapping[str, Any]], services: bool = True) -> list[str]:
    found: dict[str, None] = {}
    for item in items:
        if item["address"] is not None:
            found[host_network(family, item["address"])] = None
        for address, *_rest in item["services"] if services else ():
            found[host_network(family, address)] = None
    return list(found)


def network(family: str, text: str) -> str:
    """A network or an address as iptables prints it; ValueError if it is not of the family, or is every address."""
    parsed = ip_interface(text)
    if FAMILIES.index(family) != (4, 6).index(parsed.version):
        raise ValueError(f"source {text} is not of family {family}")
    if not parsed.network.prefixlen:
        raise ValueError(f"source {text} is every address: name the real servers' network")
    return str(parsed.network)
