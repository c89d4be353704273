# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nftables alone: a hash of the source (and ports) of each packet, before conntrack, which it does not need."""

from __future__ import annotations

import re
from typing import Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip import nft, reach
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.backends.interface import Wanted
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.commands import Command
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.model import HASH_MODES, ClusterIp, digest

__all__ = ["NAME", "chain_name", "load", "problem", "read", "remove", "rules", "serve"]

NAME = "nftables"
_HOOK = "prerouting"
_BASE = f"add chain inet {nft.TABLE} {_HOOK} {{ type filter hook prerouting priority -300; policy accept; }}"
_TAKE = "meta pkttype set host accept"
_IP = {"ipv4": "ip", "ipv6": "ip6"}
# What every node takes in: errors about packets of any connection, and in IPv6 neighbour discovery.
_ICMP = {
    "ipv4": ("icmp type", ("destination-unreachable", "parameter-problem", "time-exceeded")),
    "ipv6": (
        "icmpv6 type",
        (
            *("destination-unreachable", "packet-too-big", "parameter-problem", "time-exceeded"),
            *("nd-neighbor-advert", "nd-neighbor-solicit", "nd-redirect", "nd-router-advert", "nd-router-solicit"),
        ),
    ),
}
_FRAGMENT = {"ipv4": "ip frag-off & 8191 != 0", "ipv6": "frag frag-off != 0"}
_WITH_PORTS = ("tcp", "udp", "sctp")


def chain_name(cluster_ip: ClusterIp) -> str:
    return f"cip_{digest(cluster_ip.address)}"


def _hashed(cluster_ip: ClusterIp, ports: str) -> str:
    source = f"{_IP[cluster_ip.family]} saddr"
    return f"jhash {source}{ports} mod {cluster_ip.total} seed {cluster_ip.hash_seed}"


def _selections(cluster_ip: ClusterIp) -> list[str]:
    """A match for each kind of packet that is served, with its hash.

    A fragment after the first has no ports: by its source it is served, by its ports it cannot be (conntrack, where it
    runs, puts fragments together before us).
    """
    by_source = _hashed(cluster_ip, "")
    ports = dict(zip(HASH_MODES, ("", " . th sport", " . th sport . th dport")))[cluster_ip.hash_mode]
    by_ports = _hashed(cluster_ip, ports)
    protocol, every = cluster_ip.protocol, nft.braced(_WITH_PORTS)
    if protocol == "all":
        if not ports:
            return [by_source]
        return [f"meta l4proto {every} {by_ports}", f"meta l4proto != {every} {by_source}"]
    if not cluster_ip.ports:
        return [f"meta l4proto {protocol} {by_ports}"]
    found = [f"{protocol} dport {nft.braced(cluster_ip.ports)} {by_ports}"]
    if not ports:
        found.append(f"meta l4proto {protocol} {_FRAGMENT[cluster_ip.family]} {by_source}")
    return found


def rules(cluster_ip: ClusterIp, buckets: Sequence[int]) -> list[str]:
    """The rules of the VIP's chain, in the words in which nft.parse() gives them back."""
    field, kinds = _ICMP[cluster_ip.family]
    indexes = sorted({bucket - 1 for bucket in buckets})
    served = [f"{each} {nft.braced(indexes)} {_TAKE}" for each in _selections(cluster_ip)] if indexes else []
    return [f"{field} {nft.braced(kinds)} {_TAKE}", *served, "drop"]


def _served(cluster_ip: ClusterIp, have: Sequence[str]) -> tuple[int, ...] | None:
    """The buckets of a chain's rules; None if they are not the ones that we would send for some buckets."""
    found = re.search(r" mod \d+ seed \d+ (?:\{ ([0-9, ]+) \}|(\d+)) ", " ".join(have[1:2]))
    words = (found.group(1) or found.group(2)).split(", ") if found else []
    buckets = tuple(int(word) + 1 for word in words)
    return buckets if list(have) == rules(cluster_ip, buckets) else None


def _jump(cluster_ip: ClusterIp) -> str:
    where = f"meta iifname {cluster_ip.interface} {_IP[cluster_ip.family]} daddr {cluster_ip.address}"
    return f"{where} jump {chain_name(cluster_ip)}"


