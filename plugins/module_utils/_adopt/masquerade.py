# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``lvs_masquerade`` from the rules of table nat."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any, Iterable, Mapping, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._adopt.findings import OfHost
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.firewall import Translation, translations

__all__ = ["masquerades"]


def masquerades(
    facts: Mapping[str, Any],
    moving: Sequence[tuple[str, str]],
    servers: Iterable[str],
    own: Mapping[str, Sequence[str]],
    found: OfHost,
) -> list[dict[str, Any]]:
    """Entries for a director.

    ``moving``: its virtual addresses with their interfaces, in the plan's order. ``servers``: addresses of its real
    servers behind NAT. ``own``: its lvs_interfaces.
    """
    result: list[dict[str, Any]] = []
    for one in translations(facts.get("firewall") or ()):
        entries = _entries(one, moving, list(servers), own, found)
        result += [entry for entry in entries if entry not in result]
        if entries and not one.rule.ours:
            found.leave(
                one.rule.place,
                f"{one.rule.text} translates what this collection's own chain LVS-MASQUERADE will",
                "it does no harm beside it; take it out where you load it from once site.yml has run",
            )
    for native in facts.get("native_rules") or ():
        found.leave(
            f"nft table {native['table']}, chain {native['chain']}",
            f"{native['text']} is a rule of nft, which is not read here",
            "it stays as it is; write match or lvs_masquerade for it if this collection shall do it",
        )
    return result


def _entries(
    one: Translation,
    moving: Sequence[tuple[str, str]],
    servers: Sequence[str],
    own: Mapping[str, Sequence[str]],
    found: OfHost,
) -> list[dict[str, Any]]:
    rule = one.rule
    sources = [rule.source] if rule.source else _networks(servers, own, rule.outside, one.family)
    same_to = not rule.not_to or rule.not_to in sources
    narrow = [*rule.other, *filter(None, (rule.destination, rule.protocol))]
    six = one.family == "ipv6"
    first = next((ip for ip, device in moving if device == rule.outside and (":" in ip) == six), None)
    its = [address.partition("/")[0] for address in own.get(rule.outside, ())]
    known = {"": "interface", **dict.fromkeys(its, "interface"), **({first: "vip"} if first else {})}
    to = known.get(one.address)
    if one.but:
        found.leave(
            rule.place,
            f"{rule.text} is not for what {'; '.join(one.but)} sends back, and lvs_masquerade has no such exception",
            "these rules stay as they are, and so must what loads them at boot",
        )
        return []
    if not rule.outside or not sources or narrow or not same_to or not to:
        found.leave(
            rule.place,
            f"{rule.text} has no form in lvs_masquerade, which has a source network, an interface, and the first "
            "virtual address on it or the director's own",
            "it stays as it is, and so must what loads it at boot",
        )
        return []
    if not rule.source:
        found.note(rule.place, f"{rule.text} is for every source", f"lvs_masquerade has {', '.join(sources)}")
    return [{"source": source, "interface": rule.outside, "to": to} for source in sources]


def _networks(servers: Sequence[str], own: Mapping[str, Sequence[str]], outside: str, family: str) -> list[str]:
    """The director's networks behind which real servers are."""
    result: dict[str, None] = {}
    for device, addresses in own.items():
        for text in addresses if device != outside else ():
            network = ip_network(text, strict=False)
            if f"ipv{network.version}" == family and any(ip_address(one) in network for one in servers):
                result[str(network)] = None
    return list(result)
