# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chains of ours and what iptables prints of them: comparison and the text of a transaction. No I/O."""

from __future__ import annotations

import re
from typing import Any, Iterable, Mapping, NamedTuple, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._firewall.jumps import (
    Listing,
    Target,
    jump_commands,
    misplaced,
    places_in,
)

__all__ = [
    "HIDDEN",
    "HOOKS",
    "Chain",
    "Listing",
    "Place",
    "Printed",
    "Record",
    "Target",
    "chains_of",
    "config_of",
    "lines_of",
    "others_jumps",
    "parse_listing",
    "places_of",
    "plan",
    "quoted",
    "record_of",
    "record_to_json",
    "snapshot",
    "transaction",
]

# The hooks that each table has.
HOOKS: Mapping[str, tuple[str, ...]] = {
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
    "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
    "raw": ("PREROUTING", "OUTPUT"),
}

Place = Tuple[str, str]
"""A family and a table: what one transaction can change."""

# Stands for rules that iptables cannot print; no rule is printed so.
HIDDEN = "(hidden)"

_PLAIN = re.compile(r"[A-Za-z0-9_./:,!+=@%-]+")


class Chain(NamedTuple):
    """A chain as it is wanted: its rules are words for iptables, without ``-A CHAIN``.

    first: its jump stands before others' rules. when_active: it is wanted only where one of these programs filters.
    """

    family: str
    table: str
    hook: str
    name: str
    rules: tuple[tuple[str, ...], ...]
    first: bool = False
    when_active: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        return self.family, self.table

    @property
    def key(self) -> tuple[str, str, str]:
        return self.family, self.table, self.name


class Printed(NamedTuple):
    """A chain that we applied, and what iptables printed of it right after."""

    chain: Chain
    lines: tuple[str, ...]


Record = Mapping[Tuple[str, str, str], Printed]


def chains_of(config: Mapping[str, Any] | None) -> tuple[Chain, ...]:
    """The chains of a configuration of ours, as config_of() made it."""
    return tuple(
        Chain(
            item["family"],
            item["table"],
            item["hook"],
            item["chain"],
            tuple(tuple(rule) for rule in item["rules"]),
            item.get("first", False),
            tuple(item.get("when_active", ())),
        )
        for item in (config or {}).get("chains", ())
    )


def config_of(chains: Iterable[Chain]) -> dict[str, Any]:
    return {"chains": [_item(chain) for chain in chains]}


def _item(chain: Chain) -> dict[str, Any]:
    words = [list(rule) for rule in chain.rules]
    place = {"family": chain.family, "table": chain.table, "hook": chain.hook, "chain": chain.name}
    item: dict[str, Any] = {**place, "rules": words}
    if chain.first:
        item["first"] = True
    if chain.when_active:
        item["when_active"] = list(chain.when_active)
    return item


def record_of(data: Mapping[str, Any] | None) -> Record:
    """The record from its file."""
    items = (data or {}).get("chains", ())
    return {
        chain.key: Printed(chain, tuple(item["printed"])) for chain, item in zip(chains_of({"chains": items}), items)
    }


def record_to_json(record: Record) -> dict[str, Any]:
    return {"chains": [{**_item(entry.chain), "printed": list(entry.lines)} for entry in record.values()]}


def quoted(words: Iterable[str]) -> str:
    """Words as iptables-restore reads them and ``iptables -S`` prints them."""
    return " ".join(
        word if _PLAIN.fullmatch(word) else '"' + re.sub(r"([\\\"'])", r"\\\1", word) + '"' for word in words
    )


