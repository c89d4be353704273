# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ``match`` of services on firewall marks, from the rules that set the marks."""

from __future__ import annotations

from typing import Any, Iterable, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._adopt.findings import OfHost
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.firewall import Marking, Rule, markings

__all__ = ["add_matches"]

_EVERY = ((1, 65535),)


def add_matches(services: Iterable[dict[str, Any]], facts: Mapping[str, Any], found: OfHost) -> int:
    """Give services on marks the packets that get their mark. Return the bits that rules of ours write, 0 for none."""
    known = list(markings(facts.get("firewall") or ()))
    masks = set()
    used: list[Rule] = []
    for service in services:
        if not service.get("fwmark"):
            continue
        family = service.get("family", "ipv4")
        own = [one for one in known if (one.family, one.mark) == (family, service["fwmark"])]
        match: list[dict[str, Any]] = []
        for one in own:
            entries = _match(one, found)
            if entries:
                match += entries
                used.append(one.rule)
                masks.add((one.mask, one.rule.ours))
        if match:
            at = list(service).index("scheduler")
            rest = list(service.items())
            service.clear()
            service.update({**dict(rest[:at]), "match": _merged(match), **dict(rest[at:])})
        else:
            where = "; see native_rules in the report" if facts.get("native_rules") else ""
            none = f"no rule of iptables was found that marks packets for it before they are routed{where}"
            found.leave(
                f"firewall mark {service['fwmark']}",
                "it has no match, because of what is said of the rules that set it" if own else none,
                "write match, or go on marking by other means, which NAT alone allows",
            )
    _tell(used, found)
    ours = {mask for mask, is_ours in masks if is_ours}
    return ours.pop() if len(ours) == 1 else 0


def _tell(used: Iterable[Rule], found: OfHost) -> None:
    for rule in dict.fromkeys(used):
        if not rule.ours:
            found.leave(
                rule.place,
                f"{rule.text} marks packets as this collection's own chain LVS-MARK will",
                "it does no harm beside it; take it out where you load it from once site.yml has run",
            )


def _match(one: Marking, found: OfHost) -> list[dict[str, Any]]:
    """The entries of ``match`` for a rule; what they can't say is noted."""
    rule = one.rule
    address, _slash, length = rule.destination.partition("/")
    single = address and length in ("", "32", "128", "255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
    protocols = [rule.protocol] if rule.protocol else ["tcp", "udp"]
    more = [
        *rule.other,
        *([f"-s {rule.source}"] if rule.source else []),
        *([f"! -d {rule.not_to}"] * bool(rule.not_to)),
    ]
    if not single or more or not set(protocols) <= {"tcp", "udp", "sctp"}:
        why = "; ".join(more) or (f"-p {rule.protocol}" if single else rule.destination or "it names no address")
        found.leave(
            rule.place,
            f"{rule.text} sets the mark {one.mark:#x} for packets that match can't describe ({why})",
            "leave the rule where it is, or write match for what it shall be",
        )
        return []
    if one.but:
        found.leave(
            rule.place,
            f"{rule.text} sets the mark {one.mark:#x}, and match can't say what else becomes of its packets "
            f"({'; '.join(one.but)})",
            "leave these rules where they are, or write match for what it shall be",
        )
        return []
    if rule.inside:
        found.note(
            rule.place, f"{rule.text} looks at packets that come in by {rule.inside}", "match has them from everywhere"
        )
    return [{"address": address, "protocol": name, "ranges": list(rule.ports or _EVERY)} for name in protocols]


def _merged(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One entry for each address and protocol, with ports as the inventory writes them."""
    ranges: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for entry in entries:
        known = ranges.setdefault((entry["address"], entry["protocol"]), [])
        known += [one for one in entry["ranges"] if one not in known]
    result = []
    for (address, protocol), found in ranges.items():
        ports = [first if first == last else f"{first}-{last}" for first, last in sorted(found)]
        single = len(ports) == 1 and isinstance(ports[0], int)
        named: dict[str, Any] = {"port": ports[0]} if single else {"ports": ports}
        result.append({"address": address, "protocol": protocol, **named})
    return result
