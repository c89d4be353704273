# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts may be cleared: one that nobody needs, or a cluster as a whole. Runs on the control node."""

from __future__ import annotations

from typing import Any, Iterator, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._operator.select import targets

__all__ = ["leaving"]

Plans = Mapping[str, Mapping[str, Any]]
_NOTHING: dict[str, Any] = {"directors": {}}


def leaving(plans: Plans, host: str | None = None, cluster: str | None = None) -> dict[str, Any]:
    """Return ``{"faults", "hosts", "directors", "operation"}``.

    ``host``: one host; ``cluster``: the name of all those that go. ``directors`` are those to be locked and asked,
    ``operation`` what they have to drain first, as `targets` returns it.
    """
    if host is not None:
        faults = list(_needed(plans, host))
        mine = plans[host]["cluster"] if host in plans else None
        directors = [name for name, plan in plans.items() if plan.get("director") and plan["cluster"] == mine]
        return {"faults": faults, "hosts": [host], "directors": directors, "operation": _NOTHING}
    # On a real server the name of the cluster says nothing: directors name those that serve for them.
    names = sorted({plan["cluster"] for plan in plans.values() if plan.get("director") or plan.get("clusterip_node")})
    if cluster not in names:
        asked = "is not given" if cluster is None else f"{cluster} is no cluster of this inventory"
        return {
            "faults": [
                f"lvs_confirm: {asked}; say lvs_host=NAME for one host, or for a whole cluster lvs_confirm= and one "
                f"of: {', '.join(names)}"
            ],
            "hosts": [],
            "directors": [],
            "operation": _NOTHING,
        }
    directors = [name for name, plan in plans.items() if plan.get("director") and plan["cluster"] == cluster]
    hosts = [name for name in plans if name in directors or _goes(plans, name, cluster, directors)]
    meant: dict[str, Any] = {}
    for director in directors:
        for service in dict.fromkeys(one["name"] for one in plans[director]["director"]["services"]):
            entry = targets(plans, None, service)["directors"].get(director)
            if entry:
                meant.setdefault(director, {"manager": entry["manager"], "servers": []})["servers"] += entry["servers"]
    faults = [fault for name in hosts for fault in _served_elsewhere(plans, name, directors)]
    return {"faults": faults, "hosts": hosts, "directors": directors, "operation": {"directors": meant}}


def _goes(plans: Plans, host: str, cluster: str | None, directors: list[str]) -> bool:
    """Whether a host that is no director goes with this cluster: its node, or a real server of its directors alone."""
    plan = plans[host]
    if plan.get("clusterip_node"):
        return bool(plan["cluster"] == cluster)
    users = targets(plans, host)["directors"]
    if users:
        return all(name in directors for name in users)
    return bool(plan["roles"]) and plan["cluster"] == cluster


def _needed(plans: Plans, host: str) -> Iterator[str]:
    """Why a host must stay."""
    if host not in plans:
        yield f"lvs_host: {host} is no host of this inventory"
        return
    plan = plans[host]
    if not plan["roles"]:
        yield f"lvs_host: {host} is in none of the groups of this collection, so there is nothing of it to take away"
    users = targets(plans, host)["directors"]
    if users:
        services = sorted({one["service"] for entry in users.values() for one in entry["servers"]})
        yield (
            f"lvs_host: {host} serves {', '.join(services)} for {', '.join(users)}; take it out of the inventory's "
            "virtual services and run lvs.cluster.site first, which drains it"
        )
    director = plan.get("director")
    staying = [name for name in director["peers"] if not plans[name].get("leaves")] if director else []
    if director and not staying:
        which = (
            "the only director of its cluster that stays" if director["peers"] else "the only director of its cluster"
        )
        yield (f"lvs_host: {host} is {which}; say lvs_confirm={plan['cluster']} if the cluster shall go as a whole")
    if director and staying and director["manager"] == "static" and director["services"]:
        yield f"lvs_host: {host} has no VRRP, so nobody could take over what it serves"


def _served_elsewhere(plans: Plans, host: str, directors: list[str]) -> Iterator[str]:
    """A real server of this cluster that a director of another one uses."""
    others = [name for name in targets(plans, host)["directors"] if name not in directors]
    if others:
        yield f"{host} serves for {', '.join(others)}, of another cluster, which would lose it"
