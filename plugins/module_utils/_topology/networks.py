# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses and networks as text in, ``ipaddress`` objects out; each text is parsed once."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_address,
    ip_interface,
    ip_network,
)
from typing import Iterable, Union

__all__ = [
    "Address",
    "Interface",
    "Network",
    "address",
    "edge",
    "family",
    "holding",
    "interface",
    "network",
    "of_link",
    "overall",
    "within",
]

Address = Union[IPv4Address, IPv6Address]
Interface = Union[IPv4Interface, IPv6Interface]
Network = Union[IPv4Network, IPv6Network]


def _strict(text: str) -> str:
    """Refuse what only some Python versions take: leading zeros (octal to others) and IPv6 zones."""
    plain = text.strip()
    parts = () if ":" in plain else plain.replace("/", ".").split(".")
    if "%" in plain or any(len(part) > 1 and part[0] == "0" for part in parts):
        raise ValueError(text)
    return plain


@lru_cache(maxsize=65536)
def address(text: str) -> Address:
    """``10.0.0.5``; ValueError for anything else."""
    return ip_address(_strict(text))


@lru_cache(maxsize=65536)
def interface(text: str) -> Interface:
    """``10.0.0.3/24``, the mask as bits or as an address, /32 (/128) without one; ValueError for anything else."""
    return ip_interface(_strict(text))


@lru_cache(maxsize=1024)
def network(text: str) -> Network:
    """``10.0.0.0/24``; ValueError for anything else and for an address with host bits."""
    return ip_network(_strict(text))


def family(one: Address | Interface | Network) -> str:
    """``ipv4`` or ``ipv6``."""
    return f"ipv{one.version}"


def of_link(one: Address) -> bool:
    """Whether it is link-local IPv6: every link has the same network then, and may have the same address."""
    return one.version == 6 and one.is_link_local


def edge(networks: Iterable[Network], one: Address) -> str:
    """What an address is of a known network that no host can have: its own or its broadcast address; else empty.

    IPv4 alone: in IPv6 the first address of a network is its routers', and a single host may have it. An address that
    fits a wider or narrower network, too, is left alone, and one in a network of two (RFC 3021).
    """
    fitting = [net for net in networks if one in net]
    if not fitting or one.version != 4:
        return ""
    if any(net.prefixlen > 30 or one not in (net.network_address, net.broadcast_address) for net in fitting):
        return ""
    net = holding(fitting, one)
    first = net is not None and one == net.network_address
    return f"the address of the network {net} itself" if first else f"the broadcast address of {net}"


def holding(networks: Iterable[Network], one: Address) -> Network | None:
    """The narrowest of the networks that holds the address."""
    fitting = [net for net in networks if one in net]
    return max(fitting, key=lambda net: (net.prefixlen, str(net)), default=None)


def within(one: Interface, networks: Iterable[Network]) -> Network | None:
    """The network of an interface that an address's own is wider than, so that it would lead more hosts that way."""
    own = [*networks]
    narrower = [net for net in own if one.ip in net and net.prefixlen > one.network.prefixlen]
    return holding(narrower, one.ip) if one.network not in own else None


def overall(interfaces: Iterable[Interface]) -> list[Network]:
    """The networks of the interfaces, without those of a single address, which say nothing about neighbours."""
    return sorted(
        {one.network for one in interfaces if one.network.prefixlen < one.max_prefixlen},
        key=lambda net: (net.version, net.prefixlen, str(net)),
    )
