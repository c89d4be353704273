# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VRRP instances, sync groups and the connection sync daemon of one director."""

from __future__ import annotations

from typing import Any, Iterator, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology import networks
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Cluster, Host
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import listing

__all__ = [
    "entries",
    "instances",
    "outside_networks",
    "plan_instances",
    "plan_sync_daemon",
    "plan_sync_groups",
]

HIGHEST_DEFAULT = 150
BACKUP_ONLY = "net.ipv4.vs.backup_only"


def plan_instances(director: Host, cluster: Cluster) -> list[dict[str, Any]]:
    """The director's VRRP instances as its plan holds them; what is wrong is noted and None."""
    plans = []
    seen: set[str] = set()
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
        addresses = _addresses(instance, place)
        _check_version(instance, addresses, director, place)
        plan: dict[str, Any] = {
            key: instance.get(key) for key in ("name", "state", "interface", "virtual_router_id", "advert_int")
        }
        plan["priority"] = _priority(instance, director, cluster, place)
        plan["virtual_ipaddress"] = addresses
        plan.update({key: instance[key] for key in ("authentication", "notify", "options") if instance.get(key)})
        plans.append(plan)
    _check_own_addresses(director, cluster)
    return plans


def instances(director: Host) -> Iterator[tuple[Place, dict[str, Any]]]:
    """The checked VRRP instances as they are written, each with its place."""
    place = director.place.key("lvs_vrrp_instances")
    for number, instance in director.items("lvs_vrrp_instances"):
        yield place.index(number), instance


def entries(instance: Mapping[str, Any], place: Place) -> Iterator[tuple[Place, networks.Interface, dict[str, Any]]]:
    """The usable virtual addresses of an instance, each with its place, parsed and as it is written."""
    spot = place.key("virtual_ipaddress")
    for number, entry in enumerate(instance.get("virtual_ipaddress") or []):
        if entry and entry.get("address"):
            yield spot.index(number), networks.interface(entry["address"]), entry


def _addresses(instance: Mapping[str, Any], place: Place) -> list[dict[str, Any]]:
    found: dict[networks.Address, dict[str, Any]] = {}
    families = set()
    for spot, one, entry in entries(instance, place):
        families.add(networks.family(one))
        if one.ip in found:
            spot.fault(f"{one.ip} stands in this instance twice", "leave one of the two out")
        found[one.ip] = {**entry, "dev": entry.get("dev", instance.get("interface"))}
    if len(families) > 1:
        place.key("virtual_ipaddress").fault(
            "mixes IPv4 and IPv6 addresses, and one VRRP instance carries one family",
            "write two instances and put both into one lvs_vrrp_sync_groups entry",
        )
    return list(found.values())


def _check_version(instance: Mapping[str, Any], addresses: list[dict[str, Any]], host: Host, place: Place) -> None:
    """VRRP 2 counts whole seconds (RFC 3768), VRRP 3 hundredths up to 40.95 s and has no password (RFC 5798)."""
    shared = (host.variables.get("lvs_keepalived_global") or {}).get("options") or {}
    version = str((instance.get("options") or {}).get("version", shared.get("vrrp_version", 2)))
    if any(":" in entry["address"] for entry in addresses):
        version = "3"
    interval = instance.get("advert_int")
    if interval is not None and version == "2" and not isinstance(interval, int):
        place.key("advert_int").fault(
            f"is {interval}, and VRRP 2 counts whole seconds", "write whole seconds, or options: {version: 3}"
        )
    if interval is not None and version == "3" and interval > 40.95:
        place.key("advert_int").fault(f"is {interval}, and VRRP 3 ends at 40.95 seconds", "write a shorter interval")
    if version == "3" and instance.get("authentication"):
        place.key("authentication").notice("has no effect in VRRP 3", "leave it out")


