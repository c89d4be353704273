# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables of the plan's keys and the keywords of keepalived that they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tree import Node, from_options

__all__ = ["Keyword", "pairs", "split", "switch", "words", "write"]

_PLAIN, _SWITCH, _SPLIT = "plain", "switch", "split"


class Keyword(NamedTuple):
    """``key`` of the plan becomes ``name``; true is the bare keyword, false and null leave it out."""

    key: str
    name: str
    form: str = _PLAIN


def words(*names: str) -> tuple[Keyword, ...]:
    """Keys that are keepalived's keywords themselves."""
    return tuple(Keyword(name, name) for name in names)


def switch(*names: str) -> tuple[Keyword, ...]:
    """Keywords whose false is written, because something above them may have said true."""
    return tuple(Keyword(name, name, _SWITCH) for name in names)


def split(name: str, key: str = "") -> Keyword:
    """A keyword whose text is several words: ``200-299 404``."""
    return Keyword(key or name, name, _SPLIT)


def write(table: Sequence[Keyword], settings: Mapping[str, Any], path: str) -> list[Node]:
    """Return the nodes of the keys that ``settings`` has, in the table's order."""
    nodes: list[Node] = []
    for key, name, form in table:
        value = settings.get(key)
        if value is None:
            continue
        if value is False:
            if form == _SWITCH:
                nodes.append(Node(name, ("false",)))
        elif value is True:
            nodes.append(Node(name))
        elif isinstance(value, str):
            nodes.append(Node(name, tuple(value.split()) if form == _SPLIT else (value,)))
        elif isinstance(value, (int, float)):
            nodes.append(Node(name, (value,)))
        else:
            nodes += from_options({name: value}, path)
    return nodes


def pairs(table: Sequence[Keyword], settings: Mapping[str, Any]) -> tuple[str | int | float, ...]:
    """Return keys and values for a line that holds them one behind the other: ``id 1 port 8848``."""
    return tuple(
        value for key, name, _form in table if settings.get(key) is not None for value in (name, settings[key])
    )
