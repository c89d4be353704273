# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IPVS's own netlink attributes: values to bytes and back (linux/ip_vs.h, net/netfilter/ipvs/ip_vs_ctl.c)."""

from __future__ import annotations

import socket
import struct
from typing import Any, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    HOST_MASKS,
    Destination,
    DestinationKey,
    ServiceKey,
    Settings,
    SyncDaemon,
    Timeouts,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.netlink import (
    WireError,
    attribute,
    attributes,
    nested,
    text,
)

__all__ = [
    "COMMANDS",
    "FLAG_NAMES",
    "Connections",
    "Statistics",
    "decode_connections",
    "decode_daemon",
    "decode_destination",
    "decode_info",
    "decode_service",
    "decode_statistics",
    "decode_timeouts",
    "decode_usual_destination",
    "encode_daemon",
    "encode_destination",
    "encode_service",
    "encode_service_key",
    "encode_timeouts",
]

COMMANDS = {
    **{"new_service": 1, "set_service": 2, "del_service": 3, "get_service": 4},
    **{"new_dest": 5, "set_dest": 6, "del_dest": 7, "get_dest": 8},
    **{"new_daemon": 9, "del_daemon": 10, "get_daemon": 11, "set_config": 12, "get_config": 13, "get_info": 15},
}
_SERVICE, _DEST, _DAEMON, _TCP, _TCP_FIN, _UDP = range(1, 7)

_FAMILIES = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
_FAMILY_NAMES = {int(number): name for name, number in _FAMILIES.items()}
_PROTOCOLS = {"": 0, "tcp": 6, "udp": 17, "sctp": 132}
_PROTOCOL_NAMES = {number: name for name, number in _PROTOCOLS.items()}
_FORWARDING = {"nat": 0, "local": 1, "tun": 2, "dr": 3, "bypass": 4}
_FORWARDING_NAMES = {number: name for name, number in _FORWARDING.items()}
_TUNNELS = {"ipip": 0, "gue": 1, "gre": 2}
_TUNNEL_NAMES = {number: name for name, number in _TUNNELS.items()}
_CHECKSUMS = {"none": 0, "csum": 1, "remcsum": 2}
_CHECKSUM_NAMES = {number: name for name, number in _CHECKSUMS.items()}
_ROLES = {"master": 1, "backup": 2}
_ROLE_NAMES = {number: name for name, number in _ROLES.items()}

# Service flags; read back they also hold 0x2 (hashed), which is the kernel's own.
_PERSISTENT, _ONE_PACKET = 0x1, 0x4
_SCHEDULER_BITS = (0x8, 0x10, 0x20)
_GENERIC_FLAGS = ("flag-1", "flag-2", "flag-3")
FLAG_NAMES = dict.fromkeys(("sh", "mh"), ("fallback", "port", "flag-3"))
"""Schedulers whose flags have names of their own, in the order of the flags' bits (ipvsadm(8), --sched-flags)."""

_U8, _U16, _U32, _U64 = (struct.Struct(f"={letter}") for letter in "BHIQ")
_BE16 = struct.Struct("!H")
_FLAGS = struct.Struct("=II")  # flags, mask
_STAT_NAMES = ("conns", "inpkts", "outpkts", "inbytes", "outbytes", "cps", "inpps", "outpps", "inbps", "outbps")

# A destination is most of what is sent, so its attributes are packed at one go: address, port, family, forwarding,
# weight, thresholds, each with its attribute header.
_DESTINATION = struct.Struct("=HH16s HH2s2x HHH2x HHI HHI HHI HHI".replace(" ", ""))
_TUNNEL = struct.Struct("=HHB3x HH2s2x HHH2x".replace(" ", ""))

# What a kernel since 5.3 puts into a destination, in its order, up to the figures: each attribute's length, type and
# value. Reading it at one go takes a third of the time that reading any attributes in any order takes.
_USUAL = struct.Struct("=4x" + "HH16s HH2s2x HHI HHI HHB3x HH2s2x HHH2x HHI HHI HHI HHI HHI HHH2x".replace(" ", ""))
_USUAL_LENGTHS = (20, 6, 8, 8, 5, 6, 6, 8, 8, 8, 8, 8, 6)
_USUAL_TYPES = (1, 2, 3, 4, 13, 14, 15, 5, 6, 7, 8, 9, 11)


