# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The interfaces of this host with their MACs and addresses, from the kernel by rtnetlink: no program is needed."""

from __future__ import annotations

import ipaddress
import socket
import struct
from typing import Iterable, Iterator, Mapping, NamedTuple, Union

from ansible_collections.lvs.cluster.plugins.module_utils._arp.packets import hardware

__all__ = ["Interface", "choose", "parse", "read"]

Network = Union[ipaddress.IPv4Interface, ipaddress.IPv6Interface]

_GET_LINK, _NEW_LINK, _GET_ADDRESS, _NEW_ADDRESS = 18, 16, 22, 20
_ERROR, _DONE = 2, 3
_DUMP_REQUEST = 0x301
_HEADER = struct.Struct("=IHHII")
_LINK = struct.Struct("=BxHiII")  # family, type, index, flags, change
_ADDRESS = struct.Struct("=BBBBI")  # family, prefix length, flags, scope, index
_ATTRIBUTE = struct.Struct("=HH")
_TYPE_MASK = 0x3FFF
_IFLA_ADDRESS, _IFLA_NAME = 1, 3
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_ETHERNET = 1
_UP, _NO_ARP = 0x1, 0x80
_TENTATIVE = 0x40
_RECEIVE_BYTES = 1 << 16


class Interface(NamedTuple):
    """An Ethernet interface that is up, with the addresses that can be a question's source."""

    name: str
    mac: str
    addresses: tuple[Network, ...]


def read() -> tuple[list[Interface], set[str]]:
    """The interfaces, and all addresses of this host as text."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as door:
        door.bind((0, 0))
        links = b"".join(_dump(door, _GET_LINK, _LINK.size))
        addresses = b"".join(_dump(door, _GET_ADDRESS, _ADDRESS.size))
    return parse(links, addresses)


def _dump(door: socket.socket, kind: int, size: int) -> Iterator[bytes]:
    """What the kernel sends for a request of this kind, which has a body of zeros, until it says that this was all."""
    door.send(_HEADER.pack(_HEADER.size + size, kind, _DUMP_REQUEST, kind, 0) + bytes(size))
    while True:
        data = door.recv(_RECEIVE_BYTES)
        kinds = [one for one, _body in _messages(data)]
        if _ERROR in kinds:
            raise OSError("the kernel does not tell which interfaces there are")
        yield data
        if _DONE in kinds:
            return


def parse(links: bytes, addresses: bytes) -> tuple[list[Interface], set[str]]:
    """The interfaces, and every address, from what the kernel answered to both requests."""
    found: dict[int, tuple[str, str]] = {}
    for kind, body in _messages(links):
        if kind != _NEW_LINK:
            continue
        _family, hardware_type, index, flags, _change = _LINK.unpack_from(body)
        values = _attributes(body[_LINK.size :])
        mac = values.get(_IFLA_ADDRESS, b"")
        if hardware_type == _ETHERNET and flags & _UP and not flags & _NO_ARP and len(mac) == 6:
            found[index] = (values[_IFLA_NAME].rstrip(b"\0").decode(), hardware(mac))
    of: dict[int, list[Network]] = {index: [] for index in found}
    own: set[str] = set()
    for kind, body in _messages(addresses):
        if kind != _NEW_ADDRESS:
            continue
        family, length, flags, _scope, index = _ADDRESS.unpack_from(body)
        values = _attributes(body[_ADDRESS.size :])
        # On a link with a peer the other attribute is the peer's.
        packed = values.get(_IFA_LOCAL, values.get(_IFA_ADDRESS, b""))
        if family not in (socket.AF_INET, socket.AF_INET6) or not packed:
            continue
        address = ipaddress.ip_interface(f"{ipaddress.ip_address(packed)}/{length}")
        own.add(str(address.ip))
        if index in of and not flags & _TENTATIVE:
            of[index].append(address)
    return [Interface(name, mac, tuple(of[index])) for index, (name, mac) in found.items()], own


def choose(interfaces: Iterable[Interface], asked: str) -> tuple[Interface, str] | None:
    """The interface in whose network an address is (the narrowest counts), and the address to ask from.

    None where there is none, and where it is a link-local address and there are several links that it may be on.
    """
    wanted = ipaddress.ip_address(asked)
    near = [
        (own.network.prefixlen, interface, str(own.ip))
        for interface in interfaces
        for own in interface.addresses
        # In the network of a single address there is nobody to ask.
        if own.version == wanted.version and own.network.prefixlen < own.max_prefixlen and wanted in own.network
    ]
    if not near or (wanted.is_link_local and len({interface.name for _length, interface, _own in near}) > 1):
        return None
    _length, interface, source = max(near, key=lambda one: one[0])
    return interface, source


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= _HEADER.size:
        length, kind, _flags, _sequence, _port = _HEADER.unpack_from(data)
        if length < _HEADER.size:
            return
        yield kind, data[_HEADER.size : length]
        data = data[(length + 3) & ~3 :]


def _attributes(data: bytes) -> Mapping[int, bytes]:
    found: dict[int, bytes] = {}
    while len(data) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(data)
        if length < _ATTRIBUTE.size:
            break
        found[kind & _TYPE_MASK] = data[_ATTRIBUTE.size : length]
        data = data[(length + 3) & ~3 :]
    return found
