# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What VRRP watches beside its peers: interfaces, scripts, processes, files, and paths by BFD."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology.actions import action
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Host
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import listing

__all__ = ["Tracking", "said"]

SOURCES: Mapping[str, tuple[str, str]] = {
    "track_script": ("lvs_vrrp_scripts", "a script"),
    "track_process": ("lvs_track_processes", "a process"),
    "track_file": ("lvs_track_files", "a file"),
    "track_bfd": ("lvs_bfd_instances", "a BFD instance"),
}
"""Where the names stand that an instance or a sync group may watch."""


class Tracking:
    """One director's scripts, processes and files in plan form, and what its instances and groups watch of them."""

    def __init__(self, director: Host) -> None:
        self._director = director
        self._names = {key: self._named(variable) for key, (variable, _what) in SOURCES.items()}
        self._watched: set[str] = set()
        self._free = False

    def watched(self, entry: Mapping[str, Any], place: Place, own: str | None = None) -> dict[str, Any]:
        """The ``track_`` lists of an instance or a sync group; ``own``: what the instance watches anyhow."""
        plan: dict[str, Any] = {}
        self._free = self._free or "track_script" in (entry.get("options") or {})
        for key in ("track_interface", *SOURCES):
            plans = []
            seen: set[str] = set()
            for number, one in enumerate(entry.get(key) or []):
                name = one.get("name") if one else None
                if not one or not name:
                    continue
                at = place.key(key).index(number)
                if name in seen:
                    at.fault(f"{name} stands here twice", "leave one of the two out")
                seen.add(name)
                self._check(key, name, at, own)
                if one.get("reverse") and "weight" not in one:
                    at.key("reverse").fault("turns a weight about, and there is none here", "write weight, too")
                plans.append(said(one))
            if plans:
                plan[key] = plans
        return plan

    def _check(self, key: str, name: str, place: Place, own: str | None) -> None:
        if key == "track_interface":
            if name == own:
                place.fault(f"{name} is the instance's own interface, which is watched anyhow", "leave it out")
            return
        variable, what = SOURCES[key]
        known = self._names[key]
        if key == "track_script":
            self._watched.add(name)
        if known is not None and name not in known:
            place.fault(f"{name} is not {what} of {variable}", f"name one of them: {listing(known) or 'there is none'}")

    def _named(self, variable: str) -> set[str] | None:
        """The names that a variable defines, None while one can't be read; a name that stands twice is noted."""
        place = self._director.place.key(variable)
        names: set[str] = set()
        for number, one in self._director.items(variable):
            name = one.get("name")
            if name in names:
                place.index(number).key("name").fault(f"{name} stands here twice", "give each its own name")
            names.add(name or "")
        written = self._director.variables.get(variable, [])
        readable = written is not None and all(one and one.get("name") for one in written)
        return names if readable else None

    def plan_scripts(self) -> list[dict[str, Any]]:
        """The checks of scripts; to be asked for after all instances and groups. keepalived refuses an unused one."""
        place = self._director.place.key("lvs_vrrp_scripts")
        plans = []
        for number, one in self._director.items("lvs_vrrp_scripts"):
            name = one.get("name")
            if name and name not in self._watched and not self._free:
                place.index(number).key("name").fault(
                    f"{name} is in no track_script, and keepalived refuses a script that nobody uses",
                    "name it under track_script of an instance or a sync group, or leave it out",
                )
            rest = {key: value for key, value in one.items() if key not in ("name", "script", "args", "user")}
            plans.append({"name": name, **action({"script": None, **one}), **said(rest)})
        return plans

    def plan_processes(self) -> list[dict[str, Any]]:
        """The checks of processes."""
        place = self._director.place.key("lvs_track_processes")
        for number, one in self._director.items("lvs_track_processes"):
            quorum, highest = one.get("quorum"), one.get("quorum_max")
            if quorum and highest is not None and quorum > highest:
                place.index(number).key("quorum").fault(
                    f"is {quorum}, above quorum_max, which is {highest}", "write a quorum of at most quorum_max"
                )
        return [said(one) for _number, one in self._director.items("lvs_track_processes")]

    def plan_files(self) -> list[dict[str, Any]]:
        """The files whose number counts."""
        return [said(one) for _number, one in self._director.items("lvs_track_files")]


def said(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry without what says nothing: a switch that is off, empty options."""
    return {key: value for key, value in entry.items() if value is not False and value != {}}
