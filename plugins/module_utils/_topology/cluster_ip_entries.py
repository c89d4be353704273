# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One node's cluster IPs, completed with defaults and judged by themselves."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, NamedTuple
from zlib import crc32

from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.model import ClusterIp, derived_mac, faults
from ansible_collections.lvs.cluster.plugins.module_utils._topology import networks
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Cluster, Host
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vips import Owners
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import listing

__all__ = ["Entry", "check_addresses", "check_interface", "directors_addresses", "entries"]

REMEDIES: Mapping[str, str] = {
    "address": "write an address of the clients' network that no host has",
    "cluster_mac": "write such a one, or leave it out",
    "hash_mode": "leave it out, or write another backend",
    "ports": "correct them",
    "buckets": "write fewer, or another backend",
    "backend": "write another one, or leave it out",
}
"""What to do about a fault of the model that does not say it itself."""

FIELDS = {"total_nodes": "buckets", "prefix": "address"}
"""The names in the model's faults where the inventory has others."""


class Entry(NamedTuple):
    """One cluster IP in plan form and the place where it is written."""

    place: Place
    plan: dict[str, Any]

    @property
    def vip(self) -> networks.Address:
        """The address of all nodes."""
        return networks.address(self.plan["address"])


def entries(node: Host) -> tuple[list[Entry], bool]:
    """The cluster IPs in plan form, and whether all could be read; those that couldn't have their faults noted."""
    place = node.place.key("lvs_cluster_ips")
    written = node.variables.get("lvs_cluster_ips")
    found = []
    for number, one in node.items("lvs_cluster_ips"):
        at = place.index(number)
        if one.get("address") and one.get("interface") and None not in one.values():
            plan = _planned(one, node.cluster, at)
            if plan:
                found.append(Entry(at, plan))
                _check(plan, at)
                _check_watched(node, one, plan, at)
    return found, bool(written) and len(found) == len(written or ())


def _planned(one: Mapping[str, Any], cluster: str, place: Place) -> dict[str, Any] | None:
    address = networks.interface(one["address"])
    ports = sorted(set(one.get("ports", ())))
    protocol = one.get("protocol", "tcp" if ports else "all")
    given = one.get("health_checks", [{"type": "tcp", "port": port, "connect_timeout": 2} for port in ports])
    checks = [_health_check(check, ports, place.key("health_checks").index(at)) for at, check in enumerate(given)]
    if None in checks:
        return None
    if "health_checks" not in one and protocol != "tcp":
        checks = []
    return {
        "address": str(address.ip),
        "prefix": address.network.prefixlen,
        "interface": one["interface"],
        "cluster_mac": one.get("cluster_mac", derived_mac(str(address.ip))).lower(),
        "total": one["buckets"],
        "hash_mode": one["hash_mode"],
        # The same on all nodes, and another one for each VIP.
        "hash_seed": one.get("hash_seed", crc32(f"{cluster} {address.ip}".encode())),
        "protocol": protocol,
        "ports": ports,
        "backend": one["backend"],
        "health_checks": checks,
    }


def _health_check(check: Mapping[str, Any] | None, ports: list[int], place: Place) -> dict[str, Any] | None:
    """A check with all its keys, None where a value of it is wrong."""
    if check is None or "type" not in check or None in check.values():
        return None
    if check["type"] != "http":
        for key in ("path", "status_code"):
            if key in check:
                place.key(key).fault("says nothing without type: http", "leave it out, or write type: http")
    if "port" not in check and len(ports) != 1:
        place.key("port").fault("is missing, and the cluster IP has not one port alone", "write the port to connect to")
        return None
    plan = {
        "type": check["type"],
        "port": check.get("port", ports[0] if ports else None),
        "connect_timeout": check["connect_timeout"],
    }
    if check["type"] == "http":
        codes = check.get("status_code", ["200-299"])
        if not codes:
            place.key("status_code").fault("names no code", "write the codes that are good, or leave it out")
        if not codes or None in codes:
            return None
        plan.update(path=check.get("path", "/"), status_code=_numbers(codes))
    return plan


def _numbers(codes: Iterable[int | str]) -> list[int]:
    found: set[int] = set()
    for word in " ".join(map(str, codes)).split():
        first, _dash, last = word.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return sorted(found)


def _check(plan: Mapping[str, Any], place: Place) -> None:
    """Note what the model of a cluster IP has against it."""
    fields = {key: one for key, one in plan.items() if key != "health_checks"}
    for text in faults(ClusterIp(**{**fields, "ports": tuple(plan["ports"])})):
        name, _colon, rest = text.partition(": ")
        problem, _semicolon, remedy = rest.partition("; ")
        key = FIELDS.get(name, name)
        place.key(key).fault(problem, remedy or REMEDIES.get(key, "correct it"))


def _check_watched(node: Host, one: Mapping[str, Any], plan: Mapping[str, Any], place: Place) -> None:
    moves = node.variables["clusterip_node_failover"] and not node.leaves
    if moves and not plan["health_checks"] and "health_checks" not in one:
        place.notice(
            "no health check: a node keeps its buckets while its server is down",
            "write health_checks, or health_checks: [] if that is meant",
        )


def directors_addresses(clusters: Iterable[Cluster]) -> dict[networks.Address, str]:
    """The addresses that directors answer for, each with the words that say how."""
    found: dict[networks.Address, str] = {}
    for cluster in clusters:
        of = f"of the directors (cluster {cluster.name})"
        for name, one in cluster.vrrp_addresses:
            found.setdefault(one.ip, f"in the VRRP instance {name} {of}")
        for one in cluster.static_addresses:
            found.setdefault(one.ip, f"in lvs_virtual_addresses {of}")
        for director in cluster.sorted:
            for _number, service in director.items("lvs_virtual_services"):
                matched = [match.get("address") for match in service.get("match") or [] if match]
                for text in (service.get("address"), *(service.get("addresses") or []), *matched):
                    if text:
                        found.setdefault(networks.address(text), f"of the service {service.get('name')} {of}")
    return found


def check_addresses(node: Host, found: Iterable[Entry], owners: Owners, taken: Mapping[networks.Address, str]) -> None:
    """Note a cluster IP that is somebody's already, or stands twice, or is not of its interface's network."""
    seen: set[networks.Address] = set()
    for entry in found:
        place, vip = entry.place.key("address"), entry.vip
        owners.check(place, vip, on=entry.plan["interface"])
        if vip in taken:
            place.fault(f"{vip} is {taken[vip]}", "choose an address that no director answers for")
        if vip in seen:
            place.fault(f"{vip} stands here twice", "leave one of the two out")
        seen.add(vip)
        device = entry.plan["interface"]
        own = [one.network for one in node.on(device)]
        check_interface(node, device, entry.place)
        if own and not vip.is_link_local and not any(vip in network for network in own):
            place.fault(
                f"the VIP {vip}/{entry.plan['prefix']} is in no network of its interface {device} "
                f"({listing(str(network) for network in own)})",
                "correct the address, write the interface it belongs to, or correct lvs_interfaces",
            )


def check_interface(node: Host, device: str, place: Place) -> None:
    """Note an interface that lvs_interfaces, where it is given, does not have."""
    known = node.variables["lvs_interfaces"]
    if known and device not in known:
        place.key("interface").fault(
            f"{device} is not in lvs_interfaces, which has {listing(known)}", "correct the name, or add it there"
        )
