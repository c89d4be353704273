# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keywords of keepalived as an ``options`` mapping of the inventory: ``_keepalived.tree.from_options`` backwards."""

from __future__ import annotations

import re
from typing import Any, Iterable, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._adopt.blocks import Item

__all__ = ["NotOptions", "to_options"]

_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})")


class NotOptions(ValueError):
    """Lines that no mapping can hold."""


def to_options(items: Iterable[Item]) -> dict[str, Any]:
    """The mapping, in the order in which each keyword comes first; NotOptions where there is none."""
    groups: dict[tuple[str, str], list[Item]] = {}
    for item in items:
        # A block's values are part of its key, those of a line are its value.
        words = item.words if item.inside is not None else item.words[:1]
        if any(not word or any(char.isspace() for char in word) for word in words):
            raise NotOptions(f"{item.place}: {item.name} has words that can't be a key")
        kind = "block" if item.inside is not None else "values" if item.values else "bare"
        groups.setdefault((" ".join(words), kind), []).append(item)
    result: dict[str, Any] = {}
    for (key, kind), found in groups.items():
        while key in result:
            key += " "  # with a space behind it the same keyword is another key
        result[key] = _value(kind, found)
    return result


def _value(kind: str, items: Sequence[Item]) -> Any:
    if kind == "bare":
        return True
    if kind == "block":
        inside = [to_options(item.inside or ()) for item in items]
        return inside[0] if len(inside) == 1 else inside
    values = [[_scalar(word) for word in item.values] for item in items]
    if len(values) > 1:
        return values
    return values[0][0] if len(values[0]) == 1 else values[0]


def _scalar(word: str) -> str | int:
    return int(word) if _NUMBER.fullmatch(word) and word != "-0" else word
