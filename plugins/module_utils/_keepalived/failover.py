# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A failover on purpose: which numbers make which director master of what. Plans in, no I/O.

A backup takes over where its priority is higher than that of the master's adverts (vrrp_state_backup in
keepalived/vrrp/vrrp.c): it says so, and the old master, which served until then, becomes backup. ``nopreempt`` keeps it
from doing so whatever its priority is, so there the master gives way: it goes to FAULT, says goodbye, and comes back as
backup. ``preempt_delay`` makes it wait.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.failover_files import HIGHEST, OWNER, units

__all__ = ["cluster_of", "plan", "refusals"]

_ROUNDS = 4
"""Adverts without which a backup takes over, at most: three and the skew."""


def refusals(plans: Mapping[str, Mapping[str, Any]], host: str, *, back: bool) -> list[str]:
    """What is wrong with the director that was named, as texts. ``host`` may be "" to go back."""
    if not host and not back:
        return ["lvs_host is missing: name the director that shall be active, or say lvs_back=true"]
    named = sorted(name for name, one in plans.items() if one.get("director"))
    if not host:
        movable = [name for name in named if _movable(plans, name)]
        clusters = {plans[name]["cluster"] for name in movable}
        if not movable:
            return ["lvs_back: no director of this inventory has VRRP instances and a peer, so nothing can be moved"]
        if len(clusters) > 1:
            return [f"lvs_back: there are several clusters, {', '.join(sorted(clusters))}: name a director in lvs_host"]
        return []
    if host not in plans:
        return [f"lvs_host: {host} is no host of this inventory; its directors are {', '.join(named) or 'none'}"]
    director = plans[host].get("director")
    if not director:
        return [f"lvs_host: {host} is no director; name one of {', '.join(named) or 'none'}"]
    if director["manager"] != "keepalived":
        return [f"lvs_host: {host} is a static director (lvs_manager), so VRRP can't move anything to it"]
    if plans[host].get("leaves"):
        return [f"lvs_host: {host} leaves its cluster (lvs_state), so nothing is moved to it"]
    if not _staying(plans, director):
        return [
            f"lvs_host: {host} is the only director of its cluster that stays, so there is nobody to take over from"
        ]
    if not director.get("vrrp_instances"):
        return [f"lvs_host: {host} has no VRRP instance (lvs_vrrp_instances), so nothing can be moved to it"]
    owned = sorted(
        f"{one['name']} on {name}"
        for name in cluster_of(plans, host)
        for one in plans[name]["director"]["vrrp_instances"]
        if one["priority"] == OWNER
    )
    if owned:
        return [
            f"lvs_host: {', '.join(owned)} has priority {OWNER}, to which keepalived adds nothing; give it one below "
            f"{OWNER} and run the site playbook"
        ]
    return []


def cluster_of(plans: Mapping[str, Mapping[str, Any]], host: str) -> list[str]:
    """The directors with keepalived of a director's cluster; with "" of the only cluster that has any.

    One that leaves (lvs_state) is none of them, whether it still runs or has gone already.
    """
    if not host:
        host = next(name for name in sorted(plans) if _movable(plans, name))
    names = [host, *_staying(plans, plans[host]["director"])]
    return [name for name in names if (plans.get(name, {}).get("director") or {}).get("manager") == "keepalived"]


def _staying(plans: Mapping[str, Mapping[str, Any]], director: Mapping[str, Any]) -> list[str]:
    """A director's peers without those that leave."""
    return [name for name in director.get("peers", []) if not plans.get(name, {}).get("leaves")]


def _movable(plans: Mapping[str, Mapping[str, Any]], name: str) -> bool:
    director = plans[name].get("director")
    return bool(
        director
        and not plans[name].get("leaves")
        and director["manager"] == "keepalived"
        and director.get("vrrp_instances")
        and _staying(plans, director)
    )


