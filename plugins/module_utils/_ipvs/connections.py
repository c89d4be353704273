# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kernel's connections as /proc/net/ip_vs_conn tells them (net/netfilter/ipvs/ip_vs_conn.c, ip_vs_proto.c).

A line has the protocol, client, virtual service and real server with their ports in hexadecimal, the state and the
seconds until the entry is forgotten; some have a persistence engine and its data behind that. IPv4 addresses are eight
hexadecimal digits, IPv6 ones are written in full. A real server may be of the other family (a tunnel).

A persistence template stands for all connections of a client: it has the client port 0 and the state ASSURED or NONE
(before Linux 4.19 NONE alone), its client is the network of the persistence netmask, its service port is 0 where it is
for all ports. That of a firewall mark has the protocol IP and the mark in place of the service's address.
"""

from __future__ import annotations

import functools
import ipaddress
import socket
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

__all__ = ["ESTABLISHED", "FILE", "Connection", "Filter", "parse", "sample", "summary", "unknown"]

FILE = "/proc/net/ip_vs_conn"
ESTABLISHED = "ESTABLISHED"
_TEMPLATE_STATES = ("NONE", "ASSURED")
_FIELDS = 9
_MARKED = "IP"
_TOO_LONG = 2**31

Network = Any
"""ipaddress.IPv4Network or IPv6Network; the two have no common class."""


class Connection(NamedTuple):
    """One entry of the table; addresses in their canonical form."""

    protocol: str
    """tcp, udp, sctp; ip for the template of a firewall mark."""
    client: str
    client_port: int
    address: str
    """The VIP; "" where fwmark says which service it is."""
    port: int
    server: str
    server_port: int
    state: str
    expires: int
    """Seconds until it is forgotten."""
    template: bool
    fwmark: int = 0
    engine: str = ""
    """The persistence engine and its data, as the kernel has them."""

    @property
    def key(self) -> tuple[str, str, int, str, int]:
        return (self.protocol, self.client, self.client_port, self.address, self.port)

    def options(self) -> dict[str, Any]:
        """For a module's result; what a template alone has only there."""
        found = self._asdict()
        del found["template"]
        if not self.fwmark:
            del found["fwmark"]
        if not self.engine:
            del found["engine"]
        return found


class Filter(NamedTuple):
    """Which connections are meant; what is None or empty says nothing."""

    client: Network = None
    services: tuple[Mapping[str, Any], ...] = ()
    """Each with address, protocol and ports ([[first, last]]), and fwmark for a mark's templates."""
    server: str = ""
    server_port: int = 0
    netmasks: tuple[str, ...] = ()
    """Of persistence, beside that of one address: a template names the first address of such a network."""

    def meets(self, one: Connection) -> bool:
        return (
            (self.client is None or _is_client(one.client, self.client, self.netmasks if one.template else ()))
            and (not self.services or any(_serves(service, one) for service in self.services))
            and self.server in ("", one.server)
            and self.server_port in (0, one.server_port)
        )


@functools.lru_cache(maxsize=65536)
def _is_client(client: str, network: Network, netmasks: tuple[str, ...]) -> bool:
    """Whether a client, or with one of ``netmasks`` the network that begins with it, is in a network."""
    address = ipaddress.ip_address(client)
    if address.version != network.version:
        return False
    wider = [mask for mask in netmasks if ("." in mask) == (address.version == 4)]
    networks = [ipaddress.ip_network(f"{client}/{mask}", strict=False) for mask in wider]
    return address in network or any(one.network_address == address and one.overlaps(network) for one in networks)


def _serves(service: Mapping[str, Any], one: Connection) -> bool:
    if one.fwmark:
        return bool(service.get("fwmark") == one.fwmark)
    if not service.get("address") or service["address"] != one.address:
        return False
    if service.get("protocol") not in (None, one.protocol):
        return False
    ports = service.get("ports") or []
    # The template of all ports of a service has port 0.
    return not ports or (one.template and one.port == 0) or any(first <= one.port <= last for first, last in ports)


