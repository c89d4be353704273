# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of nft that are ours: read as JSON, said again in nft's own words, changed in one transaction."""

from __future__ import annotations

import json
from typing import Any, Mapping, NamedTuple, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.commands import Command, in_one_line

__all__ = ["TABLE", "NftRule", "attempt", "braced", "change", "parse", "table"]

TABLE = "lvs_clusterip"
_PROBE = "lvs_clusterip_probe"


class NftRule(NamedTuple):
    """A rule as we would write it, and the handle by which it is deleted."""

    handle: int
    text: str


Chains = Mapping[str, Tuple[NftRule, ...]]


def braced(elements: Sequence[Any]) -> str:
    """A set as it is said here: sorted, and without braces if it has one element."""
    words = [str(element) for element in sorted(elements)]
    return words[0] if len(words) == 1 else "{ " + ", ".join(words) + " }"


def table(run: Command, family: str) -> Chains | None:
    """The chains of our table of a family, None if there is no such table."""
    return _listed(run, family, TABLE)


def _listed(run: Command, family: str, name: str) -> Chains | None:
    argv = ("nft", "-j", "list", "table", family, name)
    code, out, err = run(argv)
    if code == 127 or (code and "No such file or directory" in err):
        return None
    if code:
        raise BootError(f"{' '.join(argv)} failed with status {code}: {in_one_line(err or out)}")
    try:
        return parse(out)
    except (KeyError, TypeError, ValueError) as exc:
        raise BootError(f"{' '.join(argv)} answers what this release of the collection does not know: {exc!r}") from exc


def parse(text: str) -> Chains:
    """The output of ``nft -j list table``."""
    found: dict[str, list[NftRule]] = {}
    for item in json.loads(text)["nftables"]:
        if "chain" in item:
            found.setdefault(item["chain"]["name"], [])
        elif "rule" in item:
            rule = item["rule"]
            words = [_said(expression) for expression in rule["expr"]]
            line = " ".join(word for word in words if word)
            found.setdefault(rule["chain"], []).append(NftRule(rule["handle"], line))
    return {name: tuple(rules) for name, rules in found.items()}


def _said(expression: Mapping[str, Any]) -> str:
    """A statement in nft's words; one that we never write comes out as JSON, which equals nothing of ours."""
    kind, value = next(iter(expression.items()))
    if kind == "match":
        left, right = _operand(value["left"]), _operand(value["right"])
        if left in ("meta nfproto", "meta protocol"):
            return ""  # some releases say what "ip" and "ip6" imply
        return f"{left} {right}" if value["op"] in ("==", "in") else f"{left} {value['op']} {right}"
    if kind == "mangle":
        return f"{_operand(value['key'])} set {_operand(value['value'])}"
    if kind in ("accept", "drop"):
        return kind
    if kind == "jump":
        return f"jump {value['target']}"
    return json.dumps(expression)


def _operand(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    kind, inner = next(iter(value.items()))
    if kind == "payload" and "protocol" in inner:
        return f"{inner['protocol']} {inner['field']}"
    if kind == "exthdr":
        return f"{inner['name']} {inner['field']}"
    if kind == "meta":
        return f"meta {inner['key']}"
    if kind == "set":
        return braced(inner)
    if kind == "concat":
        return " . ".join(map(_transport, inner))
    if kind == "&":
        return f"{_operand(inner[0])} & {_operand(inner[1])}"
    if kind == "jhash" and not inner.get("offset"):
        return f"jhash {_operand(inner['expr'])} mod {inner['mod']} seed {inner.get('seed')}"
    return json.dumps(value)


def _transport(value: Any) -> str:
    """Ports within a hash: "th sport" is listed as "tcp sport" where the rule has matched tcp before."""
    words = _operand(value).split(" ")
    return f"th {words[1]}" if words[0] in ("tcp", "udp", "sctp") else " ".join(words)


def change(run: Command, lines: Sequence[str]) -> str:
    """Carries a transaction out; what nft says against it, empty if nothing."""
    code, out, err = run(("nft", "-f", "-"), stdin="\n".join([*lines, ""]))
    if code == 127:
        return f"{err}: install the package nftables"
    # The first line: a complaint about a table goes on with one for each of its rules.
    return (
        "" if code == 0 else in_one_line("\n".join((err or out).splitlines()[:1]) or f"nft failed with status {code}")
    )


def attempt(run: Command, family: str, rules: Sequence[str]) -> str:
    """What speaks against rules, tried in a table that no packet reaches and that is removed again."""
    head = [f"add table {family} {_PROBE}", f"delete table {family} {_PROBE}", f"add table {family} {_PROBE}"]
    added = [f"add rule {family} {_PROBE} probe {rule}" for rule in rules]
    fault = change(run, [*head, f"add chain {family} {_PROBE} probe", *added])
    if fault:
        return fault
    try:
        listed = (_listed(run, family, _PROBE) or {}).get("probe", ())
    except BootError as exc:
        fault = str(exc)
    else:
        other = [f"{want!r} as {have.text!r}" for want, have in zip(rules, listed) if want != have.text]
        fault = f"this release of nft lists {other[0]}" if other else ""
    return change(run, [f"delete table {family} {_PROBE}"]) or fault
