# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of real servers on all directors, in words. Runs on the control node."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._operator.decide import ALREADY, LEFT

__all__ = ["report"]


def report(results: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Put the results of module director_weights together, by director.

    ``active``: the connections that are left. Only a director that holds a VIP of theirs counts; what others know by
    connection sync ends some time later. Where nobody holds one, the largest number does.
    """
    servers: dict[str, dict[str, Any]] = {}
    lines = []
    for director, result in results.items():
        for one in result.get("servers", ()):
            servers.setdefault(one["label"], {})[director] = {
                key: value for key, value in one.items() if key != "label"
            }
        lines += [f"{director}: {text}" for text in result.get("unknown", ())]
    for label, by_director in servers.items():
        told: dict[str, list[str]] = {}
        for director, one in by_director.items():
            told.setdefault(_sentence(one), []).append(director)
        lines += [f"{label}: {text} ({', '.join(directors)})" for text, directors in told.items()]
    left = {
        director: result["connections"]["active"] for director, result in results.items() if "connections" in result
    }
    holders = [director for director in left if results[director].get("active_director")]
    return {
        "lines": lines,
        "servers": servers,
        "active": max((left[director] for director in holders or left), default=0),
        "connections": left,
    }


def _sentence(one: Mapping[str, Any]) -> str:
    since = f" since {one['since']}" if one.get("since") else ""
    by = f" by {one['by']}" if one.get("by") else ""
    until = f" until {one['until']}" if one.get("until") else ""
    if one["outcome"] == LEFT:
        if one["after"] == "held":
            return "is held until its host is prepared, and was left so; run lvs.cluster.site"
        return f"stays {one['after']}{since}{by}"
    if one["outcome"] == ALREADY:
        has = "has its planned weight" if one["after"] == "ready" else f"is {one['after']}{since}{by}{until}"
        return f"{has} already"
    if one["after"] == "held":
        return "is held again until its host is prepared; run lvs.cluster.site"
    if one["after"] == "ready":
        return f"has its planned weight {one['weight']} again"
    return "drained" if one["after"] == "drained" else f"has weight {one['weight']}{until}"
