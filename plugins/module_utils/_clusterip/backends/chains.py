# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chains of a cluster IP in a table of iptables: what stands, and the transactions that change it.

Rules are words for iptables. How they are printed differs with its release, so both sides are compared by facts().
"""

from __future__ import annotations

import shlex
from typing import Iterable, Mapping, NamedTuple, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.commands import Command, in_one_line
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.model import ClusterIp, digest

__all__ = [
    "ICMP_ERRORS",
    "NEIGHBOUR_DISCOVERY",
    "Hook",
    "Rule",
    "attempt",
    "chain_name",
    "facts",
    "icmp_rules",
    "is_first",
    "listing",
    "load_text",
    "port_words",
    "remove_text",
    "restore",
]

Rule = Tuple[str, ...]
Listing = Mapping[str, Tuple[Rule, ...]]

PROGRAMS = {"ipv4": "iptables", "ipv6": "ip6tables"}
_PREFIX = "LVS-"
_PROBE = "LVS-CIP-PROBE"
_WAIT = ("-w", "5")  # seconds for the lock of the legacy variant
_HIDDEN = 3  # the exit status of both "no such table" and "nft has rules here that I cannot print"
# Of the nft variant on a kernel without nf_tables, and on one without nfnetlink.
_NO_NF_TABLES = (
    "Could not fetch rule set generation id: Invalid argument",
    "Failed to initialize nft: Protocol not supported",
)
_UNPRINTABLE: Rule = ("(hidden)",)

# Errors about packets of any connection of the VIP: their source does not tell whose it is, so all nodes hear them.
ICMP_ERRORS = {"ipv4": (3, 11, 12), "ipv6": (1, 2, 3, 4)}
NEIGHBOUR_DISCOVERY = (133, 134, 135, 136, 137)

_MASK, _NUMBERS = "--cluster-local-nodemask", (
    "--cluster-local-nodemask",
    "--cluster-total-nodes",
    "--cluster-hash-seed",
    "--total-nodes",
    "--hash-init",
)  # fmt: skip


class Hook(NamedTuple):
    """The built-in chain from which a cluster IP's chain is reached."""

    table: str
    chain: str


def chain_name(cluster_ip: ClusterIp) -> str:
    return f"{_PREFIX}CIP-{digest(cluster_ip.address)}"


def facts(rule: Rule) -> frozenset[tuple[str, str]]:
    """A rule's options with their values in one spelling, whoever wrote it."""
    found, option, negated = [], "", ""
    for word in rule:
        if word == "!":
            negated = "! "
        elif word.startswith("-") and not word[1:].isdigit():
            option = negated + word
            found.append((option, ""))
            negated = ""
        else:
            found[-1:] = [_fact(option, word)]
    return frozenset(pair for pair in found if pair[0] != "-m")


def _fact(option: str, value: str) -> tuple[str, str]:
    bare = option.lstrip("! ")
    if bare == "--cluster-local-node":
        return option.replace(bare, _MASK), str(1 << (int(value) - 1))
    if bare in _NUMBERS:
        return option, str(int(value, 0))
    if bare in ("-d", "-s"):
        return option, value.split("/")[0] if value.endswith(("/32", "/128")) else value
    if bare == "-p":
        return option, "ipv6-icmp" if value in ("icmpv6", "58") else value
    if bare == "--clustermac":
        return option, value.lower()
    return option, value


def parse(text: str) -> dict[str, tuple[Rule, ...]]:
    """The output of ``iptables -t TABLE -S``."""
    found: dict[str, list[Rule]] = {}
    for line in text.splitlines():
        words = shlex.split(line) if line.startswith("-") else []
        if words[:1] in (["-P"], ["-N"]):
            found.setdefault(words[1], [])
        elif words[:1] == ["-A"]:
            found.setdefault(words[1], []).append(tuple(words[2:]))
    return {name: tuple(rules) for name, rules in found.items()}


def _is_unused(program: str, table: str) -> bool:
    """Whether the legacy tables have no such table yet: to list it would make it."""
    if not program.endswith("-legacy"):
        return False
    names = "ip6_tables_names" if program.startswith("ip6") else "ip_tables_names"
    try:
        with open(f"/proc/net/{names}", encoding="ascii") as handle:
            return table not in handle.read().split()
    except OSError:
        return True


