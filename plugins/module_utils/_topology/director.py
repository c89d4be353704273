# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One director's plan: manager, kernel modules, sysctls, and what VRRP and the services ask for."""

from __future__ import annotations

from typing import Any, Iterable

from ansible_collections.lvs.cluster.plugins.module_utils._topology import networks
from ansible_collections.lvs.cluster.plugins.module_utils._topology.bfd import plan_bfd
from ansible_collections.lvs.cluster.plugins.module_utils._topology.colocated import Colocation
from ansible_collections.lvs.cluster.plugins.module_utils._topology.colocated_forms import (
    check_form,
    form_sysctls,
    planned_services,
    witness,
)
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Cluster, Host
from ansible_collections.lvs.cluster.plugins.module_utils._topology.marks import plan_marks
from ansible_collections.lvs.cluster.plugins.module_utils._topology.masquerade import plan_masquerade
from ansible_collections.lvs.cluster.plugins.module_utils._topology.peer_traffic import to_director
from ansible_collections.lvs.cluster.plugins.module_utils._topology.scripts import plan_scripts
from ansible_collections.lvs.cluster.plugins.module_utils._topology.service_settings import needing_keepalived
from ansible_collections.lvs.cluster.plugins.module_utils._topology.services import Service, merged
from ansible_collections.lvs.cluster.plugins.module_utils._topology.static_manager import check_static
from ansible_collections.lvs.cluster.plugins.module_utils._topology.sync_daemon import (
    SYSCTLS,
    check_one_family,
    plan_sync_daemon,
)
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vips import Owners, vips
from ansible_collections.lvs.cluster.plugins.module_utils._topology.virtual_addresses import VirtualAddresses
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vrrp import plan_instances
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vrrp_addresses import (
    check_own_addresses,
    outside_networks,
)
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vrrp_groups import plan_sync_groups
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vrrp_tracking import Tracking
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import listing

__all__ = ["manager_of", "plan_director"]

ONLY_KEEPALIVED = (
    "lvs_vrrp_scripts",
    "lvs_track_processes",
    "lvs_track_files",
    "lvs_bfd_instances",
    "lvs_keepalived_options",
)


def manager_of(director: Host) -> str | None:
    """Who keeps the IPVS table: lvs_manager, else keepalived where something is there that only keepalived does.

    None while that can't be told, because of a fault that is noted.
    """
    reasons = set()
    if director.items("lvs_vrrp_instances"):
        reasons.add("VRRP instances")
    for _place, service in merged(director):
        reasons |= needing_keepalived(service)
    given = "lvs_manager" in director.variables
    if given and director.variables["lvs_manager"] == "static" and reasons:
        director.place.key("lvs_manager").fault(
            f"is static, and {listing(reasons)} need keepalived", "write keepalived, or leave lvs_manager out"
        )
        return None
    if given:
        manager: str | None = director.variables["lvs_manager"]
        return manager
    return "keepalived" if reasons else None if _unreadable(director) else "static"


def _unreadable(director: Host) -> bool:
    """Whether something that keepalived alone does may stand where a value is wrong."""
    written = [director.variables.get(key, []) for key in ("lvs_vrrp_instances", "lvs_virtual_services")]
    shared = director.variables.get("lvs_virtual_service_defaults", {})
    return shared is None or any(items is None or None in items for items in written)


def plan_director(
    director: Host,
    cluster: Cluster,
    services: list[Service],
    manager: str | None,
    owners: Owners,
    colocation: Colocation,
) -> dict[str, Any]:
    """The ``director`` part of a host's plan.

    Beside the binding keys it has ``unchecked`` (VIPs that the host's preflight must check, ``ADDRESS dev INTERFACE``)
    and, where the director is a real server of its own cluster, ``colocated``: what keeps it from balancing twice, with
    handover also ``witness``: the address that it has as master alone.
    """
    variables = director.variables
    daemon = plan_sync_daemon(director, colocation)
    check_one_family(services, daemon)
    tracking = Tracking(director)
    instances = plan_instances(director, cluster, daemon, tracking)
    check_own_addresses(director, owners)
    addresses = VirtualAddresses(director, cluster, owners)
    if manager == "static":
        addresses.add_services(services)
        check_static(director, cluster)
        _check_needs_keepalived(director)
    _check_owners(director, cluster, services, owners)
    _check_namespace(director)
    check_form(director, colocation, services, daemon)
    form = colocation.form(director)
    plan: dict[str, Any] = {
        "manager": manager,
        "peers": [host.name for host in cluster.sorted if host is not director],
        "modules": _modules(services),
        "sysctls": _sysctls(director, instances, services, manager, daemon, form),
        "global": _global(director),
        "options": variables.get("lvs_keepalived_options") or {},
        "vrrp_instances": instances,
        "vrrp_sync_groups": plan_sync_groups(director, instances, tracking),
        "vrrp_scripts": tracking.plan_scripts(),
        "track_processes": tracking.plan_processes(),
        "track_files": tracking.plan_files(),
        "bfd_instances": plan_bfd(director, cluster),
        "sync_daemon": daemon,
        "services": planned_services(services, form),
        **plan_scripts(director, services),
        "virtual_addresses": addresses.planned,
        "marks": plan_marks(director, services),
        "masquerade": plan_masquerade(director, instances, addresses.planned, services),
        "unchecked": [*outside_networks(director), *addresses.unchecked],
    }
    plan["peer_traffic"] = to_director(director, cluster, plan, colocation)
    if form:
        plan["colocated"] = form
    if form == "handover":
        plan["witness"] = witness(director, colocation)
    return plan


