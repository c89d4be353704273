# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The match xt_cluster of iptables: it hashes the source address of the connection, so it needs conntrack.

In IPv6 it hashes the first 32 bits of the address alone (NF_CT_TUPLE_L3SIZE in the kernel counts words, and is divided
by their size): all clients of one /32 are in one bucket, so nftables is the better backend there.

Each bucket is a rule of its own: iptables up to 1.8.9 at least refuses --cluster-local-nodemask above 32, which is six
buckets. With all buckets the rule has no match.
"""

from __future__ import annotations

from typing import Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip import reach
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.backends.chains import (
    PROGRAMS,
    Hook,
    Listing,
    Rule,
    attempt,
    chain_name,
    facts,
    icmp_rules,
    is_first,
    listing,
    load_text,
    port_words,
    remove_text,
    restore,
)
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.backends.interface import Wanted
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.commands import Command
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.model import ClusterIp

__all__ = ["NAME", "load", "problem", "read", "remove", "serve"]

NAME = "xt_cluster"
_HOOK = Hook("mangle", "PREROUTING")  # after conntrack, before routing
_RETURN: Rule = ("-j", "RETURN")


def _programs(run: Command, family: str) -> list[str]:
    """One for each kind of tables, first the one that the host calls iptables now: it may have been the other one."""
    name = PROGRAMS[family]
    found: dict[bool, str] = {}
    for program in (name, f"{name}-nft", f"{name}-legacy"):
        code, out, _err = run((program, "-V"))
        if code == 0:
            found.setdefault("nf_tables" in out, program)
    return list(found.values()) or [name]


def _match(cluster_ip: ClusterIp, bucket: int) -> Rule:
    return (
        *("-m", "cluster", "--cluster-total-nodes", str(cluster_ip.total)),
        *("--cluster-local-node", str(bucket), "--cluster-hash-seed", str(cluster_ip.hash_seed)),
    )


def rules(cluster_ip: ClusterIp, buckets: Sequence[int]) -> list[Rule]:
    """The rules of the VIP's chain.

    The first has no target: to be looked at by the match makes a multicast frame one for this host, which the rules
    without the match need as well.
    """
    ports = port_words(cluster_ip)
    if len(set(buckets)) == cluster_ip.total:
        served = [(*ports, *_RETURN)]
    else:
        served = [(*ports, *_match(cluster_ip, bucket), *_RETURN) for bucket in sorted(set(buckets))]
    return [_match(cluster_ip, 1), *icmp_rules(cluster_ip.family), *served, ("-j", "DROP")]


def _served(cluster_ip: ClusterIp, have: Sequence[Rule]) -> tuple[int, ...] | None:
    """The buckets of a chain's rules; None if they are not the ones that we would send for some buckets."""
    there = [facts(rule) for rule in have]
    ports = port_words(cluster_ip)
    everything = tuple(range(1, cluster_ip.total + 1))
    known = {facts((*ports, *_match(cluster_ip, bucket), *_RETURN)): bucket for bucket in everything}
    found = tuple(sorted({known[rule] for rule in there if rule in known}))
    for buckets in (found, everything):
        if there == [facts(rule) for rule in rules(cluster_ip, buckets)]:
            return buckets
    return None


def _trial(family: str) -> list[Rule]:
    match = ("-m", "cluster", "--cluster-total-nodes", "32", "--cluster-local-node", "32", "--cluster-hash-seed", "1")
    multiport = ("-p", "tcp", "-m", "multiport", "--dports", "1,2")
    return [match, *icmp_rules(family), (*multiport, *match, *_RETURN)]


def _usable(run: Command, family: str) -> tuple[str, str]:
    """The first program that can carry the rules; else an empty one and why not."""
    reasons = []
    for program in _programs(run, family):
        fault = attempt(run, program, _HOOK.table, _trial(family))
        if not fault:
            return program, ""
        reasons.append(fault if fault.startswith(program) else f"{program}: {fault}")
    return "", "; ".join(reasons)


def _standing(run: Command, cluster_ip: ClusterIp) -> list[tuple[str, Listing]]:
    """The programs whose tables have our chain, with the tables: all of them drop, so one is right."""
    name = chain_name(cluster_ip)
    found = [(program, listing(run, program, _HOOK, name)) for program in _programs(run, cluster_ip.family)]
    return [(program, have) for program, have in found if name in have]


def problem(run: Command, family: str) -> str:
    return _usable(run, family)[1] or reach.problem(run, family)


def read(run: Command, cluster_ip: ClusterIp) -> tuple[int, ...] | None:
    standing = _standing(run, cluster_ip)
    if len(standing) != 1:
        return None
    have = standing[0][1]
    if not is_first(have, _HOOK, cluster_ip) or not reach.stands(run, cluster_ip):
        return None
    return _served(cluster_ip, have[chain_name(cluster_ip)])


def load(run: Command, cluster_ip: ClusterIp, buckets: Sequence[int]) -> None:
    standing = _standing(run, cluster_ip)
    if standing:
        program, have = standing[0]
    else:
        program, why = _usable(run, cluster_ip.family)
        if not program:
            raise BootError(f"xt_cluster does not work here for {cluster_ip.address}: {why}")
        have = listing(run, program, _HOOK, chain_name(cluster_ip))
    fault = restore(run, program, load_text(have, _HOOK, cluster_ip, rules(cluster_ip, buckets)))
    if fault:
        raise BootError(f"{program}-restore refuses the rules of {cluster_ip.address}: {fault}")
    for other, there in standing[1:]:
        _take_out(run, other, there, cluster_ip)
    reach.load(run, cluster_ip)


def serve(run: Command, wanted: Wanted) -> None:
    for family in PROGRAMS:
        mine = [(cluster_ip, buckets) for cluster_ip, buckets in wanted if cluster_ip.family == family]
        if mine:
            _serve(run, family, mine)


def _serve(run: Command, family: str, wanted: Wanted) -> None:
    fault = _tried(run, family, wanted)
    if fault and len(wanted) > 1:  # one whose chain is gone must not keep the others from giving their buckets back
        fault = "; ".join(filter(None, (_tried(run, family, [each]) for each in wanted)))
    if fault:
        raise BootError(f"cannot change buckets; where a chain is gone, load it again: {fault}")


def _tried(run: Command, family: str, wanted: Wanted) -> str:
    lines = [f"*{_HOOK.table}"]
    for cluster_ip, buckets in wanted:
        name = chain_name(cluster_ip)
        lines.append(f"-F {name}")  # fails where it is not there
        lines += [f"-A {name} {' '.join(rule)}" for rule in rules(cluster_ip, buckets)]
    text = "\n".join([*lines, "COMMIT", ""])
    first = PROGRAMS[family]
    fault = restore(run, first, text)
    if not fault:
        return ""
    faults = [f"{first}-restore: {fault}"]
    for program in _programs(run, family):
        if program != first:
            fault = restore(run, program, text)
            if not fault:
                return ""
            faults.append(f"{program}-restore: {fault}")
    addresses = ", ".join(cluster_ip.address for cluster_ip, _buckets in wanted)
    return f"{addresses}: {'; '.join(faults)}"


def remove(run: Command, cluster_ip: ClusterIp) -> None:
    for program, have in _standing(run, cluster_ip):
        _take_out(run, program, have, cluster_ip)
    reach.remove(run, cluster_ip)


def _take_out(run: Command, program: str, have: Listing, cluster_ip: ClusterIp) -> None:
    fault = restore(run, program, remove_text(have, _HOOK, cluster_ip))
    if fault:
        raise BootError(f"{program}-restore cannot take the rules of {cluster_ip.address} away: {fault}")
