# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rules of iptables say to whom: which packets they mark, and whose source they translate. No I/O."""

from __future__ import annotations

import shlex
from ipaddress import ip_network
from typing import Any, Iterable, Iterator, Mapping, NamedTuple, Sequence

__all__ = ["Marking", "Rule", "Translation", "markings", "rules_from", "translations"]

_WHOLE = 0xFFFFFFFF
_DEEPEST = 16
_OURS = "LVS-"
_PROTOCOLS = ("tcp", "udp", "sctp")
# What follows a target's name belongs to the target.
_TARGET = ("-j", "--jump", "-g", "--goto")
# Options with one value, which may begin with a hyphen; others have what stands there until the next one.
_ONE = ("--comment",)


class Rule(NamedTuple):
    """A rule with what the rules that lead to it ask for.

    ``other``: conditions that are none of the named ones. ``returns``: rules before it that send packets back out of
    its chain, or of one that leads to it.
    """

    place: str
    text: str
    chain: str
    target: str
    words: tuple[str, ...]
    destination: str
    source: str
    protocol: str
    ports: tuple[tuple[int, int], ...]
    inside: str
    outside: str
    not_to: str
    other: tuple[str, ...]
    returns: tuple[Rule, ...] = ()

    @property
    def ours(self) -> bool:
        return self.chain.startswith(_OURS)


class Marking(NamedTuple):
    """A rule that sets a mark; ``mask`` are the bits that it writes.

    ``but``: rules because of which a chain at the end of the hook would mark other packets than this one.
    """

    rule: Rule
    family: str
    mark: int
    mask: int
    but: tuple[str, ...] = ()


class Translation(NamedTuple):
    """A rule that changes packets' source; ``address`` is "" for MASQUERADE, ``but`` as of a marking."""

    rule: Rule
    family: str
    address: str
    but: tuple[str, ...] = ()


def rules_from(table: Mapping[str, Any], hook: str) -> Iterator[Rule]:
    """The rules that packets meet at a hook, in order; of chains that lead to themselves each is followed once."""
    start = Rule("", "", hook, "", (), "", "", "", (), "", "", "", ())
    yield from _walk(table, hook, start, 0)


def _walk(table: Mapping[str, Any], chain: str, before: Rule, depth: int) -> Iterator[Rule]:
    program = {"ipv4": "iptables", "ipv6": "ip6tables"}[table["family"]]
    returns = before.returns
    for text in table["chains"].get(chain, ()):
        place = f"{program} ({table['variant']}) -t {table['table']}"
        rule = _parsed(text, f"-A {chain} {text}", chain, place, before)._replace(returns=returns)
        if rule.target in table["chains"] and depth < _DEEPEST:
            yield from _walk(table, rule.target, rule, depth + 1)
        else:
            yield rule
        # In the hook's own chain it ends the way of a packet: a chain at the end of the hook does not see it either.
        if rule.target == "RETURN" and depth:
            returns += (rule,)


def _parsed(text: str, whole: str, chain: str, place: str, before: Rule) -> Rule:
    try:
        left = shlex.split(text)
    except ValueError:
        left = ["--unreadable", text]
    found: dict[str, Any] = {}
    other = list(before.other)
    negated = False
    while left:
        word = left.pop(0)
        if word == "!":
            negated = True
            continue
        if word in _TARGET:
            found["target"], found["words"] = "".join(left[:1]), tuple(left[1:])
            break
        takes = 1 if word in _ONE else _values(left)
        values, left = left[:takes], left[takes:]
        _condition(word, " ".join(values), negated, found, other)
        negated = False
    fields = ("destination", "source", "protocol", "ports", "inside", "outside", "not_to")
    both: dict[str, Any] = {}
    for name in fields:
        above, here = getattr(before, name), found.get(name) or type(getattr(before, name))()
        if above and here and above != here:
            other.append(f"{name} {above} and {here}")
        both[name] = here or above
    return Rule(place, whole, chain, found.get("target", ""), found.get("words", ()), other=tuple(other), **both)


