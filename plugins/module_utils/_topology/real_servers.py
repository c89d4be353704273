# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who serves: a service's real_servers entries as hosts with addresses, ports, weights and forwarding methods."""

from __future__ import annotations

from typing import Any, Iterator, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology import networks, tunnels
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.health_checks import normalised
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Cluster, Host, Inventory
from ansible_collections.lvs.cluster.plugins.module_utils._topology.service_settings import (
    check_options,
    check_thresholds,
    planned_server,
)
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary import FORWARDING_GROUPS
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import listing

__all__ = ["RealServers", "address_of", "network_of", "networks_near"]


def address_of(
    host: Host, cluster: Cluster, family: str, vip: networks.Address | None, forwarding: str
) -> tuple[str | None, str]:
    """Where the cluster's directors reach a host, or None and the reason (no reason: a fault was noted before).

    It is the host's lvs_address (lvs_address6). Without one it is looked for among lvs_interfaces: the only address
    in a network of the directors. If there are several, the VIP's network decides: NAT takes the one *outside* it
    (a NAT real server stands behind its director), direct routing the one *in* it (they must share a link).
    A tunnel crosses routers, so there a host's only address will do wherever it is.
    """
    variable = "lvs_address" if family == "ipv4" else "lvs_address6"
    if variable in host.variables:
        return host.variables[variable], ""
    if host.variables["lvs_interfaces"] is None:
        return None, ""
    own = [
        one.ip
        for _name, one in host.interfaces
        if networks.family(one) == family and not (one.ip.is_link_local or one.ip.is_loopback)
    ]
    shared = [net for net in cluster.networks if networks.family(net) == family]
    found = [one for one in own if networks.holding(shared, one)]
    if forwarding == "tun" and len(own) == 1:
        found = own
    if len(found) > 1 and vip is not None:
        near = [net for net in shared if vip in net]
        inside = [one for one in found if networks.holding(near, one)]
        found = [one for one in found if one not in inside] if forwarding == "nat" else inside
        found = found or inside
    if len(found) == 1:
        return str(found[0]), ""
    if not own:
        return None, f"has no {family.replace('ip', 'IP')} address"
    if found:
        return None, "has several addresses that the directors could reach"
    return None, "has no address in a network of the directors"


def _itself(one: networks.Address, forwarding: str | None, vip: networks.Address | None, cluster: Cluster) -> str:
    """What is wrong with a real server's address that is a director's; empty where nothing is.

    With direct routing the kernel hands a packet for an address of its own to itself, and that may be meant.
    """
    if one.version == 6 and one.is_link_local:
        return "is link-local, which the kernel does not take for a real server"
    if forwarding not in ("nat", "tun"):
        return ""
    if one == vip:
        return "is the service's own address"
    if one.is_loopback:
        return f"is on lo, to which the kernel sends nothing with {forwarding}"
    owners = [host.name for host in cluster.sorted if any(own.ip == one for _name, own in host.interfaces)]
    if owners and len(cluster.sorted) > 1:
        return f"is {owners[0]}'s, a director of this service, which answers around another one that is master"
    return ""


def _of_another_family(checks: list[dict[str, Any]], address: str) -> list[str]:
    """Each bind_to of the checks that can't connect to where they go: connect_ip, or the real server's address."""
    return [
        check["bind_to"]
        for check in checks or []
        if check.get("bind_to") and (":" in check["bind_to"]) != (":" in (check.get("connect_ip") or address))
    ]


def network_of(host: Host | None, one: networks.Address, cluster: Cluster) -> networks.Network | None:
    """The network of a real server's address: from its own lvs_interfaces, else from the directors' networks."""
    own = networks.overall(interface for _name, interface in host.interfaces) if host else []
    return networks.holding(own, one) or networks.holding(cluster.networks, one)


def networks_near(host: Host, cluster: Cluster) -> list[networks.Network]:
    """The networks that a real server and its directors have own addresses in."""
    return [*networks.overall(one for _name, one in host.interfaces), *cluster.own_networks]


