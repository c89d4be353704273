# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A director's keepalived.conf as the variables of a director."""

from __future__ import annotations

from typing import Any, Iterable, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._adopt import vrrp
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.blocks import Item
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.options import NotOptions, to_options
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.reading import Context, Lines, each
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.servers import read_servers
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import actions, global_defs
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import vrrp as vrrp_writer
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.colocated import SCRIPT as HANDOVER
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.scripts import SCRIPT_USER
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.weights import DIRECTORY
from ansible_collections.lvs.cluster.plugins.module_utils._topology.schema import Spec
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_vrrp import (
    INTERVALS,
    KEEPALIVED_GLOBAL,
    SYNC_DAEMON,
)

__all__ = ["variables_of"]

_KNOWN = (
    "global_defs",
    "vrrp_script",
    "vrrp_track_process",
    "track_file",
    "vrrp_track_file",
    "bfd_instance",
    "garp_group",
    "vrrp_sync_group",
    "vrrp_instance",
    "virtual_server",
    "virtual_server_group",
)


def variables_of(
    items: Sequence[Item], context: Context, *, has_script_user: bool, weights: str = DIRECTORY
) -> dict[str, Any]:
    """The director's variables; what can't be described is noted. ``weights``: where weight files of ours are."""
    named: dict[str, list[Item]] = {name: [item for item in items if item.name == name] for name in _KNOWN}
    verbatim = [item for item in items if item.name not in _KNOWN]
    settings, sync = _global(named["global_defs"], context)
    shared = settings.get("options", {})
    scripts, shell = vrrp.vrrp_scripts(named["vrrp_script"], context)
    for item in shell:
        context.found.note(
            item.place,
            f"{item.text} runs what is no script with arguments",
            "it is in lvs_keepalived_options as it stands",
        )
    intervals = _intervals(named["garp_group"], context, verbatim)
    context.in_options |= {"".join(item.values[:1]) for item in shell}
    instances = each(named["vrrp_instance"], context, lambda one: vrrp.instance(one, context, shared, sync))
    for one in instances:
        one.update(intervals.get(one.get("interface", ""), {}))
    groups = each(named["vrrp_sync_group"], context, lambda one: vrrp.sync_group(one, context))
    groups = vrrp.real_groups(groups, instances, context)
    servers = read_servers(items, context, weights)
    _preempt(instances, bool(sync))
    files = [*named["track_file"], *named["vrrp_track_file"]]
    # Also where all that is tracked is in options, as beside a script that needs a shell.
    followers = [one for item in (*named["vrrp_instance"], *named["vrrp_sync_group"]) for one in item.inside or ()]
    used = {line.name for one in followers if one.name == "track_script" for line in one.inside or ()}
    for one in scripts:
        if one["name"] not in used:
            context.found.note(
                "", f"the vrrp_script {one['name']} is tracked by nobody, and keepalived refuses that", "left out"
            )
    top = _options([*verbatim, *shell, *servers.verbatim], context)
    _script_user(settings, items, has_script_user, context)
    found: dict[str, Any] = {
        "lvs_virtual_services": servers.services,
        "lvs_vrrp_instances": instances,
        "lvs_vrrp_sync_groups": groups,
        "lvs_vrrp_scripts": [one for one in scripts if one["name"] in used],
        "lvs_track_processes": vrrp.track_processes(named["vrrp_track_process"], context),
        "lvs_track_files": vrrp.track_files(files, context, weights),
        "lvs_bfd_instances": vrrp.bfd_instances(named["bfd_instance"], context),
        "lvs_sync_daemon": sync[0] if sync else {},
        "lvs_keepalived_global": settings,
        "lvs_keepalived_options": top,
        "lvs_colocated": "handover" if _hands_over(named["vrrp_instance"]) else "",
    }
    checked = any(
        entry.get("health_checks") or entry.get("sorry_server")
        for service in servers.services
        for entry in (service, *service["real_servers"])
    )
    if not instances and not checked:
        found["lvs_manager"] = "keepalived"
    return {key: value for key, value in found.items() if value or key == "lvs_virtual_services"}


