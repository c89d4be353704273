# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host has beside the table: real servers against their plans, a director's files, settings and services."""

from __future__ import annotations

import difflib
import json
from typing import Any, Iterable, Iterator, Mapping

__all__ = ["configuration", "pending", "unprepared"]

_SHOWN_LINES = 6
"""Of a file or of the values that differ."""
_SHOWN_LETTERS = 80

_FILES = ("keepalived_config", "keepalived_weights", "systemd_dropin")
"""Parts of a comparison whose difference names its file or folder."""


def unprepared(results: Iterable[Mapping[str, Any]], host: str) -> list[str]:
    """What would have to be changed on a real server, from the results of its roles' modules in check mode."""
    return [
        f"{host}: is not as its plan says; a run of lvs.cluster.site would do this: {_would(result)}"
        for result in results
        if result.get("changed")
    ]


def _would(result: Mapping[str, Any]) -> str:
    if result.get("steps"):
        return "; ".join(result["steps"])
    diff = result.get("diff") or {}
    return " -> ".join(json.dumps(diff.get(side), sort_keys=True) for side in ("before", "after"))


def configuration(host: str, compared: Mapping[str, Any], scripts: Mapping[str, Any], *, table_told: bool) -> list[str]:
    """What differs on a director, from the results of the role's comparison; passwords are masked there already.

    ``table_told``: the table has faults or notes of its own, so that one that differs needs no second fault.
    """
    parts: Mapping[str, Mapping[str, Any]] = compared.get("parts") or {}
    diffs = list(compared.get("diff") or [])
    files = {diff["before_header"]: diff for diff in diffs if diff.get("before_header")}
    faults = [f"{host}: {path} is not as the plan says: {_lines(diff)}" for path, diff in files.items()]
    conf = parts.get("keepalived_config") or {}
    if conf.get("changed") and not any(path.endswith("keepalived.conf") for path in files):
        faults.append(f"{host}: keepalived.conf is not as the plan says: its owner or mode")
    if conf.get("pending"):
        faults.append(pending(host))
    own = [
        name
        for name, part in parts.items()
        if part.get("changed") and name not in _FILES and not (name == "director_table" and table_told)
    ]
    did = [step for name in own for step in parts[name].get("steps") or []]
    did += _differing(diffs)
    if own or did:
        what = f" ({', '.join(own)})" if own else ""
        would = f"do this: {'; '.join(did)}" if did else "mend it"
        faults.append(f"{host}: is not as its plan says{what}; a run of lvs.cluster.site would {would}")
    if scripts.get("changed"):
        faults.append(f"{host}: the scripts that keepalived calls are not those of the inventory")
    return faults


def _differing(diffs: Iterable[Mapping[str, Any]]) -> list[str]:
    """The values of diffs that differ, as ``sysctls net.ipv4.ip_forward: 0 -> 1``."""
    found = []
    for diff in diffs:
        if not diff.get("before_header"):
            before, after = (dict(_leaves(diff.get(side))) for side in ("before", "after"))
            for name in {**before, **after}:
                if before.get(name) != after.get(name):
                    found.append(f"{name}: {before.get(name, 'nothing')} -> {after.get(name, 'nothing')}")
    return _cut(found, "values")


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inside in value.items():
            yield from _leaves(inside, f"{name} {key}".strip())
        return
    text = value if isinstance(value, str) else json.dumps(value)
    yield name or "its text", text if len(text) <= _SHOWN_LETTERS else f"{text[:_SHOWN_LETTERS]}..."


def _cut(lines: list[str], what: str) -> list[str]:
    more = [f"and {len(lines) - _SHOWN_LINES} {what} more"] if len(lines) > _SHOWN_LINES else []
    return lines[:_SHOWN_LINES] + more


def pending(host: str) -> str:
    """The fault of a director whose keepalived runs with an older configuration."""
    return f"{host}: keepalived has not loaded the configuration that stands in its file"


def _lines(diff: Mapping[str, Any]) -> str:
    """What goes and what comes, as one line."""
    before, after = (str(diff.get(side) or "").splitlines() for side in ("before", "after"))
    lines = [
        f"{line[0]} {line[2:].strip()}" for line in difflib.ndiff(before, after) if line[0] in "+-" and line[2:].strip()
    ]
    return "; ".join(_cut(lines, "lines"))
