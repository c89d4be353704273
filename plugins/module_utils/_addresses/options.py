# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user wrote: the wishes, and every fault at once."""

from __future__ import annotations

import contextlib
import re
from ipaddress import IPv6Interface, ip_interface
from typing import Any, Mapping, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._addresses.model import LOOPBACK, Address, Port, Wanted
from ansible_collections.lvs.cluster.plugins.module_utils._kernel.sysctl_d import SettingsError, path_of

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}")
_INTERFACE = re.compile(r"[^\s/]{1,15}")


def name_faults(name: str) -> list[str]:
    if _NAME.fullmatch(name):
        return []
    return [f"name: {name!r} is no name of an owner: at most 41 small letters, digits, '-' and '_'"]


def parse(params: Mapping[str, Any]) -> tuple[Wanted, list[str]]:
    """The wishes as far as they make sense, and the faults."""
    faults: list[str] = []
    wanted = Wanted(
        addresses=_addresses(params["addresses"], params["links"], faults),
        links=_links(params["links"], faults),
        gue=_gue(params["gue"], faults),
        needs=_needs(params["needs"], faults),
        announce=params["announce"],
        moves_to=_moves_to(params["addresses"], faults),
    )
    return wanted, faults


def _interface_faults(place: str, name: str) -> list[str]:
    if _INTERFACE.fullmatch(name) and name not in (".", ".."):
        return []
    return [f"{place}: {name!r} is no name of an interface"]


def _addresses(items: Sequence[Mapping[str, Any]], links: Sequence[str], faults: list[str]) -> tuple[Address, ...]:
    found: list[Address] = []
    for number, item in enumerate(items):
        place, text, interface = f"addresses[{number}]", item["address"].strip(), item["interface"]
        wrong = _interface_faults(place, interface)
        if "%" in text:
            faults += [*wrong, f"{place}: {text} has a zone: write it without %, and its interface as interface"]
            continue
        try:
            whole = ip_interface(text)
        except ValueError:
            faults += [*wrong, f"{place}: {text!r} is no address: write it like 10.0.0.6/32 or 2001:db8::6/128"]
            continue
        whole_length = 128 if isinstance(whole, IPv6Interface) else 32
        if "/" not in text:
            wrong.append(f"{place}: {text} has no prefix length: write {text}/{whole_length}, or the network's own")
        elif interface == LOOPBACK and whole.network.prefixlen != whole_length:
            # An address on lo makes its whole network local.
            wrong.append(f"{place}: {text} on {LOOPBACK} would take the whole network: write {whole.ip}/{whole_length}")
        if whole.ip.is_multicast or whole.ip.is_unspecified or whole.ip.is_loopback or whole.ip.is_link_local:
            wrong.append(f"{place}: {whole.ip} cannot be a virtual address: it has a meaning of its own")
        address = Address(str(whole), interface)
        before = [one for one in found if one.ip == address.ip]
        interfaces = [one.interface for one in (*before, address)]
        apart = len(set(interfaces)) == len(interfaces) and set(interfaces) <= set(links)
        if before and (before[0] != address._replace(interface=before[0].interface) or not apart):
            text = "an address has one prefix length and one interface, or several of links"
            wrong.append(f"{place}: {whole.ip} is given twice: {text}")
        faults += wrong
        if not wrong:
            found.append(address)
    return tuple(found)


def _moves_to(items: Sequence[Mapping[str, Any]], faults: list[str]) -> frozenset[tuple[str, str]]:
    """Where VRRP puts addresses; what is no address is a fault of _addresses."""
    found = set()
    for number, item in enumerate(items):
        place = f"addresses[{number}].moves_to"
        for name in item.get("moves_to") or ():
            faults += _interface_faults(place, name)
            if name == item["interface"]:
                faults.append(f"{place}: {name} is the address's own interface: name the one where VRRP puts it")
            with contextlib.suppress(ValueError):
                found.add((str(ip_interface(item["address"].strip()).ip), name))
    return frozenset(found)


def _links(names: Sequence[str], faults: list[str]) -> tuple[str, ...]:
    for number, name in enumerate(names):
        faults += _interface_faults(f"links[{number}]", name)
        if name == LOOPBACK:
            faults.append(f"links[{number}]: {LOOPBACK} is the host's own")
    return tuple(dict.fromkeys(names))


def _gue(items: Sequence[Mapping[str, Any]], faults: list[str]) -> tuple[Port, ...]:
    found = [Port(item["family"], item["port"]) for item in items]
    for number, item in enumerate(found):
        if not 1 <= item.port <= 65535:
            faults.append(f"gue[{number}]: port {item.port} is outside 1 to 65535")
        if item in found[:number]:
            faults.append(f"gue[{number}]: {item.family} port {item.port} is given twice")
    return tuple(found)


def _needs(items: Mapping[str, Any], faults: list[str]) -> dict[str, int]:
    needs: dict[str, int] = {}
    for key, least in items.items():
        try:
            path = path_of(str(key))
        except SettingsError:
            faults.append(f"needs: {key!r} is no name of a sysctl: write it like net.ipv4.conf.all.arp_ignore")
            continue
        try:
            if isinstance(least, bool):
                raise ValueError
            needs[path] = int(least)
        except (TypeError, ValueError):
            faults.append(f"needs: {key}: {least!r} is no whole number")
    return needs
