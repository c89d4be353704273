# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as lines for people, and small enough for a statistic."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.status import lines_of
from ansible_collections.lvs.cluster.plugins.module_utils._status.problems import lock_text, override_text

__all__ = [
    "MOST_BYTES",
    "MOST_LINES",
    "capped",
    "figure",
    "lines",
    "short_state",
    "states_of",
    "sync_text",
    "weight_text",
]

MOST_BYTES = 100_000
"""Of what is handed on as a statistic: AWX keeps it in its database, and every later job of a workflow gets it."""
MOST_LINES = 1000

_SERVER_HEADINGS = ("SERVER", "ADDRESS", "WEIGHT", "ACTIVE", "INACTIVE", "CONN/S", "PKT/S IN", "OUT", "STATE")
_DIRECTOR_HEADINGS = ("DIRECTOR", "STATE", "VIPS", "SYNC DAEMON", "ACTIVE", "INACTIVE", "CONN/S", "PKT/S IN", "OUT")
_RIGHT = {"WEIGHT", "ACTIVE", "INACTIVE", "CONN/S", "PKT/S IN", "OUT"}


def lines(report: Mapping[str, Any]) -> list[str]:
    """Problems first; a report that is longer than MOST_LINES is cut there."""
    found = [line.rstrip() for line in _lines(report)]
    if len(found) <= MOST_LINES:
        return found
    return [*found[:MOST_LINES], f"... and {len(found) - MOST_LINES} lines more: lvs_report_dir gets all of it"]


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    yield from _listed("PROBLEMS", report["problems"])
    yield from _listed("NOTES", report["notes"])
    if report["directors"]:
        yield from _table([_DIRECTOR_HEADINGS, *map(_director_row, report["directors"])])
    for service in report["services"]:
        yield _service_line(service)
        yield from ("  " + line for line in _table([_SERVER_HEADINGS, *map(_server_row, service["real_servers"])]))
    yield from lines_of(report["cluster_ips"])
    if not (report["directors"] or report["cluster_ips"]):
        yield "The inventory has no director and no cluster IP."


def _listed(heading: str, texts: Sequence[str]) -> Iterator[str]:
    if texts:
        yield heading
        yield from (f"  {text}" for text in texts)


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows)]
    right = [heading in _RIGHT for heading in rows[0]]
    for row in rows:
        yield "  ".join(f"{cell:>{wide}}" if to else f"{cell:{wide}}" for cell, wide, to in zip(row, widths, right))


def _service_line(service: Mapping[str, Any]) -> str:
    persistent = service["persistence_timeout"]
    words = [
        f"{service['name']}  {service['service']}  {service['scheduler']}  {service['forwarding']}",
        f"persistent {persistent} s" if persistent else "",
        f"for {'; '.join(service['match'])}" if service["match"] else "",
        _source(service),
    ]
    return "  ".join(filter(None, words))


def _source(service: Mapping[str, Any]) -> str:
    if service["source"] is None:
        return "(no director told of it)"
    if not service["in_table"]:
        return f"(not in the table of {service['source']})"
    return f"(figures of {service['source']})"


def _server_row(server: Mapping[str, Any]) -> Sequence[str]:
    rates = [figure(server[name]) for name in ("cps", "inpps", "outpps")]
    state = override_text(server["override"]) if server["override"] else server["state"]
    counts = [str(server[name]) for name in ("active", "inactive")]
    return (server["name"], server["endpoint"], weight_text(server), *counts, *rates, state)


def weight_text(server: Mapping[str, Any]) -> str:
    """The live weight, and the planned one where it is another: "0 of 20", "- of 20" for one that is not there."""
    live = "-" if server["weight"] is None else str(server["weight"])
    return live if server["planned"] in (None, server["weight"]) else f"{live} of {server['planned']}"


def figure(number: float) -> str:
    """A rate without needless digits."""
    return f"{number:.0f}"


def _director_row(director: Mapping[str, Any]) -> Sequence[str]:
    if not director["told"]:
        return (director["host"], states_of(director), *([""] * (len(_DIRECTOR_HEADINGS) - 2)))
    figures = [str(director[name]) for name in ("active", "inactive")]
    rates = [figure(director[name]) for name in ("cps", "inpps", "outpps")]
    return (
        director["host"],
        states_of(director),
        " ".join(director["vips"]) or "-",
        sync_text(director) or "-",
        *figures,
        *rates,
    )


def states_of(director: Mapping[str, Any]) -> str:
    """What a director is: "MASTER (VI_1), BACKUP (VI_2)", or why that can't be said."""
    if not director["told"]:
        asked = "not known" if director["reached"] else "not reached"
        return asked if director["asked"] else "not asked"
    if director["manager"] != "keepalived":
        words = ["static" if director["loaded"] else "static, ip_vs is not loaded"]
    elif director["keepalived"]["error"]:
        words = ["not known"]
    elif not director["keepalived"]["running"]:
        words = ["keepalived does not run" if director["keepalived"]["installed"] else "keepalived is not installed"]
    else:
        instances: dict[str, list[str]] = {}
        for name, instance in director["keepalived"]["instances"].items():
            instances.setdefault(instance["state"], []).append(name)
        words = [f"{state} ({' '.join(names)})" for state, names in instances.items()] or ["no VRRP instance"]
    if director["keepalived"]["pending"]:
        words.append("configuration not loaded")
    if director["lock"]:
        words.append(f"locked: {lock_text(director['lock'])}")
    return ", ".join(words)


def short_state(director: Mapping[str, Any]) -> str:
    """The same in a word or two: the states of its instances without their names."""
    whole = states_of(director)
    if not director["told"] or director["manager"] != "keepalived" or not director["keepalived"]["instances"]:
        return whole.partition(",")[0]
    return ", ".join(dict.fromkeys(one["state"] for one in director["keepalived"]["instances"].values()))


def sync_text(director: Mapping[str, Any]) -> str:
    """Its sync daemons: "master on eth2", or "both on eth2"."""
    roles: dict[str, list[str]] = {}
    for one in director["sync_daemons"]:
        roles.setdefault(one["interface"], []).append(one["role"])
    return ", ".join(f"{found[0] if len(found) == 1 else 'both'} on {name}" for name, found in roles.items())


def capped(report: Mapping[str, Any], most: int = MOST_BYTES) -> dict[str, Any]:
    """The report, or of one whose JSON has more bytes than ``most`` the totals, the first problems and a note."""
    if len(json.dumps(report)) <= most:
        return dict(report)
    return {
        "at": report["at"],
        "totals": report["totals"],
        "problems": [text[:500] for text in report["problems"][:20]],
        "note": f"The report has more than {most} bytes: lvs_report_dir gets all of it as status.json",
    }
