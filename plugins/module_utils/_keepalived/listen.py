# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hearing the VRRP adverts that reach this host, beside keepalived and before any firewall."""

from __future__ import annotations

import contextlib
import ctypes
import ipaddress
import json
import select
import socket
import struct
import time
from collections.abc import Iterable, Iterator
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.adverts import Advert, parse
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.shared import Instance

__all__ = ["Ears", "own_addresses"]

_ETHER_TYPES = {4: 0x0800, 6: 0x86DD}
_SO_ATTACH_FILTER = 26
_LONGEST_PACKET = 65536
_MAX_AT_ONCE = 64
# linux/if_packet.h: to this host, to all, to a group. Not what was sent, or passes by.
_TO_US = (0, 1, 2)
# For BPF (linux/filter.h): a byte of the packet, equal to, the answer.
_LOAD_BYTE, _IF_EQUAL, _ANSWER = 0x30, 0x15, 0x06
_ALL = 0x40000
_FILTERS = {
    # The protocol at byte 9: VRRP, or AH, which may hold VRRP.
    4: [
        (_LOAD_BYTE, 0, 0, 9),
        (_IF_EQUAL, 1, 0, 112),
        (_IF_EQUAL, 0, 1, 51),
        (_ANSWER, 0, 0, _ALL),
        (_ANSWER, 0, 0, 0),
    ],
    6: [(_LOAD_BYTE, 0, 0, 6), (_IF_EQUAL, 0, 1, 112), (_ANSWER, 0, 0, _ALL), (_ANSWER, 0, 0, 0)],
}


class Ears:
    """Sockets that hear adverts of both families on all interfaces from now on, vmac ones among them.

    keepalived has joined the groups of its configuration; those of ``instances`` are joined too, as a staged
    configuration may have another one.
    """

    def __init__(self, instances: Iterable[Instance]) -> None:
        self._families: dict[int, int] = {}
        self._sockets: dict[int, socket.socket] = {}
        self._members: list[socket.socket] = []
        try:
            for family, ether_type in _ETHER_TYPES.items():
                kind = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK
                opened = socket.socket(socket.AF_PACKET, kind, socket.htons(ether_type))
                self._sockets[opened.fileno()] = opened
                self._families[opened.fileno()] = family
                # However much passes this host; what came before the filter is no advert to parse either.
                _attach(opened, _FILTERS[family])
            for interface, group in sorted({(one.interface, one.group) for one in instances if one.group}):
                self._join(interface, group)
        except BaseException:
            self.close()
            raise

    def handles(self) -> list[int]:
        """The file descriptors that a child must keep."""
        return [*self._sockets, *(one.fileno() for one in self._members)]

    def adverts(self, deadline: float) -> Iterator[tuple[float, Advert]]:
        """Each advert with the moment when it was read, until the deadline (of time.monotonic)."""
        poll = select.poll()
        for handle in self._sockets:
            poll.register(handle, select.POLLIN)
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return
            for handle, _events in poll.poll(left * 1000 + 1):
                moment = time.monotonic()
                for advert in self._read(handle):
                    yield moment, advert

    def close(self) -> None:
        for one in [*self._sockets.values(), *self._members]:
            one.close()

    def _read(self, handle: int) -> Iterator[Advert]:
        # Not for ever: a flood must not hide the other family.
        for _count in range(_MAX_AT_ONCE):
            try:
                packet, (interface, _type, kind, *_hardware) = self._sockets[handle].recvfrom(_LONGEST_PACKET)
            except BlockingIOError:
                return
            except OSError:
                # An interface went down; the socket hears the others.
                continue
            advert = parse(packet, self._families[handle], interface) if kind in _TO_US else None
            if advert is not None:
                yield advert

    def _join(self, interface: str, group: str) -> None:
        # What can't be joined is heard if keepalived has joined it, and else the switch comes without it.
        with contextlib.suppress(OSError):
            number = socket.if_nametoindex(interface)
            address = ipaddress.ip_address(group)
            family = socket.AF_INET if address.version == 4 else socket.AF_INET6
            member = socket.socket(family, socket.SOCK_DGRAM)
            self._members.append(member)
            if address.version == 4:
                request = struct.pack("=4s4si", address.packed, bytes(4), number)
                member.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
            else:
                member.setsockopt(
                    socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, struct.pack("=16si", address.packed, number)
                )


def _attach(opened: socket.socket, program: list[tuple[int, int, int, int]]) -> None:
    code = b"".join(struct.pack("=HBBI", *step) for step in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    opened.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", len(program), ctypes.addressof(buffer)))


def own_addresses(text: str) -> set[str]:
    """The addresses in what ``ip -json address show`` prints."""
    read: list[dict[str, Any]] = json.loads(text or "[]")
    return {str(one["local"]) for link in read for one in link.get("addr_info", []) if "local" in one}
