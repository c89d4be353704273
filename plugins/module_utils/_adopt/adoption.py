# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs on all hosts as an inventory's groups and variables, checked by the plan that they lead to. No I/O."""

from __future__ import annotations

from ipaddress import ip_interface
from typing import Any, Mapping, NamedTuple, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._adopt import blocks, peers
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.addresses import (
    Own,
    held,
    is_lone,
    name_interfaces,
    own_interfaces,
    service_vips,
)
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.backends import Named, name_servers, ways_back
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.director import variables_of
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.findings import Findings
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.marks import add_matches
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.masquerade import masquerades
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.proof import prove
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.reading import Context
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.secrets import Secrets, replaced
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.table import identity, of_table
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.verbatim import identities, verbatim_of
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import natural

__all__ = ["Adopted", "Reference", "adopt"]


class Adopted(NamedTuple):
    """What to write. Passwords in ``shared`` and ``hosts`` are references to variables of ``vaults``."""

    groups: dict[str, list[str]]
    """Groups with their hosts; those of several clusters are groups within ``directors``."""
    clusters: dict[str, list[str]]
    """The group that has a cluster's variables, with its directors."""
    shared: dict[str, dict[str, Any]]
    """By such a group: what all its directors have."""
    vaults: dict[str, dict[str, str]]
    """By such a group: passwords."""
    hosts: dict[str, dict[str, Any]]
    """What describes a host, for hosts.yml."""
    own: dict[str, dict[str, Any]]
    """What a director alone has, for host_vars."""
    findings: Findings


def adopt(hosts: Mapping[str, Mapping[str, Any]], directors: Sequence[str], *, weights: str = "") -> Adopted:
    """The inventory that describes these hosts. ``hosts``: what adopt_info read of each."""
    names = sorted((name for name in directors if name in hosts), key=natural)
    findings = Findings()
    _note_unread(hosts, names, findings)
    secrets = Secrets(hosts, findings)
    variables = {name: _director(name, hosts, names, secrets, findings, weights) for name in names}
    members = peers.clusters(variables)
    own = _addresses(hosts, variables, members, findings)
    for name in names:
        name_interfaces(variables[name].get("lvs_vrrp_instances", ()), own[name])
    for cluster in members:
        peers.merge(cluster, variables, own, findings)
    for name in names:
        _virtual_addresses(name, hosts[name], variables[name], own, findings)
    everything = [service for name in names for service in variables[name]["lvs_virtual_services"]]
    named = name_servers(everything, own, _networks(own, variables), findings)
    _masquerade(hosts, variables, named, own, findings)
    ways = ways_back(named, hosts, _gateways(own, variables), findings)
    groups = {"directors": names, **{name: sorted(found, key=natural) for name, found in sorted(named.groups.items())}}
    written = sorted({host for found in groups.values() for host in found}, key=natural)
    described = {name: _host(name, own, named, ways) for name in written}
    _note_unused(hosts, written, findings)
    clusters = _cluster_groups(members)
    if len(clusters) > 1:
        for cluster in clusters.values():
            for name in cluster:
                described[name]["lvs_cluster"] = cluster[0]
    prove(hosts, groups, described, variables, secrets.values, findings)
    shared, alone, vaults = {}, {}, {}
    for group, cluster in clusters.items():
        shared[group], rest = peers.split(cluster, variables)
        vault = secrets.names([shared[group], *rest.values()])
        references = {token: Reference(f"{{{{ {name} }}}}") for token, name in vault.items()}
        shared[group] = replaced(shared[group], references)
        alone.update({name: replaced(one, references) for name, one in rest.items() if one})
        vaults[group] = {name: secrets.values[token] for token, name in vault.items()}
    return Adopted(groups, clusters, shared, vaults, described, alone, findings)


class Reference(str):
    """A text that Ansible is to template."""

    __slots__ = ()


