# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One director's VRRP instances, put together and judged."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._topology.actions import notified
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Cluster, Host
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_vrrp import GARP, INTERVALS
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vrrp_addresses import (
    family_of,
    instances,
    plan_addresses,
)
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vrrp_preempt import plan_preempt
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vrrp_tracking import Tracking
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vrrp_unicast import plan_unicast
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import listing

__all__ = ["default_priorities", "plan_instances", "version_of"]

HIGHEST_DEFAULT = 150


def plan_instances(
    director: Host, cluster: Cluster, daemon: Mapping[str, Any] | None, tracking: Tracking
) -> list[dict[str, Any]]:
    """The director's VRRP instances as its plan holds them; what is wrong is noted and None.

    ``daemon`` is the sync daemon in plan form, None where there is none.
    """
    plans = []
    seen: set[str] = set()
    devices = dict.fromkeys(director.variables["lvs_interfaces"] or {}, "an interface of the director")
    for place, instance in instances(director):
        name = instance.get("name")
        if name in seen:
            place.key("name").fault(f"{name} is the name of another instance too", "give each instance its own name")
        seen.add(name or "")
        if instance.get("state") == "MASTER":
            place.key("state").notice(
                "with MASTER a director that starts takes the addresses before it has heard its peer",
                "leave state out: the priority decides who is master",
            )
        addresses = plan_addresses(instance, place)
        version = version_of(instance, place, director)
        _check_version(instance, version, place)
        _check_vmac(instance, place, devices)
        plan: dict[str, Any] = {
            key: instance.get(key) for key in ("name", "state", "interface", "virtual_router_id", "advert_int")
        }
        plan["version"] = version
        plan["priority"] = _priority(instance, director, cluster, place)
        plan.update(addresses)
        if version != 3:
            # There it has no effect, and keepalived refuses the file.
            plan.update(_given(instance, "authentication"))
        plan.update(_given(instance, "use_vmac", "virtual_routes", "virtual_rules"))
        plan.update(plan_unicast(instance, place, director, cluster))
        plan.update(plan_preempt(instance, place, director, daemon))
        own = None if instance.get("dont_track_primary") else instance.get("interface")
        plan.update(tracking.watched(instance, place, own=own))
        plan.update({key: instance[key] for key in (*GARP, *INTERVALS) if key in instance})
        plan.update(_given(instance, "vmac_xmit_base", "dont_track_primary"))
        if "smtp_alert" in instance:
            # False says something, too: lvs_keepalived_global may have mails for all instances.
            plan["smtp_alert"] = instance["smtp_alert"]
        plan.update(notified(instance))
        plan.update(_given(instance, "options"))
        plans.append(plan)
    _check_intervals(director)
    return plans


def _given(instance: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: instance[key] for key in keys if instance.get(key)}


def version_of(instance: Mapping[str, Any], place: Place, host: Host) -> int | None:
    """The instance's version of VRRP, None where it is wrong: its own, else what all share, else the family's.

    What all share is for IPv4; keepalived gives IPv6, which VRRP 2 can't carry, VRRP 3 whatever that says.
    """
    if "version" in instance:
        version: int | None = instance["version"]
        return version
    if family_of(instance, place) == "ipv6":
        return 3
    shared = (host.variables.get("lvs_keepalived_global") or {}).get("options") or {}
    return 3 if str(shared.get("vrrp_version", 2)) == "3" else 2