class Statistics(NamedTuple):
    """Counters since the entry was added, and the kernel's estimate of rates a second (it lags about 2 s)."""

    conns: int = 0
    inpkts: int = 0
    outpkts: int = 0
    inbytes: int = 0
    outbytes: int = 0
    cps: int = 0
    inpps: int = 0
    outpps: int = 0
    inbps: int = 0
    outbps: int = 0


class Connections(NamedTuple):
    """Connections of a destination; persistent counts persistence templates."""

    active: int = 0
    inactive: int = 0
    persistent: int = 0


# -- to bytes


def _address(family: str, address: str) -> bytes:
    return socket.inet_pton(_FAMILIES[family], address).ljust(16, b"\0")


def encode_service_key(key: ServiceKey) -> bytes:
    """The service attribute of a request that names a service and changes nothing of it."""
    return nested(_SERVICE, _service_key(key))


def _service_key(key: ServiceKey) -> bytes:
    parts = attribute(1, _U16.pack(_FAMILIES[key.family]))
    if key.fwmark:
        return parts + attribute(5, _U32.pack(key.fwmark))
    parts += attribute(2, _U16.pack(_PROTOCOLS[key.protocol]))
    return parts + attribute(3, _address(key.family, key.address)) + attribute(4, _BE16.pack(key.port))


def _netmask(family: str, netmask: str) -> bytes:
    # The kernel wants it for every service: a mask in network order for IPv4, a prefix length for IPv6.
    mask = netmask or HOST_MASKS[family]
    return socket.inet_pton(socket.AF_INET, mask) if family == "ipv4" else _U32.pack(int(mask))


def encode_service(key: ServiceKey, settings: Settings) -> bytes:
    """The service attribute of a new or an edited service. An edit replaces everything, so all is always sent."""
    names = FLAG_NAMES.get(settings.scheduler, _GENERIC_FLAGS)
    flags = sum(bit for name, bit in zip(names, _SCHEDULER_BITS) if name in settings.scheduler_flags)
    flags |= _PERSISTENT if settings.persistence_timeout else 0
    flags |= _ONE_PACKET if settings.one_packet else 0
    parts = _service_key(key) + text(6, settings.scheduler) + attribute(7, _FLAGS.pack(flags, 0xFFFFFFFF))
    parts += attribute(8, _U32.pack(settings.persistence_timeout))
    parts += attribute(9, _netmask(key.family, settings.persistence_netmask))
    if settings.persistence_engine:
        parts += text(11, settings.persistence_engine)
    return nested(_SERVICE, parts)


def encode_destination(key: DestinationKey, values: Destination) -> bytes:
    """The destination attribute of a request; to delete one, its key alone counts."""
    parts = _DESTINATION.pack(
        *(20, 1, _address(key.family, key.address)),
        *(6, 2, _BE16.pack(key.port)),
        *(6, 11, _FAMILIES[key.family]),
        *(8, 3, _FORWARDING[values.forwarding]),
        *(8, 4, values.weight),
        *(8, 5, values.upper_threshold),
        *(8, 6, values.lower_threshold),
    )
    if values.tunnel_type != "ipip":
        # Kernels before 5.3 don't know these three; they know no other tunnel either.
        checksum = _CHECKSUMS[values.tunnel_checksum]
        port = _BE16.pack(values.tunnel_port)
        parts += _TUNNEL.pack(5, 13, _TUNNELS[values.tunnel_type], 6, 14, port, 6, 15, checksum)
    return nested(_DEST, parts)


