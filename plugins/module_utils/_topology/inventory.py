# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory's variables, checked and normalised, as hosts and clusters."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology import networks
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Findings, Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.schema import Spec, check, similar
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary import (
    DIRECTOR,
    HOST,
    NODE,
    NODE_ROLE,
    ROLE_GROUPS,
)
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_runs import check_extra, check_run
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import listing, natural

__all__ = ["Cluster", "Host", "Inventory", "load"]

KNOWN = sorted({*HOST, *DIRECTOR, *NODE})


@dataclass
class Host:
    """One host: its roles and its checked variables (a value that was wrong is None)."""

    name: str
    roles: list[str]
    variables: dict[str, Any]
    place: Place
    interfaces: list[tuple[str, networks.Interface]] = field(default_factory=list)

    @property
    def cluster(self) -> str:
        """The name of its cluster, "default" where none (or none that can be read) is given."""
        return str(self.variables["lvs_cluster"] or "default")

    @property
    def leaves(self) -> bool:
        """Whether the host loses what the roles put on it."""
        return bool(self.variables["lvs_state"] == "absent")

    def items(self, variable: str) -> list[tuple[int, dict[str, Any]]]:
        """The usable items of a list of mappings, each with its place in the list."""
        return [(number, item) for number, item in enumerate(self.variables.get(variable) or []) if item is not None]

    def on(self, interface: str) -> list[networks.Interface]:
        """The addresses that lvs_interfaces gives to an interface."""
        return [one for name, one in self.interfaces if name == interface]


@dataclass
class Cluster:
    """The directors that are peers, in the order of the group (which only the first default of a priority reads).

    What follows from the directors is worked out at its first use, when all directors are in.
    """

    name: str
    directors: list[Host] = field(default_factory=list)
    _links: dict[str, list[networks.Network]] = field(default_factory=dict, repr=False)

    @cached_property
    def sorted(self) -> list[Host]:
        """The directors in an order that the group's order cannot change."""
        return sorted(self.directors, key=lambda host: natural(host.name))

    @cached_property
    def vrrp_addresses(self) -> list[tuple[str, networks.Interface]]:
        """Every virtual address once, with the name of its instance, in the order in which they are written."""
        found: dict[networks.Address, tuple[str, networks.Interface]] = {}
        for director in self.sorted:
            for _number, instance in director.items("lvs_vrrp_instances"):
                for key in ("virtual_ipaddress", "virtual_ipaddress_excluded"):
                    for entry in instance.get(key) or []:
                        if entry and entry.get("address"):
                            one = networks.interface(entry["address"])
                            found.setdefault(one.ip, (str(instance.get("name")), one))
        return list(found.values())

    @cached_property
    def instance_of(self) -> dict[networks.Address, str]:
        """The name of the VRRP instance of each virtual address."""
        return {one.ip: name for name, one in self.vrrp_addresses}

    @cached_property
    def static_addresses(self) -> list[networks.Interface]:
        """The addresses that lvs_virtual_addresses puts on directors, each once."""
        return list(
            dict.fromkeys(
                networks.interface(entry["address"])
                for director in self.sorted
                for _number, entry in director.items("lvs_virtual_addresses")
                if entry.get("address")
            )
        )

    @cached_property
    def readable(self) -> bool:
        """Whether all addresses of the directors are known; where one is wrong, nobody knows what it was to be."""
        return all(_all_read(director) for director in self.directors)

    @cached_property
    def own_networks(self) -> list[networks.Network]:
        """The networks of the directors' own addresses, whose prefix lengths are those of their links."""
        return networks.overall(one for director in self.directors for _name, one in director.interfaces)

    def links_of(self, director: Host) -> list[networks.Network]:
        """The networks that one of the directors is in, with its own addresses or those that it may have."""
        if director.name not in self._links:
            own = [one for _name, one in director.interfaces]
            virtual = [one for _name, one in self.vrrp_addresses]
            self._links[director.name] = networks.overall([*own, *virtual, *self.static_addresses])
        return self._links[director.name]

    @cached_property
    def networks(self) -> list[networks.Network]:
        """The networks that the directors are in, as far as their variables tell."""
        own = [one for director in self.directors for _name, one in director.interfaces if not one.ip.is_loopback]
        virtual = [one for _name, one in self.vrrp_addresses]
        return networks.overall([*own, *virtual, *self.static_addresses])


@dataclass
class Inventory:
    """All hosts in natural order, the groups with their members in natural order, and the clusters by name.

    ``nodes`` are the cluster nodes in the order of their group, which only the first default of a number reads.
    """

    hosts: dict[str, Host]
    groups: dict[str, list[str]]
    clusters: dict[str, Cluster]
    nodes: list[Host]


