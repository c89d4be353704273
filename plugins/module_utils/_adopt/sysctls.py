# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sysctls of IPVS that somebody has set on purpose, and that a plan would set otherwise or not at all."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._adopt.findings import OfHost

__all__ = ["keep"]

_PREFIX = "net.ipv4.vs."
# What the kernel has of itself, for what does not follow from its memory (ipvs-sysctl.rst, ip_vs_ctl.c).
_DEFAULTS: Mapping[str, str] = {
    "am_droprate": "10",
    "amemthresh": "1024",
    "backup_only": "0",
    "cache_bypass": "0",
    "conn_reuse_mode": "1",
    "conntrack": "0",
    "drop_entry": "0",
    "drop_packet": "0",
    "expire_nodest_conn": "0",
    "expire_quiescent_template": "0",
    "ignore_tunneled": "0",
    "nat_icmp_send": "0",
    "pmtu_disc": "1",
    "schedule_icmp": "0",
    "secure_tcp": "0",
    "sloppy_sctp": "0",
    "sloppy_tcp": "0",
    "snat_reroute": "1",
    "sync_persist_mode": "0",
    "sync_refresh_period": "0",
    "sync_retries": "0",
    "sync_threshold": "3 50",
}


def keep(variables: dict[str, Any], planned: Mapping[str, str], live: Mapping[str, str], found: OfHost) -> None:
    """Add ``lvs_sysctls``: values that are not the kernel's own stay. What site.yml will set is told."""
    kept = {}
    for name, default in _DEFAULTS.items():
        key = f"{_PREFIX}{name}"
        if key in live and live[key] != default and planned.get(key) != live[key]:
            kept[key] = live[key]
    if kept:
        variables["lvs_sysctls"] = kept
    changed = [
        f"{key}={value} (now {live[key]})"
        for key, value in planned.items()
        if key not in kept and key in live and live[key] != value
    ]
    if changed:
        found.note("", f"site.yml will set {', '.join(changed)}", "lvs_sysctls can say otherwise")