def _check_version(instance: Mapping[str, Any], version: int | None, place: Place) -> None:
    """VRRP 2 counts whole seconds (RFC 3768), VRRP 3 hundredths up to 40.95 s and has no password (RFC 5798)."""
    if version == 2 and family_of(instance, place) == "ipv6":
        place.key("version").fault("is 2, and VRRP 2 carries IPv4 addresses alone", "leave it out, or write 3")
    interval = instance.get("advert_int")
    if interval is not None and version == 2 and not isinstance(interval, int):
        place.key("advert_int").fault(
            f"is {interval}, and VRRP 2 counts whole seconds", "write whole seconds, or version: 3"
        )
    if interval is not None and version == 3 and interval > 40.95:
        place.key("advert_int").fault(f"is {interval}, and VRRP 3 ends at 40.95 seconds", "write a shorter interval")
    elif interval is not None and version == 3 and abs(interval * 100 - round(interval * 100)) > 1e-6:
        place.key("advert_int").fault(
            f"is {interval}, and VRRP 3 counts hundredths of a second", "write at most two digits after the point"
        )
    kind = (instance.get("authentication") or {}).get("auth_type")
    if version == 2 and kind == "AH" and instance.get("state") == "MASTER":
        place.key("state").fault("is MASTER, and keepalived takes no such state with auth_type AH", "leave state out")
    if version == 3 and instance.get("authentication"):
        place.key("authentication").notice("has no effect in VRRP 3", "leave it out")


def _check_vmac(instance: Mapping[str, Any], place: Place, devices: dict[str, str]) -> None:
    """``devices`` are the names of interfaces that are taken, each with whose it is; the VMAC's comes to them."""
    name = instance.get("use_vmac")
    if isinstance(name, str):
        if name in (*devices, instance.get("interface")):
            owner = devices.get(name, "an interface of the director")
            place.key("use_vmac").fault(f"{name} is {owner}", "write a name of its own, or true")
        devices.setdefault(name, f"the VMAC of {instance.get('name')}, too")
    base = instance.get("vmac_xmit_base")
    if base and not instance.get("use_vmac", False) and instance.get("use_vmac", False) is not None:
        place.key("vmac_xmit_base").fault("says nothing without use_vmac", "leave it out, or write use_vmac: true")
    if instance.get("use_vmac") and instance.get("unicast") and not base:
        place.key("use_vmac").fault(
            "stands beside unicast, and such adverts must leave by the interface itself", "write vmac_xmit_base: true"
        )


def _check_intervals(director: Host) -> None:
    """Note instances that differ in what keepalived keeps for the interface that they share."""
    first: dict[tuple[str, str], tuple[str, Any]] = {}
    for place, instance in instances(director):
        for key in INTERVALS:
            if instance.get(key) is None or not instance.get("interface"):
                continue
            name, value = first.setdefault((instance["interface"], key), (str(instance.get("name")), instance[key]))
            if value != instance[key]:
                place.key(key).fault(
                    f"is {instance[key]}, and {name} has {value} on the same interface {instance['interface']}",
                    "write the same for all instances of an interface",
                )


def default_priorities(names: Sequence[str]) -> dict[str, int]:
    """The priorities of directors where none are written, by the order of the group."""
    step = min(10, (HIGHEST_DEFAULT - 1) // len(names))
    return {name: HIGHEST_DEFAULT - step * number for number, name in enumerate(names)}


def _priority(instance: Mapping[str, Any], director: Host, cluster: Cluster, place: Place) -> int | None:
    names = [host.name for host in cluster.directors]
    spot = place.key("priorities")
    if "priorities" not in instance:
        defaults = default_priorities(names)
        if len(names) > 1:
            written = ", ".join(f"{name}: {defaults[name]}" for name in names)
            spot.notice(
                f"is not given, so the order in the group directors decides: {written}",
                f"write priorities: {{{written}}}, so that another order of the group changes nothing",
            )
        return defaults[director.name]
    priorities: dict[str, int | None] | None = instance["priorities"]
    if priorities is None:
        return None
    for name in priorities:
        if name not in names:
            spot.key(name).fault(
                f"is no director of the cluster {cluster.name}", f"name its directors: {listing(names)}"
            )
    missing = [name for name in names if name not in priorities]
    if missing:
        spot.fault(f"does not name {listing(missing)}", "name each director of the cluster")
    _check_equal(priorities, spot)
    return priorities.get(director.name)


def _check_equal(priorities: Mapping[str, int | None], spot: Place) -> None:
    for number in sorted({number for number in priorities.values() if number is not None}):
        holders = [name for name, one in priorities.items() if one == number]
        if len(holders) > 1:
            spot.notice(
                f"{listing(holders)} have the same priority {number}, so the higher address is master",
                "give each director its own priority",
            )
