# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""To which TCP ports the health checks of a director connect."""

from __future__ import annotations

from typing import Any, Mapping

__all__ = ["checked_ports"]

# Ours, and keepalived's own words for them.
_WITHOUT_TCP = {
    *("bfd", "dns", "file", "misc", "ping", "udp"),
    *("BFD_CHECK", "DNS_CHECK", "FILE_CHECK", "MISC_CHECK", "PING_CHECK", "UDP_CHECK"),
}


def checked_ports(director: Mapping[str, Any]) -> list[int]:
    """The ports of a director's plan: keepalived takes the real server's where a check names none."""
    ports = {
        check.get("connect_port", server["port"])
        for service in director["services"]
        for server in service["real_servers"]
        for check in server.get("health_checks") or ()
        if check.get("type") not in _WITHOUT_TCP
    }
    return sorted(int(port) for port in ports if port is not None)