def _sent(rule: str) -> str:
    """The words that nft reads: a name of an interface in quotes."""
    return re.sub(r"^meta (.?ifname) (\S+)", r'meta \1 "\2"', rule)


def _chain_lines(cluster_ip: ClusterIp, buckets: Sequence[int]) -> list[str]:
    name = f"inet {nft.TABLE} {chain_name(cluster_ip)}"
    return [f"flush chain {name}", *(f"add rule {name} {rule}" for rule in rules(cluster_ip, buckets))]


def _jumps(have: nft.Chains, cluster_ip: ClusterIp) -> list[nft.NftRule]:
    return [rule for rule in have.get(_HOOK, ()) if rule.text.endswith(f" jump {chain_name(cluster_ip)}")]


def _deletions(jumps: Sequence[nft.NftRule]) -> list[str]:
    return [f"delete rule inet {nft.TABLE} {_HOOK} handle {rule.handle}" for rule in jumps]


def problem(run: Command, family: str) -> str:
    address = {"ipv4": "192.0.2.1", "ipv6": "2001:db8::1"}[family]
    trials = [
        ClusterIp(address, 32, "lo", "", 1024, mode, 2**32 - 1, protocol, ports, NAME)
        for mode, protocol, ports in ((HASH_MODES[0], "tcp", (1, 2)), (HASH_MODES[2], "all", ()))
    ]
    fault = nft.attempt(run, "inet", [rule for trial in trials for rule in rules(trial, (1, 1024))])
    return fault or reach.problem(run, family)


def read(run: Command, cluster_ip: ClusterIp) -> tuple[int, ...] | None:
    have = nft.table(run, "inet") or {}
    if [rule.text for rule in _jumps(have, cluster_ip)] != [_jump(cluster_ip)] or not reach.stands(run, cluster_ip):
        return None
    return _served(cluster_ip, [rule.text for rule in have.get(chain_name(cluster_ip), ())])


def load(run: Command, cluster_ip: ClusterIp, buckets: Sequence[int]) -> None:
    have = nft.table(run, "inet") or {}
    jumps = _jumps(have, cluster_ip)
    lines = [f"add table inet {nft.TABLE}", _BASE, f"add chain inet {nft.TABLE} {chain_name(cluster_ip)}"]
    lines += _chain_lines(cluster_ip, buckets)
    if [rule.text for rule in jumps] != [_jump(cluster_ip)]:
        lines += [*_deletions(jumps), f"add rule inet {nft.TABLE} {_HOOK} {_sent(_jump(cluster_ip))}"]
    fault = nft.change(run, lines)
    if fault:
        raise BootError(f"nft refuses the rules of {cluster_ip.address}: {fault}")
    reach.load(run, cluster_ip)


def serve(run: Command, wanted: Wanted) -> None:
    fault = _tried(run, wanted) if wanted else ""
    if fault and len(wanted) > 1:  # one whose chain is gone must not keep the others from giving their buckets back
        fault = "; ".join(filter(None, (_tried(run, [each]) for each in wanted)))
    if fault:
        raise BootError(f"cannot change buckets; where a chain is gone, load it again: {fault}")


def _tried(run: Command, wanted: Wanted) -> str:
    fault = nft.change(run, [line for cluster_ip, buckets in wanted for line in _chain_lines(cluster_ip, buckets)])
    return f"{', '.join(cluster_ip.address for cluster_ip, _buckets in wanted)}: {fault}" if fault else ""


def remove(run: Command, cluster_ip: ClusterIp) -> None:
    have = nft.table(run, "inet")
    if have is not None:
        name, jumps = chain_name(cluster_ip), _jumps(have, cluster_ip)
        if not set(have) - {_HOOK, name} and len(jumps) == len(have.get(_HOOK, ())):
            lines = [f"delete table inet {nft.TABLE}"]
        else:
            chain = [f"flush chain inet {nft.TABLE} {name}", f"delete chain inet {nft.TABLE} {name}"]
            lines = [*_deletions(jumps), *(chain if name in have else [])]
        fault = nft.change(run, lines) if lines else ""
        if fault:
            raise BootError(f"nft cannot take the rules of {cluster_ip.address} away: {fault}")
    reach.remove(run, cluster_ip)
