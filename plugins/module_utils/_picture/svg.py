# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plans as an SVG: clients, VIPs on directors, virtual services, real servers, and below them the networks."""

from __future__ import annotations

import textwrap
from typing import Any, Iterable, Mapping, NamedTuple, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._picture.metrics import shortened, width
from ansible_collections.lvs.cluster.plugins.module_utils._picture.model import Front, Picture, Pool, Server, picture
from ansible_collections.lvs.cluster.plugins.module_utils._picture.scene import (
    STYLES,
    Card,
    Row,
    Scene,
    card_height,
    card_width,
    row_middle,
)
from ansible_collections.lvs.cluster.plugins.module_utils._picture.style import STYLE
from ansible_collections.lvs.cluster.plugins.module_utils._picture.summary import summarised
from ansible_collections.lvs.cluster.plugins.module_utils._picture.words import METHODS
from ansible_collections.lvs.cluster.plugins.module_utils._topology import networks

__all__ = ["draw", "layout"]

States = Mapping[str, Mapping[str, str]]

MARGIN = 24.0
BETWEEN = 14.0
NARROWEST = 760.0
WRAPPED = 110
MANY_ARROWS = 60
LEVELS = ("good", "warn", "bad")
TITLE = "The cluster as it is planned"


def draw(plans: Mapping[str, Mapping[str, Any]], *, states: States | None = None) -> str:
    """The plans of all hosts as an SVG document that needs nothing else and may stand in an HTML page.

    ``states`` are shown at their hosts: {host: {"badge": text, "level": "good", "warn" or "bad"}}.
    """
    return layout(summarised(picture(plans), states), states or {})[1]


def layout(what: Picture, states: States) -> tuple[Scene, str]:
    """The scene, for whoever checks where texts are, and its SVG."""
    scene = Scene()
    fronts = [_Columns(front, states) for front in what.fronts]
    inner = max([NARROWEST, *(one.width for one in fronts)])
    y = _heading(scene, what)
    for one in fronts:
        y = one.put(scene, y, inner) + BETWEEN
    y = _networks(scene, what, y, inner)
    y = _legend(scene, what, y)
    svg = scene.svg(inner + 2 * MARGIN, y + MARGIN - BETWEEN, title=TITLE, description=_told(what), style=STYLE)
    return scene, svg


def _heading(scene: Scene, what: Picture) -> float:
    y = MARGIN + 8
    scene.text(MARGIN, y, TITLE, "head")
    for line in _wrapped(f"Summarised. {note}" for note in what.notes):
        y += 19
        scene.text(MARGIN, y, line, "text")
    return y + 24


def _wrapped(texts: Iterable[str]) -> list[str]:
    return [line for text in texts for line in textwrap.wrap(text, WRAPPED)]


def _told(what: Picture) -> str:
    """The picture in words."""
    parts = []
    for front in what.fronts:
        lists = (
            ("VIPs", [one.text for one in front.vips]),
            ("directors", [one.name for one in front.directors]),
            ("virtual services", [one.name for pool in front.pools for one in pool.services]),
            (front.heads[2].lower(), [one.name for one in front.servers]),
        )
        parts.append(f"{front.title}: " + "; ".join(f"{kind} {', '.join(names)}" for kind, names in lists if names))
    if what.networks:
        parts.append(f"Networks: {', '.join(one.text for one in what.networks)}")
    return " ".join(f"{part}." for part in (*parts, *(note.rstrip(".") for note in what.notes)))


# --- one cluster


class _Placed(NamedTuple):
    card: Card
    x: float
    y: float
    width: float


