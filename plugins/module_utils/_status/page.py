# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as one page: no script, nothing from elsewhere, and every text of it escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._picture.svg import draw
from ansible_collections.lvs.cluster.plugins.module_utils._status import badges
from ansible_collections.lvs.cluster.plugins.module_utils._status.problems import by_hand, override_text
from ansible_collections.lvs.cluster.plugins.module_utils._status.style import CSS
from ansible_collections.lvs.cluster.plugins.module_utils._status.text import (
    figure,
    states_of,
    sync_text,
    weight_text,
)

__all__ = ["page"]

# Should a text ever be taken for markup, the browser still fetches and runs nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_RATES = (("cps", "Conn./s"), ("inpps", "Packets/s in"), ("outpps", "Packets/s out"))
_NONE = "-"
_COUNTS = (("active", "Active"), ("inactive", "Inactive"))


def page(report: Mapping[str, Any], plans: Mapping[str, Mapping[str, Any]]) -> str:
    """The page; the plans are for the picture alone."""
    clusters = sorted({one["cluster"] for one in (*report["directors"], *report["cluster_ips"])})
    title = "Virtual servers" + (f" of {', '.join(clusters)}" if clusters not in ([], ["default"]) else "")
    several = len(clusters) > 1
    parts = [
        f"<header><h1>{escape(title)}</h1>",
        f'<p class="soft">As of <time datetime="{escape(report["at"])}">{escape(_readable(report["at"]))}</time></p>',
        "</header>",
        *_problems(report),
        *_tiles(report["totals"]),
        '<h2>The cluster</h2><figure class="card">',
        draw(plans, states=badges.badges(report)),
        "</figure>",
        *_section("Virtual services", (_service(service, several) for service in report["services"])),
        *_section("Directors", [_directors(report["directors"], several)] if report["directors"] else []),
        *_section("Cluster IPs", map(_cluster_ip, report["cluster_ips"])),
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<link rel="icon" href="data:,">\n'
        f"<style>{CSS}</style>\n</head>\n<body>\n<main>\n" + "\n".join(parts) + "\n</main>\n</body>\n</html>\n"
    )


def _readable(at: str) -> str:
    return at.replace("T", " ").replace("Z", " UTC")


def _problems(report: Mapping[str, Any]) -> Iterator[str]:
    yield "<h2>Problems</h2>"
    if report["problems"]:
        yield _list(report["problems"], badges.BAD)
    else:
        yield '<p class="well">None was found.</p>'
    if report["notes"]:
        yield "<h2>Worth knowing</h2>"
        yield _list(report["notes"], badges.WARN)


def _list(texts: Sequence[str], level: str) -> str:
    return f'<ul class="list {level}">' + "".join(f"<li>{escape(text)}</li>" for text in texts) + "</ul>"


def _tiles(totals: Mapping[str, int]) -> Iterator[str]:
    balanced = (
        ("Directors", totals["directors"]),
        ("Virtual services", totals["services"]),
        ("Real servers", totals["real_servers"]),
        ("Active connections", totals["active"]),
        ("New connections/s", figure(totals["cps"])),
        ("Packets/s in", figure(totals["inpps"])),
    )
    shared = (("Cluster IPs", totals["cluster_ips"]), ("Nodes", totals["nodes"]))
    shown = [*(balanced if totals["directors"] else ()), *(shared if totals["cluster_ips"] else ())]
    yield '<dl class="tiles">'
    yield from (f"<div><dt>{name}</dt><dd>{number}</dd></div>" for name, number in shown)
    yield "</dl>"


def _section(heading: str, parts: Iterable[str]) -> Iterator[str]:
    found = list(parts)
    if found:
        yield f"<section><h2>{heading}</h2>"
        yield from found
        yield "</section>"


