# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks and which interfaces are in them, from ``lvs_interfaces`` where given and else from what plans imply."""

from __future__ import annotations

from typing import Any, Iterable, Iterator, Mapping, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._topology import networks
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import natural

__all__ = ["Network", "Tap", "enriched", "wiring"]

Plans = Mapping[str, Mapping[str, Any]]


class Tap(NamedTuple):
    """A host's interface in a network."""

    host: str
    interface: str
    address: str

    @property
    def text(self) -> str:
        """``lb1 eth0 10.0.0.3``."""
        return " ".join(part for part in self if part)


class Network(NamedTuple):
    """A subnet, whose side it is, the interfaces and (as ``VIP 10.0.0.5``) the VIPs in it."""

    text: str
    sides: tuple[str, ...]
    taps: tuple[Tap, ...]
    vips: tuple[str, ...]


def enriched(plans: Plans, interfaces: Mapping[str, Any] | None, leaving: Iterable[str] = ()) -> dict[str, Any]:
    """The plans with ``interfaces`` (name to addresses) and ``state``, which the plans themselves don't hold.

    ``interfaces`` is lvs_interfaces by host. What is no address is left out: the plan has judged it.
    """
    gone = set(leaving)
    result: dict[str, Any] = {}
    for host, plan in plans.items():
        given = (interfaces or {}).get(host) or {}
        own = {str(name): [one] if isinstance(one, str) else list(one or []) for name, one in given.items()}
        result[host] = {**plan, "interfaces": own, "state": "absent" if host in gone else "present"}
    return result


def wiring(plans: Plans) -> list[Network]:
    """Every network with more than one address, IPv4 first, narrow ones with the wide ones that they are in."""
    taps: dict[networks.Network, dict[Tap, None]] = {}
    for host in sorted(plans, key=natural):
        for interface, one in _own(plans[host]):
            taps.setdefault(one.network, {}).setdefault(Tap(host, interface, str(one.ip)))
    vips: dict[networks.Address, None] = {}
    for plan in plans.values():
        for one in _virtual(plan):
            vips.setdefault(one.ip)
            if one.network.prefixlen < one.max_prefixlen:
                taps.setdefault(one.network, {})
    known = sorted(taps, key=lambda net: (net.version, net.network_address, net.prefixlen))
    _add_real_servers(plans, known, taps)
    sides: dict[str, set[networks.Network | None]] = {
        "clients' side": {networks.holding(known, one) for one in _asked(plans)},
        "real servers' side": {networks.holding(known, one) for one in set(_serving(plans))},
        "connection sync": {*_syncing(plans, taps)},
    }
    here: dict[networks.Network | None, list[networks.Address]] = {}
    for vip in sorted(vips, key=lambda one: (one.version, int(one))):
        here.setdefault(networks.holding(known, vip), []).append(vip)
    return [
        Network(
            str(net),
            tuple(side for side, members in sides.items() if net in members),
            tuple(taps[net]),
            tuple(f"VIP {vip}" for vip in here.get(net, ())),
        )
        for net in known
    ]


def _parsed(text: Any) -> list[networks.Interface]:
    try:
        return [networks.interface(str(text))]
    except ValueError:
        return []


def _own(plan: Mapping[str, Any]) -> Iterator[tuple[str, networks.Interface]]:
    given = [
        (name, one) for name, texts in plan.get("interfaces", {}).items() for text in texts for one in _parsed(text)
    ]
    yield from [(name, one) for name, one in given if one.network.prefixlen < one.max_prefixlen]
    if given:
        return
    for route in (plan.get("real_server_nat") or {}).get("routes", []):
        length = str(route["network"]).partition("/")[2]
        yield from [(route["interface"] or "", one) for one in _parsed(f"{route['source']}/{length}")]
    node = plan.get("clusterip_node") or {}
    vrrp = node.get("vrrp") or {}
    for it in node.get("cluster_ips", []):
        if vrrp.get("source") and it["interface"] == vrrp.get("interface"):
            yield from [(it["interface"], one) for one in _parsed(f"{vrrp['source']}/{it['prefix']}")]


def _virtual(plan: Mapping[str, Any]) -> Iterator[networks.Interface]:
    director = plan.get("director") or {}
    for instance in director.get("vrrp_instances", []):
        for key in ("virtual_ipaddress", "virtual_ipaddress_excluded"):
            for entry in instance.get(key) or []:
                yield from _parsed(entry["address"])
    for entry in director.get("virtual_addresses", []):
        yield from _parsed(entry["address"])
    for it in (plan.get("clusterip_node") or {}).get("cluster_ips", []):
        yield from _parsed(f"{it['address']}/{it['prefix']}")


def _add_real_servers(
    plans: Plans, known: list[networks.Network], taps: dict[networks.Network, dict[Tap, None]]
) -> None:
    """Real servers whose interfaces nobody wrote, in the network that holds their address."""
    there = {tap.host for found in taps.values() for tap in found}
    for plan in plans.values():
        for service in (plan.get("director") or {}).get("services", []):
            for server in service["real_servers"]:
                name = server.get("host") or server["address"]
                net = networks.holding(known, networks.address(server["address"]))
                if name not in there and net is not None:
                    host = name if name != server["address"] else ""
                    taps[net].setdefault(Tap(host, "", server["address"]))


def _asked(plans: Plans) -> set[networks.Address]:
    """The addresses that clients ask."""
    found = set()
    for plan in plans.values():
        for service in (plan.get("director") or {}).get("services", []):
            texts = [match["address"] for match in service.get("match", [])]
            found |= {networks.address(text) for text in [*texts, service.get("address")] if text}
        found |= {networks.address(it["address"]) for it in (plan.get("clusterip_node") or {}).get("cluster_ips", [])}
    return found


def _serving(plans: Plans) -> Iterator[networks.Address]:
    for plan in plans.values():
        for service in (plan.get("director") or {}).get("services", []):
            for server in service["real_servers"]:
                yield networks.address(server["address"])
        source = ((plan.get("clusterip_node") or {}).get("vrrp") or {}).get("source")
        if source:
            yield networks.address(source)


def _syncing(plans: Plans, taps: Mapping[networks.Network, Mapping[Tap, None]]) -> set[networks.Network]:
    daemons = {
        (host, plan["director"]["sync_daemon"]["interface"])
        for host, plan in plans.items()
        if (plan.get("director") or {}).get("sync_daemon")
    }
    return {net for net, found in taps.items() for tap in found if (tap.host, tap.interface) in daemons}