def listing(run: Command, program: str, hook: Hook, name: str) -> Listing:
    """The chains of a table, without what this program cannot print outside of the hook and our chain.

    The whole table is listed, because iptables 1.8.9 (nft) says "incompatible" of a chain that is not there.
    """
    if _is_unused(program, hook.table):
        return {}
    argv = (program, *_WAIT, "-t", hook.table, "-S")
    code, out, err = run(argv)
    found = parse(out)
    if code == 0:
        return found
    if code == 127 or (code == _HIDDEN and not found) or any(text in err for text in _NO_NF_TABLES):
        return {}  # no such program, no such table, no such tables in this kernel
    if code != _HIDDEN:
        raise BootError(f"{' '.join(argv)} failed with status {code}: {in_one_line(err or out)}")
    for chain in (hook.chain, name):
        if chain not in found:
            continue
        code, out, err = run((*argv, chain))
        found[chain] = parse(out).get(chain, ())
        if code and chain == hook.chain:
            raise BootError(
                f"{program}: table {hook.table} has rules in {chain} that only nft can show, so our jump there cannot "
                f"be told from them: move them into a table of their own ({in_one_line(err)})"
            )
        if code:
            found[chain] += (_UNPRINTABLE,)
    return found


def restore(run: Command, program: str, text: str) -> str:
    """Carries a transaction out; what the program says against it, empty if nothing."""
    code, out, err = run((f"{program}-restore", "--noflush", *_WAIT), stdin=text)
    return "" if code == 0 else in_one_line(err or out or f"{program}-restore failed with status {code}")


def attempt(run: Command, program: str, table: str, rules: Sequence[Rule]) -> str:
    """What the kernel says against rules, tried in a chain that no packet reaches and that is removed again."""
    words = [f"-A {_PROBE} {' '.join(rule)}" for rule in rules]
    fault = restore(run, program, "\n".join([f"*{table}", f":{_PROBE} - [0:0]", *words, "COMMIT", ""]))
    if not fault:
        fault = restore(run, program, f"*{table}\n-F {_PROBE}\n-X {_PROBE}\nCOMMIT\n")
    return fault


def jump(cluster_ip: ClusterIp) -> Rule:
    return ("-i", cluster_ip.interface, "-d", cluster_ip.address, "-j", chain_name(cluster_ip))


def _target(rule: Rule) -> str:
    return rule[-1] if len(rule) > 1 and rule[-2] in ("-j", "-g") else ""


def is_first(have: Listing, hook: Hook, cluster_ip: ClusterIp) -> bool:
    """Whether our jump stands once, with nothing but jumps to chains of ours before it."""
    rules, name = have.get(hook.chain, ()), chain_name(cluster_ip)
    ours = [place for place, rule in enumerate(rules) if _target(rule) == name]
    if len(ours) != 1 or facts(rules[ours[0]]) != facts(jump(cluster_ip)):
        return False
    return all(_target(rule).startswith(_PREFIX) for rule in rules[: ours[0]])


def _without_jumps(have: Listing, hook: Hook, name: str) -> list[str]:
    jumps = [rule for rule in have.get(hook.chain, ()) if _target(rule) == name]
    return [f"-D {hook.chain} {shlex.join(rule)}" for rule in jumps]


def load_text(have: Listing, hook: Hook, cluster_ip: ClusterIp, rules: Iterable[Rule]) -> str:
    """A transaction after which our chain has these rules, reached from the first place of the hook."""
    name = chain_name(cluster_ip)
    keep = is_first(have, hook, cluster_ip)
    return "\n".join(
        [
            f"*{hook.table}",
            f":{name} - [0:0]",  # makes it, or empties it
            *([] if keep else _without_jumps(have, hook, name)),
            *(f"-A {name} {' '.join(rule)}" for rule in rules),
            *([] if keep else [f"-I {hook.chain} 1 {' '.join(jump(cluster_ip))}"]),
            "COMMIT",
            "",
        ]
    )


def remove_text(have: Listing, hook: Hook, cluster_ip: ClusterIp) -> str:
    """A transaction that takes our chain and its jumps away; empty if there is none."""
    name = chain_name(cluster_ip)
    if name not in have:
        return ""
    lines = [f"*{hook.table}", *_without_jumps(have, hook, name), f"-F {name}", f"-X {name}", "COMMIT", ""]
    return "\n".join(lines)


def port_words(cluster_ip: ClusterIp) -> Rule:
    """The match of the protocol and its ports."""
    protocol = () if cluster_ip.protocol == "all" else ("-p", cluster_ip.protocol)
    ports = ("-m", "multiport", "--dports", ",".join(map(str, cluster_ip.ports))) if cluster_ip.ports else ()
    return (*protocol, *ports)


def icmp_rules(family: str) -> list[Rule]:
    """What every node takes in: errors, and in IPv6 neighbour discovery with the VIP itself as its destination."""
    if family == "ipv4":
        return [("-p", "icmp", "-m", "icmp", "--icmp-type", str(kind), "-j", "RETURN") for kind in ICMP_ERRORS[family]]
    kinds = (*ICMP_ERRORS[family], *NEIGHBOUR_DISCOVERY)
    return [("-p", "ipv6-icmp", "-m", "icmp6", "--icmpv6-type", str(kind), "-j", "RETURN") for kind in kinds]