def _note_unread(hosts: Mapping[str, Mapping[str, Any]], directors: Sequence[str], findings: Findings) -> None:
    for name, facts in hosts.items():
        for one in facts.get("unread") or ():
            findings.of(name).leave(str(one["what"]), f"was not read: {one['why']}", "see what it is, and describe it")
        if not facts.get("links"):
            findings.of(name).fault("", "its addresses were not read", "mend that and adopt again")
        if name in directors and facts.get("table") is None:
            findings.of(name).fault("", "its IPVS table was not read", "mend that and adopt again")


def _note_unused(hosts: Mapping[str, Any], written: Sequence[str], findings: Findings) -> None:
    for name in hosts:
        if name not in written:
            findings.of(name).note("", "serves in no service", "it is not in the new inventory")


def _director(
    name: str,
    hosts: Mapping[str, Mapping[str, Any]],
    directors: Sequence[str],
    secrets: Secrets,
    findings: Findings,
    weights: str,
) -> dict[str, Any]:
    """The variables of one director: what keepalived's configuration says, and what the table has beside that."""
    facts, found = hosts[name], findings.of(name)
    keepalived = facts.get("keepalived")
    variables: dict[str, Any] = {"lvs_virtual_services": []}
    items: list[blocks.Item] = []
    running = any((hosts[one].get("keepalived") or {}).get("running") for one in directors)
    by_keepalived = bool(keepalived) and (running or not (facts.get("table") or {}).get("services"))
    if keepalived and keepalived["items"] is None:
        found.fault(str(keepalived["file"]), "was not read", "mend that and adopt again")
    elif keepalived and by_keepalived:
        items = blocks.from_data(keepalived["items"], secrets.of(name))
        context = Context(name, found, keepalived["programs"])
        more = {"weights": weights} if weights else {}
        variables = variables_of(items, context, has_script_user=bool(keepalived["has_script_user"]), **more)
        if not keepalived["running"]:
            found.leave(
                str(keepalived["file"]),
                "is there, and keepalived does not run",
                "site.yml will start it",
            )
    elif keepalived:
        found.leave(
            str(keepalived["file"]),
            "was not adopted: keepalived does not run, and the table has services by other means",
            "nothing, if keepalived is not needed here",
        )
    services = variables["lvs_virtual_services"]
    _add_table(facts, services, items, found)
    mask = add_matches(services, facts, found)
    highest = max((one["fwmark"] for one in services if one.get("match")), default=0)
    if mask and mask != (1 << int(highest).bit_length()) - 1:
        variables["lvs_mark_mask"] = mask
    if not items and (facts.get("table") or {}).get("sync_daemons"):
        found.leave(
            "the IPVS table", "a connection sync daemon runs, and this collection has it with keepalived alone",
            "keep what starts it, or describe a VRRP instance that it follows",
        )  # fmt: skip
    _timeouts(facts, bool(items), variables, found)
    return variables


def _timeouts(facts: Mapping[str, Any], by_keepalived: bool, variables: Mapping[str, Any], found: Any) -> None:
    timeouts = (facts.get("table") or {}).get("timeouts")
    written = variables.get("lvs_keepalived_global", {}).get("options", {})
    if timeouts and timeouts != {"tcp": 900, "tcp_fin": 120, "udp": 300} and "lvs_timeouts" not in written:
        words = "[tcp, {tcp}, tcpfin, {tcp_fin}, udp, {udp}]".format(**timeouts)
        found.leave(
            "the IPVS table",
            f"its timeouts are not the kernel's own: {words}",
            f"write options: {{lvs_timeouts: {words}}} in lvs_keepalived_global"
            if by_keepalived
            else "keep what sets them at boot (ipvsadm --set)",
        )


def _add_table(
    facts: Mapping[str, Any], services: list[dict[str, Any]], items: Sequence[blocks.Item], found: Any
) -> None:
    """Services that are in the kernel's table and not in keepalived's configuration."""
    known = identities(services)
    table = (facts.get("table") or {}).get("services") or []
    verbatim = verbatim_of(items, services)
    missing = [one for one in table if identity(one) not in known and not verbatim(one)]
    if missing and items:
        for one in missing:
            found.note(
                "the IPVS table",
                f"has {' '.join(map(str, identity(one)))}, which keepalived.conf has not",
                "it was adopted as a service without health checks, which keepalived keeps from then on",
            )
    taken = {service["name"] for service in services}
    for one in of_table(missing, unhealthy=bool(items), found=found):
        while one["name"] in taken:
            one["name"] += "_table"
        taken.add(one["name"])
        services.append(one)


