# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of firewall_chains, checked whole: chains, or every fault at once."""

from __future__ import annotations

import re
from typing import Any, Iterable, Mapping, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.kernel import PROGRAMS
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.model import (
    HOOKS,
    Chain,
    Listing,
    Place,
    quoted,
)

__all__ = ["check_owner", "foreign_faults", "parse_chains"]

_OWNER = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}")
# The first letters keep our names apart from hooks, targets and chains of others.
_NAME = re.compile(r"LVS-[A-Z0-9-]{1,24}")
# A family is left out of the other family's rules without a word; help and version end iptables-restore with success.
_REFUSED = ("-4", "--ipv4", "-6", "--ipv6", "-h", "--help", "-V", "--version")
_LONGEST = 1000  # iptables-restore takes words of 1023 characters


def check_owner(owner: str) -> str:
    """The name of an owner, which is a part of file names."""
    if not _OWNER.fullmatch(owner):
        raise BootError(
            f"name: {owner!r} is no name of an owner: small letters, digits, hyphens and underscores, 41 at most"
        )
    return owner


def parse_chains(owner: str, items: Sequence[Mapping[str, Any]]) -> tuple[Chain, ...]:
    """The chains that are wanted; BootError names every fault."""
    faults = []
    try:
        check_owner(owner)
    except BootError as exc:
        faults.append(str(exc))
    found: dict[tuple[str, str, str], Chain] = {}
    for item in items:
        rules, complaints = _rules(item["rules"] or [])
        place = item["family"], item["table"], item["hook"], item["chain"]
        chain = Chain(*place, rules, item.get("first", False), tuple(item.get("when_active", ())))
        where = f"chains: {chain.name} ({chain.family} {chain.table})"
        if not _NAME.fullmatch(chain.name):
            complaints.append("the name must be LVS- and up to 24 capital letters, digits and hyphens")
        if chain.hook not in HOOKS[chain.table]:
            complaints.append(f"table {chain.table} has no hook {chain.hook}, but {', '.join(HOOKS[chain.table])}")
        if chain.key in found:
            complaints.append("is there twice: put its rules together")
        found[chain.key] = chain
        faults += [f"{where}: {complaint}" for complaint in complaints]
    if faults:
        raise BootError("; ".join(faults))
    return tuple(found.values())


def _rules(items: Sequence[Any]) -> tuple[tuple[tuple[str, ...], ...], list[str]]:
    """(rules, complaints)"""
    rules, complaints = [], []
    for number, item in enumerate(items, 1):
        words = item if isinstance(item, list) else []
        complaint = None if words else "must be a list of words"
        for word in words:
            complaint = complaint or _complaint(word)
        if complaint:
            complaints.append(f"rule {number} {complaint}")
        rules.append(tuple(str(word) for word in words))
    return tuple(rules), complaints


def _complaint(word: Any) -> str | None:
    if isinstance(word, bool) or not isinstance(word, (str, int)):
        return f"has {word!r}, which is neither text nor a whole number: write it in quotes"
    text = str(word)
    if not text or len(text) > _LONGEST or not text.isprintable():
        return f"has a word that is empty, longer than {_LONGEST} characters or not printable: {text[:40]!r}"
    if text in _REFUSED:
        return f"has {text}: leave it out, the family of a rule is that of its chain"
    return None


def foreign_faults(
    wanted: Iterable[Chain],
    known: Iterable[Chain],
    listings: Mapping[Place, Listing],
    owners: Mapping[tuple[str, str, str], str],
) -> list[str]:
    """Wanted chains that are somebody else's: another owner's, or there without a record of ours.

    One with exactly the wanted rules may be taken: it is ours from before a reinstallation, or nobody can tell.
    """
    ours = {chain.key for chain in known}
    faults = []
    for chain in wanted:
        where = f"chains: {chain.name} ({chain.family} {chain.table})"
        there = listings[chain.place].get(chain.name)
        if chain.key in owners:
            faults.append(f"{where}: belongs to {owners[chain.key]}: choose another name")
        elif chain.key not in ours and there is not None and there != tuple(quoted(rule) for rule in chain.rules):
            program = f"{PROGRAMS[chain.family]} -t {chain.table}"
            jumps = listings[chain.place].get(chain.hook, ()).count(f"-j {chain.name}")
            undo = [f"{program} -D {chain.hook} -j {chain.name}"] * jumps
            faults.append(
                f"{where}: a chain of this name is there, and no record says that it is ours. See "
                f"'{program} -S {chain.name}'. If nobody needs it, remove it and run again: "
                + " && ".join([*undo, f"{program} -F {chain.name}", f"{program} -X {chain.name}"])
            )
    return faults