def _table(caption: str, headings: Sequence[tuple[str, bool]], rows: Iterable[Sequence[str]]) -> str:
    """``headings``: each with whether it is of numbers. ``rows``: cells as markup, the first one names the row."""
    kinds = [' class="number"' if number else "" for _name, number in headings]
    head = "".join(f'<th scope="col"{kind}>{name}</th>' for (name, _number), kind in zip(headings, kinds))
    body = []
    for row in rows:
        cells = [
            f'<td data-label="{name}"{kind}>{cell}</td>'
            for (name, _number), kind, cell in zip(headings[1:], kinds[1:], row[1:])
        ]
        body.append(f'<tr><th scope="row">{row[0]}</th>{"".join(cells)}</tr>')
    return (
        f'<div class="scroll"><table><caption>{caption}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _state(word: str, level: str, more: str = "") -> str:
    below = f'<span class="more">{escape(more)}</span>' if more else ""
    return f'<span class="state {level}">{escape(word)}</span>{below}'


def _service(service: Mapping[str, Any], several: bool) -> str:
    persistent = service["persistence_timeout"]
    words = [
        f"cluster {service['cluster']}" if several else "",
        service["service"],
        f"for {'; '.join(service['match'])}" if service["match"] else "",
        service["scheduler"],
        service["forwarding"],
        f"persistent for {persistent} s" if persistent else "",
    ]
    headings = [("Real server", False), ("State", False), ("Weight", True)]
    headings += [(name, True) for _key, name in (*_COUNTS, *_RATES)]
    whole = max(service["active"], 1)
    table = _table(_caption(service), headings, (_server(server, whole) for server in service["real_servers"]))
    about = escape(" · ".join(filter(None, words)))
    return f'<article class="card"><h3>{escape(service["name"])}</h3><p class="soft">{about}</p>{table}</article>'


def _caption(service: Mapping[str, Any]) -> str:
    if service["source"] is None:
        return "No director told of it."
    if not service["in_table"]:
        return escape(f"It is not in the table of {service['source']}.")
    return escape(f"Real servers, as {service['source']} has them")


def _server(server: Mapping[str, Any], whole: int) -> list[str]:
    elsewhere = [
        f"{host}: {'not there' if one is None else one['weight']}"
        for host, one in server["elsewhere"].items()
        if (None if one is None else one["weight"]) != server["weight"]
    ]
    share = f'<div class="share"><i style="width:{100 * server["active"] // whole}%"></i></div>'
    named = escape(server["name"])
    endpoint = f'<span class="more">{escape(server["endpoint"])}</span>'
    more = override_text(server["override"]) if server["override"] else ""
    counts = [f"{server['active']}{share}", str(server["inactive"])]
    return [
        named + endpoint,
        _state(server["state"], badges.level_of_server(server), "" if more == server["state"] else more),
        escape(weight_text(server)) + "".join(f'<span class="more">{escape(one)}</span>' for one in elsewhere),
        *counts,
        *(figure(server[key]) for key, _name in _RATES),
    ]


def _directors(directors: Sequence[Mapping[str, Any]], several: bool) -> str:
    headings = [("Director", False), ("State", False), ("VIPs", False), ("Connection sync", False)]
    headings += [(name, True) for _key, name in (*_COUNTS, *_RATES)]
    rows = [_director(director, several) for director in directors]
    table = _table("All that each has in its table; connections of a backup are copies", headings, rows)
    return f'<div class="card">{table}</div>'


def _director(director: Mapping[str, Any], several: bool) -> list[str]:
    cluster = f'<span class="more">{escape(director["cluster"])}</span>' if several else ""
    named = escape(director["host"]) + cluster
    level = badges.level_of_director(director)
    if not director["told"]:
        return [named, _state(states_of(director), level, director["message"]), *[_NONE] * 7]
    keepalived = director["keepalived"]
    version = f"keepalived {keepalived['version']}" if keepalived["version"] else ""
    return [
        named,
        _state(states_of(director), level, version),
        "<br>".join(map(escape, director["vips"])) or _NONE,
        escape(sync_text(director)) or _NONE,
        *(str(director[key]) for key, _name in _COUNTS),
        *(figure(director[key]) for key, _name in _RATES),
    ]


def _cluster_ip(one: Mapping[str, Any]) -> str:
    rows = [_node(node, mine) for node, mine in one["nodes"].items()]
    rows += [
        [escape(node), _state("not read" if node in one["unread"] else "not reached", badges.BAD), _NONE, _NONE]
        for node in one["not_reached"]
    ]
    about = f"cluster {one['cluster']} · {one['buckets']} buckets"
    headings = [("Node", False), ("State", False), ("Buckets", False), ("By", False)]
    table = _table("Which node serves which buckets", headings, rows)
    return (
        f'<article class="card"><h3>{escape(one["address"])}</h3><p class="soft">{escape(about)}</p>{table}</article>'
    )


def _node(node: str, mine: Mapping[str, Any]) -> list[str]:
    has = mine["buckets"]
    if has is None:
        state = _state("rules missing", badges.BAD)
    else:
        state = _state("serves", badges.GOOD) if has else _state("serves none", badges.WARN)
    manual = "".join(f'<span class="more">{escape(text)}</span>' for text in by_hand(mine))
    return [escape(node), state + manual, " ".join(map(str, has or [])) or _NONE, escape(mine["backend"]) or _NONE]