def _priority(instance: Mapping[str, Any], director: Host, cluster: Cluster, place: Place) -> int | None:
    names = [host.name for host in cluster.directors]
    spot = place.key("priorities")
    if "priorities" not in instance:
        step = min(10, (HIGHEST_DEFAULT - 1) // len(names))
        defaults = {name: HIGHEST_DEFAULT - step * number for number, name in enumerate(names)}
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


def _check_own_addresses(director: Host, cluster: Cluster) -> None:
    """A host's own address must not be a virtual one: keepalived takes it away when the director becomes backup."""
    owners = {one.ip: (host.name, name) for host in cluster.sorted for name, one in host.interfaces}
    for place, instance in instances(director):
        for spot, one, _entry in entries(instance, place):
            if one.ip in owners:
                host, name = owners[one.ip]
                spot.fault(
                    f"{one.ip} is {host}'s own address on {name} (lvs_interfaces)", "choose an address that no host has"
                )


def outside_networks(director: Host) -> list[str]:
    """Note each VIP in no network of its interface; return those that lvs_interfaces is too short to judge.

    IPv6 link-local addresses belong to every interface. The returned texts are ``ADDRESS dev INTERFACE``, for the
    host's preflight.
    """
    unchecked = []
    for place, instance in instances(director):
        for spot, one, entry in entries(instance, place):
            device = entry.get("dev", instance.get("interface"))
            own = director.on(device or "")
            if device is None or one.ip.is_link_local:
                continue
            if not own:
                unchecked.append(f"{one} dev {device}")
            elif not any(one.ip in host.network for host in own):
                near = listing(str(host.network) for host in own)
                spot.fault(
                    f"the VIP {one} is in no network of its interface {device} ({near})",
                    "correct the address, write dev: the interface it belongs to, or correct lvs_interfaces",
                )
    return unchecked


def plan_sync_groups(director: Host) -> list[dict[str, Any]]:
    """The director's sync groups; each instance is known and in one group at most."""
    place = director.place.key("lvs_vrrp_sync_groups")
    names = _names(director)
    taken: dict[str, str] = {}
    groups = []
    for number, group in director.items("lvs_vrrp_sync_groups"):
        groups.append(group)
        members = place.index(number).key("group")
        for item, name in enumerate(group.get("group") or []):
            if name is None:
                continue
            if name not in names:
                members.index(item).fault(
                    f"{name} is no VRRP instance of this host", f"name one of them: {listing(names) or 'there is none'}"
                )
            if name in taken:
                members.index(item).fault(
                    f"{name} is in the sync group {taken[name]} already", "leave it in one sync group"
                )
            taken.setdefault(name, str(group.get("name")))
    return groups


def _names(director: Host) -> list[str]:
    return [instance["name"] for _place, instance in instances(director) if instance.get("name")]


def plan_sync_daemon(director: Host) -> dict[str, Any] | None:
    """The connection sync daemon, from lvs_sync_daemon or from the old word in a VRRP instance.

    Without ``instance`` and with a single VRRP instance it follows that one: without any, both sync roles run at once.
    """
    place = director.place.key("lvs_sync_daemon")
    daemon: dict[str, Any] | None = director.variables.get("lvs_sync_daemon")
    wanted: dict[str, str] = {}
    if daemon and daemon.get("interface"):
        wanted[daemon["interface"]] = "lvs_sync_daemon"
    for spot, instance in instances(director):
        interface = instance.get("lvs_sync_daemon_interface")
        if interface is None:
            continue
        new = {"interface": interface, "instance": instance.get("name")}
        spot.key("lvs_sync_daemon_interface").notice(
            "the old word was taken as lvs_sync_daemon",
            f"write lvs_sync_daemon: {{interface: {interface}, instance: {instance.get('name')}}}",
        )
        wanted.setdefault(interface, str(instance.get("name")))
        daemon = daemon or new
    if len(wanted) > 1:
        written = " and ".join(f"{interface} ({source})" for interface, source in sorted(wanted.items()))
        place.fault(f"the sync daemon is to use two interfaces: {written}", "name one interface in lvs_sync_daemon")
    if daemon is None:
        return None
    names = _names(director)
    instance_name = daemon.get("instance", names[0] if len(names) == 1 else None)
    if instance_name is not None and instance_name not in names:
        place.key("instance").fault(
            f"{instance_name} is no VRRP instance of this host",
            f"name one of them: {listing(names) or 'there is none'}",
        )
    sysctls = director.variables.get("lvs_sysctls") or {}
    backup_only = director.variables.get("lvs_colocated") == "backup_only" or sysctls.get(BACKUP_ONLY) == "1"
    if instance_name is None and "instance" not in daemon and backup_only:
        place.key("instance").fault(
            "is missing, and with backup_only the active director would stop balancing",
            "name the VRRP instance that the sync daemon follows",
        )
    return {**daemon, **({} if instance_name is None else {"instance": instance_name})}
