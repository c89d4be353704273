# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table that keepalived's configuration asks for. No I/O."""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import Callable, Iterable, Mapping, NamedTuple, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import ServiceKey
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.conf import Block

__all__ = ["Instance", "Real", "Vip", "Virtual", "has_sync_daemon", "instances", "virtual_services"]

Endpoint = Tuple[str, int]


class Real(NamedTuple):
    """A real server as the table is to have it."""

    weight: int
    """With what its weight file adds."""
    forwarding: str
    upper: int = 0
    """Connections, as the lower one; 0 is no limit."""
    lower: int = 0


class Virtual(NamedTuple):
    """A virtual service as the table is to have it."""

    scheduler: str
    reals: Mapping[Endpoint, Real]
    sorry: tuple[Endpoint, ...]


class Vip(NamedTuple):
    """A virtual address, and the interface that a master has it on."""

    address: str
    interface: str


class Instance(NamedTuple):
    """A VRRP instance: where it speaks, and the addresses that a master has."""

    name: str
    interface: str
    addresses: tuple[Vip, ...]


def instances(blocks: Sequence[Block]) -> list[Instance]:
    found = []
    for block in blocks:
        if block.words[0] == "vrrp_instance" and len(block.words) > 1:
            interface = "".join(_values(block.inside or ()).get("interface", ())[:1])
            addresses = [
                Vip(_canonical(entry.words[0].partition("/")[0]), _device(entry.words, interface))
                for inner in block.inside or ()
                if inner.words[0] in ("virtual_ipaddress", "virtual_ipaddress_excluded")
                for entry in inner.inside or ()
            ]
            found.append(Instance(block.words[1], interface, tuple(dict.fromkeys(addresses))))
    return found


def _device(words: tuple[str, ...], default: str) -> str:
    at = words.index("dev") + 1 if "dev" in words else len(words)
    return "".join(words[at : at + 1]) or default


def has_sync_daemon(blocks: Sequence[Block]) -> bool:
    """Whether it starts the kernel's sync daemons, by today's keyword or the one in a VRRP instance."""
    inside = [one for block in blocks for one in (block, *(block.inside or ()))]
    return any(one.words[0] in ("lvs_sync_daemon", "lvs_sync_daemon_interface") for one in inside)


def virtual_services(blocks: Sequence[Block], number: Callable[[str], int]) -> dict[ServiceKey, Virtual]:
    """The virtual services; ``number`` reads the number in a weight file, 0 where there is no such file.

    What keepalived itself would not take is left out.
    """
    groups: dict[str, list[tuple[str, ...]]] = {}
    files: dict[str, str] = {}
    for block in blocks:
        if block.words[0] == "virtual_server_group":
            groups.setdefault("".join(block.words[1:2]), []).extend(inner.words for inner in block.inside or ())
        if block.words[0] in ("track_file", "vrrp_track_file"):
            files["".join(block.words[1:2])] = "".join(_values(block.inside or ()).get("file", ())[:1])
    found: dict[ServiceKey, Virtual] = {}
    for block in blocks:
        if block.words[0] == "virtual_server" and block.inside is not None:
            members = [block.words[1:]]
            if members[0][:1] == ("group",):
                members = groups.get("".join(members[0][1:2]), [])
            for key in (key for words in members for key in _keys(words, block.inside)):
                found[key] = _virtual(key, block.inside, files, number)
    return found


def _keys(words: tuple[str, ...], inside: Sequence[Block]) -> list[ServiceKey]:
    """The services of the kernel that a virtual server is: one for each address of a range."""
    values = _values(inside)
    try:
        if words[:1] == ("fwmark",):
            real = "".join(values.get("real_server", ())[:1])
            is_six = "inet6" in values.get("ip_family", ()) or ":" in real
            return [ServiceKey("ipv6" if is_six else "ipv4", fwmark=int(words[1]))]
        first, _dash, end = words[0].partition("-")
        start = ipaddress.ip_address(first)
        separator = ":" if start.version == 6 else "."
        last = ipaddress.ip_address(f"{first.rpartition(separator)[0]}{separator}{end}") if end else start
        port = int("".join(words[1:2]) or 0)
        protocol = "".join(values.get("protocol", ("tcp",))[:1]).lower()
        return [
            ServiceKey(f"ipv{start.version}", protocol, _canonical(str(start + at)), port)
            for at in range(int(last) - int(start) + 1)
        ]
    except (ValueError, IndexError):
        return []


def _virtual(
    key: ServiceKey, inside: Sequence[Block], files: Mapping[str, str], number: Callable[[str], int]
) -> Virtual:
    values = _values(inside)
    method = _first(values, ("lvs_method", "lb_kind"), "nat").lower()
    reals: dict[Endpoint, Real] = {}
    for one in inside:
        if one.words[0] == "real_server" and len(one.words) > 1:
            own = _values(one.inside or ())
            forwarding = _first(own, ("lvs_method",), method).lower()
            weight = _integer(_first(own, ("weight",), ""), 1) + sum(_added(one.inside or (), files, number))
            upper, lower = (_integer(_first(own, (word,), ""), 0) for word in ("uthreshold", "lthreshold"))
            reals[_endpoint(one.words[1:], forwarding, key, key.port)] = Real(max(weight, 0), forwarding, upper, lower)
    sorry_method = _first(values, ("sorry_server_lvs_method",), method).lower()
    sorry = tuple(
        # Behind NAT it has no port of the service's, as a real server has (check_data.c).
        _endpoint(one.words[1:], sorry_method, key, 0)
        for one in inside
        if one.words[0] == "sorry_server" and len(one.words) > 1
    )
    return Virtual(_first(values, ("lvs_sched", "lb_algo"), "wlc"), reals, sorry)


def _added(inside: Iterable[Block], files: Mapping[str, str], number: Callable[[str], int]) -> Iterable[int]:
    """What the files of FILE_CHECK add to a weight."""
    for check in inside:
        if check.words[0] == "FILE_CHECK":
            told = _values(check.inside or ())
            file = files.get(_first(told, ("track_file",), ""))
            factor = _integer(_first(told, ("weight",), ""), 1)
            yield factor * number(file) * (-1 if "reverse" in told.get("weight", ()) else 1) if file else 0


def _endpoint(words: Sequence[str], forwarding: str, key: ServiceKey, default: int) -> Endpoint:
    """Address and port of a server; ``default`` is the port that none is told for. Without NAT it is the service's."""
    port = _integer("".join(words[1:2]), default)
    return _canonical(words[0]), port if forwarding == "nat" else key.port


def _canonical(address: str) -> str:
    """As the kernel's side of this collection writes it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.inet_ntop(family, socket.inet_pton(family, address))
    except OSError:
        return address


def _values(inside: Iterable[Block]) -> dict[str, tuple[str, ...]]:
    return {one.words[0]: one.words[1:] for one in inside}


def _first(values: Mapping[str, tuple[str, ...]], names: Iterable[str], default: str) -> str:
    return next((values[name][0] for name in names if values.get(name)), default)


def _integer(word: str, default: int) -> int:
    return int(word) if re.fullmatch(r"-?\d+", word) else default
