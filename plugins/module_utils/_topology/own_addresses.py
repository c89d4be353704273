# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The own addresses of a cluster's directors, real servers and nodes: no two may have one where they meet."""

from __future__ import annotations

from typing import Iterable

from ansible_collections.lvs.cluster.plugins.module_utils._topology import networks
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Cluster, Host, Inventory
from ansible_collections.lvs.cluster.plugins.module_utils._topology.services import Service
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vips import vips

__all__ = ["check_own_twice"]


def check_own_twice(known: Inventory, services: Iterable[tuple[Cluster, Host, Service]]) -> None:
    """Note an address that two hosts of a cluster have, on a network of its virtual addresses or as lvs_address.

    Elsewhere many hosts may have one, as on the bridge of a container engine, and link-local ones count on each link
    alone. Who leaves may have a successor.
    """
    members = {name: {one.name: one for one in cluster.sorted} for name, cluster in known.clusters.items()}
    virtual = {
        name: {one.ip for one in [*(one for _name, one in cluster.vrrp_addresses), *cluster.static_addresses]}
        for name, cluster in known.clusters.items()
    }
    for node in known.nodes:
        members.setdefault(node.cluster, {})[node.name] = node
        addresses = [one["address"] for _number, one in node.items("lvs_cluster_ips") if one.get("address")]
        virtual.setdefault(node.cluster, set()).update(networks.interface(one).ip for one in addresses)
    for cluster, _director, service in services:
        virtual[cluster.name].update(vip for _place, vip in vips(service.plan, service.place))
        for server in service.plan["real_servers"]:
            if server["host"]:
                members[cluster.name][server["host"]] = known.hosts[server["host"]]
    for name, hosts in members.items():
        _check(virtual[name], [host for host in hosts.values() if not host.leaves])


def _check(virtual: Iterable[networks.Address], hosts: Iterable[Host]) -> None:
    users: dict[networks.Address, dict[str, Place]] = {}
    for host in hosts:
        for name, one in host.interfaces:
            if not one.ip.is_link_local and any(vip in one.network for vip in virtual):
                spot = host.place.key("lvs_interfaces").key(name)
                users.setdefault(one.ip, {}).setdefault(host.name, spot)
        for variable in ("lvs_address", "lvs_address6"):
            if host.variables.get(variable):
                address = networks.address(host.variables[variable])
                users.setdefault(address, {}).setdefault(host.name, host.place.key(variable))
    for address, found in users.items():
        for place in list(found.values())[1:]:
            place.fault(f"{address} is {next(iter(found))}'s own address, too", "give each host an address of its own")
