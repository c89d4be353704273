# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cards, lines and texts at places, and their SVG. What is drawn, and where, is decided elsewhere."""

from __future__ import annotations

from math import ceil
from typing import NamedTuple, Sequence
from xml.sax.saxutils import escape, quoteattr

from ansible_collections.lvs.cluster.plugins.module_utils._picture.metrics import clean, width

__all__ = ["Card", "Row", "Scene", "TextBox", "card_height", "card_width", "row_middle"]

ROW = 19.0
PAD = 11.0
GAP = 18.0
PILL = 15.0

# Style: size, bold, fixed width. The class of the same name has the colour.
STYLES = {
    "head": (15.0, True, False),
    "title": (13.0, True, False),
    "name": (13.0, True, False),
    "text": (12.0, False, False),
    "muted": (11.5, False, False),
    "mono": (12.0, False, True),
    "pill": (11.0, True, False),
    "chip": (11.0, False, True),
}


class TextBox(NamedTuple):
    """A text and the room that is kept for it."""

    text: str
    x: float
    y: float
    width: float
    height: float


class Row(NamedTuple):
    """A line of a card: a text, and on its right a muted one or a badge of a level; ``above`` is room before it."""

    left: str
    style: str = "text"
    right: str = ""
    level: str = ""
    above: float = 0.0


class Card(NamedTuple):
    """A box with rows; ``kind`` chooses its colour, ``about`` is what a pointer or a reader is told."""

    kind: str
    rows: Sequence[Row]
    about: str


def _wide(text: str, style: str) -> float:
    size, bold, mono = STYLES[style]
    return width(clean(text), size, bold=bold, mono=mono)


def _right_width(row: Row) -> float:
    if not row.right:
        return 0.0
    return GAP + (_wide(row.right, "pill") + PILL if row.level else _wide(row.right, "muted"))


def card_width(card: Card) -> float:
    """The width that the widest row needs."""
    return max((_wide(row.left, row.style) + _right_width(row) for row in card.rows), default=0.0) + 2 * PAD + 4


def card_height(card: Card) -> float:
    """The height of all rows."""
    return sum(ROW + row.above for row in card.rows) + 2 * PAD - 6


def row_middle(card: Card, number: int) -> float:
    """How far below a card's top the middle of a row is."""
    return PAD - 3 + sum(ROW + row.above for row in card.rows[: number + 1]) - ROW / 2


class Scene:
    """Collects shapes; lines lie under cards, and texts on everything. ``texts`` is for whoever checks the layout."""

    def __init__(self) -> None:
        self.texts: list[TextBox] = []
        self._frames: list[str] = []
        self._lines: list[str] = []
        self._cards: list[str] = []

    def frame(self, x: float, y: float, wide: float, high: float) -> None:
        """A panel behind everything."""
        self._frames.append(_rect("panel", x, y, wide, high, 10))

    def text(self, x: float, y: float, text: str, style: str, kind: str = "") -> float:
        """A text whose left end and middle are given; returns its width."""
        self._cards.append(self._text(x, y, text, style, kind))
        return _wide(text, style)

    def _text(self, x: float, y: float, text: str, style: str, kind: str = "", anchor: str = "start") -> str:
        """A text by its left end, middle or right end, so that a narrower font than the measured one leaves no gap."""
        size, wide = STYLES[style][0], _wide(text, style)
        left = x - {"start": 0.0, "middle": wide / 2, "end": wide}[anchor]
        self.texts.append(TextBox(text, left, y - size * 0.6, wide, size * 1.2))
        names = f"{style} {kind}".strip()
        where = f'x="{x:.1f}" y="{y + size * 0.35:.1f}"' + (f' text-anchor="{anchor}"' if anchor != "start" else "")
        return f'<text class="{names}" {where}>{escape(clean(text))}</text>'

    def chip(self, x: float, y: float, text: str, kind: str) -> float:
        """A small box around a text, by its left end and middle; returns its width."""
        room = _wide(text, "chip") + PILL
        self._cards.append(_rect(f"chip {kind}", x, y - 10, room, 20, 5))
        self._cards.append(self._text(x + room / 2, y, text, "chip", kind, "middle"))
        return room

    def rule(self, x: float, y: float, end: float, kind: str) -> None:
        """A level line under the cards."""
        self._lines.append(f'<path class="line {kind}" d="M{x:.1f} {y:.1f}H{end:.1f}"/>')

    def arrow(self, start: tuple[float, float], end: tuple[float, float], kind: str) -> None:
        """A curve from a card's right side to another's left side."""
        (x, y), (to_x, to_y) = start, end
        bend = max(24.0, (to_x - x) * 0.5)
        path = f"M{x:.1f} {y:.1f}C{x + bend:.1f} {y:.1f} {to_x - bend:.1f} {to_y:.1f} {to_x - 6:.1f} {to_y:.1f}"
        self._lines.append(f'<path class="line {kind}" d="{path}" marker-end="url(#lvs-picture-arrow)"/>')

    def card(self, x: float, y: float, wide: float, card: Card) -> None:
        """A card, all of it in one group with a title."""
        parts = [f"<g><title>{escape(clean(card.about))}</title>"]
        high = card_height(card)
        parts.append(_rect(f"card {card.kind}", x, y, wide, high, 7))
        parts.append(_rect(f"stripe {card.kind}", x, y + 7, 4, max(high - 14, 0.0), 2))
        middle = y + PAD - 3 - ROW / 2
        for row in card.rows:
            middle += ROW + row.above
            parts.append(self._text(x + PAD + 4, middle, row.left, row.style))
            if row.level:
                room = _wide(row.right, "pill") + PILL
                left = x + wide - PAD - room
                parts.append(_rect(f"pill {row.level}", left, middle - 8.5, room, 17, 8.5))
                parts.append(self._text(left + room / 2, middle, row.right, "pill", row.level, "middle"))
            elif row.right:
                parts.append(self._text(x + wide - PAD, middle, row.right, "muted", "", "end"))
        self._cards.append("".join((*parts, "</g>")))

    def svg(self, wide: float, high: float, *, title: str, description: str, style: str) -> str:
        """The whole, ready for a file or inside an HTML page."""
        wide, high = ceil(wide), ceil(high)
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="lvs-picture" role="img" width="{wide:.0f}" '
            f'height="{high:.0f}" viewBox="0 0 {wide:.0f} {high:.0f}" '
            'aria-labelledby="lvs-picture-title lvs-picture-desc">'
        )
        return "\n".join(
            [
                head,
                f'<title id="lvs-picture-title">{escape(clean(title))}</title>',
                f'<desc id="lvs-picture-desc">{escape(clean(description))}</desc>',
                f"<style>{style}</style>",
                '<defs><marker id="lvs-picture-arrow" viewBox="0 0 8 8" refX="2" refY="4" markerWidth="7" '
                'markerHeight="7" markerUnits="userSpaceOnUse" orient="auto"><path class="tip" d="M0 0.5L8 4L0 7.5z"/>'
                "</marker></defs>",
                _rect("ground", 0, 0, wide, high, 0),
                *self._frames,
                *self._lines,
                *self._cards,
                "</svg>\n",
            ]
        )


def _rect(kind: str, x: float, y: float, wide: float, high: float, round_: float) -> str:
    return (
        f"<rect class={quoteattr(kind)} "
        f'x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" rx="{round_:g}"/>'
    )
