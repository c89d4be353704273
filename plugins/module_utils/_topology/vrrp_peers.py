# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the VRRP instances of several directors must agree on, within a cluster and on a network."""

from __future__ import annotations

from typing import Any, Iterable, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology import networks
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Cluster, Host
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vrrp import default_priorities, version_of
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vrrp_addresses import (
    ADVERTISED,
    EXCLUDED,
    advertised,
    entries,
    family_of,
    instances,
)
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vrrp_unicast import unicast_addresses
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import SHOWN, listing, natural

__all__ = ["check_peers", "check_router_ids", "links", "router_ids"]


def check_peers(cluster: Cluster) -> None:
    """Note where two directors of a cluster differ in an instance: a backup drops such adverts and turns master too."""
    views: dict[str, dict[str, tuple[Place, dict[str, Any]]]] = {}
    hosts = {director.name: director for director in cluster.sorted}
    for director in cluster.sorted:
        for place, instance in instances(director):
            if instance.get("name"):
                views.setdefault(instance["name"], {})[director.name] = (place, instance)
    for name, view in views.items():
        lacking = [host for host in cluster.sorted if host.name not in view]
        for host in lacking:
            if host.variables.get("lvs_vrrp_instances", []) is not None:
                host.place.key("lvs_vrrp_instances").fault(
                    f"lacks the instance {name} that {listing(view)} has",
                    "write it for all directors of the cluster, or give the other its own lvs_cluster",
                )
        for key in ("virtual_router_id", "advert_int"):
            _compare(view, key, {host: instance.get(key) for host, (_place, instance) in view.items()}, shown=True)
        priorities = {host: _priorities(one, cluster) for host, (_place, one) in view.items()}
        _compare(view, "priorities", priorities, shown=True)
        passwords = {
            host: None if "authentication" in one and not one["authentication"] else one.get("authentication") or {}
            for host, (_place, one) in view.items()
        }
        _compare(view, "authentication", passwords, shown=False)
        versions = {host: version_of(one, place, hosts[host]) for host, (place, one) in view.items()}
        _compare(view, "version", versions, shown=True)
        for number, key in enumerate((ADVERTISED, EXCLUDED)):
            addresses = {host: _addresses(one, place)[number] for host, (place, one) in view.items()}
            _compare(view, key, addresses, shown=True)
        ways = {host: _way(one, place, cluster) for host, (place, one) in view.items()}
        _compare(view, "unicast", ways, shown=True)


def _priorities(instance: Mapping[str, Any], cluster: Cluster) -> str | None:
    """The priority of each director, as each of them sees it; None where one is missing or wrong."""
    names = [host.name for host in cluster.directors]
    given: Mapping[str, int | None] = instance.get("priorities", default_priorities(names)) or {}
    found = {name: given.get(name) for name in sorted(names, key=natural)}
    return None if None in found.values() else ", ".join(f"{name}: {number}" for name, number in found.items())


def _addresses(instance: Mapping[str, Any], place: Place) -> tuple[frozenset[str] | None, frozenset[str] | None]:
    """The two kinds of addresses as far as they can be compared."""
    inside, outside = advertised(instance, place)
    readable = [
        written is not None and all(one and one.get("address") for one in written)
        for written in (instance.get(ADVERTISED), instance.get(EXCLUDED, []))
    ]
    return (inside if readable[0] else None), (outside if all(readable) else None)


def _way(instance: Mapping[str, Any], place: Place, cluster: Cluster) -> str | None:
    """How the adverts go, in words that are the same for peers that hear each other."""
    unicast = instance.get("unicast", False)
    if unicast is None or (isinstance(unicast, Mapping) and unicast.get("peers", {}) is None):
        return None
    if unicast is False:
        return "multicast"
    known = unicast_addresses(instance, place, cluster)
    if len(known) < len(cluster.sorted):
        return None
    return ", ".join(f"{name}: {address}" for name, address in known.items())


def _compare(
    view: Mapping[str, tuple[Place, dict[str, Any]]], key: str, values: Mapping[str, Any], shown: bool
) -> None:
    known = {host: value for host, value in values.items() if value is not None}
    if not any(value != next(iter(known.values())) for value in known.values()):
        return
    problem = f"the directors {listing(known)} do not agree"
    if shown:
        problem += ": " + ", ".join(f"{host} has {_shown(value, known.values())}" for host, value in known.items())
    for host in known:
        view[host][0].key(key).fault(problem, "give all directors of the cluster the same")


def _shown(value: Any, others: Iterable[Any]) -> Any:
    """A value in a message; of a long list of addresses only what not all have."""
    if not isinstance(value, frozenset):
        return value
    differing = value if len(value) <= SHOWN else value - frozenset.intersection(*others)
    return listing(differing) or "none of these"


def check_router_ids(clusters: Iterable[Cluster]) -> None:
    """Note each virtual_router_id that two instances use on one network, in one cluster or in two."""
    for (_family, network, number), found in router_ids(clusters).items():
        if len(found) < 2:
            continue
        first = min(found)
        for user in sorted(found):
            for place in found[user] if user != first else []:
                place.key("virtual_router_id").fault(
                    f"{number} is used twice on {network}: by {first[0]} (cluster {first[1]}) "
                    f"and by {user[0]} (cluster {user[1]})",
                    "give each instance on a network its own number from 1 to 255",
                )


def router_ids(clusters: Iterable[Cluster]) -> dict[tuple[str, str, int], dict[tuple[str, str], list[Place]]]:
    """Who uses a number, by family, network and number: the instance and its cluster, with its places.

    The network is the one that lvs_interfaces gives to the instance's interface, else the network of the virtual
    addresses on it, else the interface itself within the cluster. IPv4 and IPv6 count apart (RFC 5798, section 5.2.3).
    """
    users: dict[tuple[str, str, int], dict[tuple[str, str], list[Place]]] = {}
    for cluster in clusters:
        for director in cluster.sorted:
            for place, instance in instances(director):
                number = instance.get("virtual_router_id")
                if number is None:
                    continue
                user = (str(instance.get("name")), cluster.name)
                for family, network in _links(instance, director, cluster, place):
                    users.setdefault((family, network, number), {}).setdefault(user, []).append(place)
    return users


def _links(instance: Mapping[str, Any], host: Host, cluster: Cluster, place: Place) -> set[tuple[str, str]]:
    device = instance.get("interface")
    virtual = [(one, entry.get("dev", device)) for _spot, one, entry in entries(instance, place, ADVERTISED)]
    family = family_of(instance, place)
    near = [one for one, dev in virtual if dev == device]
    return {(family, network) for network in links(host, device or "", family, near, cluster.name)}


def links(host: Host, device: str, family: str, near: list[networks.Interface], cluster: str) -> set[str]:
    """The networks of an interface as numbers count on them; ``near`` are the VIPs on it.

    The network of link-local addresses is the same on every link, so it tells none.
    """
    own = [one for one in host.on(device) if networks.family(one) == family]
    found = {str(net) for net in networks.overall(one for one in own or near if not networks.of_link(one.ip))}
    return found or {f"the interface {device} of cluster {cluster}"}
