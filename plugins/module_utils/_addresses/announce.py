# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells the neighbours who has an address now: gratuitous ARP and unsolicited neighbour advertisements."""

from __future__ import annotations

import socket
import struct
import time
from typing import Callable, Iterable, List, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._addresses.model import Address

TIMES, BETWEEN = 3, 0.1
_ETH_P_ARP, _ARPHRD_ETHER = 0x0806, 1
_BROADCAST = b"\xff" * 6
_NEIGHBOUR_ADVERTISEMENT, _ROUTER, _OVERRIDE = 136, 0x80, 0x20
_TARGET_LINK_LAYER_ADDRESS = 2

Sender = Tuple[socket.socket, List[bytes], Callable[[socket.socket, bytes], object]]


def arp_frames(mac: bytes, address: str) -> list[bytes]:
    """A request and a reply: some neighbours heed only one of them."""
    ip = socket.inet_aton(address)
    head = _BROADCAST + mac + struct.pack("!HHHBB", _ETH_P_ARP, _ARPHRD_ETHER, 0x0800, 6, 4)
    return [
        head + struct.pack("!H", operation) + mac + ip + target + ip
        for operation, target in ((1, b"\0" * 6), (2, _BROADCAST))
    ]


def advertisement(mac: bytes, address: str, router: bool) -> bytes:
    """RFC 4861, 4.4 and 7.2.6. The kernel puts the checksum in."""
    flags = _OVERRIDE | (_ROUTER if router else 0)
    head = struct.pack("!BBHB3x", _NEIGHBOUR_ADVERTISEMENT, 0, 0, flags)
    option = struct.pack("!BB", _TARGET_LINK_LAYER_ADDRESS, 1) + mac
    return head + socket.inet_pton(socket.AF_INET6, address) + option


def _packet_socket(interface: str) -> tuple[socket.socket, bytes]:
    """A socket for ARP, and the interface's address; empty where it is no Ethernet."""
    sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
    try:
        sender.bind((interface, 0))
        kind, mac = sender.getsockname()[3:5]
    except BaseException:
        sender.close()
        raise
    return sender, bytes(mac) if kind == _ARPHRD_ETHER else b""


def _forwards(interface: str) -> bool:
    try:
        with open(f"/proc/sys/net/ipv6/conf/{interface}/forwarding", encoding="ascii") as handle:
            return handle.read().strip() == "1"
    except OSError:
        return False


def _prepare(item: Address) -> Sender | None:
    sender, mac = _packet_socket(item.interface)
    if not mac:
        sender.close()
        return None
    if item.is_ipv4:
        return sender, arp_frames(mac, item.ip), lambda through, data: through.send(data)
    sender.close()
    index = socket.if_nametoindex(item.interface)
    sender = socket.socket(socket.AF_INET6, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.IPPROTO_ICMPV6)
    try:
        sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
        # Of the address itself: the interface's link-local one may still be tentative.
        sender.bind((item.ip, 0, 0, index))
    except BaseException:
        sender.close()
        raise
    frame = advertisement(mac, item.ip, _forwards(item.interface))
    return sender, [frame], lambda through, data: through.sendto(data, ("ff02::1", 0, 0, index))


def announce(addresses: Iterable[Address]) -> dict[Address, str]:
    """Announces them, three times within a moment; gives the complaint for each that could not be announced."""
    complaints: dict[Address, str] = {}
    senders: dict[Address, Sender] = {}
    try:
        for item in addresses:
            try:
                prepared = _prepare(item)
            except OSError as exc:
                complaints[item] = f"{item} was not announced to the neighbours: {exc}"
                continue
            if prepared is not None:
                senders[item] = prepared
        for number in range(TIMES if senders else 0):
            if number:
                time.sleep(BETWEEN)
            for item, (sender, frames, send) in senders.items():
                try:
                    for frame in frames:
                        send(sender, frame)
                except OSError as exc:
                    complaints[item] = f"{item} was not announced to the neighbours: {exc}"
    finally:
        for sender, _frames, _send in senders.values():
            sender.close()
    return complaints
