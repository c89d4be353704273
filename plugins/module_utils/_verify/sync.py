# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's sync daemons against the plan: the master tells of connections, backups listen."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._verify.checks import Check, Plans
from ansible_collections.lvs.cluster.plugins.module_utils._verify.placed import MASTER, Statuses, state_of

__all__ = ["unsynchronised"]

BACKUP = "BACKUP"


def unsynchronised(plans: Plans, statuses: Statuses) -> list[Check]:
    """A check for each director that was looked at. Of one whose keepalived does not run nothing is said here."""
    checks = []
    for name, status in statuses.items():
        director = plans[name]["director"]
        wanted = director.get("sync_daemon")
        running = {one["role"]: one for one in status.get("sync_daemons") or []}
        if director["manager"] == "keepalived" and not (status.get("keepalived") or {}).get("running"):
            continue
        if not wanted and not running:
            continue
        faults = _faults(director, wanted, running, status)
        checks.append(
            Check(plans[name].get("cluster", ""), "sync daemons", name, tuple(f"{name}: {text}" for text in faults))
        )
    return checks


def _faults(
    director: Mapping[str, Any],
    wanted: Mapping[str, Any] | None,
    running: Mapping[str, Mapping[str, Any]],
    status: Mapping[str, Any],
) -> list[str]:
    if not wanted:
        return [f"a sync daemon with the role {role} runs, and the plan has none" for role in sorted(running)]
    roles = _roles(wanted, status)
    if roles is None:
        return []
    faults = []
    for role in roles:
        if role not in running:
            faults.append(f"no sync daemon with the role {role} runs: connections are lost at a takeover")
        else:
            faults += _differences(director, wanted, running[role])
    why = f"{wanted['instance']} is {MASTER if roles == ('master',) else BACKUP} here" if wanted.get("instance") else ""
    return faults + [
        f"a sync daemon with the role {role} runs, and {why}" for role in sorted(running) if role not in roles
    ]


def _roles(wanted: Mapping[str, Any], status: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The roles that should run; None where the instance that decides is neither master nor backup."""
    if not wanted.get("instance"):
        return ("master", "backup")
    state = state_of(status, wanted["instance"])
    return {MASTER: ("master",), BACKUP: ("backup",)}.get(state)


def _differences(director: Mapping[str, Any], wanted: Mapping[str, Any], running: Mapping[str, Any]) -> list[str]:
    values = {"interface": wanted["interface"], "id": wanted.get("id", _own_id(director, wanted))}
    return [
        f"the sync daemon with the role {running['role']} has {key} {running.get(key)}, and the plan says {value}"
        for key, value in values.items()
        if running.get(key) != value
    ]


def _own_id(director: Mapping[str, Any], wanted: Mapping[str, Any]) -> int:
    """keepalived takes the virtual_router_id of the instance where no id is given, and 0 without an instance."""
    numbers = {instance["name"]: instance["virtual_router_id"] for instance in director.get("vrrp_instances", [])}
    number: int = numbers.get(wanted.get("instance"), 0)
    return number
