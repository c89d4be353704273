# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The IPVS table as values: virtual services, destinations, timeouts and sync daemons, with ipvsadm(8)'s words.

What identifies an entry is apart from what can be edited in place: a change of the second keeps connections and
statistics, a change of the first is another entry.
"""

from __future__ import annotations

from typing import Dict, NamedTuple

__all__ = [
    "HOST_MASKS",
    "NO_TIMEOUTS",
    "Destination",
    "DestinationKey",
    "Entry",
    "ServiceKey",
    "Settings",
    "SyncDaemon",
    "Table",
    "Timeouts",
]

HOST_MASKS = {"ipv4": "255.255.255.255", "ipv6": "128"}
"""The persistence netmask that tells every client address apart; a `Settings` has "" for it."""


class ServiceKey(NamedTuple):
    """Which virtual service: an address, port and protocol, or a firewall mark with a family."""

    family: str
    """ipv4 or ipv6."""
    protocol: str = ""
    """tcp, udp or sctp; "" for a firewall mark."""
    address: str = ""
    """The VIP in its canonical form; "" for a firewall mark."""
    port: int = 0
    """0 stands for all ports."""
    fwmark: int = 0
    """1 to 2**32-1; 0 for a service with an address."""

    def __str__(self) -> str:
        if self.fwmark:
            return f"fwmark {self.fwmark}" + (" (ipv6)" if self.family == "ipv6" else "")
        return f"{self.protocol} {endpoint(self.address, self.port)}"


class Settings(NamedTuple):
    """What a virtual service has beside its key."""

    scheduler: str = "wlc"
    scheduler_flags: tuple[str, ...] = ()
    """Sorted: fallback and port (sh and mh), flag-1, flag-2, flag-3 (other schedulers)."""
    one_packet: bool = False
    persistence_timeout: int = 0
    """Seconds; 0: not persistent."""
    persistence_netmask: str = ""
    """ipv4: dotted, ipv6: a prefix length; "": every client address by itself."""
    persistence_engine: str = ""
    """The name of a module ip_vs_pe_NAME, such as sip."""


class DestinationKey(NamedTuple):
    """Which destination of a virtual service."""

    family: str
    address: str
    port: int

    def __str__(self) -> str:
        return endpoint(self.address, self.port)


class Destination(NamedTuple):
    """What a destination has beside its key."""

    forwarding: str = "nat"
    """nat, dr or tun; local and bypass are read from the kernel only."""
    weight: int = 1
    """0 (no new connection) to 2**31-1."""
    upper_threshold: int = 0
    """At this many connections no new one is sent; 0: no limit."""
    lower_threshold: int = 0
    """New ones are sent again below this many; 0: the kernel takes three quarters of the upper threshold."""
    tunnel_type: str = "ipip"
    """ipip, gue or gre."""
    tunnel_port: int = 0
    """UDP port of gue, else 0."""
    tunnel_checksum: str = "none"
    """none, csum or remcsum."""


class Entry(NamedTuple):
    """A virtual service with all its destinations."""

    settings: Settings
    destinations: dict[DestinationKey, Destination]


Table = Dict[ServiceKey, Entry]


class Timeouts(NamedTuple):
    """Seconds after which idle connections are forgotten."""

    tcp: int
    tcp_fin: int
    udp: int


NO_TIMEOUTS = Timeouts(0, 0, 0)


class SyncDaemon(NamedTuple):
    """A running connection sync daemon. There is at most one of each role."""

    role: str
    """master (sends) or backup (receives)."""
    interface: str
    id: int = 0
    maxlen: int = 0
    """Bytes in a datagram; 0: what fits the interface."""
    group: str = ""
    """Multicast group; "": 224.0.0.81."""
    port: int = 0
    """UDP port; 0: 8848."""
    ttl: int = 0
    """Of the multicast; 0: 1."""


def endpoint(address: str, port: int) -> str:
    """An address with its port, as ipvsadm prints it."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
