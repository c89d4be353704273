# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which backend a cluster IP gets on this host, and why."""

from __future__ import annotations

from typing import Callable, Mapping, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.model import AUTO, ClusterIp, faults

__all__ = ["PREFERENCE", "Choice", "choose"]

PREFERENCE = ("nftables", "xt_cluster", "clusterip")
"""nftables needs neither conntrack nor iptables and has every hash mode; CLUSTERIP is in no kernel after 6.2."""


class Choice(NamedTuple):
    """The cluster IP with its backend; why each backend that was looked at does not do, "" for those that would."""

    cluster_ip: ClusterIp
    problems: Mapping[str, str]


def choose(asked: ClusterIp, had: str, problem: Callable[[str], str]) -> Choice:
    """The backend that is named, or of those that work here the one that the cluster IP has already, else the first.

    ``problem(name)`` tries a backend on this kernel. BootError if none works.
    """
    if asked.backend != AUTO:
        why = problem(asked.backend)
        if why:
            raise BootError(f"backend: {asked.backend} does not work on this host: {why}")
        return Choice(asked, {asked.backend: ""})
    problems: dict[str, str] = {}
    for name in PREFERENCE:
        unable = [*_doubts(asked, name), *(fault for fault in faults(asked._replace(backend=name)) if name in fault)]
        problems[name] = unable[0] if unable else problem(name)
    able = [name for name, why in problems.items() if not why]
    if not able:
        reasons = "; ".join(f"{name}: {why}" for name, why in problems.items())
        raise BootError(f"backend: none works for {asked.address} on this host: {reasons}")
    return Choice(asked._replace(backend=had if had in able else able[0]), problems)


def _doubts(asked: ClusterIp, name: str) -> list[str]:
    """What works, and only somebody who names it can want."""
    if name == "xt_cluster" and asked.family == "ipv6":
        return ["it hashes the first 32 bits of an IPv6 address alone, so all clients of a network have one bucket"]
    return []
