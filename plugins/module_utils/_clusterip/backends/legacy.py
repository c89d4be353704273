# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The target CLUSTERIP of legacy iptables: in Linux up to 6.2, IPv4 alone. It mangles ARP and joins the multicast MAC.

The kernel keeps one configuration a VIP as long as a rule names it. Its buckets are the file of the VIP under PROC; the
rule's own --local-node counts only when the configuration is made.
"""

from __future__ import annotations

import os
from typing import Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.backends.chains import (
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

__all__ = ["NAME", "PROC", "load", "problem", "read", "remove", "serve"]

NAME = "clusterip"
PROC = "/proc/net/ipt_CLUSTERIP"
_HOOK = Hook("filter", "INPUT")
_LAST = "6.2, the last release with the target CLUSTERIP"


def _program(run: Command) -> str:
    """The legacy variant; empty if the host has none."""
    if run(("iptables-legacy", "-V"))[0] == 0:
        return "iptables-legacy"
    code, out, _err = run(("iptables", "-V"))
    return "iptables" if code == 0 and "nf_tables" not in out else ""


def _rule(cluster_ip: ClusterIp, first: int) -> Rule:
    return (
        *("-i", cluster_ip.interface, "-d", cluster_ip.address, *port_words(cluster_ip), "-j", "CLUSTERIP", "--new"),
        *("--hashmode", cluster_ip.hash_mode, "--clustermac", cluster_ip.cluster_mac),
        *("--total-nodes", str(cluster_ip.total), "--local-node", str(first)),
        *("--hash-init", str(cluster_ip.hash_seed)),
    )


def rules(cluster_ip: ClusterIp, first: int) -> list[Rule]:
    """The rules of the VIP's chain.

    The target drops what is in no bucket of this node; the rest goes on to the next rule (clusterip_tg()).
    """
    if cluster_ip.protocol == "all":
        return [_rule(cluster_ip, first)]
    own = (*port_words(cluster_ip), "-j", "RETURN")
    return [_rule(cluster_ip, first), own, *icmp_rules("ipv4"), ("-j", "DROP")]


def _stands(have: Listing, cluster_ip: ClusterIp) -> bool:
    there = [_without_start(rule) for rule in have.get(chain_name(cluster_ip), ())]
    return is_first(have, _HOOK, cluster_ip) and there == [_without_start(rule) for rule in rules(cluster_ip, 1)]


def _without_start(rule: Rule) -> frozenset[tuple[str, str]]:
    return frozenset(fact for fact in facts(rule) if fact[0] not in ("--local-node", "--new"))


def problem(run: Command, family: str) -> str:
    if family != "ipv4":
        return "the target CLUSTERIP has no IPv6"
    program = _program(run)
    if not program:
        return "it needs the legacy variant of iptables (iptables-legacy), which this host has not"
    trial = ClusterIp("192.0.2.1", 32, "lo", "03:4c:c0:00:02:01", 2, "sourceip", 0, "all", (), NAME)
    fault = attempt(run, program, _HOOK.table, rules(trial, 1))
    return f"{program}: {fault}; it needs Linux up to {_LAST}" if fault else ""


def read(run: Command, cluster_ip: ClusterIp) -> tuple[int, ...] | None:
    program = _program(run)
    have = listing(run, program, _HOOK, chain_name(cluster_ip)) if program else {}
    return _buckets(cluster_ip) if _stands(have, cluster_ip) else None


def _buckets(cluster_ip: ClusterIp) -> tuple[int, ...] | None:
    """The file of the VIP, as in "1,3"; it is empty without buckets."""
    path = f"{PROC}/{cluster_ip.address}"
    try:
        with open(path, encoding="ascii") as handle:
            return tuple(sorted(int(word) for word in handle.read().split(",") if word.strip()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as exc:
        raise BootError(f"cannot read the buckets of {path}: {exc}") from exc


def load(run: Command, cluster_ip: ClusterIp, buckets: Sequence[int]) -> None:
    """In two transactions where old rules differ: the kernel keeps total, seed and mode until no rule names the VIP."""
    program = _program(run)
    if not program:
        raise BootError(f"{cluster_ip.address}: the backend clusterip needs iptables-legacy, which this host has not")
    have = listing(run, program, _HOOK, chain_name(cluster_ip))
    if not _stands(have, cluster_ip) or _buckets(cluster_ip) is None:
        _remove(run, program, have, cluster_ip)
        have = listing(run, program, _HOOK, chain_name(cluster_ip))
        first = min(buckets, default=1)
        fault = restore(run, program, load_text(have, _HOOK, cluster_ip, rules(cluster_ip, first)))
        if fault:
            raise BootError(
                f"{program}-restore refuses the rules of {cluster_ip.address}: {fault}; the interface "
                f"{cluster_ip.interface} must be there, and the kernel at most {_LAST}"
            )
    _bring(cluster_ip, buckets)


def serve(run: Command, wanted: Wanted) -> None:
    """Runs no program. A VIP that fails keeps no other one from its buckets."""
    faults = []
    for cluster_ip, buckets in wanted:
        try:
            _bring(cluster_ip, buckets)
        except BootError as exc:
            faults.append(str(exc))
    if faults:
        raise BootError("; ".join(faults))


def _bring(cluster_ip: ClusterIp, buckets: Sequence[int]) -> None:
    have = _buckets(cluster_ip)
    path = f"{PROC}/{cluster_ip.address}"
    if have is None:
        raise BootError(
            f"cannot change the buckets of {cluster_ip.address}: {path} is not there, so load its rules first"
        )
    new, old = sorted(set(buckets) - set(have)), sorted(set(have) - set(buckets))
    for change in [*(f"+{bucket}" for bucket in new), *(f"-{bucket}" for bucket in old)]:
        try:
            handle = os.open(path, os.O_WRONLY)
            try:
                os.write(handle, f"{change}\n".encode())
            finally:
                os.close(handle)
        except OSError as exc:
            raise BootError(f"cannot write {change} to {path}: {exc}") from exc


def _remove(run: Command, program: str, have: Listing, cluster_ip: ClusterIp) -> None:
    text = remove_text(have, _HOOK, cluster_ip)
    fault = restore(run, program, text) if text else ""
    if fault:
        raise BootError(f"{program}-restore cannot take the rules of {cluster_ip.address} away: {fault}")


def remove(run: Command, cluster_ip: ClusterIp) -> None:
    program = _program(run)
    if program:
        _remove(run, program, listing(run, program, _HOOK, chain_name(cluster_ip)), cluster_ip)