def _all_read(director: Host) -> bool:
    instances = director.variables.get("lvs_vrrp_instances", [])
    static = director.variables.get("lvs_virtual_addresses", [])
    if instances is None or None in instances or director.variables["lvs_interfaces"] is None:
        return False
    keys = ("virtual_ipaddress", "virtual_ipaddress_excluded")
    lists = [static, *(one.get(key, []) for one in instances for key in keys)]
    own = director.variables["lvs_interfaces"].values()
    return all(found is not None and None not in found for found in [*lists, *own]) and all(
        entry.get("address") for found in lists for entry in found
    )


def load(inventory: Mapping[str, Any], findings: Findings) -> Inventory:
    """Check every host's variables and the groups; what is wrong is noted in ``findings`` and left out."""
    raw_hosts: Mapping[str, Mapping[str, Any]] = inventory["hosts"]
    raw_groups: Mapping[str, list[str]] = inventory["groups"]
    _check_groups(raw_hosts, raw_groups, Place(findings, "", "groups"))
    check_extra(inventory.get("extra", ()), KNOWN, Place(findings, "", ""))
    members = {group: set(names) for group, names in raw_groups.items()}
    hosts = {
        name: _host(
            name,
            [role for group, role in ROLE_GROUPS.items() if name in members.get(group, ())],
            raw_hosts[name],
            Place(findings, name, ""),
        )
        for name in sorted((str(name) for name in raw_hosts), key=natural)
    }
    clusters: dict[str, Cluster] = {}
    for name in raw_groups.get("directors", []):
        if name in hosts:
            cluster = hosts[name].cluster
            clusters.setdefault(cluster, Cluster(cluster)).directors.append(hosts[name])
    groups = {
        str(group): sorted((str(name) for name in names if name in hosts), key=natural)
        for group, names in raw_groups.items()
    }
    nodes = [hosts[name] for name in raw_groups.get("clusterip_nodes", []) if name in hosts]
    return Inventory(hosts, groups, {name: clusters[name] for name in sorted(clusters, key=natural)}, nodes)


def _check_groups(hosts: Mapping[str, Any], groups: Mapping[str, list[str]], place: Place) -> None:
    filled = [group for group in ROLE_GROUPS if groups.get(group)]
    for group in filled:
        unknown = [name for name in groups[group] if name not in hosts]
        if unknown:
            place.key(group).fault(f"has {listing(unknown)}, of which the inventory has no variables", "add the host")
        both = set(groups[group]) & set(groups.get("lab_only", ()))
        if both:
            problem = f"has {listing(both)}, which is in lab_only too, the group of hosts for rehearsal alone"
            place.key(group).fault(problem, "take it out of one of the two groups")
    if not filled:
        place.fault(f"none of {', '.join(ROLE_GROUPS)} has a host", "put the cluster's hosts into these groups")
    elif filled != ["clusterip_nodes"] and "directors" not in filled:
        problem = f"has no host, and {', '.join(filled)} wait for one"
        place.key("directors").fault(problem, "put the hosts that run IPVS into it")


def _host(name: str, roles: list[str], raw: Mapping[str, Any], place: Place) -> Host:
    node = {**NODE, **NODE_ROLE} if "clusterip_node" in roles else {}
    fields = {**HOST, **(DIRECTOR if "director" in roles else {}), **node}
    for variable in raw:
        near = similar(variable, KNOWN, 0.88) if variable.startswith("lvs_") and variable not in KNOWN else ""
        # A longer name (lvs_virtual_services_web) is the user's own helper; two letters more or less are a slip.
        if near and abs(len(near) - len(variable)) <= 2:
            place.key(variable).fault("is not a variable of this collection", f"did you mean {near}?")
    checked = check(Spec("mapping", "a mapping", fields=fields), {key: raw[key] for key in raw if key in fields}, place)
    # What was taken here in any case of letters is compared by playbooks and roles as it stands.
    if checked["lvs_state"] and raw.get("lvs_state") not in (None, checked["lvs_state"]):
        place.key("lvs_state").fault(f"is {raw['lvs_state']!r}", f"write {checked['lvs_state']}, in small letters")
    host = Host(name, roles, checked, place)
    check_run(raw, host.leaves, place)
    for interface, addresses in (checked["lvs_interfaces"] or {}).items():
        host.interfaces += [(interface, networks.interface(text)) for text in addresses or [] if text]
    for variable, version in (("lvs_address", 4), ("lvs_address6", 6), ("lvs_gateway", 4), ("lvs_gateway6", 6)):
        text = checked.get(variable)
        if text and networks.address(text).version != version:
            checked[variable] = None
            place.key(variable).fault(f"is {text}, which is not IPv{version}", f"write an IPv{version} address here")
    return host