def plan(plans: Mapping[str, Mapping[str, Any]], host: str, *, back: bool) -> dict[str, Any]:
    """What is to be: ``host`` master of all its instances, or with ``back`` each with its highest priority.

    Returns ``faults`` and, if there are none: ``members``, the directors of the cluster, the target first; ``target``
    ("" to go back); ``targets``, instance to its master; ``numbers``, director to file to number; ``instances``,
    director to instance to what counts of it; ``stay``, instances that the target lacks; ``seconds`` that keepalived
    may take; ``give_way_seconds``; ``tables``, whether a backup has the virtual services too; ``sync``, whether
    connections are synchronised.
    """
    faults = refusals(plans, host, back=back)
    if faults:
        return {"faults": faults}
    members = cluster_of(plans, host)
    directors = {name: plans[name]["director"] for name in members}
    instances = {name: _instances(director) for name, director in directors.items()}
    everywhere = list(dict.fromkeys(one for name in members for one in instances[name]))
    target = "" if back else host
    tied = _tied(everywhere, instances) if back else []
    if tied:
        return {"faults": tied}
    targets = {one: target or _highest(one, instances) for one in everywhere if not target or one in instances[target]}
    settings = [one for name in members for one in instances[name].values()]
    return {
        "faults": [],
        "members": members,
        "target": target,
        "targets": targets,
        "numbers": {name: _numbers(name, directors[name], instances, {} if back else targets) for name in members},
        "instances": instances,
        "stay": [one for one in everywhere if one not in targets],
        "seconds": max(one["preempt_delay"] + _ROUNDS * one["advert_int"] for one in settings),
        "give_way_seconds": _ROUNDS * max(one["advert_int"] for one in settings) + 1,
        "tables": all(director.get("colocated") != "handover" for director in directors.values()),
        "sync": all(director.get("sync_daemon") for director in directors.values()),
    }


def _instances(director: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    files = {name: unit.name for unit in units(director) for name in unit.instances}
    return {
        one["name"]: {
            "priority": one["priority"],
            "file": files[one["name"]],
            "nopreempt": bool(one.get("nopreempt")),
            "preempt_delay": one.get("preempt_delay") or 0,
            "advert_int": one.get("advert_int") or 1,
        }
        for one in director["vrrp_instances"]
    }


def _highest(name: str, instances: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    """The director with the highest configured priority for an instance; the first of equal ones."""
    having = [director for director in instances if name in instances[director]]
    return max(having, key=lambda director: int(instances[director][name]["priority"]))


def _tied(names: Sequence[str], instances: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> list[str]:
    faults = []
    for name in names:
        priorities = {host: one[name]["priority"] for host, one in instances.items() if name in one}
        first = [host for host, number in priorities.items() if number == max(priorities.values())]
        if len(first) > 1:
            faults.append(
                f"lvs_back: {' and '.join(first)} have the same priority for {name}, so none is the first: "
                "name one in lvs_host"
            )
    return faults


def _numbers(
    own: str,
    director: Mapping[str, Any],
    instances: Mapping[str, Mapping[str, Mapping[str, Any]]],
    targets: Mapping[str, str],
) -> dict[str, int]:
    """The number of each of a director's files: as small as can be, so that weights of what is tracked keep meaning."""
    return {
        unit.name: _number([_needed(one, own, instances, targets) for one in unit.instances])
        for unit in units(director)
    }


def _number(needed: Sequence[int]) -> int:
    """One number for all instances of a group: the one that is needed most."""
    return max(needed) if max(needed) > 0 else min(needed)


def _needed(
    name: str,
    own: str,
    instances: Mapping[str, Mapping[str, Mapping[str, Any]]],
    targets: Mapping[str, str],
) -> int:
    target = targets.get(name)
    if target is None:
        return 0
    others = [one[name]["priority"] for host, one in instances.items() if host != target and name in one]
    mine = int(instances[own][name]["priority"])
    if own == target:
        return max(0, min(max(others, default=0) + 1, HIGHEST) - mine)
    # Above the highest there is nothing, so those who have it go one down.
    return min(0, HIGHEST - 1 - mine)