class RealServers:
    """Resolves real_servers entries; an address is worked out once for all services that it serves in one way."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self._known: dict[tuple[str, str, str, networks.Address | None, str], tuple[str | None, str]] = {}

    def resolve(
        self,
        service: Mapping[str, Any],
        *,
        family: str | None,
        vip: networks.Address | None,
        ports: list[int],
        cluster: Cluster,
        place: Place,
    ) -> list[dict[str, Any]]:
        """The service's real servers in plan form, ``port`` None where it is the service's own.

        ``ports`` are the service's (none for a firewall mark). A ``family`` of None means that the service's address
        is unknown or wrong: then names are checked and no address is looked for.
        """
        resolved: list[dict[str, Any]] = []
        seen: set[tuple[str, int | None, int | None]] = set()
        spot = place.key("real_servers")
        every: list[int | None] = [*ports] or [None]
        for number, entry in enumerate(service.get("real_servers") or []):
            if entry is None:
                continue
            at = spot.index(number)
            forwarding = entry.get("forwarding", service.get("forwarding"))
            port = entry.get("port")
            self._check_port(forwarding, port, ports, at)
            if ports and port is not None and ports == [port]:
                port = None
            checks = service.get("health_checks", [])
            if "health_checks" in entry:
                checks = normalised(entry["health_checks"], at.key("health_checks"))
            tunnel = self._tunnel(entry, service, forwarding, at)
            check_options(entry, at)
            check_thresholds(entry, at)
            settings = planned_server(entry)
            twice = []
            strange: dict[str, list[str]] = {}
            for host, address in self._members(entry, forwarding, family, vip, cluster, at):
                # As the kernel has it: only NAT can lead to another port than the service's.
                mapped = port if forwarding == "nat" else None
                now = {(address, one, one if mapped is None else mapped) for one in every}
                if now & seen:
                    twice.append(host.name if host else address)
                seen |= now
                for bound in _of_another_family(checks, address):
                    strange.setdefault(bound, []).append(host.name if host else address)
                resolved.append(
                    {
                        "host": host.name if host else None,
                        "address": address,
                        "port": port,
                        "weight": entry.get("weight", host.variables["lvs_weight"] if host else 1),
                        "forwarding": forwarding,
                        "health_checks": checks,
                        **({"tunnel": tunnel} if tunnel else {}),
                        **settings,
                    }
                )
            for bound, names in strange.items():
                at.fault(
                    f"{listing(names)} would be checked from {bound} (bind_to), an address of another family",
                    "write under bind_to an address of the family that the check connects to",
                )
            if twice:
                at.fault(f"{listing(twice)} serves here already", "name each real server of a service once")
        return resolved

    @staticmethod
    def _tunnel(
        entry: Mapping[str, Any], service: Mapping[str, Any], forwarding: str | None, place: Place
    ) -> Mapping[str, Any] | None:
        """The tunnel to an entry's real servers, None where it is the plain one or there is none."""
        tunnel: Mapping[str, Any] | None = service.get("tunnel")
        if "tunnel" in entry:
            tunnel = tunnels.normalised(entry["tunnel"], place.key("tunnel"))
            if forwarding not in ("tun", None):
                place.key("tunnel").fault(
                    f"is for forwarding tun, and here it is {forwarding}", "leave it out, or write forwarding: tun"
                )
        return tunnel if forwarding == "tun" and tunnel != tunnels.PLAIN else None

    def check_not_emptied(self, service: Mapping[str, Any], cluster: Cluster, place: Place) -> None:
        """Note a service all of whose real servers leave (lvs_state: absent) while a director of it stays."""
        entries = [entry for entry in service.get("real_servers") or [] if entry is not None]
        named = [host for entry in entries for host in self._named(entry)]
        stays = any(not host.leaves for host in named) or any(entry.get("address") for entry in entries)
        if named and not stays and not all(director.leaves for director in cluster.sorted):
            place.key("real_servers").fault(
                f"{listing(host.name for host in named)} all leave (lvs_state: absent), and nobody would serve",
                "keep one of them, or take the service out of lvs_virtual_services",
            )

    @staticmethod
    def _check_port(forwarding: str | None, port: int | None, ports: list[int], place: Place) -> None:
        # Direct routing and tunnels hand the packet on as it came; only NAT can write another port into it.
        if forwarding in ("dr", "tun") and port is not None and ports and ports != [port]:
            place.key("port").fault(
                f"is {port}, and with {forwarding} a real server answers on the service's own port",
                "leave port out, or use forwarding: nat",
            )

    def _members(
        self,
        entry: Mapping[str, Any],
        forwarding: str | None,
        family: str | None,
        vip: networks.Address | None,
        cluster: Cluster,
        place: Place,
    ) -> Iterator[tuple[Host | None, str]]:
        if entry.get("address"):
            if family and networks.family(networks.address(entry["address"])) != family and forwarding != "tun":
                place.key("address").fault(
                    f"is {entry['address']}, and the service is {family.replace('ip', 'IP')}",
                    "name a real server of the same family",
                )
            elif problem := _itself(networks.address(entry["address"]), forwarding, vip, cluster):
                place.key("address").fault(f"{entry['address']} {problem}", "name another machine")
            elif edge := networks.edge(cluster.own_networks, networks.address(entry["address"])):
                place.key("address").fault(f"{entry['address']} is {edge}", "write the real server's own address")
            else:
                place.key("address").notice(
                    f"{entry['address']} is named by its address, so no host of the inventory is prepared for it",
                    "prepare that machine by other means, or name it by host or group",
                )
                yield None, entry["address"]
            return
        missing: dict[tuple[str, str], list[str]] = {}
        for host in self._named(entry, place):
            if host.leaves:
                continue
            group = FORWARDING_GROUPS.get(forwarding or "", "")
            role = group.replace("servers", "server")
            address, reason = self._address(host, cluster, family, vip, forwarding or "") if family else (None, "")
            if reason and not any(one.startswith("real_server") for one in host.roles):
                problem = "is in no group of real servers and has no address"
                remedy = (
                    f"put it into {group or 'such a group'} and give it lvs_address, or name it by {{address: ...}}"
                )
                missing.setdefault((problem, remedy), []).append(host.name)
                continue
            if group and role not in host.roles:
                problem = f"is not in the group {group}, so nobody would prepare it"
                missing.setdefault((problem, f"put it into the group {group}"), []).append(host.name)
            if reason:
                variable = "lvs_address6" if family == "ipv6" else "lvs_address"
                remedy = f"give it {variable}, or lvs_interfaces with an address in such a network"
                missing.setdefault((reason, remedy), []).append(host.name)
            if address:
                edge = networks.edge(networks_near(host, cluster), networks.address(address))
                if edge and "lvs_address" in host.variables:
                    host.place.key("lvs_address").fault(f"{address} is {edge}", "write an own address of the host")
                yield host, address
        for (problem, remedy), names in missing.items():
            place.fault(f"{listing(names)} {problem}", remedy)

    def _named(self, entry: Mapping[str, Any], place: Place | None = None) -> list[Host]:
        """The hosts of a {host} or {group} entry, in natural order; a name that is unknown or empty is a fault."""
        hosts = self.inventory.hosts
        if entry.get("host"):
            if entry["host"] in hosts:
                return [hosts[entry["host"]]]
            if place is not None:
                place.key("host").fault(
                    f"the inventory has no host {entry['host']}",
                    "correct the name, or name the machine by {address: ...}",
                )
        elif entry.get("group"):
            members = self.inventory.groups.get(entry["group"])
            if members:
                return [hosts[name] for name in members]
            problem = f"the inventory has no group {entry['group']}" if members is None else "the group has no host"
            if place is not None:
                place.key("group").fault(problem, "correct the name, or put hosts into the group")
        return []

    def _address(
        self, host: Host, cluster: Cluster, family: str, vip: networks.Address | None, forwarding: str
    ) -> tuple[str | None, str]:
        key = (host.name, cluster.name, family, vip, forwarding)
        if key not in self._known:
            self._known[key] = address_of(host, cluster, family, vip, forwarding)
        return self._known[key]
