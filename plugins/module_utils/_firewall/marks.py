# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chains that give packets the firewall marks of a director's services. No I/O.

Rules are written as iptables prints them.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any, Iterable, Iterator, Mapping, Sequence

__all__ = ["FAMILIES", "host_network", "mark_chains", "multiport"]

FAMILIES = ("ipv4", "ipv6")
_WHOLE = 0xFFFFFFFF
_SLOTS = 15  # XT_MULTI_PORTS: a range takes two


def mark_chains(marks: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Chains for firewall_chains from ``{"mask": int, "rules": [...]}``; ValueError for what cannot be marked so.

    Only bits of the mask are written before routing, so that others' bits still decide there. IPVS compares all
    bits, so the packet gets exactly the service's mark after that, in the hook that comes right before IPVS.
    """
    mask, rules = marks["mask"], marks["rules"]
    if rules and not 0 < mask <= _WHOLE:
        raise ValueError(f"mask {mask:#x} must be in 0x1 to {_WHOLE:#x}")
    found = []
    for family in FAMILIES:
        own = [rule for rule in rules if rule["family"] == family]
        if not own:
            continue
        found.append(_chain(family, "PREROUTING", "LVS-MARK", _before_routing(own, mask)))
        if mask != _WHOLE:
            found.append(_chain(family, "INPUT", "LVS-MARK-IN", _for_ipvs(own, mask)))
    return found


def _chain(family: str, hook: str, name: str, rules: Iterable[Sequence[str]]) -> dict[str, Any]:
    words = [list(rule) for rule in rules]
    return {"family": family, "table": "mangle", "hook": hook, "chain": name, "rules": words}


def _before_routing(rules: Iterable[Mapping[str, Any]], mask: int) -> Iterator[list[str]]:
    """The mark of the connection is kept for packets that no match names: answers, and ICMP about it.

    The marks come after that, so a packet that a match names always ends with that mark.
    """
    ours = ["--nfmask", hex(mask), "--ctmask", hex(mask)]
    none = ["!", "--mark", _masked(0, mask)]
    yield ["-m", "connmark", *none, "-j", "CONNMARK", "--restore-mark", *ours]
    for rule in rules:
        for match in _matches(rule, mask):
            yield [*match, "-j", "MARK", "--set-xmark", f"{rule['mark']:#x}/{mask:#x}"]
    yield ["-m", "mark", *none, "-j", "CONNMARK", "--save-mark", *ours]


def _for_ipvs(rules: Iterable[Mapping[str, Any]], mask: int) -> Iterator[list[str]]:
    for rule in rules:
        marked = ["-m", "mark", "--mark", f"{rule['mark']:#x}/{mask:#x}"]
        for match in _matches(rule, mask):
            yield [*match, *marked, "-j", "MARK", "--set-xmark", f"{rule['mark']:#x}/{_WHOLE:#x}"]


def _masked(mark: int, mask: int) -> str:
    return f"{mark:#x}" if mask == _WHOLE else f"{mark:#x}/{mask:#x}"


def _matches(rule: Mapping[str, Any], mask: int) -> Iterator[list[str]]:
    if not rule["mark"] or rule["mark"] & ~mask:
        raise ValueError(f"mark {rule['mark']:#x} is zero or has bits outside the mask {mask:#x}")
    if not rule["ports"]:
        raise ValueError(f"mark {rule['mark']:#x} has a match without ports")
    target = host_network(rule["family"], rule["address"])
    for ports in multiport(rule["ports"]):
        yield ["-d", target, "-p", rule["protocol"], "-m", "multiport", "--dports", ports]


def host_network(family: str, address: str) -> str:
    """An address as iptables prints it; ValueError if it is not of the family."""
    parsed = ip_address(address)
    if FAMILIES.index(family) != (4, 6).index(parsed.version):
        raise ValueError(f"address {address} is not of family {family}")
    return f"{parsed}/{parsed.max_prefixlen}"


def multiport(ranges: Iterable[Sequence[int]]) -> list[str]:
    """Ranges of ports as arguments of multiport, as few as its 15 slots allow; what touches is put together."""
    merged: list[list[int]] = []
    for first, last in sorted((first, last) for first, last in ranges):
        if not 0 <= first <= last <= 65535:
            raise ValueError(f"ports {first} to {last} are no range of ports")
        if merged and first <= merged[-1][1] + 1:
            merged[-1][1] = max(last, merged[-1][1])
        else:
            merged.append([first, last])
    groups: list[list[str]] = []
    used = _SLOTS
    for first, last in merged:
        slots = 1 if first == last else 2
        if used + slots > _SLOTS:
            groups.append([])
            used = 0
        used += slots
        groups[-1].append(str(first) if first == last else f"{first}:{last}")
    return [",".join(group) for group in groups]
