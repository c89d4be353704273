# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VRRP instances, sync groups and what they track, in the inventory's words."""

from __future__ import annotations

from functools import partial
from typing import Any, Iterable, Mapping, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._adopt.blocks import Item
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.reading import Context, Lines, action, each, fits
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import tracking as tracking_writer
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import vrrp as writer
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.colocated import SCRIPT as HANDOVER
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.failover_files import PREFIX
from ansible_collections.lvs.cluster.plugins.module_utils._topology.schema import Spec
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary import DIRECTOR
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_vrrp import (
    AUTHENTICATION,
    SYNC_GROUP,
    VIRTUAL_ADDRESS,
    VRRP_INSTANCE,
)

__all__ = ["bfd_instances", "instance", "real_groups", "sync_group", "track_files", "track_processes", "vrrp_scripts"]

_DEFAULT_PRIORITY = 100
_OWNER = 255
_WITH_VALUE = ("brd", "broadcast", "scope", "peer", "preferred_lft", "track_group")
"""Words behind a virtual address that have a value; the others stand alone."""


def _item(variable: str) -> Mapping[str, Spec]:
    """The fields of the mappings that a variable lists."""
    item = DIRECTOR[variable].item
    return item.fields if item else {}


def instance(item: Item, context: Context, shared: Mapping[str, Any], sync: list[dict[str, Any]]) -> dict[str, Any]:
    """An entry of lvs_vrrp_instances; NotOptions where it can't be one.

    ``priority`` and ``unicast`` are still those of this director alone. ``shared`` is what global_defs say of all
    instances; ``sync`` gets the connection sync daemon that an old word starts.
    """
    fields = VRRP_INSTANCE.fields
    lines = Lines(item.inside or (), context)
    name = "".join(item.values[:1])
    state = lines.last("state")
    if state and "".join(state.values).upper() == "MASTER":
        # keepalived ignores these with such a state (vrrp_data.c), so they must not begin to count.
        void = [key for key in ("nopreempt", "preempt_delay") if lines.all(key)]
        context.found.note(
            state.place,
            f"{name} has the state MASTER: it takes the addresses at its start, before it has heard its peer",
            "it was left out, so that the priority alone decides"
            + (f"; with it {' and '.join(void)}, which had no effect" if void else ""),
        )
    priority = lines.last("priority")
    taken = lines.settings(writer._WORDS, {key: spec for key, spec in fields.items() if key != "state"})
    result: dict[str, Any] = {"name": name, **{key: taken.pop(key) for key in _FIRST if key in taken}}
    result["priority"] = int(priority.values[0]) if priority and _is_number(priority.values) else _DEFAULT_PRIORITY
    if priority and result["priority"] == _OWNER:
        context.found.note(
            priority.place,
            f"{name} has the priority {_OWNER}, that of an owner: nothing can be added to it for a failover",
            f"{_OWNER - 1} was written; see that its peers have less",
        )
        result["priority"] = _OWNER - 1
    authentication = lines.inside("authentication")
    if authentication:
        inside = Lines(authentication, context)
        words = {key: inside.last(key) for key in ("auth_type", "auth_pass")}
        result["authentication"] = {key: "".join(one.values) for key, one in words.items() if one}
        if "auth_type" in result["authentication"]:
            kind = fits(AUTHENTICATION.fields["auth_type"], result["authentication"]["auth_type"])
            result["authentication"]["auth_type"] = kind or "PASS"
    unicast = _unicast(lines)
    if unicast:
        result["unicast"] = unicast
    for key in ("virtual_ipaddress", "virtual_ipaddress_excluded"):
        addresses = [_address(one, result, taken) for one in lines.inside(key)]
        if addresses:
            result[key] = addresses
    for key in ("virtual_routes", "virtual_rules"):
        found = [one.text for one in lines.inside(key)]
        if found:
            result[key] = found
    result.update(taken)
    daemon = lines.last("lvs_sync_daemon_interface")
    if daemon:
        sync.append({"interface": "".join(daemon.values[:1]), "instance": name})
    _version(result, shared, context)
    _drop_handover(lines)
    result.update(_followed(lines, writer._STATES, fields))
    _drop_void(result, item.place, context)
    return result


_FIRST = ("interface", "virtual_router_id", "version", "advert_int")


