# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Netlink's framing: messages and attributes as bytes, and back (netlink(7), linux/netlink.h, linux/genetlink.h).

Nothing here knows IPVS. What doesn't parse is a `WireError`, whatever its bytes are.
"""

from __future__ import annotations

import struct
from typing import Iterator, NamedTuple, Union

__all__ = [
    "ACK",
    "DONE",
    "DUMP",
    "ERROR",
    "REQUEST",
    "Frame",
    "WireError",
    "attribute",
    "attributes",
    "error_number",
    "frame",
    "frames",
    "generic_payload",
    "nested",
    "text",
]

ERROR, DONE = 2, 3
REQUEST, ACK, DUMP = 0x1, 0x4, 0x300
NESTED = 0x8000
_TYPE_MASK = 0x3FFF
HEADER_BYTES = 16
_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, port id
_GENERIC = struct.Struct("=BBH")  # command, version, reserved
_ATTRIBUTE = struct.Struct("=HH")
_ERROR = struct.Struct("=i")

Bytes = Union[bytes, bytearray, memoryview]


class WireError(ValueError):
    """Bytes that are no netlink message of the expected form."""


class Frame(NamedTuple):
    """One message: its type, flags, sequence number and what follows the header."""

    type: int
    flags: int
    sequence: int
    body: bytes


def frame(kind: int, flags: int, sequence: int, command: int, payload: bytes) -> bytes:
    """A generic netlink request."""
    length = HEADER_BYTES + _GENERIC.size + len(payload)
    return _HEADER.pack(length, kind, flags, sequence, 0) + _GENERIC.pack(command, 1, 0) + payload


def frames(data: Bytes) -> Iterator[Frame]:
    """The messages in what one recv(2) returned."""
    offset, end = 0, len(data)
    while offset < end:
        if end - offset < HEADER_BYTES:
            raise WireError(f"{end - offset} bytes are too few for a netlink header")
        length, kind, flags, sequence, _port = _HEADER.unpack_from(data, offset)
        if not HEADER_BYTES <= length <= end - offset:
            raise WireError(f"a netlink message says that it has {length} bytes, {end - offset} are there")
        yield Frame(kind, flags, sequence, bytes(data[offset + HEADER_BYTES : offset + length]))
        offset += (length + 3) & ~3


def error_number(body: bytes) -> int:
    """The errno of an NLMSG_ERROR; 0 for an acknowledgement."""
    if len(body) < _ERROR.size:
        raise WireError("an error message has no error number")
    return -int(_ERROR.unpack_from(body)[0])


def generic_payload(body: bytes) -> bytes:
    """The attributes of a generic netlink message."""
    if len(body) < _GENERIC.size:
        raise WireError("a generic netlink message has no header")
    return body[_GENERIC.size :]


def attribute(kind: int, value: bytes) -> bytes:
    """One attribute, padded to four bytes."""
    length = _ATTRIBUTE.size + len(value)
    return _ATTRIBUTE.pack(length, kind) + value + b"\0" * (-length % 4)


def nested(kind: int, value: bytes) -> bytes:
    """An attribute that holds attributes."""
    return attribute(kind | NESTED, value)


def text(kind: int, value: str) -> bytes:
    """An attribute that holds a string with its closing zero."""
    return attribute(kind, value.encode("utf-8", "surrogateescape") + b"\0")


def attributes(data: bytes) -> dict[int, bytes]:
    """Attribute type -> value. The last of a type counts, as in the kernel's nla_parse."""
    found: dict[int, bytes] = {}
    offset, end = 0, len(data)
    unpack = _ATTRIBUTE.unpack_from
    while end - offset >= 4:
        length, kind = unpack(data, offset)
        if not 4 <= length <= end - offset:
            raise WireError(f"a netlink attribute says that it has {length} bytes, {end - offset} are there")
        found[kind & _TYPE_MASK] = data[offset + 4 : offset + length]
        offset += (length + 3) & ~3
    if end > offset:
        raise WireError(f"{end - offset} bytes after the last netlink attribute")
    return found