def _global(director: Host) -> dict[str, Any]:
    given = director.variables.get("lvs_keepalived_global") or {}
    return {"router_id": director.name, **{key: one for key, one in given.items() if key != "options" or one}}


def _check_needs_keepalived(director: Host) -> None:
    for variable in ONLY_KEEPALIVED:
        if director.variables.get(variable):
            director.place.key(variable).fault(
                "needs keepalived, and lvs_manager is static",
                "leave it out, or write a VRRP instance or health checks that use it",
            )


def _check_namespace(director: Host) -> None:
    """keepalived can work in another network namespace; the roles set and look at the host's own."""
    if director.leaves:
        return
    given = director.variables.get("lvs_keepalived_global") or {}
    for spot, options in (
        (director.place.key("lvs_keepalived_options"), director.variables.get("lvs_keepalived_options")),
        (director.place.key("lvs_keepalived_global").key("options"), given.get("options")),
    ):
        for key, value in (options or {}).items():
            # A condition may stand before a word, such as "@lb1".
            if key.split()[-1:] in (["net_namespace"], ["net_namespace_ipvs"]) and value not in (None, False):
                spot.key(key).fault(
                    "puts keepalived into another network namespace, and all else here is done in the host's own",
                    "leave it out",
                )


def _check_owners(director: Host, cluster: Cluster, services: Iterable[Service], owners: Owners) -> None:
    """A VIP is nobody's own address.

    A director without a peer may serve on its own one behind NAT: elsewhere the real servers hold the VIP as well, and
    couldn't be reached from the director. VRRP addresses that a director has are a fault of their instance.
    """
    moving = {one.ip for _name, one in cluster.vrrp_addresses}
    for service in services:
        methods = {server["forwarding"] for server in service.plan["real_servers"]}
        alone = [director] if cluster.directors == [director] and methods <= {"nat"} else []
        for place, vip in vips(service.plan, service.place):
            owners.check(place, vip, cluster.directors if vip in moving else alone)


def _modules(services: Iterable[Service]) -> list[str]:
    """ip_vs is named too: a director whose services are all gone must still be able to read its table after a boot."""
    schedulers = {service.plan["scheduler"] for service in services}
    return ["ip_vs", *sorted(f"ip_vs_{name}" for name in schedulers if name)]


def _sysctls(
    director: Host,
    instances: list[dict[str, Any]],
    services: Iterable[Service],
    manager: str | None,
    daemon: dict[str, Any] | None,
    form: str | None,
) -> dict[str, str]:
    """What the director's kernel must be told, ``lvs_sysctls`` merged over it.

    * NAT or masquerading over IPv4: ``ip_forward``, because packets of both directions pass through. Direct routing
      and tunnels over IPv4 have it too, as setup 1 does.
    * Where ``ip_forward`` is set, no ICMP redirects: they would tell real servers a way around the director. The
      kernel takes the OR of "all" and the interface, so both are set, and "default" for interfaces that come later.
    * NAT or masquerading over IPv6: ``forwarding``. It also ends the acceptance of router advertisements on
      interfaces whose ``accept_ra`` is not 2, so direct routing and tunnels, which don't need it, are left without.
    * ``expire_nodest_conn`` without keepalived: a real server leaves the table only after its connections ended, but
      the kernel remembers them for two minutes more, and a client that uses a port again in that time would be sent to
      where nobody is (measured: 809 of 15,855 requests). With keepalived, where a failed check takes a real server out
      at once, it would turn that time into resets of connections that otherwise go on after it.
    * With a sync daemon: what lets a takeover lose as few connections as can be (``SYSCTLS``).
    * What the form of lvs_colocated needs (``form_sysctls``).
    * Nothing else of ``net.ipv4.vs``. ``expire_quiescent_template=1`` would end the affinity of persistent clients
      while a server is drained. ``conntrack`` costs speed and is for stateful rules; ``conn_reuse_mode`` is right as it
      is since Linux 5.9.
    """
    methods = {
        (service.plan["family"], server["forwarding"])
        for service in services
        for server in service.plan["real_servers"]
    }
    sources = [one["source"] for _number, one in director.items("lvs_masquerade") if one.get("source")]
    passing = methods | {(networks.family(networks.network(source)), "masquerade") for source in sources}
    wanted: dict[str, str] = {}
    if passing & {("ipv4", "nat"), ("ipv4", "dr"), ("ipv4", "tun"), ("ipv4", "masquerade")}:
        wanted["net.ipv4.ip_forward"] = "1"
        interfaces = {name for name, _one in director.interfaces}
        for instance in instances:
            held = [*instance["virtual_ipaddress"], *instance.get("virtual_ipaddress_excluded", ())]
            interfaces |= {instance["interface"], *(entry.get("dev") for entry in held)}
        for name in ["all", "default", *sorted(name for name in interfaces if name)]:
            # sysctl.d(5): with "/" for the "." of a VLAN interface the name is not cut in two.
            wanted[f"net.ipv4.conf.{name.replace('.', '/')}.send_redirects"] = "0"
    if passing & {("ipv6", "nat"), ("ipv6", "masquerade")}:
        wanted["net.ipv6.conf.all.forwarding"] = "1"
    if manager == "static":
        wanted["net.ipv4.vs.expire_nodest_conn"] = "1"
    elif daemon is not None:
        wanted.update(SYSCTLS)
    return {**wanted, **form_sysctls(form), **(director.variables.get("lvs_sysctls") or {})}
