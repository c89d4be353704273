# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A keepalived configuration of somebody else: read, said as ``options`` of the inventory, and written again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import serialise
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tree import Node, from_data, from_options, to_data
from tests.unit.plugins.module_utils._keepalived.conf_reader import lines, read

__all__ = ["config_ids", "for_host", "keywords", "round_trip", "to_options"]

_CONDITION = re.compile(r"\s*@(\^?)(\S+)\s?(.*)\Z", re.DOTALL)


def round_trip(text: str, config_id: str = "") -> str:
    """Return ``text`` as our serialiser writes it; raise AssertionError where a word is lost, added or moved.

    There: text, tree, ``options`` mapping. Back: mapping, tree, text. ``config_id`` is keepalived's option -i, which
    lines that begin with ``@`` ask for.
    """
    original = for_host(text, config_id)
    nodes = read(original)
    options = to_options(nodes)
    again = from_options(options)
    _same("tree", nodes, again)
    _same("data", nodes, from_data(to_data(nodes)))
    written = serialise(again)
    _same("text", lines(original), lines(written))
    _same("options", options, to_options(read(written)))
    return written


def to_options(nodes: Sequence[Node]) -> dict[str, Any]:
    """Return the mapping that ``from_options`` reads to ``nodes``; raise ValueError for what no mapping can say."""
    options: dict[str, Any] = {}
    for key, value in _options(nodes):
        # The same keyword, with others in between: spaces behind it make it another key.
        while key in options:
            key += " "
        options[key] = value
    return options


def for_host(text: str, config_id: str) -> str:
    """Return the lines that hold for one host: ``@id`` in front asks for it, ``@^id`` for any other."""
    kept = []
    for line in text.split("\n"):
        condition = _CONDITION.match(line)
        if condition is None:
            kept.append(line)
        elif (condition[2] == config_id) != bool(condition[1]):
            kept.append(condition[3])
    return "\n".join(kept)


def config_ids(text: str) -> list[str]:
    """Return the ids that lines of ``text`` ask for, [""] if none does."""
    found = {condition[2] for condition in map(_CONDITION.match, text.split("\n")) if condition}
    return sorted(found) or [""]


def keywords(nodes: Sequence[Node]) -> set[str]:
    """Return the first words of all lines, in blocks too."""
    return {node.name for node in nodes}.union(*(keywords(node.block) for node in nodes if node.block))


def _options(nodes: Sequence[Node]) -> Iterator[tuple[str, Any]]:
    for (name, head, is_block), run in groupby(nodes, key=_key):
        group = list(run)
        words = [name, *(str(value) for value in head)]
        if any(not word or any(char.isspace() for char in word) for word in words):
            raise ValueError(f"{words}: a key of options has no empty word and no word with a space")
        if is_block:
            blocks = [to_options(node.block or ()) for node in group]
            yield " ".join(words), blocks[0] if len(blocks) == 1 else blocks
        elif len(group) > 1:
            yield name, [list(node.values) for node in group]
        else:
            values = list(group[0].values)
            yield name, True if not values else values[0] if len(values) == 1 else values


def _key(node: Node) -> tuple[str, tuple[Any, ...], bool]:
    """Tell which nodes behind each other are one key: of a block, its values are part of the key."""
    return (node.name, () if node.block is None else node.values, node.block is not None)


def _same(what: str, first: Any, second: Any) -> None:
    if first != second:
        differing = next(
            (pair for pair in zip(first, second, strict=False) if pair[0] != pair[1]), (len(first), len(second))
        )
        raise AssertionError(f"{what}: {differing[0]!r} became {differing[1]!r}")
