# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of pictures and tables: endpoints, weights, ranges of buckets."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Sequence

__all__ = [
    "METHODS",
    "bracketed",
    "endpoint",
    "endpoints",
    "joined",
    "lost",
    "method",
    "port_map",
    "settings",
    "sorry_server",
    "spans",
    "weight_label",
]

METHODS = {"nat": "NAT", "dr": "direct routing", "tun": "tunnel"}

SHOWN_ENDPOINTS = 4
SHOWN_SPANS = 5


def joined(words: Iterable[str]) -> str:
    """The words with commas, empty ones left out."""
    return ", ".join(word for word in words if word)


def bracketed(address: str) -> str:
    """An address before a port."""
    return f"[{address}]" if ":" in address else address


def endpoint(address: str, ports: Iterable[Sequence[int]], protocol: str) -> str:
    """``10.0.0.5:80,8000-8010/tcp``; ports are ranges, first and last, and port 0 is every port."""
    texts = ["*" if first == last == 0 else str(first) if first == last else f"{first}-{last}" for first, last in ports]
    return f"{bracketed(address)}:{','.join(texts)}/{protocol}"


def endpoints(services: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """What clients ask of services that are one to people, the first few and how many more."""
    ports: dict[tuple[str, str], list[int]] = {}
    found: dict[str, None] = {}
    for service in services:
        for match in service.get("match", []):
            found[endpoint(match["address"], match["ports"], match["protocol"])] = None
        if service.get("address"):
            ports.setdefault((service["address"], service["protocol"]), []).append(service["port"])
    for (address, protocol), numbers in ports.items():
        found[endpoint(address, _ranges(numbers), protocol)] = None
    texts = list(found)
    if len(texts) > SHOWN_ENDPOINTS:
        rest = len(texts) - SHOWN_ENDPOINTS + 1
        texts[SHOWN_ENDPOINTS - 1 :] = [f"and {rest} more"]
    return tuple(texts)


def _ranges(numbers: Iterable[int]) -> list[list[int]]:
    found: list[list[int]] = []
    for number in sorted(set(numbers)):
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found


def settings(service: Mapping[str, Any]) -> tuple[str, ...]:
    """How a service chooses among its real servers."""
    words = [f"mark {service['fwmark']}"] if "fwmark" in service else []
    words.append(str(service["scheduler"]) + "".join(f" {flag}" for flag in service.get("scheduler_flags", [])))
    if service.get("persistence_timeout"):
        words.append(f"persistent {service['persistence_timeout']} s")
    if service.get("one_packet"):
        words.append("one packet")
    if service.get("quorum"):
        words.append(f"quorum {service['quorum']}")
    return tuple(words)


def sorry_server(service: Mapping[str, Any]) -> tuple[str, ...]:
    """Who answers when no real server can."""
    sorry = service.get("sorry_server")
    if not sorry:
        return ()
    return (f"{bracketed(sorry['address'])}:{sorry['port']}" if sorry.get("port") else str(sorry["address"]),)


def port_map(services: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The real servers' ports, where one of them is not the service's."""
    ports: set[int] = set()
    differs = False
    for service in services:
        for server in service["real_servers"]:
            ports.add(server["port"])
            differs = differs or server["port"] != service.get("port", 0)
    if not differs:
        return ()
    shown = [str(port) for port in sorted(ports)]
    return (f"to port {joined(shown[:SHOWN_ENDPOINTS])}" + (" ..." if len(shown) > SHOWN_ENDPOINTS else ""),)


def method(server: Mapping[str, Any]) -> str:
    """A forwarding method, with the tunnel's kind where it is no plain one."""
    tunnel = server.get("tunnel")
    kind = f" ({tunnel['type']})" if tunnel else ""
    return METHODS.get(server["forwarding"], str(server["forwarding"])) + kind


def weight_label(server: Mapping[str, Any]) -> str:
    """``weight 20, NAT``."""
    return f"weight {server['weight']}, {method(server)}"


def spans(numbers: Iterable[int], whole: int) -> str:
    """``1, 3, 5-6``; of many pieces only how many numbers there are."""
    ranges = _ranges(numbers)
    if not ranges:
        return "none"
    if len(ranges) > SHOWN_SPANS:
        return f"{sum(last - first + 1 for first, last in ranges)} of {whole}"
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def lost(it: Mapping[str, Any], failover: bool) -> tuple[str, ...]:
    """What becomes of a dead node's buckets."""
    checks = joined(sorted({str(check["type"]) for check in it.get("health_checks", [])}))
    return (f"failover by VRRP{f' and {checks} checks' if checks else ''}",) if failover else ("no failover",)
