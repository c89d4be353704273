"""Adverts as bytes on a wire, made apart from the code that reads them."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Sequence

VIPS = ("10.0.0.5", "10.0.0.6")


def body(
    *,
    version: int = 2,
    router: int = 51,
    priority: int = 100,
    interval: int = 1,
    auth_type: int = 1,
    password: bytes = b"sesame",
    addresses: Sequence[str] = VIPS,
    count: int | None = None,
) -> bytes:
    timing = (auth_type << 8 | interval) if version == 2 else interval
    head = struct.pack(
        "!BBBBHH", version << 4 | 1, router, priority, len(addresses) if count is None else count, timing, 0xBEEF
    )
    whole = head + b"".join(ipaddress.ip_address(address).packed for address in addresses)
    return whole + (password.ljust(8, b"\0") if version == 2 else b"")


def ipv4(
    payload: bytes, *, source: str = "10.0.0.3", to: str = "224.0.0.18", protocol: int = 112, ttl: int = 255
) -> bytes:
    addresses = ipaddress.ip_address(source).packed + ipaddress.ip_address(to).packed
    return struct.pack("!BBHHHBBH", 0x45, 0xC0, 20 + len(payload), 7, 0, ttl, protocol, 0) + addresses + payload


def ipv6(payload: bytes, *, source: str = "fe80::3", to: str = "ff02::12", protocol: int = 112) -> bytes:
    addresses = ipaddress.ip_address(source).packed + ipaddress.ip_address(to).packed
    return struct.pack("!IHBB", 6 << 28, len(payload), protocol, 255) + addresses + payload


def ah(payload: bytes) -> bytes:
    return struct.pack("!BBHII", 112, 4, 0, 1, 7) + bytes(range(12)) + payload
