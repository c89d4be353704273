# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's connection sync daemon: the backup learns of the master's connections."""

from __future__ import annotations

from typing import Any, Iterable, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology import networks
from ansible_collections.lvs.cluster.plugins.module_utils._topology.cluster_ip_entries import check_interface
from ansible_collections.lvs.cluster.plugins.module_utils._topology.colocated import Colocation
from ansible_collections.lvs.cluster.plugins.module_utils._topology.colocated_forms import BACKUP_ONLY
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Cluster, Host
from ansible_collections.lvs.cluster.plugins.module_utils._topology.services import Service
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vrrp_addresses import instances
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import listing

__all__ = [
    "GROUP",
    "PORT",
    "SYSCTLS",
    "check_one_family",
    "check_sync_peers",
    "plan_sync_daemon",
    "sync_interface",
    "sync_way",
]

GROUP = "224.0.0.81"
"""The multicast group of the kernel's sync daemon where none is given."""

PORT = 8848
"""The UDP port of the kernel's sync daemon where none is given."""

SYSCTLS: Mapping[str, str] = {
    # A connection whose packets go on passing is told of again after so many seconds ...
    "net.ipv4.vs.sync_refresh_period": "10",
    # ... and first when it is established, where the kernel's default counts packets: the third, then each 50th after.
    "net.ipv4.vs.sync_threshold": "3 0",
    # The director that takes over lets connections go on that it has not heard of.
    "net.ipv4.vs.sloppy_tcp": "1",
}
"""What a director with a sync daemon has, for a takeover that loses as few connections as can be."""


def check_sync_peers(cluster: Cluster, daemons: Mapping[str, Mapping[str, Any] | None]) -> None:
    """Note directors that would not hear each other's connections; ``daemons`` are those of the plans, by director."""
    ways: dict[str, str] = {}
    if not any(director.variables.get("lvs_sync_daemon") for director in cluster.sorted):
        return  # what a form of self-balancing needs is of those that balance themselves
    for director in cluster.sorted:
        daemon = daemons[director.name]
        if director.leaves:
            continue
        ways[director.name] = "none" if daemon is None else sync_way(director, daemon)
    if len(set(ways.values())) > 1:
        written = ", ".join(f"{name} has {way}" for name, way in ways.items())
        for director in cluster.sorted:
            if director.name in ways:
                director.place.key("lvs_sync_daemon").fault(
                    f"the directors do not agree on the sync daemon: {written}",
                    "give all directors of the cluster the same id, group and port, or none of them a sync daemon",
                )


def check_one_family(services: Iterable[Service], daemon: Mapping[str, Any] | None) -> None:
    """Note ends of tunnels of another family than their service: beside a sync daemon the kernel takes none."""
    for service in services if daemon else ():
        own = service.plan.get("family")
        servers = [("real_servers", one) for one in service.plan["real_servers"]]
        servers.append(("sorry_server", service.plan.get("sorry_server") or {}))
        for key, server in servers:
            # What is wrong with an address that is missing here is noted elsewhere.
            if not own or not server.get("address"):
                continue
            if networks.family(networks.address(server["address"])) != own:
                service.place.key(key).fault(
                    f"{server['address']} is of another family than the service ({own.replace('ip', 'IP')}), and the "
                    "kernel takes no such destination beside a sync daemon (ip_vs_genl_set_cmd in ip_vs_ctl.c)",
                    "name one of the same family, or leave lvs_sync_daemon out",
                )


def sync_way(director: Host, daemon: Mapping[str, Any]) -> str:
    """By what directors hear each other: the daemon's id, group and port."""
    numbers = {one.get("name"): one.get("virtual_router_id") for _place, one in instances(director)}
    # keepalived takes the number of the instance that the daemon follows.
    number = daemon.get("id", numbers.get(daemon["instance"]) if daemon.get("instance") else 0)
    return f"id {number} at {daemon.get('group', GROUP)} port {daemon.get('port', PORT)}"


