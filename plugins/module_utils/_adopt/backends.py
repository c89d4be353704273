# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real servers: the hosts that have their addresses, and the way back of those behind NAT."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface, ip_network
from typing import Any, Collection, Iterable, Iterator, Mapping, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._adopt.addresses import Own
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.findings import Findings
from ansible_collections.lvs.cluster.plugins.module_utils._return_route.model import PROTOCOL
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary import FORWARDING_GROUPS

__all__ = ["Named", "name_servers", "ways_back"]

_MAIN = (None, "main", "254", 254)


class Named:
    """What naming real servers by their hosts has found: groups with their hosts, and variables of hosts."""

    def __init__(self) -> None:
        self.groups: dict[str, dict[str, None]] = {}
        self.variables: dict[str, dict[str, Any]] = {}
        self.nat: dict[str, str] = {}
        """IPv4 addresses by which hosts serve behind NAT."""


def name_servers(services: Iterable[dict[str, Any]], own: Own, near: Collection[Any], findings: Findings) -> Named:
    """Write ``host`` in place of ``address`` where a host has it. ``near``: the networks of the directors."""
    named = Named()
    owners = {str(ip_interface(one).ip): host for host in own for addresses in own[host].values() for one in addresses}
    chosen: dict[tuple[str, bool], str] = {}
    for service in services:
        for server in service["real_servers"]:
            address = server.get("address")
            host = owners.get(address)
            if host is None or address is None:
                findings.of("").leave(
                    f"real server {address}",
                    "no host that was read has this address, so nobody prepares it",
                    "add the machine to the inventory and adopt again, or prepare it by other means",
                )
                continue
            six = ":" in address
            if chosen.setdefault((host, six), address) != address:
                findings.of(host).leave(
                    "",
                    f"it serves at {address} and at {chosen[host, six]}, and a host has one lvs_address",
                    "the service names it by its address, so nobody prepares it for that",
                )
                continue
            method = server.get("forwarding", service["forwarding"])
            named.groups.setdefault(FORWARDING_GROUPS[method], {})[host] = None
            if method == "nat" and not six:
                named.nat[host] = address
            _name(server, host)
    for (host, six), address in chosen.items():
        addresses = [one for found in own[host].values() for one in found if (":" in one) == six]
        if len(addresses) > 1 or not any(ip_address(address) in network for network in near):
            named.variables.setdefault(host, {})["lvs_address6" if six else "lvs_address"] = address
    return named


def _name(server: dict[str, Any], host: str) -> None:
    rest = {key: one for key, one in server.items() if key != "address"}
    server.clear()
    server.update({"host": host, **rest})


def ways_back(
    named: Named, facts: Mapping[str, Mapping[str, Any]], directors: Collection[str], findings: Findings
) -> dict[str, dict[str, str]]:
    """``lvs_route`` and ``lvs_gateway`` of each host behind NAT. ``directors``: the addresses of directors."""
    result: dict[str, dict[str, str]] = {}
    for host, address in named.nat.items():
        rules = facts[host].get("rules") or ()
        routes = facts[host].get("routes") or ()
        found = [(form, gateway) for form, gateway in _ways(address, rules, routes) if gateway in directors]
        if found:
            result[host] = {"lvs_route": found[0][0], "lvs_gateway": found[0][1]}
            if found[0][0] == "policy" and not any(str(rule.get("protocol")) == str(PROTOCOL) for rule in rules):
                findings.of(host).leave(
                    "",
                    f"its rule for packets from {address} stands beside the one that site.yml makes",
                    "take the old one out where you load it from once site.yml has run",
                )
        else:
            findings.of(host).leave(
                "",
                f"no default route was found that leads packets from {address} to a director",
                "site.yml makes a rule and a table for it (lvs_route: policy)",
            )
    return result


def _ways(
    address: str, rules: Sequence[Mapping[str, Any]], routes: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, str]]:
    """Gateways that a packet from the address may take: those of rules first, then the one of the main table."""
    for rule in rules:
        if rule["family"] == "ipv4" and rule.get("src") not in (None, "all") and rule.get("table") not in _MAIN:
            length = rule.get("srclen", 32)
            try:
                matches = ip_address(address) in ip_network(f"{rule['src']}/{length}", strict=False)
            except ValueError:
                continue
            for route in routes if matches else ():
                if route["family"] == "ipv4" and str(route.get("table")) == str(rule.get("table")):
                    yield "policy", str(route.get("gateway", ""))
    for route in routes:
        if route["family"] == "ipv4" and route.get("table") in _MAIN:
            yield "default", str(route.get("gateway", ""))
