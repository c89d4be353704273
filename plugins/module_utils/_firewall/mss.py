# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chains that make TCP segments small enough for a tunnel that only the request passes. No I/O."""

from __future__ import annotations

from typing import Any, Iterable, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._firewall.marks import FAMILIES, host_network

__all__ = ["mss_chains"]


def mss_chains(mss: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Chains for firewall_chains from a list of ``{"family", "address", "mss"}``; ValueError for a wrong address.

    A real server tells the client its segment size when it answers, and its answers do not pass the tunnel, so it
    has to be told less than its own interface would allow.
    """
    found: dict[str, list[list[str]]] = {}
    for item in mss:
        source = host_network(item["family"], item["address"])
        syn = ["-p", "tcp", "-m", "tcp", "--tcp-flags", "SYN,RST", "SYN"]
        found.setdefault(item["family"], []).append(["-s", source, *syn, "-j", "TCPMSS", "--set-mss", str(item["mss"])])
    return [
        {"family": family, "table": "mangle", "hook": "OUTPUT", "chain": "LVS-MSS", "rules": found[family]}
        for family in FAMILIES
        if family in found
    ]
