# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plans as a Mermaid flowchart, for pages that draw Mermaid themselves."""

from __future__ import annotations

from typing import Any, Iterable, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._picture.metrics import clean
from ansible_collections.lvs.cluster.plugins.module_utils._picture.model import Front, Picture, Pool, picture
from ansible_collections.lvs.cluster.plugins.module_utils._picture.summary import summarised

__all__ = ["draw"]

# Everything else, a space in a name too, is written as its number: no name can end a label or look like Markdown.
PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.,:/()+-")
ARROWS = {"nat": "-->", "dr": "-.->", "tun": "-.->", "buckets": "-->"}
NET = "  classDef net stroke:#57606a"
CLASSES = (
    "  classDef vip stroke:#d07a00,stroke-width:2px",
    "  classDef director stroke:#0969da,stroke-width:2px",
    "  classDef service stroke:#8250df,stroke-width:2px",
    "  classDef server stroke:#1a7f37,stroke-width:2px",
)


def draw(plans: Mapping[str, Mapping[str, Any]]) -> str:
    """The plans of all hosts as Mermaid's text. Names are in labels alone, the identifiers are numbers."""
    what = summarised(picture(plans))
    lines = ["flowchart LR"]
    if what.notes:
        lines.append(f"  {_node('notes', 'Summarised', what.notes, 'net')}")
    for number, front in enumerate(what.fronts, 1):
        lines += _front(front, f"c{number}")
    lines += _networks(what)
    return "\n".join((*lines, *CLASSES)) + "\n"


def _escaped(text: str) -> str:
    return "".join(char if char in PLAIN else f"#{ord(char)};" for char in clean(text))


def _words(text: str) -> str:
    """A text whose spaces stay, so that a long line may be broken."""
    return " ".join(map(_escaped, text.split(" ")))


def _node(identifier: str, name: str, texts: Iterable[str], kind: str) -> str:
    return f'{identifier}["{_lines(name, texts)}"]:::{kind}'


def _lines(name: str, texts: Iterable[str]) -> str:
    return "<br/>".join((f"<b>{_escaped(name)}</b>", *(_words(text) for text in texts if text)))


def _front(front: Front, mark: str) -> list[str]:
    lines = [f'  {mark}clients(["Clients"])', f'  subgraph {mark}["{_words(front.title)}"]']
    vips = {one.address: f"{mark}v{number}" for number, one in enumerate(front.vips, 1)}
    servers = {one.name: f"{mark}r{number}" for number, one in enumerate(front.servers, 1)}
    inside = [f"      {_node(vips[one.address], one.text, (one.note,), 'vip')}" for one in front.vips]
    for number, director in enumerate(front.directors, 1):
        inside.append(f"      {_node(f'{mark}d{number}', director.name, director.notes, 'director')}")
    if inside:
        lines += [f'    subgraph {mark}front["{_words(front.heads[0])}"]', *inside, "    end"]
    for number, pool in enumerate(front.pools, 1):
        lines.append(f"    {_pool(pool, f'{mark}p{number}')}")
    lines += [f"    {_node(servers[one.name], one.name, one.notes, 'server')}" for one in front.servers]
    lines.append("  end")
    if vips:
        lines.append(f"  {mark}clients --> {mark}front")
    for number, pool in enumerate(front.pools, 1):
        here = f"{mark}p{number}"
        asked = dict.fromkeys(vip for one in pool.services for vip in one.vips if vip in vips)
        lines += [f"  {vips[vip]} --> {here}" for vip in asked]
        for use in pool.uses:
            text = f'|"{_words(use.label)}"|' if use.label else ""
            lines.append(f"  {here} {ARROWS.get(use.kind, '-->')}{text} {servers[use.server]}")
    return lines


def _pool(pool: Pool, identifier: str) -> str:
    inside = "<br/>".join(_lines(one.name, (*one.endpoints, ", ".join(one.settings))) for one in pool.services)
    return f'{identifier}["{inside}"]:::service'


def _networks(what: Picture) -> list[str]:
    """Networks stand beside the rest: a line from each interface would hide the way of a request."""
    if not what.networks and not what.others:
        return [NET] if what.notes else []
    lines = ["  subgraph nets[Networks]" if what.networks else "  subgraph nets[Hosts]"]
    for number, one in enumerate(what.networks, 1):
        parts = [", ".join(one.sides), *one.vips, *(tap.text for tap in one.taps)]
        lines.append(f"    {_node(f'n{number}', one.text, parts, 'net')}")
    if what.others:
        lines.append(f"    {_node('others', 'Other hosts of the inventory', what.others, 'net')}")
    return [*lines, "  end", NET]
