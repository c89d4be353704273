# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ethernet frames that ask who has an address, and what answers say (RFC 826, RFC 4861). Bytes in, values out."""

from __future__ import annotations

import ipaddress
import struct

__all__ = ["ARP", "IPV6", "answer", "hardware", "question"]

ARP, IPV6 = 0x0806, 0x86DD
_BROADCAST = b"\xff" * 6
_ETHERNET = struct.Struct("!6s6sH")
_ARP = struct.Struct("!HHBBH6s4s6s4s")
_ARP_HEAD = (1, 0x0800, 6, 4)  # Ethernet, IPv4, and the lengths of their addresses
_REQUEST, _REPLY = 1, 2
_IPV6 = struct.Struct("!IHBB16s16s")
_ICMPV6, _HOPS = 58, 255
_SOLICITATION, _ADVERTISEMENT = 135, 136
_SOURCE_LINK, _TARGET_LINK = 1, 2
_NEIGHBOUR = struct.Struct("!BBHI16s")


def question(mac: str, source: str, asked: str) -> bytes:
    """The frame by which the interface with this MAC and address asks for another one of the same family.

    IPv4: an ARP request to all. IPv6: a neighbour solicitation to the group of the address.
    """
    link = bytes.fromhex(mac.replace(":", ""))
    wanted = ipaddress.ip_address(asked)
    own = ipaddress.ip_address(source)
    if wanted.version == 4:
        body = _ARP.pack(*_ARP_HEAD, _REQUEST, link, own.packed, bytes(6), wanted.packed)
        return _ETHERNET.pack(_BROADCAST, link, ARP) + body
    group = ipaddress.ip_address("ff02::1:ff00:0").packed[:13] + wanted.packed[13:]
    option = bytes((_SOURCE_LINK, 1)) + link
    message = _NEIGHBOUR.pack(_SOLICITATION, 0, 0, 0, wanted.packed) + option
    checksum = _checksum(own.packed + group + struct.pack("!II", len(message), _ICMPV6) + message)
    message = message[:2] + struct.pack("!H", checksum) + message[4:]
    head = _IPV6.pack(6 << 28, len(message), _ICMPV6, _HOPS, own.packed, group)
    return _ETHERNET.pack(b"\x33\x33" + group[12:], link, IPV6) + head + message


def answer(frame: bytes) -> tuple[str, str] | None:
    """The address that a frame tells of, and the MAC by which it is to be reached; None for one that answers nothing.

    The MAC is the one that is told, which with a cluster IP is not the one that the frame comes from.
    """
    if len(frame) < _ETHERNET.size:
        return None
    _to, sender, kind = _ETHERNET.unpack_from(frame)
    body = frame[_ETHERNET.size :]
    if kind == ARP:
        return _arp_answer(body)
    return _advertisement(body, sender) if kind == IPV6 else None


def _arp_answer(body: bytes) -> tuple[str, str] | None:
    if len(body) < _ARP.size:
        return None
    *head, operation, link, address, _target_link, _target = _ARP.unpack_from(body)
    if tuple(head) != _ARP_HEAD or operation != _REPLY:
        return None
    return str(ipaddress.IPv4Address(address)), hardware(link)


def _advertisement(body: bytes, sender: bytes) -> tuple[str, str] | None:
    if len(body) < _IPV6.size + _NEIGHBOUR.size:
        return None
    _version, length, following, hops, _source, _target = _IPV6.unpack_from(body)
    # A router would have taken one off the hops: what comes from afar is no neighbour.
    if following != _ICMPV6 or hops != _HOPS:
        return None
    message = body[_IPV6.size : _IPV6.size + length]
    if len(message) < _NEIGHBOUR.size:
        return None
    kind, code, _sum, _flags, address = _NEIGHBOUR.unpack_from(message)
    if kind != _ADVERTISEMENT or code != 0:
        return None
    link = _option(message[_NEIGHBOUR.size :]) or sender
    return str(ipaddress.IPv6Address(address)), hardware(link)


def _option(options: bytes) -> bytes | None:
    """The link-layer address that the advertisement tells; it may be left out."""
    while len(options) >= 8:
        kind, eights = options[0], options[1]
        if eights == 0:
            return None
        if kind == _TARGET_LINK:
            return options[2:8]
        options = options[8 * eights :]
    return None


def hardware(link: bytes) -> str:
    """A MAC as text."""
    return ":".join(f"{byte:02x}" for byte in link)


def _checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    padded = data + bytes(len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total
