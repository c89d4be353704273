# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One director's plan: manager, kernel modules, sysctls, and what VRRP and the services ask for."""

from __future__ import annotations

from typing import Any, Iterable

from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Cluster, Host
from ansible_collections.lvs.cluster.plugins.module_utils._topology.services import Service, merged
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vrrp import (
    outside_networks,
    plan_instances,
    plan_sync_daemon,
    plan_sync_groups,
)
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import listing

__all__ = ["manager_of", "plan_director"]


def manager_of(director: Host) -> str | None:
    """Who keeps the IPVS table: lvs_manager, else keepalived where something is there that only keepalived does."""
    reasons = set()
    if director.items("lvs_vrrp_instances"):
        reasons.add("VRRP instances")
    for _place, service in merged(director):
        entries = [service, *(entry for entry in service.get("real_servers") or [] if entry is not None)]
        if any(entry.get("health_checks") for entry in entries):
            reasons.add("health checks")
        if service.get("sorry_server"):
            reasons.add("sorry servers")
    given = "lvs_manager" in director.variables
    if given and director.variables["lvs_manager"] == "static" and reasons:
        director.place.key("lvs_manager").fault(
            f"is static, and {listing(reasons)} need keepalived", "write keepalived, or leave lvs_manager out"
        )
    default = "keepalived" if reasons else "static"
    return director.variables["lvs_manager"] if given else default


def plan_director(director: Host, cluster: Cluster, services: list[Service], manager: str | None) -> dict[str, Any]:
    """The ``director`` part of a host's plan.

    Beside the binding keys it has ``unchecked`` (VIPs that the host's preflight must check, ``ADDRESS dev INTERFACE``)
    and, where the inventory gives them, ``virtual_addresses``, ``masquerade`` and ``colocated`` as they were written.
    """
    variables = director.variables
    instances = plan_instances(director, cluster)
    plan: dict[str, Any] = {
        "manager": manager,
        "peers": [host.name for host in cluster.sorted if host is not director],
        "modules": _modules(services),
        "sysctls": _sysctls(director, instances, services),
        "global": {"router_id": director.name, **(variables.get("lvs_keepalived_global") or {})},
        "vrrp_instances": instances,
        "vrrp_sync_groups": plan_sync_groups(director),
        "sync_daemon": plan_sync_daemon(director),
        "services": [service.plan for service in services],
        "unchecked": outside_networks(director),
    }
    for key in ("virtual_addresses", "masquerade", "colocated"):
        if variables.get(f"lvs_{key}"):
            plan[key] = variables[f"lvs_{key}"]
    return plan


def _modules(services: Iterable[Service]) -> list[str]:
    """ip_vs is named too: a director whose services are all gone must still be able to read its table after a boot."""
    schedulers = {service.plan["scheduler"] for service in services}
    return ["ip_vs", *sorted(f"ip_vs_{name}" for name in schedulers if name)]


def _sysctls(director: Host, instances: list[dict[str, Any]], services: Iterable[Service]) -> dict[str, str]:
    """What the director's kernel must be told, ``lvs_sysctls`` merged over it.

    * NAT over IPv4, or masquerading: ``ip_forward``, because packets of both directions pass through; and no ICMP
      redirects, which would tell real servers a way around the director. The kernel takes the OR of "all" and the
      interface, so both are set, and "default" for interfaces that come later.
    * NAT over IPv6: ``forwarding``. It also ends the acceptance of router advertisements on interfaces whose
      ``accept_ra`` is not 2.
    * Nothing of ``net.ipv4.vs``. ``expire_nodest_conn=1`` would turn the time in which a real server is out of the
      table (a failed check, a restart of keepalived) into resets of connections that otherwise go on after it.
      ``expire_quiescent_template=1`` would end the affinity of persistent clients while a server is drained.
      ``conntrack`` costs speed and is for stateful rules; ``conn_reuse_mode`` is right as it is since Linux 5.9.
    """
    forwarded = {
        service.plan["family"]
        for service in services
        if any(server["forwarding"] == "nat" for server in service.plan["real_servers"])
    }
    wanted: dict[str, str] = {}
    if "ipv4" in forwarded or director.variables.get("lvs_masquerade"):
        wanted["net.ipv4.ip_forward"] = "1"
        interfaces = {name for name, _one in director.interfaces}
        for instance in instances:
            interfaces |= {instance["interface"], *(entry["dev"] for entry in instance["virtual_ipaddress"])}
        for name in ["all", "default", *sorted(name for name in interfaces if name)]:
            # sysctl.d(5): with "/" for the "." of a VLAN interface the name is not cut in two.
            wanted[f"net.ipv4.conf.{name.replace('.', '/')}.send_redirects"] = "0"
    if "ipv6" in forwarded:
        wanted["net.ipv6.conf.all.forwarding"] = "1"
    return {**wanted, **(director.variables.get("lvs_sysctls") or {})}
