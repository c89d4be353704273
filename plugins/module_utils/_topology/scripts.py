# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keepalived runs: the scripts that must come to a director, and the users that they run as."""

from __future__ import annotations

import posixpath
import re
from typing import Any, Iterable, Iterator, Mapping, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.scripts import SCRIPT_USER
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Host
from ansible_collections.lvs.cluster.plugins.module_utils._topology.services import Service
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vrrp_addresses import instances

__all__ = ["plan_scripts"]

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,199}")
LINKED = re.compile("/s?bin/")
RUNNING = re.compile("misc_path|quorum_(up|down)|(.+_)?script|notify(_(?!fifo$|priority_changes$).+)?")
"""The keywords of keepalived that run a program."""

Found = Iterator[Tuple[Place, Mapping[str, Any]]]


def plan_scripts(director: Host, services: Iterable[Service]) -> dict[str, Any]:
    """The scripts that must come to the director, and who runs what keepalived runs.

    ``scripts`` are those with a relative path: files beside the inventory, which all come into one directory.
    ``script_users`` are all users; ``script_user``, left out where nothing runs as it, is the one of what names none.
    """
    shared = (director.variables.get("lvs_keepalived_global") or {}).get("script_user") or SCRIPT_USER
    names: dict[str, str] = {}
    users: set[str] = set()
    unnamed = _in_options(director, services)
    for place, one in [*_of_vrrp(director), *_of_services(director, services)]:
        if one.get("user"):
            users.add(one["user"].split()[0])
        else:
            unnamed = True
        script = one.get("script")
        if script and LINKED.match(script) and "root" in (one.get("user") or shared).split():
            # lib/notify.c, check_security(): a folder of the path must not be a link.
            place.notice(
                f"{script} is behind a link where /bin is /usr/bin, and keepalived 2.3.3 runs no such path as root",
                f"write /usr{script}",
            )
        if not script or script.startswith("/"):
            continue
        path = posixpath.normpath(script)
        name = posixpath.basename(path)
        if not NAME.fullmatch(name):
            place.fault(
                f"{script} would be the file {name} on the director, and a name there has letters, digits, _ . + and -",
                "give it another name",
            )
        first = names.setdefault(name, path)
        if first != path:
            place.fault(
                f"{script} and {first} would be one file on the director, where scripts have one directory",
                "give one of them another name",
            )
    plan: dict[str, Any] = {"scripts": sorted(names.values())}
    if unnamed:
        plan["script_user"] = shared.split()[0]
        users.add(plan["script_user"])
    return {**plan, "script_users": sorted(users)}


def _in_options(director: Host, services: Iterable[Service]) -> bool:
    """Whether a keyword under options runs a program; what is seen of many real servers is looked at once."""
    variables = director.variables
    found: list[Any] = [variables.get("lvs_keepalived_options"), variables.get("lvs_keepalived_global")]
    found += [one for _number, one in director.items("lvs_vrrp_sync_groups")]
    found += [one for _place, one in instances(director)]
    looked = {id(one): one for one in (entry.get("options") for entry in found[1:] if entry) if one}
    for service in services:
        for entry in (service.plan, *service.plan["real_servers"]):
            if entry.get("options"):
                looked[id(entry["options"])] = entry["options"]
    return any(_runs(one) for one in [found[0], *looked.values()])


def _runs(options: Any) -> bool:
    if isinstance(options, Mapping):
        return any(RUNNING.fullmatch(key) or _runs(one) for key, one in options.items())
    return isinstance(options, list) and any(_runs(one) for one in options)


def _of_vrrp(director: Host) -> Found:
    for number, script in director.items("lvs_vrrp_scripts"):
        yield director.place.key("lvs_vrrp_scripts").index(number).key("script"), script
    groups = director.place.key("lvs_vrrp_sync_groups")
    entries = [
        *instances(director),
        *((groups.index(number), one) for number, one in director.items("lvs_vrrp_sync_groups")),
    ]
    for place, entry in entries:
        for state, one in (entry.get("notify") or {}).items():
            if one:
                yield place.key("notify").key(state).key("script"), one


def _of_services(director: Host, services: Iterable[Service]) -> Found:
    """What services run; what many of their real servers share is looked at once."""
    seen: set[int] = set()
    shared = _of_defaults(director)
    for service in services:
        place = service.place.key("real_servers")
        for key in ("quorum_up", "quorum_down"):
            if service.plan.get(key):
                yield shared.get(service.plan[key].get("script"), service.place.key(key)), service.plan[key]
        for server in service.plan["real_servers"]:
            for _state, one in (server.get("notify") or {}).items():
                if one:
                    yield place, one
            checks = server.get("health_checks") or []
            if id(checks) in seen:
                continue
            seen.add(id(checks))
            for check in checks:
                if check.get("type") == "misc" and check.get("script"):
                    yield shared.get(check["script"], place), check


def _of_defaults(director: Host) -> dict[Any, Place]:
    """The places of scripts in lvs_virtual_service_defaults, which the plans of services have as their own."""
    place = director.place.key("lvs_virtual_service_defaults")
    defaults = director.variables.get("lvs_virtual_service_defaults") or {}
    found = {(defaults.get(key) or {}).get("script"): place.key(key) for key in ("quorum_up", "quorum_down")}
    for number, check in enumerate(defaults.get("health_checks") or []):
        if check and check.get("type") == "misc":
            found[check.get("script")] = place.key("health_checks").index(number)
    return found