def _addresses(
    hosts: Mapping[str, Mapping[str, Any]],
    variables: Mapping[str, dict[str, Any]],
    members: Sequence[Sequence[str]],
    findings: Findings,
) -> Own:
    """lvs_interfaces of all hosts: without what is virtual anywhere."""
    moving = {ip for one in variables.values() for ip, _device in peers.vrrp_addresses(one)}
    asked = {vip for one in variables.values() for vip in service_vips(one["lvs_virtual_services"])}
    lone = set()
    for name, one in variables.items():
        alone = [name] in [list(cluster) for cluster in members]
        for service in one["lvs_virtual_services"]:
            methods = {server.get("forwarding", service["forwarding"]) for server in service["real_servers"]}
            for vip in service_vips([service]) if alone and methods == {"nat"} else ():
                lone |= {vip} if vip not in moving and is_lone(hosts[name], vip, asked) else set()
    return own_interfaces(hosts, (moving | asked) - lone, findings)


def _virtual_addresses(
    name: str, facts: Mapping[str, Any], variables: dict[str, Any], own: Own, findings: Findings
) -> None:
    """VIPs of services that stand on the director, and that VRRP does not move."""
    moving = {ip for ip, _device in peers.vrrp_addresses(variables)}
    mine = {str(ip_interface(one).ip) for addresses in own[name].values() for one in addresses}
    found = []
    for vip in service_vips(variables["lvs_virtual_services"]):
        place = held(facts, vip)
        if vip in moving or vip in mine:
            continue
        if place is not None:
            found.append({"address": place[0], "interface": place[1]})
        else:
            findings.of(name).leave(
                f"VIP {vip}", "is on no interface of this director but lo", "see which host answers for it"
            )
    if found:
        variables["lvs_virtual_addresses"] = found


def _networks(own: Own, variables: Mapping[str, Any]) -> list[Any]:
    texts = [text for name in variables for addresses in own[name].values() for text in addresses]
    for one in variables.values():
        for instance in one.get("lvs_vrrp_instances", ()):
            for key in ("virtual_ipaddress", "virtual_ipaddress_excluded"):
                texts += [str(entry["address"]) for entry in instance.get(key, ())]
    found = []
    for text in texts:
        try:
            network = ip_interface(text).network
        except ValueError:
            continue
        if network.prefixlen < network.max_prefixlen:
            found.append(network)
    return found


def _gateways(own: Own, variables: Mapping[str, Any]) -> set[str]:
    found = {str(ip_interface(text).ip) for name in variables for addresses in own[name].values() for text in addresses}
    return found | {ip for one in variables.values() for ip, _device in peers.vrrp_addresses(one)}


def _masquerade(
    hosts: Mapping[str, Mapping[str, Any]],
    variables: Mapping[str, dict[str, Any]],
    named: Named,
    own: Own,
    findings: Findings,
) -> None:
    for name, one in variables.items():
        moving = peers.vrrp_addresses(one)
        moving += [
            (str(ip_interface(entry["address"]).ip), entry["interface"])
            for entry in one.get("lvs_virtual_addresses", ())
        ]
        found = masquerades(hosts[name], moving, named.nat.values(), own[name], findings.of(name))
        if found:
            one["lvs_masquerade"] = found


def _host(name: str, own: Own, named: Named, ways: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    interfaces = {device: one[0] if len(one) == 1 else one for device, one in own[name].items()}
    return {"lvs_interfaces": interfaces, **named.variables.get(name, {}), **ways.get(name, {})}


def _cluster_groups(members: Sequence[Sequence[str]]) -> dict[str, list[str]]:
    """One cluster has the group directors, several have each a group of their own in it."""
    if len(members) == 1:
        return {"directors": list(members[0])}
    safe = [(found, "".join(char if char.isalnum() else "_" for char in found[0])) for found in members]
    return {f"directors_{name}": list(found) for found, name in safe}
