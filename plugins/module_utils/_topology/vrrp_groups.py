# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VRRP instances that move together or not at all."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology.actions import notified
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Host
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vrrp_tracking import Tracking
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import listing

__all__ = ["plan_sync_groups"]


def plan_sync_groups(director: Host, planned: list[dict[str, Any]], tracking: Tracking) -> list[dict[str, Any]]:
    """The director's sync groups; each instance is known and in one group at most. ``planned`` are the instances."""
    place = director.place.key("lvs_vrrp_sync_groups")
    names = [plan["name"] for plan in planned if plan["name"]]
    written = director.variables.get("lvs_vrrp_instances", [])
    readable = written is not None and all(one and one.get("name") for one in written)
    taken: dict[str, str] = {}
    seen: set[str] = set()
    groups = []
    for number, group in director.items("lvs_vrrp_sync_groups"):
        at = place.index(number)
        name = group.get("name")
        if name in seen:
            at.key("name").fault(f"{name} is the name of another sync group too", "give each group its own name")
        seen.add(name or "")
        plan: dict[str, Any] = {"name": name, "group": group.get("group"), **tracking.watched(group, at)}
        plan.update(notified(group))
        plan.update({key: group[key] for key in ("smtp_alert",) if group.get(key) is not None})
        plan.update({key: group[key] for key in ("options",) if group.get(key)})
        groups.append(plan)
        members = at.key("group")
        for item, member in enumerate(group.get("group") or []):
            if member is None:
                continue
            if member not in names and readable:
                members.index(item).fault(
                    f"{member} is no VRRP instance of this host",
                    f"name one of them: {listing(names) or 'there is none'}",
                )
            if member in taken:
                members.index(item).fault(
                    f"{member} is in the sync group {taken[member]} already", "leave it in one sync group"
                )
            taken.setdefault(member, str(name))
        _check_together(group, members, planned)
        _check_watched(group, plan, at, planned, _weights(director))
    return groups


def _weights(director: Host) -> dict[tuple[str, str], int]:
    """The weights that scripts and files have where they are defined, which hold where nobody says another."""
    variables = {"track_script": "lvs_vrrp_scripts", "track_file": "lvs_track_files"}
    return {
        (key, str(one.get("name"))): one["weight"]
        for key, variable in variables.items()
        for _number, one in director.items(variable)
        if one.get("weight") is not None
    }


def _check_watched(
    group: Mapping[str, Any],
    written: Mapping[str, Any],
    at: Place,
    planned: list[dict[str, Any]],
    weights: Mapping[tuple[str, str], int],
) -> None:
    """keepalived ignores what a member watches with a weight, since the group moves as one, and complains of it.

    2.3.3 also refuses an interface that the group and a member of it watch.
    """
    if (group.get("options") or {}).get("sync_group_tracking_weight"):
        return
    shared = {one["name"] for one in written.get("track_interface", ())}
    for plan in planned:
        if plan["name"] not in (group.get("group") or []):
            continue
        for key in ("track_interface", "track_script", "track_file", "track_bfd"):
            for one in plan.get(key, ()):
                # A file's number counts once where no weight is given.
                weight = weights.get((key, one["name"]), 1 if key == "track_file" else 0)
                if one.get("weight", weight):
                    at.key("group").fault(
                        f"{plan['name']} is in it and watches {one['name']} ({key}) with a weight",
                        f"write {key} at the group, or weight: 0, or options: {{sync_group_tracking_weight: true}}",
                    )
                if key == "track_interface" and one["name"] in shared:
                    at.key(key).fault(f"{one['name']} is watched by {plan['name']}, too", "leave one of the two out")


def _check_together(group: Mapping[str, Any], members: Place, planned: list[dict[str, Any]]) -> None:
    """Note members that would take the addresses at different times, and a group of one, which keepalived refuses."""
    names = group.get("group") or []
    if len(names) == 1 and any(plan["name"] == names[0] for plan in planned):
        members.fault(f"has {names[0]} alone, and a group is for instances that move together", "leave the group out")
    forms = {plan["name"]: _preempt(plan) for plan in planned if plan["name"] in names}
    if len(set(forms.values())) > 1:
        written = ", ".join(f"{name} has {form}" for name, form in forms.items())
        members.fault(
            f"its instances do not agree when to take the addresses: {written}",
            "give all of them the same nopreempt or preempt_delay",
        )


def _preempt(plan: Mapping[str, Any]) -> str:
    if plan.get("nopreempt"):
        return "nopreempt"
    return f"preempt_delay {plan['preempt_delay']}" if "preempt_delay" in plan else "no preempt_delay"