class _Columns:
    """A cluster's cards in columns, and the arrows between them."""

    def __init__(self, front: Front, states: States) -> None:
        self._front = front
        self._slots = _slots(front)
        asks = Card("clients", [Row("Clients", "name"), *_client_rows(front)], "Clients")
        self._clients = asks
        self._vips = [_vip_card(front)] if front.vips else []
        self._columns = (
            [*self._vips, *(_director_card(one.name, one.notes, states) for one in front.directors)],
            [_pool_card(pool) for pool in front.pools],
            [_server_card(one, self._slots.get(one.name, ()), states) for one in front.servers],
        )
        heads = [width(head, STYLES["title"][0], bold=True) for head in front.heads]
        self._widths = [max([head, *map(card_width, column)]) for head, column in zip(heads, self._columns)]
        arrows = sum(len(pool.uses) for pool in front.pools)
        self._gaps = (72.0, 72.0 + min(arrows, 120))
        self._clients_width = card_width(asks)
        self._panel = sum(self._widths) + sum(self._gaps) + 2 * MARGIN
        self.width = self._clients_width + 56 + max(self._panel, _head_width(front) + 2 * MARGIN)

    def put(self, scene: Scene, top: float, inner: float) -> float:
        """Draw at a height, in a width; returns the lower end."""
        highs = [_stack_height(column) for column in self._columns]
        high = max([*highs, card_height(self._clients)])
        left = MARGIN + self._clients_width + 56
        body = top + 74
        scene.frame(left, top, MARGIN + inner - left, high + 74 + MARGIN - 4)
        scene.text(left + MARGIN, top + 24, self._front.title, "head")
        spare = max(0.0, (MARGIN + inner - left - self._panel) / 2)
        x, placed = left + MARGIN, []
        for number, column in enumerate(self._columns):
            if column:
                scene.text(x, top + 54, self._front.heads[number], "title")
            placed.append(_stack(column, x, body + (high - highs[number]) / 2, self._widths[number]))
            if number < len(self._gaps):
                x += self._widths[number] + self._gaps[number] + spare
        clients = _Placed(self._clients, MARGIN, body + (high - card_height(self._clients)) / 2, self._clients_width)
        for one in [clients, *(one for column in placed for one in column)]:
            scene.card(one.x, one.y, one.width, one.card)
        self._arrows(scene, clients, placed)
        return body + high + MARGIN - 4

    def _arrows(self, scene: Scene, clients: _Placed, placed: Sequence[Sequence[_Placed]]) -> None:
        front = self._front
        if self._vips:
            scene.arrow(_right(clients), _left(placed[0][0]), "ask")
        rows = {one.address: number for number, one in enumerate(front.vips)}
        many = " many" if sum(len(pool.uses) for pool in front.pools) > MANY_ARROWS else ""
        servers = {one.name: card for one, card in zip(front.servers, placed[2])}
        for pool, card in zip(front.pools, placed[1]):
            asked = dict.fromkeys(vip for one in pool.services for vip in one.vips if vip in rows)
            for vip in asked:
                scene.arrow(_right(placed[0][0], rows[vip]), _left(card), "ask")
            for use in pool.uses:
                labels = self._slots.get(use.server, [])
                row = len(servers[use.server].card.rows) - len(labels) + labels.index(use.label) if use.label else 0
                scene.arrow(_right(card), _left(servers[use.server], row), f"{use.kind}{many}")


def _head_width(front: Front) -> float:
    return width(front.title, STYLES["head"][0], bold=True)


def _client_rows(front: Front) -> list[Row]:
    return [Row("ask the VIPs", "muted")] if front.vips else [Row("there is no VIP", "muted")]


def _right(one: _Placed, row: int | None = None) -> tuple[float, float]:
    return one.x + one.width, one.y + (card_height(one.card) / 2 if row is None else row_middle(one.card, row))


def _left(one: _Placed, row: int | None = None) -> tuple[float, float]:
    return one.x, one.y + (card_height(one.card) / 2 if row is None else row_middle(one.card, row))


def _stack_height(cards: Sequence[Card]) -> float:
    return sum(map(card_height, cards)) + BETWEEN * max(0, len(cards) - 1)


def _stack(cards: Sequence[Card], x: float, y: float, wide: float) -> list[_Placed]:
    placed = []
    for card in cards:
        placed.append(_Placed(card, x, y, wide))
        y += card_height(card) + BETWEEN
    return placed


def _slots(front: Front) -> dict[str, list[str]]:
    """The labels at each real server: one for all pools that send to it in the same way."""
    slots: dict[str, list[str]] = {}
    for pool in front.pools:
        for use in pool.uses:
            labels = slots.setdefault(use.server, [])
            if use.label and use.label not in labels:
                labels.append(use.label)
    return slots