def parse_listing(text: str) -> dict[str, tuple[str, ...]]:
    """The output of ``iptables -t TABLE -S``."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        command, _space, rest = line.partition(" ")
        name, _space, rule = rest.partition(" ")
        if command in ("-P", "-N"):
            found.setdefault(name, [])
        elif command == "-A":
            found.setdefault(name, []).append(rule)
    return {name: tuple(rules) for name, rules in found.items()}


def others_jumps(listing: Listing, targets: Mapping[str, Target]) -> list[str]:
    """Rules of others that lead to a chain that is to go: the kernel would not let it go."""
    found = []
    for name, target in targets.items():
        pattern = re.compile(rf"(?:.* )?(?:-j|-g) {re.escape(name)}(?: .*)?")
        for chain, rules in listing.items() if target.rules is None else ():
            plain = f"-j {name}" if chain in target.jumps else None
            if chain not in targets:
                found += [f"-A {chain} {rule}" for rule in rules if rule != plain and pattern.fullmatch(rule)]
    return found


def places_of(chains: Iterable[Chain]) -> list[Place]:
    """In order of their first chain."""
    return list(dict.fromkeys(chain.place for chain in chains))


def snapshot(listing: Listing, targets: Mapping[str, Target]) -> dict[str, Target]:
    """Targets that bring back what the listing shows of these chains and their jumps."""
    wrong = misplaced(listing, targets)
    found = {}
    for name, target in targets.items():
        places = {hook: places_in(listing, hook, name) for hook in target.jumps}
        found[name] = Target(
            listing.get(name),
            tuple(rule for rule in listing.get(name, ()) if rule != HIDDEN),
            {hook: len(back) for hook, back in places.items()},
            first=target.first and not any(name in names for names in wrong.values()),
            back=places,
        )
    return found


def plan(wanted: Sequence[Chain], known: Iterable[Chain], record: Record) -> dict[Place, dict[str, Target]]:
    """Every chain that is wanted or known to be ours, as it should stand.

    How iptables prints a rule is known only from the record. A chain that was never printed, or was wanted otherwise
    then, is taken to be printed as it is sent: if that is wrong, it is sent once more, which is harmless.
    """
    known = list(known)
    hooks: dict[tuple[str, str, str], dict[str, int]] = {}
    for chain in [*known, *wanted]:
        hooks.setdefault(chain.key, {})[chain.hook] = 0
    found: dict[Place, dict[str, Target]] = {}
    for chain in wanted:
        jumps = {**hooks[chain.key], chain.hook: 1}
        send = tuple(quoted(rule) for rule in chain.rules)
        entry = record.get(chain.key)
        lines = entry.lines if entry is not None and entry.chain.rules == chain.rules else send
        found.setdefault(chain.place, {})[chain.name] = Target(lines, send, jumps, chain.first)
    for chain in known:
        targets = found.setdefault(chain.place, {})
        targets.setdefault(chain.name, Target(None, (), hooks[chain.key]))
    return found


def transaction(table: str, listing: Listing, targets: Mapping[str, Target]) -> str:
    """The input of ``iptables-restore --noflush`` that leads from the listing to the targets; empty: nothing to do."""
    empty: list[str] = []
    rules: list[str] = []
    gone: list[str] = []
    for name, target in targets.items():
        have = listing.get(name)
        if target.rules is None and have is not None:
            empty.append(f"-F {name}")
            gone.append(f"-X {name}")
        elif target.rules is not None and target.rules != have:
            empty.append(f":{name} - [0:0]")  # makes it, or empties it
            rules += [f"-A {name} {rule}".rstrip() for rule in target.send]
    jumps_gone, jumps_new = jump_commands(listing, targets)
    lines = [*sorted(empty, key=lambda line: line[0] != ":"), *jumps_gone, *rules, *jumps_new, *gone]
    return "\n".join([f"*{table}", *lines, "COMMIT", ""]) if lines else ""


def lines_of(name: str, target: Target) -> list[str]:
    """A chain in the words of ``iptables -S``, but -I for a jump that is first in its hook as it should be."""
    add = "-I" if target.first else "-A"
    there = [f"{add} {hook} -j {name}" for hook, count in target.jumps.items() for _number in range(count)]
    if target.rules is None:
        return there
    return [f"-N {name}", *there, *(f"-A {name} {rule}".rstrip() for rule in target.rules)]