def parse(lines: Iterable[str]) -> Iterator[Connection]:
    """The entries of the kernel's text, its head line left out. Raise ValueError for a line that isn't understood."""
    for line in lines:
        words = line.split()
        if not words or words[:2] == ["Pro", "FromIP"]:
            continue
        try:
            yield _connection(words)
        except ValueError as error:
            raise ValueError(f"a line of {FILE} is not understood: {line.strip()!r}") from error


def _connection(words: Sequence[str]) -> Connection:
    kind, client, client_port, vip, port, server, server_port, state, expires = words[:_FIELDS]
    number = int(client_port, 16)
    template = number == 0 and state in _TEMPLATE_STATES
    marked = template and kind == _MARKED
    return Connection(
        protocol=kind.lower(),
        client=_address(client),
        client_port=number,
        address="" if marked else _address(vip),
        port=int(port, 16),
        server=_address(server),
        server_port=int(server_port, 16),
        state=state,
        # One that is due, and that an older kernel counts below 0 without a sign.
        expires=int(expires) if int(expires) < _TOO_LONG else 0,
        template=template,
        # Of an IPv6 address the mark is the first 32 bits.
        fwmark=int(vip.replace(":", "")[:8], 16) if marked else 0,
        engine=" ".join(words[_FIELDS:]),
    )


@functools.lru_cache(maxsize=65536)
def _address(text: str) -> str:
    # Each client is there many times.
    return str(ipaddress.ip_address(text)) if ":" in text else socket.inet_ntoa(bytes.fromhex(text))


def summary(connections: Iterable[Connection], wanted: Filter, limit: int) -> dict[str, Any]:
    """Those that are meant: at most ``limit`` connections and as many templates, and counts of all.

    Established ones come first: of a busy client most are closed, and the kernel keeps those for two minutes.
    """
    established: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    templates: list[dict[str, Any]] = []
    servers: Counter[str] = Counter()
    states: Counter[str] = Counter()
    total = template_total = 0
    for one in connections:
        if not wanted.meets(one):
            continue
        if one.template:
            template_total += 1
            if len(templates) < limit:
                templates.append(one.options())
            continue
        total += 1
        servers[_endpoint(one.server, one.server_port)] += 1
        states[one.state] += 1
        shown = established if one.state == ESTABLISHED else others
        if len(shown) < limit:
            shown.append(one.options())
    return {
        "connections": (established + others)[:limit],
        "total": total,
        "templates": templates,
        "templates_total": template_total,
        "by_server": dict(sorted(servers.items())),
        "by_state": dict(sorted(states.items())),
    }


def sample(
    read: Callable[[], Iterable[Connection]], wanted: Filter, number: int, pause: Callable[[], None]
) -> list[dict[str, Any]]:
    """Up to ``number`` connections that are established before the pause and after it."""
    before = {one.key for one in read() if one.state == ESTABLISHED and wanted.meets(one)}
    if not before:
        return []
    pause()
    found: list[dict[str, Any]] = []
    for one in read():
        if len(found) == number:
            break
        if one.state == ESTABLISHED and one.key in before:
            found.append(_named(one.key))
    return found


def unknown(connections: Iterable[Connection], known: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Those of ``known`` that the kernel has no entry for, as they were given."""
    keys = {_key(one): dict(one) for one in known}
    for one in connections:
        keys.pop(one.key, None)
        if not keys:
            break
    return list(keys.values())


def _key(named: Mapping[str, Any]) -> tuple[str, str, int, str, int]:
    client, address = (str(ipaddress.ip_address(named[key])) for key in ("client", "address"))
    return (named["protocol"], client, int(named["client_port"]), address, int(named["port"]))


def _named(key: tuple[str, str, int, str, int]) -> dict[str, Any]:
    return dict(zip(("protocol", "client", "client_port", "address", "port"), key))


def _endpoint(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
