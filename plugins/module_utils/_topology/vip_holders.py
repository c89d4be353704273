# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real servers that hold the VIPs themselves: with direct routing on lo, behind a tunnel on the tunnel's link."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Iterable, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology import networks
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Cluster, Host, Inventory
from ansible_collections.lvs.cluster.plugins.module_utils._topology.peer_traffic import ordered, traffic
from ansible_collections.lvs.cluster.plugins.module_utils._topology.services import Service, brief, identity, label
from ansible_collections.lvs.cluster.plugins.module_utils._topology.tunnels import LINKS, PLAIN, Link
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vips import vips
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary import FORWARDING_GROUPS
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vrrp_addresses import (
    ADVERTISED,
    EXCLUDED,
    vmac_names,
)
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import natural

__all__ = ["vip_holders"]

NEEDED = ("net.ipv4.conf.all.arp_ignore", "net.ipv4.conf.all.arp_announce")
"""What must be in force before a VIP is on lo; the kernel takes the higher value of "all" and the interface."""


@dataclass(frozen=True)
class Use:
    """A service that names a real server, its VIPs, and the real server as the service has it."""

    cluster: Cluster
    service: Service
    vips: list[networks.Address]
    server: Mapping[str, Any]

    @property
    def tunnel(self) -> Mapping[str, Any]:
        """The tunnel's setting, the plain one where the plan has none."""
        tunnel: Mapping[str, Any] = self.server.get("tunnel", PLAIN)
        return tunnel

    @property
    def link(self) -> Link:
        """What takes this service's packets out of their tunnel."""
        return LINKS[self.tunnel["type"], networks.family(networks.address(self.server["address"]))]


def vip_holders(
    inventory: Inventory,
    services: Iterable[tuple[Cluster, Host, Service]],
    colocated: Mapping[str, Mapping[str, Any]],
) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """The ``real_server_dr`` and the ``real_server_tun`` part of every host in those groups, by host name.

    ``colocated`` are the plans of the directors that are real servers of their own cluster.
    """
    uses: dict[str, dict[str, list[Use]]] = {
        method: {name: [] for name, host in inventory.hosts.items() if _role(method) in host.roles}
        for method in ("dr", "tun")
    }
    ways: dict[tuple[str, networks.Address], tuple[str, Service]] = {}
    for cluster, _director, service in services:
        asked = [vip for _place, vip in vips(service.plan, service.place)]
        for server in service.plan["real_servers"]:
            if server["host"] in uses.get(server["forwarding"], ()):
                _check_one_way(server, service, asked, ways)
                uses[server["forwarding"]][server["host"]].append(Use(cluster, service, asked, server))
    for method, found in uses.items():
        _check_named(inventory, method, found)
    return (
        {name: _direct(inventory.hosts[name], found, colocated.get(name)) for name, found in uses["dr"].items()},
        {name: _tunneled(inventory.hosts[name], found) for name, found in uses["tun"].items()},
    )


def _role(method: str) -> str:
    return FORWARDING_GROUPS[method].replace("servers", "server")


def _check_one_way(
    server: Mapping[str, Any],
    service: Service,
    asked: list[networks.Address],
    ways: dict[tuple[str, networks.Address], tuple[str, Service]],
) -> None:
    """On lo a VIP is for packets that come as they are, on a tunnel's link for those that come packed."""
    for vip in asked:
        method, first = ways.setdefault((server["host"], vip), (server["forwarding"], service))
        if method != server["forwarding"]:
            service.place.key("real_servers").fault(
                f"{server['host']} serves {vip} by {server['forwarding']} here, and by {method} in {label(first.plan)}",
                f"use one forwarding method for {vip} on this host",
            )


def _check_named(inventory: Inventory, method: str, found: Mapping[str, list[Use]]) -> None:
    for name, uses in found.items():
        host = inventory.hosts[name]
        if not uses and not host.leaves:
            host.place.key("groups").key(FORWARDING_GROUPS[method]).notice(
                f"the host is in this group, and no service names it with forwarding {method}",
                "name it in a service, or take it out",
            )


def _direct(host: Host, uses: list[Use], director: Mapping[str, Any] | None) -> dict[str, Any]:
    """``director`` is the host's plan as a director of a cluster that it serves.

    What such a director holds by itself is local already. What VRRP moves is on lo all the time, and beside it on the
    network while the host is master.
    """
    plan = director or {}
    staying = {networks.interface(one["address"]).ip for one in plan.get("virtual_addresses", ())}
    held = [replace(use, vips=[vip for vip in use.vips if vip not in staying]) for use in uses]
    addresses = _addresses({vip: ["lo"] for use in held for vip in use.vips}, _moves(plan.get("vrrp_instances", ())))
    moving = any("moves_to" in one for one in addresses)
    # The VIPs of a VMAC are of scope global, and no other interface must answer for them.
    apart = any(instance.get("use_vmac") for instance in plan.get("vrrp_instances", ()))
    sysctls = _silent(host, held, ignore="3" if moving and not apart else "1")
    return {
        "addresses": addresses,
        "sysctls": sysctls,
        "needs": {key: int(sysctls[key]) for key in NEEDED if key in sysctls},
        "services": _services(uses),
    }


