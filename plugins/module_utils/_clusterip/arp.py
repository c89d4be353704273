# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ARP of a cluster IP: what the node sends with the VIP as its sender carries the cluster MAC.

By a table of nft where that works, else by the program arptables in its chain OUTPUT.
"""

from __future__ import annotations

from typing import Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip import nft
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.commands import Command, in_one_line
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.model import ClusterIp

__all__ = ["is_used", "load", "problem", "remove", "stands"]

_CHAIN = "output"
_BASE = f"add chain arp {nft.TABLE} {_CHAIN} {{ type filter hook output priority 0; policy accept; }}"
_PROBE = "LVS-CIP-PROBE"
_TRIAL = "meta oifname lo arp saddr ip 192.0.2.1 arp saddr ether set 03:4c:c0:00:02:01"

Spec = Tuple[str, ...]


def _rule(cluster_ip: ClusterIp) -> str:
    where = f"meta oifname {cluster_ip.interface} arp saddr ip {cluster_ip.address}"
    return f"{where} arp saddr ether set {cluster_ip.cluster_mac}"


def _spec(interface: str, address: str, mac: str) -> Spec:
    # The legacy variant wants to be told that MACs are what it mangles.
    return ("-s", address, "-o", interface, "--h-length", "6", "-j", "mangle", "--mangle-mac-s", mac)


# --- nft --------------------------------------------------------------------------------------------------------


def _of_nft(run: Command) -> tuple[nft.NftRule, ...]:
    return (nft.table(run, "arp") or {}).get(_CHAIN, ())


def _of_vip(rules: tuple[nft.NftRule, ...], cluster_ip: ClusterIp) -> list[nft.NftRule]:
    return [rule for rule in rules if f" arp saddr ip {cluster_ip.address} " in rule.text]


def _deletions(rules: list[nft.NftRule]) -> list[str]:
    return [f"delete rule arp {nft.TABLE} {_CHAIN} handle {rule.handle}" for rule in rules]


# --- arptables --------------------------------------------------------------------------------------------------


def _of_arptables(run: Command) -> list[Spec]:
    """The rules of OUTPUT that mangle the sender's MAC of one address."""
    code, out, _err = run(("arptables", "-n", "-L", "OUTPUT"))
    return parse(out) if code == 0 else []


def parse(text: str) -> list[Spec]:
    """The output of ``arptables -n -L OUTPUT``, whose options come in an order that differs with the variant."""
    found = []
    for line in text.splitlines():
        words = line.split()
        pairs = dict(zip(words, words[1:]))
        if (
            pairs.get("-j") == "mangle"
            and {"-s", "-o", "--mangle-mac-s"} <= set(pairs)
            and "--mangle-ip-s" not in pairs
        ):
            found.append(_spec(pairs["-o"], pairs["-s"], pairs["--mangle-mac-s"].lower()))
    return found


def _attempt_arptables(run: Command) -> str:
    trial = _spec("lo", "192.0.2.1", "03:4c:c0:00:02:01")
    fault = ""
    for left in (("-F", _PROBE), ("-X", _PROBE)):  # by a run that was killed here; mostly there is none
        run(("arptables", *left))
    for argv in (("-N", _PROBE), ("-A", _PROBE, *trial), ("-F", _PROBE), ("-X", _PROBE)):
        code, out, err = run(("arptables", *argv))
        fault = fault or (in_one_line(err or out) if code else "")
        if code and argv[0] == "-N":
            break
    return fault


# --- either -----------------------------------------------------------------------------------------------------


def problem(run: Command) -> str:
    """Why the cluster MAC cannot be put into ARP on this host, in one line; empty if it can."""
    first = nft.attempt(run, "arp", [_TRIAL])
    second = _attempt_arptables(run) if first else ""
    return f"the cluster MAC cannot be put into ARP: nft: {first}; arptables: {second}" if second else ""


def stands(run: Command, cluster_ip: ClusterIp) -> bool:
    ours = _of_vip(_of_nft(run), cluster_ip)
    if ours:
        return [rule.text for rule in ours] == [_rule(cluster_ip)]
    wanted = _spec(cluster_ip.interface, cluster_ip.address, cluster_ip.cluster_mac)
    return [spec for spec in _of_arptables(run) if spec[1] == cluster_ip.address] == [wanted]


def is_used(run: Command, interface: str, mac: str) -> bool:
    """Whether a VIP of ours on the interface has this cluster MAC."""
    ends = f"arp saddr ether set {mac}"
    if any(rule.text.startswith(f"meta oifname {interface} ") and rule.text.endswith(ends) for rule in _of_nft(run)):
        return True
    return any(spec[3] == interface and spec[-1] == mac for spec in _of_arptables(run))


def load(run: Command, cluster_ip: ClusterIp) -> None:
    if stands(run, cluster_ip):
        return
    remove(run, cluster_ip)
    rule = _rule(cluster_ip).replace(f"oifname {cluster_ip.interface}", f'oifname "{cluster_ip.interface}"')
    lines = [f"add table arp {nft.TABLE}", _BASE, f"add rule arp {nft.TABLE} {_CHAIN} {rule}"]
    fault = nft.change(run, lines)
    if fault:
        spec = _spec(cluster_ip.interface, cluster_ip.address, cluster_ip.cluster_mac)
        code, out, err = run(("arptables", "-I", "OUTPUT", *spec))
        if code:
            raise BootError(
                f"cannot put the cluster MAC into ARP of {cluster_ip.address}: nft: {fault}; arptables: "
                f"{in_one_line(err or out)}"
            )


def remove(run: Command, cluster_ip: ClusterIp) -> None:
    have = _of_nft(run)
    ours = _of_vip(have, cluster_ip)
    if ours:
        lines = [f"delete table arp {nft.TABLE}"] if len(ours) == len(have) else _deletions(ours)
        fault = nft.change(run, lines)
        if fault:
            raise BootError(f"nft cannot take the ARP rule of {cluster_ip.address} away: {fault}")
    for spec in _of_arptables(run):
        if spec[1] == cluster_ip.address:
            code, out, err = run(("arptables", "-D", "OUTPUT", *spec))
            if code:
                raise BootError(
                    f"arptables cannot take the rule of {cluster_ip.address} away: {in_one_line(err or out)}"
                )
