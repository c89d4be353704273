# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Adverts from director to director in place of multicast: the addresses follow from the inventory."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology import networks
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Cluster, Host
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vrrp_addresses import family_of, instances
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import listing

__all__ = ["instance_of", "plan_unicast", "unicast_addresses"]


def plan_unicast(instance: Mapping[str, Any], place: Place, director: Host, cluster: Cluster) -> dict[str, Any]:
    """``{"unicast": {"source", "peers", "ttl"}}``, empty for multicast; what can't be derived is noted."""
    if not instance.get("unicast"):
        return {}
    spot = place.key("unicast")
    given: Mapping[str, Any] = instance["unicast"] if isinstance(instance["unicast"], Mapping) else {}
    names = [host.name for host in cluster.sorted]
    if len(names) == 1:
        spot.fault("is for a director with peers, and there is no other director here", "leave it out")
    for name in given.get("peers") or {}:
        if name not in names:
            spot.key("peers").key(name).fault(
                f"is no director of the cluster {cluster.name}", f"name its directors: {listing(names)}"
            )
    family = family_of(instance, place)
    found = unicast_addresses(instance, place, cluster)
    written = given.get("peers", {})
    for host in cluster.sorted:
        address = found.get(host.name)
        if address is None:
            if written is not None and written.get(host.name, "") is not None:
                words = f"{family.replace('ip', 'IP')} address of {host.name} on {_interface(instance, host)}"
                spot.fault(
                    f"the {words} is not known",
                    f"write it in lvs_interfaces of {host.name}, or under peers: {{{host.name}: ...}}",
                )
        elif networks.family(networks.address(address)) != family:
            spot.key("peers").key(host.name).fault(
                f"is {address}, and the instance is {family.replace('ip', 'IP')}", "write one of the same family"
            )
        elif written and written.get(host.name):
            _check_written(networks.address(address), host, cluster, spot.key("peers").key(host.name))
    holders: dict[str, list[str]] = {}
    for name, address in found.items():
        holders.setdefault(address, []).append(name)
    for address, same in holders.items():
        if len(same) > 1:
            spot.fault(f"{listing(same)} are said to have {address}", "give each director its own address")
    peers = [found[name] for name in names if name != director.name and name in found]
    ttl = {"ttl": given["ttl"]} if given.get("ttl") else {}
    return {"unicast": {"source": found.get(director.name), "peers": peers, **ttl}}


def _check_written(address: networks.Address, host: Host, cluster: Cluster, place: Place) -> None:
    """Note an address that is not the director's own; of a network that lvs_interfaces lacks nothing is known."""
    near = networks.holding([one.network for _name, one in host.interfaces], address)
    if address.is_loopback:
        place.fault(f"is {address}, where no other director is", "write an address that the others reach")
    elif address in cluster.instance_of:
        place.fault(
            f"is {address}, a virtual address of the instance {cluster.instance_of[address]}, which moves",
            f"write an own address of {host.name}",
        )
    elif near and all(one.ip != address for _name, one in host.interfaces):
        place.fault(
            f"is {address}, and lvs_interfaces of {host.name} has another address in {near}",
            f"write an own address of {host.name}, or add it to lvs_interfaces",
        )


def unicast_addresses(instance: Mapping[str, Any], place: Place, cluster: Cluster) -> dict[str, str]:
    """The address of each director of the cluster, as far as it is written or can be derived.

    It is the first address of the instance's family on its interface, a link-local one only if there is no other.
    """
    unicast = instance.get("unicast")
    given = (unicast.get("peers") if isinstance(unicast, Mapping) else None) or {}
    family = family_of(instance, place)
    found: dict[str, str] = {}
    for host in cluster.sorted:
        if host.name in given:
            if given[host.name]:
                found[host.name] = given[host.name]
            continue
        own = [one.ip for one in host.on(_interface(instance, host)) if networks.family(one) == family]
        own.sort(key=lambda one: one.is_link_local)
        if own:
            found[host.name] = str(own[0])
    return found


def instance_of(host: Host, name: str | None) -> Mapping[str, Any]:
    """The host's instance of that name, empty where it has none."""
    return next((one for _place, one in instances(host) if name and one.get("name") == name), {})


def _interface(instance: Mapping[str, Any], host: Host) -> str:
    """The interface of the instance on a host, which may have its own name for it."""
    return str(instance_of(host, instance.get("name")).get("interface") or instance.get("interface") or "")
