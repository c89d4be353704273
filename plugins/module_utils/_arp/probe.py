# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking the network who has an address, and collecting all that answers within some time."""

from __future__ import annotations

import contextlib
import ipaddress
import select
import socket
import time
from typing import Iterable, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._arp import interfaces
from ansible_collections.lvs.cluster.plugins.module_utils._arp.packets import ARP, IPV6, answer, question

__all__ = ["Answers", "ask"]

AGAIN = 0.4
"""After this part of the time whoever has not answered is asked once more: a frame may get lost."""
_FRAME_BYTES = 2048
NEEDS_ROOT = "asking needs root (CAP_NET_RAW) on this host"
OWN = "this host has the address itself"
ANY_LINK = "it is a link-local address, and may be on any link of this host"
ELSEWHERE = "no interface of this host is on its network"


class Answers(NamedTuple):
    """MACs by address, none where nobody answered; and addresses that were not asked for, with the reason."""

    answers: dict[str, list[str]]
    not_asked: dict[str, str]


def ask(addresses: Iterable[str], seconds: float) -> Answers:
    """Ask each on the interface whose network holds it. All answers count until the time is over."""
    here, own = interfaces.read()
    not_asked: dict[str, str] = {}
    frames: dict[tuple[str, int], dict[str, bytes]] = {}
    # By its plain form: the name that the caller uses.
    names = {str(ipaddress.ip_address(address)): address for address in addresses}
    for plain, name in names.items():
        chosen = None if plain in own else interfaces.choose(here, plain)
        if chosen is None:
            link_local = here and ipaddress.ip_address(plain).is_link_local
            not_asked[name] = OWN if plain in own else ANY_LINK if link_local else ELSEWHERE
            continue
        interface, source = chosen
        kind = IPV6 if ":" in plain else ARP
        frames.setdefault((interface.name, kind), {})[plain] = question(interface.mac, source, plain)
    found: dict[str, set[str]] = {plain: set() for asked in frames.values() for plain in asked}
    try:
        _collect(frames, found, seconds)
    except PermissionError:
        return Answers({}, {**not_asked, **{names[plain]: NEEDS_ROOT for plain in found}})
    return Answers({names[plain]: sorted(macs) for plain, macs in found.items()}, not_asked)


def _collect(frames: dict[tuple[str, int], dict[str, bytes]], found: dict[str, set[str]], seconds: float) -> None:
    with contextlib.ExitStack() as stack:
        doors = {}
        for name, kind in frames:
            door = stack.enter_context(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(kind)))
            door.bind((name, kind))
            doors[name, kind] = door
        begin = time.monotonic()
        for until in (begin + AGAIN * seconds, begin + seconds):
            for place, asked in frames.items():
                for plain, frame in asked.items():
                    if not found[plain]:
                        doors[place].send(frame)
                        # Answers come while many are still to be asked, and a door keeps only so many.
                        _take(list(doors.values()), found, 0)
            _listen(list(doors.values()), found, until)


def _listen(doors: list[socket.socket], found: dict[str, set[str]], until: float) -> None:
    left = until - time.monotonic()
    while doors and left > 0:
        _take(doors, found, left)
        left = until - time.monotonic()


def _take(doors: list[socket.socket], found: dict[str, set[str]], patience: float) -> None:
    """What has come, or the first that comes within these seconds."""
    for door in select.select(doors, [], [], patience)[0]:
        told = answer(door.recv(_FRAME_BYTES))
        if told is not None and told[0] in found:
            found[told[0]].add(told[1])
