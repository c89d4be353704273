# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who answers for each VIP on its network: what is asked, and what the answers mean."""

from __future__ import annotations

import ipaddress
from typing import Any, Iterable, Iterator, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._verify.checks import Check, Plans, listing, unknown
from ansible_collections.lvs.cluster.plugins.module_utils._verify.placed import Statuses, holders, moving

__all__ = ["asked", "judge"]

Interfaces = Mapping[str, Any]
"""By host what the inventory says in lvs_interfaces."""


def asked(plans: Plans, interfaces: Interfaces) -> list[str]:
    """What `arp_probe` is to ask for: every VIP, and the hosts' own addresses, by which their MACs are known."""
    wanted = dict.fromkeys(address for _cluster, address in _vips(plans))
    own = [one for host in plans for one in _own(interfaces, host) if _counts(plans[host])]
    vips = [ipaddress.ip_address(address) for address in wanted]
    near = [str(one.ip) for one in own if any(vip.version == one.version and vip in one.network for vip in vips)]
    return list(dict.fromkeys([*wanted, *near]))


def _counts(plan: Mapping[str, Any]) -> bool:
    return any(
        plan.get(part)
        for part in ("director", "real_server_nat", "real_server_dr", "real_server_tun", "clusterip_node")
    )


def _own(interfaces: Interfaces, host: str) -> Iterator[ipaddress.IPv4Interface | ipaddress.IPv6Interface]:
    for written in (interfaces.get(host) or {}).values():
        for text in [written] if isinstance(written, str) else written or []:
            yield ipaddress.ip_interface(str(text).strip())


def _vips(plans: Plans) -> Iterator[tuple[str, str]]:
    """The VIPs of each cluster: those that VRRP moves, that stay on a director, of services, and cluster IPs."""
    for plan in plans.values():
        director, cluster = plan.get("director") or {}, plan.get("cluster", "")
        found = [*moving(director)]
        found += [str(ipaddress.ip_interface(one["address"]).ip) for one in director.get("virtual_addresses", [])]
        for service in director.get("services", []):
            found += [one["address"] for one in (service, *service.get("match", [])) if one.get("address")]
        found += [one["address"] for one in (plan.get("clusterip_node") or {}).get("cluster_ips", [])]
        for address in found:
            yield cluster, address


def judge(
    probes: Mapping[str, Mapping[str, Any]], plans: Plans, statuses: Statuses, interfaces: Interfaces
) -> list[Check]:
    """A check for each VIP. ``probes`` are the results of `arp_probe` by the host that asked, failed ones too."""
    checks = [
        Check("", "neighbours", prober, notes=(f"{prober}: nobody was asked by ARP from it: {unknown(result)}",))
        for prober, result in probes.items()
        if unknown(result)
    ]
    answered = {prober: result["answers"] for prober, result in probes.items() if not unknown(result)}
    skipped = [result.get("not_asked") or {} for result in probes.values()]
    owners = _owners(plans, interfaces, answered.values())
    for cluster, address in dict.fromkeys(_vips(plans)):
        told = {prober: answers[address] for prober, answers in answered.items() if address in answers}
        why = next((one[address] for one in skipped if address in one), "no host asks")
        if not told:
            checks.append(Check(cluster, "neighbours", address, skipped=f"not asked for: {why}"))
            continue
        expected = _expected(plans, statuses, cluster, address)
        faults = dict.fromkeys(
            text for prober, macs in told.items() for text in _faults(prober, address, macs, expected, owners)
        )
        checks.append(Check(cluster, "neighbours", address, tuple(faults)))
    return checks


def _owners(plans: Plans, interfaces: Interfaces, answered: Iterable[Mapping[str, list[str]]]) -> dict[str, set[str]]:
    """The hosts of each MAC, as their own addresses are answered for. A MAC may be that of several addresses."""
    owners: dict[str, set[str]] = {}
    for answers in answered:
        for host in plans:
            for one in _own(interfaces, host):
                for mac in answers.get(str(one.ip), []):
                    owners.setdefault(mac, set()).add(host)
    return owners


class _Expected:
    """Who should answer: a MAC that the plan knows, or one of a host. Neither: that is not known now."""

    def __init__(self, mac: str = "", what: str = "", host: str = "") -> None:
        self.mac, self.what, self.host = mac, what, host


def _expected(plans: Plans, statuses: Statuses, cluster: str, address: str) -> _Expected:
    for plan in plans.values():
        if plan.get("cluster", "") != cluster:
            continue
        for one in (plan.get("clusterip_node") or {}).get("cluster_ips", []):
            if one["address"] == address:
                return _Expected(one["cluster_mac"], "the cluster MAC")
        instance = moving(plan.get("director") or {}).get(address)
        if instance is not None and instance.get("use_vmac"):
            # RFC 5798, 7.3
            kind, number = "02" if ":" in address else "01", instance["virtual_router_id"]
            return _Expected(f"00:00:5e:00:{kind}:{number:02x}", f"the virtual MAC of {instance['name']}")
    should = holders(plans, statuses, cluster, address) or []
    return _Expected(host=should[0] if len(should) == 1 else "")


def _faults(
    prober: str, address: str, macs: list[str], expected: _Expected, owners: Mapping[str, set[str]]
) -> Iterator[str]:
    how = "neighbour discovery" if ":" in address else "ARP"
    if not macs:
        yield f"{address}: nobody answers {how} for it on its network (asked from {prober})"
        return
    if len(macs) > 1:
        who = listing(_who(mac, owners) for mac in macs)
        yield f"{address}: {len(macs)} hosts answer {how} for it, and one should: {who} (asked from {prober})"
        return
    (mac,) = macs
    if expected.mac and mac != expected.mac:
        yield (
            f"{address}: {_who(mac, owners)} answers {how} for it, and {expected.what} {expected.mac} should "
            f"(asked from {prober})"
        )
    known = {owner for hosts in owners.values() for owner in hosts}
    # Of a director whose own address nobody answered for the MAC is not known.
    if expected.host in known and expected.host not in owners.get(mac, ()):
        yield f"{address}: {_who(mac, owners)} answers {how} for it, and {expected.host} should (asked from {prober})"


def _who(mac: str, owners: Mapping[str, set[str]]) -> str:
    return f"{listing(sorted(owners[mac]))} ({mac})" if mac in owners else f"{mac}, a MAC of no host that is known,"