def _options(items: Sequence[Item], context: Context) -> dict[str, Any]:
    result: dict[str, Any] = {}
    keys = dict.fromkeys(item.name for item in items)
    for key in keys:
        same = [item for item in items if item.name == key]
        try:
            result.update(to_options(same))
        except NotOptions as error:
            for item in same:
                context.found.fault(item.place, f"{item.text} can't be described: {error}", "write it in one way")
    return result


def _global(blocks: Sequence[Item], context: Context) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """lvs_keepalived_global, and the connection sync daemon if there is one."""
    lines = Lines([line for block in blocks for line in block.inside or ()], context)
    lines.all("enable_script_security")  # written wherever something is run
    emails = [word for line in lines.inside("notification_email") for word in line.words]
    result: dict[str, Any] = {"notification_email": emails} if emails else {}
    result.update(lines.settings((*global_defs._FIRST, *global_defs._LAST), KEEPALIVED_GLOBAL.fields))
    if result.get("router_id") == context.host:
        del result["router_id"]
    daemon = lines.last("lvs_sync_daemon")
    try:
        result.update(lines.options())
    except NotOptions as error:
        place = blocks[0].place if blocks else ""
        context.found.fault(place, f"global_defs can't be described: {error}", "write these lines in one way")
    return result, [_sync_daemon(daemon.values)] if daemon and daemon.values else []


def _sync_daemon(values: Sequence[str]) -> dict[str, Any]:
    """``IF [INSTANCE] [id N] [port N] ...``, in earlier versions ``IF INSTANCE N``."""
    names = [word.key for word in global_defs._SYNC_DAEMON]
    result: dict[str, Any] = {"interface": values[0]}
    left = list(values[1:])
    while left:
        word = left.pop(0)
        if word in names and left:
            result[word] = _as(SYNC_DAEMON.fields[word], left.pop(0))
        elif "instance" not in result:
            result["instance"] = word
        elif word.isdecimal():
            result["id"] = int(word)
    return result


def _as(spec: Spec, word: str) -> Any:
    return int(word) if spec.kind == "integer" and word.isdecimal() else word


def _intervals(groups: Iterable[Item], context: Context, verbatim: list[Item]) -> dict[str, dict[str, Any]]:
    """garp_interval and gna_interval by interface; a group of several interfaces is written as it stands."""
    result: dict[str, dict[str, Any]] = {}
    for item in groups:
        lines = Lines(item.inside or (), context)
        interface = lines.last("interface")
        settings = lines.settings(vrrp_writer._GARP_GROUP, INTERVALS)
        if interface is None or lines.rest:
            verbatim.append(item)
        else:
            result["".join(interface.values)] = settings
    return result


def _preempt(instances: Iterable[dict[str, Any]], synchronised: bool) -> None:
    """Beside a sync daemon a plan has a delay of its own where none is given, and here there was none."""
    for one in instances if synchronised else ():
        if "nopreempt" not in one and "preempt_delay" not in one:
            one["preempt_delay"] = 0


def _script_user(settings: dict[str, Any], items: Sequence[Item], has_script_user: bool, context: Context) -> None:
    """Who runs scripts that name nobody: keepalived takes keepalived_script if there is one, else root."""
    if settings.get("script_user") == SCRIPT_USER:
        del settings["script_user"]
    elif "script_user" not in settings and not has_script_user and _runs(items):
        settings["script_user"] = "root"
        context.found.note(
            "", f"scripts that name no user run as root here, because there is no user {SCRIPT_USER}",
            "lvs_keepalived_global has script_user: root; leave it out to run them as an unprivileged user",
        )  # fmt: skip


def _runs(items: Iterable[Item]) -> bool:
    """Whether something is run that names no user."""
    for item in items:
        if item.inside is not None:
            if _runs(item.inside) and not any(one.name == "user" for one in item.inside):
                return True
        elif item.name in actions._RUNNING and len(item.values) == 1:
            return True
    return False


def _hands_over(instances: Iterable[Item]) -> bool:
    return any(
        line.name == "notify" and "".join(line.values[:1]).startswith(f"{HANDOVER} ")
        for item in instances
        for line in item.inside or ()
    )
