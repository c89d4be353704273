# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How wide a text is at most: whoever shows the picture chooses the font, so the widest usual one is measured."""

from __future__ import annotations

import unicodedata

__all__ = ["MONO", "clean", "shortened", "width"]

MONO = 0.603
"""The advance of DejaVu Sans Mono; other fixed fonts have the same or less."""

LONGEST = 56

# Advances of DejaVu Sans in hundredths of its size, from space to tilde; of its bold below.
# fmt: off
REGULAR = (
    32, 41, 46, 84, 64, 96, 78, 28, 40, 40, 50, 84, 32, 37, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84,
    84, 84, 54, 100, 69, 69, 70, 77, 64, 58, 78, 76, 30, 30, 66, 56, 87, 75, 79, 61, 79, 70, 64, 62, 74, 69, 99, 69, 62,
    69, 40, 34, 40, 84, 50, 50, 62, 64, 55, 64, 62, 36, 64, 64, 28, 28, 58, 28, 98, 64, 62, 64, 64, 42, 53, 40, 64, 60,
    82, 60, 60, 53, 64, 34, 64, 84,
)
BOLD = (
    35, 46, 53, 84, 70, 101, 88, 31, 46, 46, 53, 84, 38, 42, 38, 37, 70, 70, 70, 70, 70, 70, 70, 70, 70, 70, 40, 40, 84,
    84, 84, 58, 100, 78, 77, 74, 83, 69, 69, 83, 84, 38, 38, 78, 64, 100, 84, 85, 74, 85, 77, 73, 69, 82, 78, 111, 78,
    73, 73, 46, 37, 46, 84, 50, 50, 68, 72, 60, 72, 68, 44, 72, 72, 35, 35, 67, 35, 105, 72, 69, 72, 72, 50, 60, 48, 72,
    66, 93, 65, 66, 59, 72, 37, 72, 84,
)
# fmt: on


def width(text: str, size: float, *, bold: bool = False, mono: bool = False) -> float:
    """The width in pixels, or a little more."""
    table = BOLD if bold else REGULAR
    whole = 0.0
    for char in text:
        code = ord(char)
        if unicodedata.east_asian_width(char) in "WF":
            whole += 2 * MONO if mono else 1.1
        elif mono:
            whole += MONO
        else:
            whole += table[code - 32] / 100 if 32 <= code < 127 else 1.0
    return whole * size


def clean(text: str) -> str:
    """The text without characters that XML has no place for, and in one line."""
    return "".join(
        " "
        if char in "\t\r\n"
        else "\N{REPLACEMENT CHARACTER}"
        if unicodedata.category(char) in ("Cc", "Cs", "Cn")
        else char
        for char in text
    )


def shortened(text: str, longest: int = LONGEST) -> str:
    """A long text without its middle."""
    if len(text) <= longest:
        return text
    tail = longest // 3
    return f"{text[: longest - tail - 1]}\N{HORIZONTAL ELLIPSIS}{text[-tail:]}"