def encode_daemon(daemon: SyncDaemon) -> bytes:
    """The daemon attribute of a request that starts or stops a sync daemon."""
    parts = attribute(1, _U32.pack(_ROLES[daemon.role])) + text(2, daemon.interface)
    parts += attribute(3, _U32.pack(daemon.id))
    if daemon.maxlen:
        parts += attribute(4, _U16.pack(daemon.maxlen))
    if daemon.group:
        family = "ipv6" if ":" in daemon.group else "ipv4"
        parts += attribute(6 if family == "ipv6" else 5, socket.inet_pton(_FAMILIES[family], daemon.group))
    if daemon.port:
        parts += attribute(7, _U16.pack(daemon.port))
    if daemon.ttl:
        parts += attribute(8, bytes([daemon.ttl]))
    return nested(_DAEMON, parts)


def encode_timeouts(timeouts: Timeouts) -> bytes:
    """The attributes of a request that sets timeouts."""
    return b"".join(attribute(kind, _U32.pack(value)) for kind, value in zip((_TCP, _TCP_FIN, _UDP), timeouts))


# -- and back


def _named(names: dict[int, str], number: int, what: str) -> str:
    try:
        return names[number]
    except KeyError:
        raise WireError(f"the kernel has a {what} that this version doesn't know: {number}") from None


def _inner(payload: bytes, kind: int, what: str) -> dict[int, bytes]:
    outer = attributes(payload)
    if kind not in outer:
        raise WireError(f"the kernel's answer holds no {what}")
    return attributes(outer[kind])


class _Values:
    """The attributes of one entry, read by number; what is missing or has another size is a WireError."""

    def __init__(self, found: dict[int, bytes]) -> None:
        self.found = found

    def number(self, kind: int, form: struct.Struct) -> int:
        try:
            return int(form.unpack(self.found[kind])[0])
        except (KeyError, struct.error):
            raise WireError(f"netlink attribute {kind} is missing or has another size than expected") from None

    def word(self, kind: int) -> str:
        try:
            return self.found[kind].rstrip(b"\0").decode("utf-8", "surrogateescape")
        except KeyError:
            raise WireError(f"netlink attribute {kind} is missing") from None

    def address(self, kind: int, family: str) -> str:
        size = 4 if family == "ipv4" else 16
        value = self.found.get(kind, b"")
        if len(value) < size:
            raise WireError(f"netlink attribute {kind} holds no {family} address")
        return socket.inet_ntop(_FAMILIES[family], value[:size])


def decode_service(payload: bytes) -> tuple[ServiceKey, Settings, dict[int, bytes]]:
    """A service of a dump: key, settings, and its attributes for `decode_statistics`."""
    values = _Values(_inner(payload, _SERVICE, "virtual service"))
    family = _named(_FAMILY_NAMES, values.number(1, _U16), "address family")
    if 5 in values.found:
        key = ServiceKey(family, fwmark=values.number(5, _U32))
    else:
        protocol = _named(_PROTOCOL_NAMES, values.number(2, _U16), "protocol")
        key = ServiceKey(family, protocol, values.address(3, family), values.number(4, _BE16))
    return key, _settings(values, family), values.found


def _settings(values: _Values, family: str) -> Settings:
    scheduler = values.word(6)
    try:
        flags = _FLAGS.unpack(values.found[7])[0]
    except (KeyError, struct.error):
        raise WireError("a virtual service has no flags") from None
    names = FLAG_NAMES.get(scheduler, _GENERIC_FLAGS)
    chosen = tuple(sorted(name for name, bit in zip(names, _SCHEDULER_BITS) if flags & bit))
    timeout = values.number(8, _U32) if flags & _PERSISTENT else 0
    mask = ""
    if timeout:  # without persistence the kernel keeps a mask that means nothing
        mask = values.address(9, "ipv4") if family == "ipv4" else str(values.number(9, _U32))
        mask = "" if mask == HOST_MASKS[family] else mask
    engine = values.word(11) if 11 in values.found else ""
    return Settings(scheduler, chosen, bool(flags & _ONE_PACKET), timeout, mask, engine)