def _is_number(values: Sequence[str]) -> bool:
    return len(values) == 1 and values[0].isdecimal()


def _version(result: dict[str, Any], shared: Mapping[str, Any], context: Context) -> None:
    """Leave out the version that an instance has anyhow, and a password that VRRP 3 doesn't have."""
    first = "".join(str(one["address"]) for one in result.get("virtual_ipaddress", [])[:1])
    default = 3 if ":" in first or str(shared.get("vrrp_version", 2)) == "3" else 2
    if result.get("version") == default:
        del result["version"]
    if result.get("version", default) == 3 and result.pop("authentication", None):
        context.found.note(f"vrrp_instance {result['name']}", "its authentication has no effect in VRRP 3", "left out")


def _drop_void(result: dict[str, Any], place: str, context: Context) -> None:
    """Leave out what keepalived does not heed, and what it does anyhow."""
    name, device = result["name"], result.get("interface")
    tracked = result.get("track_interface", [])
    other = [one for one in tracked if one["name"] != device]
    if len(other) < len(tracked) and not result.get("dont_track_primary"):
        context.found.note(place, f"{name} watches its own interface {device} anyhow", "it is not in track_interface")
        result["track_interface"] = other
        if not other:
            del result["track_interface"]
    if result.get("nopreempt") and "preempt_delay" in result:
        context.found.note(place, f"preempt_delay has no effect beside nopreempt in {name}", "it was left out")
        del result["preempt_delay"]


def _drop_handover(lines: Lines) -> None:
    lines.rest = [
        one for one in lines.rest if one.name != "notify" or not "".join(one.values[:1]).startswith(f"{HANDOVER} ")
    ]


def _unicast(lines: Lines) -> dict[str, Any]:
    """``source``, ``peers`` and ``ttl`` as this director has them."""
    inside = lines.inside_of("unicast_peer")
    if not inside:
        _without_peers(lines)
        return {}
    lines.all("unicast_peer")
    peers = [one.name for one in inside]
    for one in inside:
        if one.values:
            text = " ".join(one.values)
            lines.context.found.fault(
                one.place, f"of the unicast peer {one.name} there is no variable for: {text}", "take these words out"
            )
    result: dict[str, Any] = {"peers": peers}
    for key, name, _form in writer._UNICAST:
        found = lines.last(name)
        if found:
            result[key] = "".join(found.values)
    return result


def _without_peers(lines: Lines) -> None:
    """Without peers unicast_src_ip is mcast_src_ip to keepalived, and it refuses unicast_ttl (vrrp_parser.c)."""
    for one in lines.all("unicast_ttl"):
        lines.context.found.note(one.place, "unicast_ttl has no effect without unicast_peer", "it was left out")
    for one in lines.all("unicast_src_ip"):
        lines.rest.append(one._replace(words=("mcast_src_ip", *one.values)))


def _address(item: Item, instance: Mapping[str, Any], taken: Mapping[str, Any]) -> dict[str, Any]:
    """A virtual address with the words behind it."""
    result: dict[str, Any] = {"address": item.name}
    options: dict[str, Any] = {}
    left = list(item.values)
    while left:
        word = left.pop(0)
        if word in ("dev", "label", *_WITH_VALUE) and left:
            (result if word in ("dev", "label") else options)[word] = left.pop(0)
        else:
            options[word] = True
    # Where the instance is, it goes without saying; not so with a VMAC, whose interface would be meant.
    if result.get("dev") == instance.get("interface") and "use_vmac" not in taken:
        del result["dev"]
    if options:
        result["options"] = options
    checked = fits(VIRTUAL_ADDRESS, result)
    return result if checked is None else {key: one for key, one in checked.items() if one is not None}


def _followed(lines: Lines, states: Iterable[str], fields: Mapping[str, Spec]) -> dict[str, Any]:
    """What an instance or a sync group tracks, whom it tells, and its options."""
    result: dict[str, Any] = {}
    for key in tracking_writer._TRACKED:
        inside = lines.inside_of(key)
        if key == "track_script" and lines.context.in_options.intersection(one.name for one in inside):
            continue
        found = [_tracked(one) for one in inside]
        if found and None not in found and fits(fields[key], found) is not None:
            lines.all(key)
            wanted = [one for one in found if one and not one["name"].startswith(PREFIX)]
            if wanted:
                result[key] = wanted
    result.update(lines.notify([state for state in states if state in fields["notify"].fields]))
    for item in lines.all("notify"):  # which options may not have
        lines.context.found.fault(
            item.place, f"{item.name} runs what is no script with arguments", "put it into a script of its own"
        )
    result.update(lines.settings(writer._SMTP_ALERT, fields))
    return {**result, **lines.options()}


