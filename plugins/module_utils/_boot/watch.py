# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service that listens to rtnetlink(7) and mends what others undid, at a pace that never turns into a fight."""

from __future__ import annotations

import os
import select
import socket
import struct
import sys
import time
from typing import Callable, Collection

__all__ = ["IDLE", "Pace", "log", "matters", "notify", "watch"]

IDLE = 60.0  # a look without any event, should one have been lost
BETWEEN = 1.0  # where routes of others come and go all the time, a look costs some processes each
_CALM, _PATIENCE, _LONGEST = 30.0, 5, 60.0

_NEWROUTE = 24
_NLM_F_REPLACE = 0x100


def matters(data: bytes, kinds: Collection[int]) -> bool:
    """Whether one of the messages in a datagram is of these kinds (RTM_* of linux/rtnetlink.h).

    A route that replaces another one counts as a deletion.
    """
    offset = 0
    while offset + 16 <= len(data):
        length, kind, flags, _sequence, _port = struct.unpack_from("=IHHII", data, offset)
        if kind in kinds:
            return True
        if kind == _NEWROUTE and flags & _NLM_F_REPLACE:
            return True
        if length < 16:
            return True  # cut short: better one look too many
        offset += (length + 3) & ~3
    return False


class Pace:
    """How long to wait before the next look. Seconds of a monotonic clock.

    A repair soon after another one is a strike; after some of them somebody else insists, and the waits double up to
    a minute. A repair that failed (its link is down) waits likewise, but an event still brings it forward.
    """

    def __init__(self, settle: float) -> None:
        self.settle = settle
        self.strikes = 0
        self.failures = 0
        self.last_repair = -_CALM

    def repaired(self, now: float) -> bool:
        """Counts a repair; True when this is where backing off begins."""
        self.strikes = self.strikes + 1 if now - self.last_repair < _CALM + self.after_event() else 1
        self.last_repair, self.failures = now, 0
        return self.strikes == _PATIENCE

    def after_event(self) -> float:
        over = self.strikes - _PATIENCE
        return self.settle if over < 0 else float(min(_LONGEST, 2.0 ** (over + 1)))

    def next_look(self, event: float, looked: float) -> float:
        """When to look after an event: soon after a quiet time, else a second after the last look."""
        return max(event + self.after_event(), looked + BETWEEN)

    def idle(self) -> float:
        return float(min(_LONGEST, 2.0 ** min(self.failures, 6))) if self.failures else IDLE


def log(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def notify(state: str) -> None:
    """sd_notify(3): tells systemd, if it asked to be told."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(state.encode(), "\0" + address[1:] if address[0] == "@" else address)


def watch(look: Callable[[float], object], pace: Pace, *, groups: int, kinds: Collection[int]) -> None:
    """One look, then one after each burst of events, for ever.

    ``groups`` are the RTMGRP_* bits of linux/rtnetlink.h, ``kinds`` the messages that matter. look(now) may change the
    pace.
    """
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0) as events:
        events.bind((0, groups))
        events.setblocking(False)
        look(time.monotonic())
        notify("READY=1")
        looked = time.monotonic()
        due = looked + pace.idle()
        while True:
            if time.monotonic() >= due:
                look(time.monotonic())
                looked = time.monotonic()
                due = looked + pace.idle()
            ready, _writable, _odd = select.select([events], [], [], max(0.0, due - time.monotonic()))
            if ready and _drain(events, kinds):
                due = min(due, pace.next_look(time.monotonic(), looked))


def _drain(events: socket.socket, kinds: Collection[int]) -> bool:
    found = False
    while True:
        try:
            found = matters(events.recv(65536), kinds) or found
        except BlockingIOError:
            return found
        except OSError:
            found = True  # ENOBUFS: the kernel dropped some, they may have been ours