def _moves(instances: Iterable[Mapping[str, Any]]) -> dict[networks.Address, list[str]]:
    """The interfaces where VRRP may put each address."""
    found: dict[networks.Address, set[str]] = {}
    for instance in instances:
        for entry in [*instance[ADVERTISED], *instance.get(EXCLUDED, ())]:
            one = networks.interface(entry["address"])
            names = [entry["dev"]] if "dev" in entry else vmac_names(instance, networks.family(one))
            found.setdefault(one.ip, set()).update(name for name in names if name)
    return {vip: sorted(names) for vip, names in found.items()}


def _tunneled(host: Host, uses: list[Use]) -> dict[str, Any]:
    devices: dict[networks.Address, set[str]] = {}
    gue: set[tuple[str, int]] = set()
    sysctls = _silent(host, uses, ignore="1")
    for use in uses:
        family = networks.family(networks.address(use.server["address"]))
        for vip in use.vips:
            devices.setdefault(vip, set()).add(use.link.device)
        if use.tunnel.get("port"):
            gue.add((family, use.tunnel["port"]))
        if family == "ipv4":
            # What comes out of the tunnel is from clients, whose way back is another interface. The kernel takes the
            # higher value of "all" and the interface, so "loose" holds whatever "all" is.
            sysctls[f"net.ipv4.conf.{use.link.device}.rp_filter"] = "2"
    mss = host.variables.get("lvs_tunnel_mss")
    return {
        # With rp_filter, loose too, the kernel drops what an interface without an IPv4 address takes in.
        "addresses": _addresses({vip: sorted(names) for vip, names in devices.items()}, {}),
        "links": sorted({use.link.device for use in uses}),
        "gue": [{"family": family, "port": port} for family, port in sorted(gue)],
        "modules": sorted({module for use in uses for module in use.link.modules}),
        "sysctls": sysctls,
        "mss": [{"family": networks.family(vip), "address": str(vip), "mss": mss} for vip in _ordered(devices) if mss],
        "services": _services(uses),
        "peer_traffic": ordered(one for use in uses for one in _packed(host, use)),
    }


def _packed(host: Host, use: Use) -> list[dict[str, Any]]:
    """The tunneled packets of one use, as they come in from each director of its cluster."""
    address = networks.address(use.server["address"])
    family = networks.family(address)
    kind = use.tunnel["type"]
    # What is within decides: the protocol numbers 4 and 41.
    plain = "ipip" if use.service.plan["family"] == "ipv4" else "ipv6"
    protocol = {"ipip": plain, "gue": "udp", "gre": "gre"}[kind]
    device = next((name for name, one in host.interfaces if one.ip == address), None)
    return [
        traffic(family, device, source, protocol, use.tunnel.get("port") if kind == "gue" else None)
        for director in use.cluster.sorted
        for source in _senders(director, address)
    ]


def _senders(director: Host, address: networks.Address) -> list[str | None]:
    """The addresses that a director may send from: those near the address, else (behind a router) all it has."""
    own = [one for _name, one in director.interfaces if one.version == address.version and not one.ip.is_link_local]
    near = [one for one in own if address in one.network]
    return [str(one.ip) for one in near or own] or [None]


def _ordered(found: Iterable[networks.Address]) -> list[networks.Address]:
    return sorted(found, key=lambda vip: (vip.version, natural(str(vip))))


def _addresses(
    held: Mapping[networks.Address, list[str]], moves: Mapping[networks.Address, list[str]]
) -> list[dict[str, Any]]:
    return [
        {
            "address": f"{vip}/{vip.max_prefixlen}",
            "interface": name,
            **({"moves_to": moves[vip]} if vip in moves else {}),
        }
        for vip in _ordered(held)
        for name in held[vip]
    ]


def _services(uses: list[Use]) -> list[dict[str, Any]]:
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for use in uses:
        found.setdefault((use.cluster.name, *identity(use.service.plan)), brief(use.service.plan))
    return list(found.values())


def _silent(host: Host, uses: list[Use], ignore: str) -> dict[str, str]:
    """What keeps the host from answering ARP for the VIPs, which on their network is the director's to do.

    With ``ignore`` 1 it answers for addresses of the interface that was asked alone, with 3 for all but those of scope
    host, and either way it asks with an address of that interface. IPv6 needs nothing: no neighbour discovery is
    answered on an interface that doesn't have the address.
    """
    reached = {use.server["address"] for use in uses if any(vip.version == 4 for vip in use.vips)}
    if not reached:
        return {}
    names = sorted({name for name, one in host.interfaces if str(one.ip) in reached}, key=natural)
    return {
        # sysctl.d(5): with "/" for the "." of a VLAN interface the name is not cut in two.
        f"net.ipv4.conf.{name.replace('.', '/')}.{key}": value
        for name in ["all", *names]
        for key, value in (("arp_ignore", ignore), ("arp_announce", "2"))
    }