def _vip_card(front: Front) -> Card:
    rows = [Row(one.text, "mono" if one.address else "text", one.note) for one in front.vips]
    return Card("vip", rows, f"VIPs of {front.title}")


def _director_card(name: str, notes: Iterable[str], states: States) -> Card:
    return Card("director", [_name_row(name, name, states), *_note_rows(notes)], f"Director {name}")


def _server_card(server: Server, slots: Iterable[str], states: States) -> Card:
    rows = [_name_row(server.name, server.host, states), *_note_rows(server.notes)]
    rows += [Row(label) for label in slots]
    return Card("server", rows, server.name)


def _name_row(name: str, host: str, states: States) -> Row:
    state = states.get(host)
    if not state or not state.get("badge"):
        return Row(shortened(name), "name")
    level = state.get("level")
    return Row(shortened(name), "name", shortened(str(state["badge"])), level if level in LEVELS else "plain")


def _note_rows(notes: Iterable[str]) -> list[Row]:
    return [Row(note, "mono" if _is_address(note) else "muted") for note in notes]


def _is_address(text: str) -> bool:
    try:
        networks.interface(text)
    except ValueError:
        return False
    return True


def _pool_card(pool: Pool) -> Card:
    rows: list[Row] = []
    for one in pool.services:
        rows.append(Row(shortened(one.name), "name", ", ".join(one.settings), above=6 if rows else 0))
        rows += [Row(shortened(text), "mono") for text in one.endpoints]
    if not pool.uses:
        rows.append(Row("no real server", "muted"))
    return Card("service", rows, f"Virtual services {', '.join(one.name for one in pool.services)}")


# --- below


def _networks(scene: Scene, what: Picture, top: float, inner: float) -> float:
    """Each network as a line with what is connected to it."""
    if not what.networks and not what.others:
        return top
    end, left = MARGIN + inner, MARGIN + 18
    y = top + 24
    scene.text(left, y, "Networks" if what.networks else "Hosts", "head")
    y += 30
    for network in what.networks:
        x = left + scene.text(left, y, network.text, "mono") + 12
        if network.sides:
            scene.text(x, y, ", ".join(network.sides), "muted")
        scene.rule(left, y + 13, end - 18, "net")
        chips = [(vip, "vip") for vip in network.vips] + [(one.text, "tap") for one in network.taps]
        y = _chips(scene, chips, left, y + 31, end - 18) + 36
    if what.others:
        scene.text(left, y, "Other hosts of the inventory", "muted")
        y = _chips(scene, [(name, "tap") for name in what.others], left, y + 24, end - 18) + 36
    scene.frame(MARGIN, top, inner, y - 12 - top)
    return y - 12 + BETWEEN


def _chips(scene: Scene, chips: Iterable[tuple[str, str]], left: float, y: float, end: float) -> float:
    """Chips in rows; returns the middle of the last row."""
    x = left
    for text, kind in chips:
        short = shortened(text, 72)
        if x > left and x + width(short, STYLES["chip"][0], mono=True) + 16 > end:
            x, y = left, y + 26
        x += scene.chip(x, y, short, kind) + 8
    return y


def _legend(scene: Scene, what: Picture, top: float) -> float:
    kinds = dict.fromkeys(use.kind for front in what.fronts for pool in front.pools for use in pool.uses)
    texts = {
        "nat": f"{METHODS['nat']}: answers pass the director",
        "dr": f"{METHODS['dr']}: real servers answer clients themselves",
        "tun": f"{METHODS['tun']}: real servers answer clients themselves",
        "buckets": "every node gets every packet and serves its buckets",
    }
    x, y = MARGIN, top + 8
    shown = [kind for kind in texts if kind in kinds]
    for kind in shown:
        scene.rule(x, y, x + 34, kind)
        x += 42
        x += scene.text(x, y, texts[kind], "muted") + 24
        if kind != shown[-1] and x > NARROWEST * 0.75:
            x, y = MARGIN, y + 22
    return y + BETWEEN + 8 if shown else top
