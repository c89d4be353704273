# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""VRRP adverts as they pass a wire, and when they tell that the master has taken a new configuration. No I/O.

A master that reloads sends an advert at once (vrrp_init_instance_sands in keepalived/vrrp/vrrp_scheduler.c), so its
backups need no clock. One whose instance does not survive its reload says goodbye: an advert with priority 0.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Collection, Mapping
from typing import NamedTuple, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.shared import AH, NO_AUTH, Instance, survives

__all__ = ["Advert", "Values", "Watch", "parse"]

_VRRP, _AH_PROTOCOL = 112, 51
_ADVERT = 1
_AH_BYTES = 24
_PASSWORD_BYTES = 8
_HEADER = struct.Struct("!BBBBHH")


class Values(NamedTuple):
    """What of an advert the members of a virtual router must agree on."""

    version: int
    auth_type: int
    auth_data: bytes
    interval: int
    addresses: tuple[bytes, ...]
    group: str
    """Where it goes; empty for unicast."""

    def __repr__(self) -> str:
        """Without the password, which a traceback could show."""
        return f"Values(version {self.version})"


class Advert(NamedTuple):
    """One advert, from an interface."""

    interface: str
    family: int
    source: str
    router: int
    priority: int
    values: Values


def parse(packet: bytes, family: int, interface: str) -> Advert | None:
    """The advert in an IP packet, None if it is none. What a network carries may be anything."""
    try:
        return _parse_ipv4(packet, interface) if family == 4 else _parse_ipv6(packet, interface)
    except (struct.error, IndexError):
        return None


def _parse_ipv4(packet: bytes, interface: str) -> Advert | None:
    start, protocol = (packet[0] & 15) * 4, packet[9]
    (length,) = struct.unpack_from("!H", packet, 2)
    source, destination = packet[12:16], packet[16:20]
    if protocol == _AH_PROTOCOL and packet[start] == _VRRP:
        start += _AH_BYTES
    elif protocol != _VRRP:
        return None
    # A short frame is filled up: what it carries ends where the header says.
    return _read(packet[start:length], 4, source, destination, interface)


def _parse_ipv6(packet: bytes, interface: str) -> Advert | None:
    if packet[6] != _VRRP:
        return None
    (length,) = struct.unpack_from("!H", packet, 4)
    return _read(packet[40 : 40 + length], 6, packet[8:24], packet[24:40], interface)


def _read(body: bytes, family: int, source: bytes, destination: bytes, interface: str) -> Advert | None:
    version_type, router, priority, count, timing, _checksum = _HEADER.unpack_from(body)
    version = version_type >> 4
    size = 4 if family == 4 else 16
    end = _HEADER.size + count * size
    whole = end + (_PASSWORD_BYTES if version == 2 and family == 4 else 0)
    if version_type & 15 != _ADVERT or version not in (2, 3) or len(body) < whole:
        return None
    addresses = tuple(sorted(body[at : at + size] for at in range(_HEADER.size, end, size)))
    auth_type, interval = (timing >> 8, timing & 0xFF) if version == 2 else (NO_AUTH, timing & 0x0FFF)
    # With AH there is no password to see, but a digest that each packet has another of.
    auth_data = body[end : end + _PASSWORD_BYTES] if auth_type not in (NO_AUTH, AH) else b""
    to = ipaddress.ip_address(destination)
    values = Values(version, auth_type, auth_data, interval, addresses, str(to) if to.is_multicast else "")
    return Advert(interface, family, str(ipaddress.ip_address(source)), router, priority, values)


def _values(one: Instance) -> Values:
    auth_data = one.auth_data if one.auth_type not in (NO_AUTH, AH) else b""
    return Values(one.version, one.auth_type, auth_data, one.interval, one.addresses, one.group)


Router = Tuple[str, int, int]
"""A virtual router: its interface, the version of IP, its number."""


class Watch:
    """Waits for the advert that says: the master has the staged configuration, take yours.

    ``old`` and ``new``: the instances of the configuration in force (None: not known) and of the staged one. ``own``:
    addresses of this host, whose own adverts say nothing.
    """

    def __init__(self, old: Mapping[str, Instance] | None, new: Mapping[str, Instance], own: Collection[str]) -> None:
        self._own = frozenset(own)
        # Then an advert as in the staged configuration may be as in the one in force, too: only a change tells.
        self._known = old is not None
        old = old or {}
        self._old, self._new = _by_router(old), _by_router(new)
        self._leaving = {_router(one) for one in old.values() if not survives(one, new)}
        self._last: dict[tuple[str, int, int, str], Values] = {}

    @property
    def visible(self) -> bool:
        """Whether an advert can tell the staged configuration from the one in force."""
        return (
            bool(self._leaving)
            or not self._known
            or any(self._new.get(key, set()) - self._old[key] for key in self._old)
        )

    def seen(self, advert: Advert) -> str:
        """Why it is time, in words; "" if it is not."""
        if advert.source in self._own:
            return ""
        key = self._key(advert)
        if key is None:
            return ""
        said = f"{advert.source}, virtual router {advert.router} on {advert.interface}"
        if advert.priority == 0:
            return f"goodbye of {said}" if key in self._leaving else ""
        old, new = self._old.get(key, set()), self._new.get(key, set())
        sender = (advert.interface, advert.family, advert.router, advert.source)
        last = self._last.setdefault(sender, advert.values)
        self._last[sender] = advert.values
        if advert.values in old:
            return ""
        if advert.values in new and (self._known or last != advert.values):
            return f"advert of {said} as in the staged configuration"
        return f"changed advert of {said}" if last != advert.values else ""

    def _key(self, advert: Advert) -> Router | None:
        """Under which key we know its virtual router; None for one that is not ours."""
        # An instance with unicast needs no interface.
        for name in (advert.interface, ""):
            key = (name, advert.family, advert.router)
            if key in self._old or key in self._new:
                return key
        return None


def _router(one: Instance) -> Router:
    return (one.interface, one.family, one.router)


def _by_router(instances: Mapping[str, Instance]) -> dict[Router, set[Values]]:
    found: dict[Router, set[Values]] = {}
    for one in instances.values():
        found.setdefault(_router(one), set()).add(_values(one))
    return found
