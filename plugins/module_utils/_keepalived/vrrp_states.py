# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What VRRP instances do: read from keepalived's JSON, judged on one director and on all of a cluster. No I/O."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["faults_of_clusters", "instance_problems", "instances_of", "judge"]

MASTER, BACKUP = "MASTER", "BACKUP"
UNKNOWN = "UNKNOWN"
# keepalived/include/vrrp.h, VRRP_STATE_*
_STATES = {0: "INIT", 1: BACKUP, 2: MASTER, 3: "FAULT", 97: "DELETED", 98: "STOP"}


def instances_of(text: str) -> dict[str, dict[str, Any]]:
    """The instances by name, from the JSON that keepalived wrote (keepalived/vrrp/vrrp_json.c).

    Raise ValueError for a text that isn't whole: 2.2.7 and 2.3.3 give the file its name before they write it.
    """
    # strict=False: its writer escapes no control characters.
    read = json.loads(text, strict=False)
    # json_version 2 has the list under a name.
    entries = read.get("vrrp") if isinstance(read, dict) else read
    if not isinstance(entries, list):
        raise ValueError("it holds no list of VRRP instances")
    try:
        return {str(entry["data"]["iname"]): _instance(entry["data"]) for entry in entries}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"an instance is not as expected: {error!r}") from error


def _instance(data: Mapping[str, Any]) -> dict[str, Any]:
    addresses = [str(text).split()[0] for text in [*data.get("vips", []), *data.get("evips", [])]]
    return {
        "state": _STATES.get(data["state"], UNKNOWN),
        "priority": data["base_priority"],
        "effective_priority": data["effective_priority"],
        # An interface that isn't there has no name in it.
        "interface": data.get("ifp_ifname", ""),
        "vips": addresses,
    }


def instance_problems(instances: Mapping[str, Mapping[str, Any]], wanted: Iterable[str]) -> list[str]:
    """Why a director with these instances could not serve, as texts."""
    lacking = sorted(set(wanted) - set(instances))
    return [f"keepalived has no VRRP instance {name}" for name in lacking] + [
        _failing(name, instances[name]) for name in sorted(instances) if not _works(instances[name])
    ]


def _works(instance: Mapping[str, Any]) -> bool:
    return instance.get("state") in (MASTER, BACKUP)


def _failing(name: str, instance: Mapping[str, Any]) -> str:
    interface = instance.get("interface")
    return f"{name} is {instance.get('state', UNKNOWN)}" + (f" (interface {interface})" if interface else "")


def judge(states: Mapping[str, Mapping[str, Any]], instances: Mapping[str, Iterable[str]]) -> list[str]:
    """What is wrong with the directors of one cluster, as texts; [] if nothing is.

    ``states``: director to what `keepalived_state` returned there, a failure too. ``instances``: director to the names
    of the instances that its plan has. A director without a state was not asked: no fault of its own, but it may be
    the master that nobody else is.
    """
    faults: list[str] = []
    told: dict[str, Mapping[str, Mapping[str, Any]]] = {}
    for director, state in sorted(states.items()):
        if "running" not in state:
            said = state.get("msg") or "it was not reached"
            faults.append(f"{director}: what keepalived does there is not known: {said}")
            continue
        told[director] = state.get("instances") or {}
        faults += [f"{director}: {text}" for text in _own_faults(state, instances.get(director, ()))]
    for name in sorted({name for names in instances.values() for name in names}):
        here = [director for director, names in sorted(instances.items()) if name in names]
        now = {director: told[director].get(name, {}).get("state") for director in here if director in told}
        masters = [director for director, state in now.items() if state == MASTER]
        if len(masters) > 1:
            faults.append(f"split brain: {name} is {MASTER} on {_listing(masters)}")
        elif not masters and len(now) == len(here):
            shown = ", ".join(f"{state or 'not there'} on {director}" for director, state in now.items())
            faults.append(f"{name} has no {MASTER}: it is {shown}")
    return faults


def _own_faults(state: Mapping[str, Any], wanted: Iterable[str]) -> list[str]:
    if not state["running"]:
        return ["keepalived does not run"]
    missing = [f"{service} is not in the kernel's table" for service in state.get("missing") or []]
    return instance_problems(state.get("instances") or {}, wanted) + missing


def _listing(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]])


def faults_of_clusters(states: Mapping[str, Mapping[str, Any]], plans: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Judge each cluster of the plans by itself: two of them may well have instances of one name."""
    directors = {name: plan["director"] for name, plan in plans.items() if _has_keepalived(plan)}
    faults = []
    left = set(directors)
    while left:
        first = min(left)
        cluster = {first, *directors[first].get("peers", [])} & left
        left -= cluster
        wanted = {name: _names(directors[name]) for name in cluster}
        faults += judge({name: states[name] for name in cluster if name in states}, wanted)
    return faults


def _has_keepalived(plan: Mapping[str, Any]) -> bool:
    return (plan.get("director") or {}).get("manager") == "keepalived"


def _names(director: Mapping[str, Any]) -> list[str]:
    return [instance["name"] for instance in director.get("vrrp_instances", [])]