def _values(words: Sequence[str]) -> int:
    return next((at for at, word in enumerate(words) if word == "!" or word.startswith("-")), len(words))


def _condition(word: str, value: str, negated: bool, found: dict[str, Any], other: list[str]) -> None:
    names = {"-d": "destination", "-s": "source", "-p": "protocol", "-i": "inside", "-o": "outside"}
    if word == "-d" and negated:
        found["not_to"] = value
    elif word in names and not negated:
        found[names[word]] = value
    elif word in ("--dport", "--dports", "--destination-port", "--destination-ports") and not negated:
        found["ports"] = _ports(value)
    elif word in ("--ctstate", "--state"):
        # Later packets have the mark of their connection.
        if negated or "NEW" not in value.split(","):
            other.append(f"{word} {value}")
    elif word not in ("-m", "--match", "--mark", "--comment", "--syn", "--tcp-flags"):
        other.append(f"{'! ' if negated else ''}{word} {value}".strip())


def _ports(text: str) -> tuple[tuple[int, int], ...]:
    found = []
    for part in text.split(","):
        first, colon, last = part.partition(":")
        if not (first or "0").isdecimal() or not (last or "0").isdecimal():
            return ()
        found.append((max(int(first or 0), 1), int(last or 65535) if colon else int(first)))
    return tuple(found)


def markings(tables: Iterable[Mapping[str, Any]]) -> Iterator[Marking]:
    """The rules that set marks before packets are routed."""
    for table in tables:
        if table["table"] != "mangle":
            continue
        rules = list(rules_from(table, "PREROUTING"))
        for at, rule in enumerate(rules):
            if rule.target == "MARK":
                value = _after(rule.words, "--set-xmark", "--set-mark")
                mark, _slash, mask = value.partition("/")
                but = () if rule.ours else (*_sent_back(rule), *_after_all(rule, rules[at + 1 :]))
                try:
                    yield Marking(rule, table["family"], int(mark, 0), int(mask, 0) if mask else _WHOLE, but)
                except ValueError:
                    continue  # it changes bits of a mark that was set before


def translations(tables: Iterable[Mapping[str, Any]]) -> Iterator[Translation]:
    """The rules that translate the source of what leaves."""
    for table in tables:
        if table["table"] == "nat":
            for rule in rules_from(table, "POSTROUTING"):
                if rule.target in ("MASQUERADE", "SNAT"):
                    but = () if rule.ours else tuple(_sent_back(rule))
                    yield Translation(rule, table["family"], _after(rule.words, "--to-source"), but)


def _sent_back(rule: Rule) -> Iterator[str]:
    """The rules that except packets from a rule, and from nothing that stands behind its chain."""
    return (one.text for one in rule.returns if _meet(one, rule))


def _after_all(rule: Rule, later: Iterable[Rule]) -> Iterator[str]:
    """The rules after one that marks which change the mark, or after which no other rule of the hook is looked at."""
    for one in later:
        ends = one.target == "ACCEPT" or (one.target == "RETURN" and one.chain == "PREROUTING")
        other = one.target == "MARK" and one.words != rule.words
        if (ends or other) and not one.ours and _meet(one, rule):
            yield one.text


def _meet(one: Rule, other: Rule) -> bool:
    """Whether a packet may fulfil what both ask for, as far as the named conditions tell."""
    pairs = ((one.protocol, other.protocol), (one.inside, other.inside), (one.outside, other.outside))
    if any(first and second and first != second for first, second in pairs):
        return False
    if one.not_to and one.not_to == other.destination:
        return False
    if one.ports and other.ports and not any(a <= d and c <= b for a, b in one.ports for c, d in other.ports):
        return False
    return _overlap(one.destination, other.destination) and _overlap(one.source, other.source)


def _overlap(one: str, other: str) -> bool:
    try:
        return not one or not other or ip_network(one, strict=False).overlaps(ip_network(other, strict=False))
    except (TypeError, ValueError):
        return True


def _after(words: Sequence[str], *names: str) -> str:
    return next((words[at + 1] for at, word in enumerate(words[:-1]) if word in names), "")
