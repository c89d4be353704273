# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Single values as a user writes them, canonical or a fault: numbers, addresses, choices.

Each reader takes the value and where it stands, and returns the value or notes a fault and returns None. Nothing is
looked up: a name is no address here.
"""

from __future__ import annotations

import builtins
import ipaddress
import re
import socket
from typing import Any, Mapping, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.errors import IpvsError

__all__ = ["Faults", "Reader"]

_SHOWN = 20
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class Faults:
    """All that is wrong with the options of a task."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def add(self, place: str, wrong: str, remedy: str) -> None:
        self.texts.append(f"{place}: {wrong}; {remedy}")

    def stop_if_any(self) -> None:
        """IpvsError that tells all of them, one a line."""
        if not self.texts:
            return
        shown = self.texts[:_SHOWN]
        if len(self.texts) > _SHOWN:
            shown.append(f"and {len(self.texts) - _SHOWN} more")
        raise IpvsError("\n".join(shown))


class Reader:
    """Reads values and keeps the faults."""

    def __init__(self) -> None:
        self.faults = Faults()
        self._addresses: dict[str, tuple[str, str]] = {}

    def mapping(
        self, value: Any, place: str, known: Mapping[str, Any], ignored: Sequence[str] = ()
    ) -> dict[str, Any] | None:
        """A mapping with known keys; keys without a value (null) are left out."""
        if not isinstance(value, dict):
            self.faults.add(place, f"{value!r} is not a mapping", f"write a mapping with {', '.join(known)}")
            return None
        found = {}
        for key, one in value.items():
            if key in known:
                if one is not None:
                    found[key] = one
            elif key not in ignored:
                self.faults.add(f"{place}.{key}".lstrip("."), "is an unknown key", f"known are {', '.join(known)}")
        return found

    def list(self, value: Any, place: str) -> builtins.list[Any]:
        if isinstance(value, (list, tuple)):
            return list(value)
        self.faults.add(place, f"{value!r} is not a list", "write a list")
        return []

    def integer(self, value: Any, place: str, low: int, high: int) -> int | None:
        number = value
        if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,20}", value.strip()):
            number = int(value)
        if not isinstance(number, int) or isinstance(number, bool):
            self.faults.add(place, f"{value!r} is not a whole number", f"write a number from {low} to {high}")
            return None
        if not low <= number <= high:
            self.faults.add(place, f"{number} is not in {low}..{high}", f"write a number from {low} to {high}")
            return None
        return number

    def boolean(self, value: Any, place: str) -> bool | None:
        if isinstance(value, bool):
            return value
        word = str(value).lower()
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
        self.faults.add(place, f"{value!r} is neither true nor false", "write true or false")
        return None

    def choice(self, value: Any, place: str, choices: Sequence[str]) -> str | None:
        if value in choices:
            return str(value)
        self.faults.add(place, f"{value!r} is not known", f"write one of {', '.join(choices)}")
        return None

    def word(self, value: Any, place: str, pattern: str, wanted: str) -> str | None:
        if isinstance(value, str) and re.fullmatch(pattern, value):
            return value
        self.faults.add(place, f"{value!r} is no name", f"write {wanted}")
        return None

    def address(self, value: Any, place: str) -> tuple[str, str] | None:
        """(family, canonical address). Reading many, most of them come more than once."""
        known = self._addresses.get(value) if isinstance(value, str) else None
        if known is None:
            known = self._address(value, place)
            if known is not None:
                self._addresses[value] = known
        return known

    def _address(self, value: Any, place: str) -> tuple[str, str] | None:
        remedy = "write an IPv4 address such as 10.0.0.5 or an IPv6 address such as 2001:db8::5, no name"
        text = str(value)
        if re.fullmatch(r"[0-9.]+", text) and any(len(part) > 1 and part[0] == "0" for part in text.split(".")):
            self.faults.add(place, f"{text} has a number with a leading zero, which some read as octal", remedy)
            return None
        if "%" in text:
            self.faults.add(place, f"{text} has a zone, which IPVS doesn't know", "write the address without %")
            return None
        for family, number in (("ipv4", socket.AF_INET), ("ipv6", socket.AF_INET6)):
            try:
                canonical = socket.inet_ntop(number, socket.inet_pton(number, text))
            except (OSError, ValueError):
                continue
            if family == "ipv6" and ipaddress.IPv6Address(canonical).ipv4_mapped:
                self.faults.add(place, f"{text} is an IPv4 address in IPv6 form", "write the IPv4 address")
                return None
            return family, canonical
        self.faults.add(place, f"{value!r} is not an IPv4 or IPv6 address", remedy)
        return None

    def unicast(self, found: tuple[str, str] | None, place: str) -> tuple[str, str] | None:
        """An address that a packet can be sent to, and that tells a host from others."""
        if found is None:
            return None
        address = ipaddress.ip_address(found[1])
        kind = ""
        if address.is_multicast:
            kind = "a multicast address"
        elif address.is_unspecified:
            kind = "the unspecified address"
        elif found[1] == "255.255.255.255":
            kind = "the broadcast address"
        if kind:
            self.faults.add(place, f"{found[1]} is {kind}", "write the address of a host")
            return None
        return found

    def netmask(self, value: Any, place: str, family: str) -> str | None:
        """A persistence netmask: dotted for IPv4, a prefix length for IPv6; "" for the one of a single host."""
        text = str(value)
        bits = 32 if family == "ipv4" else 128
        try:
            if not text:
                return ""
            text = text[1:] if text[0] == "/" else text
            if text.isdigit() and 1 <= int(text) <= bits:
                length = int(text)
            elif family == "ipv4":
                length = ipaddress.IPv4Network(f"0.0.0.0/{text}").prefixlen
                if length < 1 or str(ipaddress.IPv4Network(f"0.0.0.0/{length}").netmask) != text:
                    raise ValueError(text)  # a host mask (0.0.0.255) is taken by ipaddress, too
            else:
                raise ValueError(text)
        except ValueError:
            forms = "a netmask such as 255.255.255.0, or a prefix length from 1 to 32"
            remedy = forms if family == "ipv4" else "a prefix length from 1 to 128"
            self.faults.add(place, f"{value!r} is no {family} netmask", f"write {remedy}")
            return None
        if length == bits:
            return ""
        return str(ipaddress.IPv4Network(f"0.0.0.0/{length}").netmask) if family == "ipv4" else str(length)