def decode_usual_destination(payload: bytes) -> tuple[DestinationKey, Destination] | None:
    """A destination in the form that present kernels give it; None if it has another, which isn't wrong."""
    try:
        found = _USUAL.unpack_from(payload)
        if found[0::3] != _USUAL_LENGTHS or found[1::3] != _USUAL_TYPES:
            return None
        family = _FAMILY_NAMES[found[38]]
        address = socket.inet_ntop(_FAMILIES[family], found[2][:4] if family == "ipv4" else found[2])
        key = DestinationKey(family, address, int.from_bytes(found[5], "big"))
        forwarding, tunnel = _FORWARDING_NAMES[found[8] & 7], found[14]
        if tunnel == 0:
            return key, Destination(forwarding, found[11], found[23], found[26])
        port, checksum = int.from_bytes(found[17], "big"), _CHECKSUM_NAMES[found[20]]
        return key, Destination(forwarding, found[11], found[23], found[26], _TUNNEL_NAMES[tunnel], port, checksum)
    except (KeyError, struct.error):
        return None


def decode_destination(payload: bytes, family: str) -> tuple[DestinationKey, Destination, dict[int, bytes]]:
    """A destination of a dump of a service of this family: key, values, and its attributes."""
    values = _Values(_inner(payload, _DEST, "destination"))
    found = values.found
    if 11 in found:  # kernels before 3.18 have destinations of the service's family only, and don't say so
        family = _named(_FAMILY_NAMES, values.number(11, _U16), "address family")
    key = DestinationKey(family, values.address(1, family), values.number(2, _BE16))
    forwarding = _named(_FORWARDING_NAMES, values.number(3, _U32) & 7, "forwarding method")
    weight, upper, lower = (values.number(kind, _U32) for kind in (4, 5, 6))
    tunnel = _named(_TUNNEL_NAMES, values.number(13, _U8), "kind of tunnel") if 13 in found else "ipip"
    if tunnel == "ipip":
        return key, Destination(forwarding, weight, upper, lower), found
    checksum = _named(_CHECKSUM_NAMES, values.number(15, _U16), "kind of tunnel checksum")
    port = values.number(14, _BE16)
    return key, Destination(forwarding, weight, upper, lower, tunnel, port, checksum), found


def decode_connections(found: dict[int, bytes]) -> Connections:
    """How many connections a destination has."""
    values = _Values(found)
    return Connections(*(values.number(kind, _U32) for kind in (7, 8, 9)))


def decode_statistics(found: dict[int, bytes]) -> Statistics:
    """64-bit counters and rates; kernels before 4.1 have only 32 bits for all but bytes."""
    numbers: list[int] = []
    values = _Values(attributes(found[12] if 12 in found else found.get(10, b"")))
    for kind in range(1, len(_STAT_NAMES) + 1):
        wide = len(values.found.get(kind, b"")) == _U64.size
        numbers.append(values.number(kind, _U64 if wide else _U32))
    return Statistics(*numbers)


def decode_timeouts(payload: bytes) -> Timeouts:
    values = _Values(attributes(payload))
    return Timeouts(*(values.number(kind, _U32) for kind in (_TCP, _TCP_FIN, _UDP)))


def decode_daemon(payload: bytes) -> SyncDaemon:
    values = _Values(_inner(payload, _DAEMON, "sync daemon"))
    role = _named(_ROLE_NAMES, values.number(1, _U32), "kind of sync daemon")
    more: dict[str, Any] = {}
    if 4 in values.found:  # these came with 4.3
        group = values.address(6, "ipv6") if 6 in values.found else values.address(5, "ipv4")
        more = {"maxlen": values.number(4, _U16), "group": group, "port": values.number(7, _U16)}
        more["ttl"] = values.number(8, _U8)
    return SyncDaemon(role, values.word(2), values.number(3, _U32), **more)


def decode_info(payload: bytes) -> tuple[str, int]:
    """The version of IPVS, such as 1.2.1, and the size of its connection hash table."""
    values = _Values(attributes(payload))
    version = values.number(1, _U32)
    return f"{version >> 16}.{version >> 8 & 0xFF}.{version & 0xFF}", values.number(2, _U32)