def _tracked(item: Item) -> dict[str, Any] | None:
    """A line of a track_ block, None where it has other words than a weight."""
    values = list(item.values)
    result: dict[str, Any] = {"name": item.name}
    if values[:1] == ["weight"] and len(values) > 1:
        try:
            result["weight"] = int(values[1])
        except ValueError:
            return None
        values = values[2:]
    if values == ["reverse"]:
        result["reverse"] = True
        values = []
    return None if values else result


def sync_group(item: Item, context: Context) -> dict[str, Any]:
    """An entry of lvs_vrrp_sync_groups; NotOptions where it can't be one."""
    lines = Lines(item.inside or (), context)
    # Both "group { VI_1 VI_2 }" and a line for each.
    members = [word for one in lines.inside("group") for word in one.words]
    head = {"name": "".join(item.values[:1]), "group": members}
    return {**head, **_followed(lines, writer._STATES, SYNC_GROUP.fields)}


def real_groups(
    groups: Iterable[dict[str, Any]], instances: Sequence[dict[str, Any]], context: Context
) -> list[dict[str, Any]]:
    """The groups with several members. What one with a single member asks for is written at that instance."""
    result = []
    for group in groups:
        asked = {key: value for key, value in group.items() if key not in ("name", "group")}
        member = next((one for one in instances if [one["name"]] == group["group"]), None)
        if member is None or asked.keys() & {"options", *member}:
            result.append(group)
            continue
        member.update(asked)
        context.found.note(
            f"vrrp_sync_group {group['name']}",
            f"it has {member['name']} alone",
            "it was left out" + (f", and {', '.join(asked)} written at {member['name']}" if asked else ""),
        )
    return result


def vrrp_scripts(items: Iterable[Item], context: Context) -> tuple[list[dict[str, Any]], list[Item]]:
    """lvs_vrrp_scripts, and those that need a shell, which are written as they stand."""
    result, verbatim = [], []
    for item in items:
        lines = Lines(item.inside or (), context)
        script, user = lines.last("script"), lines.last("user")
        values = [*(script.values if script else ()), *(user.values if user else ())]
        wanted = action(values, context, item.place) if script else None
        if wanted is None:
            verbatim.append(item)
            continue
        result += each([item], context, partial(_script, lines, wanted))
    return result, verbatim


def _script(lines: Lines, wanted: Mapping[str, Any], item: Item) -> dict[str, Any]:
    settings = lines.settings(tracking_writer._SCRIPT, _item("lvs_vrrp_scripts"))
    return {"name": "".join(item.values[:1]), **wanted, **settings, **lines.options()}


def track_processes(items: Iterable[Item], context: Context) -> list[dict[str, Any]]:
    return _defined(items, "lvs_track_processes", tracking_writer._PROCESS, context)


def bfd_instances(items: Iterable[Item], context: Context) -> list[dict[str, Any]]:
    return _defined(items, "lvs_bfd_instances", tracking_writer._BFD, context)


def track_files(items: Iterable[Item], context: Context, weights: str) -> list[dict[str, Any]]:
    """lvs_track_files without those of ours: weight files, and the ones that steer a failover."""
    return [
        one
        for one in _defined(items, "lvs_track_files", tracking_writer._FILE, context)
        if not one["name"].startswith(PREFIX) and not str(one.get("file", "")).startswith(f"{weights}/")
    ]


def _defined(items: Iterable[Item], variable: str, table: Sequence[Any], context: Context) -> list[dict[str, Any]]:
    def read(item: Item) -> dict[str, Any]:
        lines = Lines(item.inside or (), context)
        settings = lines.settings(table, _item(variable))
        return {"name": "".join(item.values[:1]), **settings, **lines.options()}

    return each(items, context, read)
