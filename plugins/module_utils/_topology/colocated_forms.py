# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each form of lvs_colocated asks for, and what does not go with it.

``backup_only``: every director has the table, and the kernel of one that isn't master does not use it.
``handover``: a director has virtual services only while it is master.
"""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._topology import networks
from ansible_collections.lvs.cluster.plugins.module_utils._topology.colocated import Colocation
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Host
from ansible_collections.lvs.cluster.plugins.module_utils._topology.services import Service
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vips import vips
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vrrp_addresses import entries, instances
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import listing

__all__ = ["BACKUP_ONLY", "check_form", "form_sysctls", "planned_services", "witness"]

BACKUP_ONLY = "net.ipv4.vs.backup_only"
"""With it a host whose sync daemon is in the role of a backup alone looks nothing up in its table."""

Moving = Mapping[networks.Address, str]
"""The VIPs that VRRP moves, each with the name of its instance."""


def form_sysctls(form: str | None) -> dict[str, str]:
    """What the kernel of a director must be told for the form.

    With handover the services of a host that is no longer master are gone, and so are its connections: one that a
    client opens anew from an old source port must not be dropped for the old one's sake. There backup_only is for a
    host whose keepalived died and could not take its services away.
    """
    wanted = {BACKUP_ONLY: "1"} if form else {}
    return {**wanted, "net.ipv4.vs.expire_nodest_conn": "1"} if form == "handover" else wanted


def planned_services(services: Iterable[Service], form: str | None) -> list[dict[str, Any]]:
    """The services in plan form. With handover a new master believes in no real server that it has not checked."""
    if form != "handover":
        return [service.plan for service in services]
    return [{"warmup": 0, **service.plan, "alpha": True} for service in services]


def witness(director: Host, colocation: Colocation) -> str:
    """The address whose presence says that the director is master: one that it serves, of those that VRRP moves."""
    moving = [str(vip) for vip in _moving(director) if vip in colocation.served(director)]
    return next(iter(moving), "")


def check_form(
    director: Host, colocation: Colocation, services: Sequence[Service], daemon: Mapping[str, Any] | None
) -> None:
    """Note what doesn't go with the director's form. ``daemon`` is the sync daemon in plan form."""
    form = colocation.form(director)
    if form is None:
        return
    moving = _moving(director)
    asked = [(place, vip) for service in services for place, vip in vips(service.plan, service.place)]
    moved = [(place, vip, moving[vip]) for place, vip in asked if vip in moving]
    _check_switched_on(director)
    if form == "backup_only":
        _check_suspended(services)
        _check_followed(director, moved, daemon or {})
    elif form == "handover":
        _check_handover(director, services, daemon)
        _check_together(director, moved)
    _check_staying(director, {vip for _place, vip in asked if vip not in moving})
    _check_links(director, colocation.served(director))


def _moving(director: Host) -> Moving:
    return {
        one.ip: str(instance["name"])
        for place, instance in instances(director)
        for _spot, one, _entry in entries(instance, place)
        if instance.get("name")
    }


def _check_switched_on(director: Host) -> None:
    value = (director.variables.get("lvs_sysctls") or {}).get(BACKUP_ONLY)
    if value not in (None, "1"):
        director.place.key("lvs_sysctls").key(BACKUP_ONLY).fault(
            f"is {value}, and a director that serves itself and is not master must not balance", "leave it out"
        )


def _check_suspended(services: Iterable[Service]) -> None:
    for service in services:
        if service.plan.get("ha_suspend"):
            service.place.key("ha_suspend").fault(
                "stops the checks of a director that is not master, which then doesn't know who is dead when it turns "
                "master",
                "leave it out: directors that serve themselves all check all the time",
            )


def _check_handover(director: Host, services: Iterable[Service], daemon: Mapping[str, Any] | None) -> None:
    if daemon is not None:
        director.place.key("lvs_colocated").fault(
            "is handover, and there is a sync daemon: a director that is not master has no services to which the "
            "connections that it learns could belong",
            "leave lvs_sync_daemon out, or write backup_only",
        )
    for place, instance in instances(director):
        if (instance.get("notify") or {}).get("any"):
            place.key("notify").key("any").fault(
                "is a second script for all states, and keepalived takes one: with handover that is this collection's",
                "write master, backup, fault and stop, or any of a sync group",
            )
    for service in services:
        servers = service.place.key("real_servers")
        for place, entry in [(service.place, service.plan), *((servers, one) for one in service.plan["real_servers"])]:
            if entry.get("alpha") is False:
                place.key("alpha").fault(
                    "is false, and with handover a new master would send connections to who died meanwhile",
                    "leave it out",
                )


def _check_staying(director: Host, unmoved: set[networks.Address]) -> None:
    for number, entry in director.items("lvs_virtual_addresses"):
        vip = networks.interface(entry["address"]).ip if entry.get("address") else None
        if vip in unmoved:
            director.place.key("lvs_virtual_addresses").index(number).fault(
                f"{vip} stays on this host, and a director that serves itself balances only while it is VRRP's master",
                "put it into virtual_ipaddress of a VRRP instance in place of this",
            )


def _check_followed(
    director: Host, asked: Iterable[tuple[Place, networks.Address, str]], daemon: Mapping[str, Any]
) -> None:
    """A director that is master of another instance than the sync daemon's would keep all connections to itself."""
    followed = daemon.get("instance")
    names = [instance["name"] for _place, instance in instances(director) if instance.get("name")]
    for place, vip, name in asked:
        if followed in names and not _together(director, name, followed):
            place.fault(
                f"{vip} moves with {name}, and the sync daemon follows {followed}: a director that is master of "
                f"{name} alone would not balance",
                f"put {listing([name, str(followed)])} into one lvs_vrrp_sync_groups entry",
            )


def _check_together(director: Host, asked: Sequence[tuple[Place, networks.Address, str]]) -> None:
    """A director that is master of one instance alone would have the services of all."""
    for place, vip, name in asked:
        first = asked[0][2]
        if not _together(director, name, first):
            place.fault(
                f"{vip} moves with {name}, and another VIP with {first}: with handover a director has all of its "
                "services, or none",
                f"put {listing([first, name])} into one lvs_vrrp_sync_groups entry, or write backup_only",
            )


def _together(director: Host, name: str, other: str | None) -> bool:
    """Whether two instances are one, or always have the same state."""
    groups = [set(group.get("group") or []) for _number, group in director.items("lvs_vrrp_sync_groups")]
    return name == other or any({name, other} <= group for group in groups)


def _check_links(director: Host, served: Mapping[networks.Address, set[networks.Address]]) -> None:
    """Note a VIP that VRRP moves to lo, or to another interface than the one on which the director serves it."""
    for place, instance in instances(director):
        for spot, one, entry in entries(instance, place):
            device = entry.get("dev", instance.get("interface")) or ""
            if one.ip in served and device == "lo":
                spot.fault(
                    f"{one.ip} goes to lo, where this director as a real server has it all the time",
                    "write the interface where clients ask for it",
                )
            elif "dev" not in entry and director.on(device):
                _check_link(director, spot, one.ip, device, served.get(one.ip, set()))


def _check_link(
    director: Host, spot: Place, vip: networks.Address, device: str, addresses: Iterable[networks.Address]
) -> None:
    for address in sorted(addresses, key=str):
        names = [name for name, own in director.interfaces if own.ip == address]
        if names and device not in names:
            spot.fault(
                f"{vip} goes to {device}, and {address}, where this director serves, is on {listing(names)}",
                "write dev for it, if that is meant, or use one interface",
            )
