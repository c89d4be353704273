# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words for messages, and the order in which names are sorted."""

from __future__ import annotations

import re
from typing import Any, Iterable, Mapping

__all__ = ["SHOWN", "describe", "escaped", "listing", "natural", "quoted"]

SHOWN = 8


def natural(text: str) -> tuple[list[str | tuple[int, str]], str]:
    """The sort key that puts lb2 before lb10."""
    parts: list[str | tuple[int, str]] = list(re.split(r"([0-9]+)", text))
    # Not by int(), which takes 4300 digits and no more.
    parts[1::2] = [(len(digits), digits) for digits in (str(part).lstrip("0") for part in parts[1::2])]
    return parts, text


def listing(names: Iterable[str]) -> str:
    """The names in natural order, joined; of many, the first few and how many more."""
    ordered = sorted(set(names), key=natural)
    shown = ", ".join(ordered[:SHOWN])
    return f"{shown} and {len(ordered) - SHOWN} more" if len(ordered) > SHOWN else shown


def escaped(text: str) -> str:
    """The text on one line: what is not to be seen, such as the end of a line, as Python writes it."""
    return text if text.isprintable() else "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)


def quoted(value: Any) -> str:
    """A scalar as a message shows it, cut when it is long."""
    text = str(value)
    if len(text) > 60:
        text = text[:57] + "..."
    return f"'{escaped(text)}'" if isinstance(value, str) else text


def describe(value: Any) -> str:
    """The kind of a value, without its content (which may be a secret)."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, (list, tuple)) else f"of type {type(value).__name__}"