def sync_interface(director: Host, colocation: Colocation) -> str | None:
    """The interface of the director's sync daemon: of the variable, of the old word in an instance, or by default."""
    daemon = director.variables.get("lvs_sync_daemon") or {}
    old = [
        one["lvs_sync_daemon_interface"] for _place, one in instances(director) if "lvs_sync_daemon_interface" in one
    ]
    default = colocation.sync_daemon(director) or {}
    found: str | None = daemon.get("interface", next(iter(old), default.get("interface")))
    return found


def plan_sync_daemon(director: Host, colocation: Colocation) -> dict[str, Any] | None:
    """The connection sync daemon, from lvs_sync_daemon, from the old word in a VRRP instance, or what a form needs.

    Both sync roles run at once, on every director, unless it follows a VRRP instance: with backup_only it must, for the
    kernel tells by the role who balances. A daemon that follows one can hang keepalived, see docs/keepalived.md.
    """
    place = director.place.key("lvs_sync_daemon")
    daemon: dict[str, Any] | None = director.variables.get("lvs_sync_daemon")
    sysctls = director.variables.get("lvs_sysctls") or {}
    backup_only = colocation.form(director) == "backup_only" or sysctls.get(BACKUP_ONLY) == "1"
    wanted: dict[str, str] = {}
    if daemon and daemon.get("interface"):
        wanted[daemon["interface"]] = "lvs_sync_daemon"
        check_interface(director, daemon["interface"], place)
    for spot, instance in instances(director):
        interface = instance.get("lvs_sync_daemon_interface")
        if interface is None:
            continue
        key, value = ("instance", "name") if backup_only else ("id", "virtual_router_id")
        new = {"interface": interface, **({key: instance[value]} if value in instance else {})}
        spot.key("lvs_sync_daemon_interface").notice(
            "the old word was taken as lvs_sync_daemon",
            f"write lvs_sync_daemon: {{{', '.join(f'{word}: {given}' for word, given in new.items())}}}",
        )
        wanted.setdefault(interface, str(instance.get("name")))
        daemon = daemon or new
    if len(wanted) > 1:
        written = " and ".join(f"{interface} ({source})" for interface, source in sorted(wanted.items()))
        place.fault(f"the sync daemon is to use two interfaces: {written}", "name one interface in lvs_sync_daemon")
    if daemon is None:
        daemon = colocation.sync_daemon(director)
    if daemon is None:
        return None
    numbers = {one["name"]: one.get("virtual_router_id") for _place, one in instances(director) if one.get("name")}
    (only,) = numbers if len(numbers) == 1 else (None,)
    instance_name = daemon.get("instance", only if backup_only else None)
    every = director.variables.get("lvs_vrrp_instances", [])
    readable = every is not None and all(one and one.get("name") for one in every)
    if instance_name is not None and instance_name not in numbers and readable:
        place.key("instance").fault(
            f"{instance_name} is no VRRP instance of this host",
            f"name one of them: {listing([*numbers]) or 'there is none'}",
        )
    if instance_name is None and "instance" not in daemon and backup_only:
        place.key("instance").fault(
            "is missing, and with backup_only the active director would stop balancing",
            "name the VRRP instance that the sync daemon follows",
        )
    if instance_name is not None and daemon.get("id") == 0:
        # Where a reload brings it: it takes the 0 for none, and compares names, of which one is missing
        # (ipvs_syncd_changed in keepalived/check/ipvswrapper.c).
        place.key("id").fault(
            "is 0, on which keepalived's VRRP process crashes beside instance",
            "write another one, or leave id out: it is the instance's virtual_router_id then",
        )
    if instance_name is not None and not backup_only:
        place.key("instance").notice(
            "keepalived can hang as master when it loses and gets back the adverts of one with a higher priority",
            "leave instance out: every director sends and listens then",
        )
    if instance_name is not None:
        return {**daemon, "instance": instance_name}
    # As long as it followed the only instance, this was its id. One is always written: where a reload brings a daemon
    # without, keepalived's checker compares names of instances, which are missing, and crashes on that.
    followed = numbers[only] if only and "instance" not in daemon else None
    return {**daemon, "id": daemon.get("id", followed or 0)}
