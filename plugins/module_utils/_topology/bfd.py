# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""BFD: the paths on which keepalived asks for a sign of life many times a second."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology import networks
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Cluster, Host
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vrrp_tracking import said
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import listing

__all__ = ["plan_bfd"]


def plan_bfd(director: Host, cluster: Cluster) -> list[dict[str, Any]]:
    """The director's BFD instances in plan form; what is wrong or can't be derived is noted."""
    place = director.place.key("lvs_bfd_instances")
    plans = []
    known: dict[tuple[Any, Any], str] = {}
    for number, one in director.items("lvs_bfd_instances"):
        at = place.index(number)
        ends = _between(one, at, director, cluster) if one.get("interface") else _written(one, at)
        rest = {key: value for key, value in one.items() if key not in ("name", "interface", *ends)}
        plan: dict[str, Any] = {"name": one.get("name"), **ends, **said(rest)}
        _check_hops(one, plan.get("neighbor_ip"), at)
        pair = (plan.get("neighbor_ip"), plan.get("source_ip"))
        if pair in known and pair[0]:
            at.fault(f"goes to {pair[0]} as {known[pair]} does", "leave one of the two out")
        known.setdefault(pair, str(plan["name"]))
        plans.append(plan)
    return plans


def _written(one: Mapping[str, Any], place: Place) -> dict[str, Any]:
    neighbor, source = one.get("neighbor_ip"), one.get("source_ip")
    if neighbor and source and networks.address(neighbor).version != networks.address(source).version:
        place.key("source_ip").fault(f"is {source}, and neighbor_ip is {neighbor}", "write two of the same family")
    return {"neighbor_ip": neighbor, **({"source_ip": source} if "source_ip" in one else {})}


def _check_hops(one: Mapping[str, Any], neighbor: str | None, place: Place) -> None:
    """A packet can't have passed more routers than it may; without ttl keepalived sends 255, or 64 to IPv6."""
    hops, ttl = one.get("max_hops"), one.get("ttl", 64 if neighbor and ":" in neighbor else 255)
    if hops is not None and ttl is not None and hops > ttl:
        place.key("max_hops").fault(f"is {hops}, above the ttl of {ttl}", "write at most the ttl")


def _between(one: Mapping[str, Any], place: Place, director: Host, cluster: Cluster) -> dict[str, Any]:
    """The addresses of the two directors on the interface, which its peer may have under another name."""
    if "source_ip" in one:
        place.key("source_ip").fault("stands beside interface, whose address it is", "leave one of the two out")
    others = [host for host in cluster.sorted if host is not director]
    if len(others) != 1:
        place.key("interface").fault(
            f"stands for the other one of two directors, and the cluster {cluster.name} has {len(others) + 1}",
            "write neighbor_ip in its place",
        )
        return {"neighbor_ip": None}
    own = _addresses(director, one["interface"])
    there = _addresses(others[0], _interface(others[0], one))
    for host, found in ((director, own), (others[0], there)):
        if not found:
            place.key("interface").fault(
                f"the address of {host.name} on it is not known",
                f"write it in lvs_interfaces of {host.name}, or neighbor_ip in place of interface",
            )
    pairs = [(near, far) for near in own for far in there if near.version == far.version]
    if own and there and not pairs:
        place.key("interface").fault(
            f"has {listing(map(str, own))} on {director.name} and {listing(map(str, there))} on {others[0].name}",
            "give both an address of the same family in lvs_interfaces",
        )
    if not pairs:
        return {"neighbor_ip": None}
    near, far = pairs[0]
    return {"neighbor_ip": str(far), "source_ip": str(near)}


def _addresses(host: Host, interface: str) -> list[networks.Address]:
    return [one.ip for one in host.on(interface) if not one.ip.is_link_local]


def _interface(host: Host, one: Mapping[str, Any]) -> str:
    same = (other for _number, other in host.items("lvs_bfd_instances") if other.get("name") == one.get("name"))
    return str(next(same, one).get("interface") or one["interface"])
