# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what was found on a host to metrics. No I/O.

Who is master is told by the addresses that the host has. keepalived would write its own state if it were sent a signal,
but each time that is a line in its log and a file with all instances, every few seconds for ever. And the addresses are
what clients meet. What this can't see is a FAULT by a script or a process that keepalived tracks: it shows as backup.
"""

from __future__ import annotations

import calendar
import json
import time
from typing import Any, Collection, Iterable, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.model import ClusterIp
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.wanted import Instance
from ansible_collections.lvs.cluster.plugins.module_utils._metrics.drift import Counts
from ansible_collections.lvs.cluster.plugins.module_utils._metrics.exposition import Family, family

__all__ = ["Network", "buckets", "differences", "keepalived", "network_of", "overrides", "table"]

_STATES = ("master", "backup", "fault", "stopped")
_OVERRIDES = ("drained", "held", "weighted")
_ROLES = ("master", "backup")


class Network(NamedTuple):
    """What the host's interfaces are and have."""

    working: frozenset[str]
    """Interfaces that are up and have a carrier."""
    addresses: frozenset[str]
    """Addresses, but for those of lo: a director that is a real server has VIPs there at all times."""
    loopback: frozenset[str]
    """Those of lo, where VRRP may put a VIP, too."""

    def present(self, instance: Instance) -> int:
        """How many of an instance's addresses are here."""
        return sum(
            vip.address in (self.loopback if vip.interface == "lo" else self.addresses) for vip in instance.addresses
        )


def network_of(text: str) -> Network:
    """From what ``ip -json address show`` prints. Raise ValueError and the like for anything else."""
    working, addresses, loopback = set(), set(), set()
    for one in json.loads(text):
        name = one.get("ifname")
        if not name:
            continue
        if {"UP", "LOWER_UP"} <= set(one.get("flags", ())):
            working.add(name)
        found = {entry["local"] for entry in one.get("addr_info", ()) if "local" in entry}
        if name == "lo":
            loopback |= found
        else:
            addresses |= found
    return Network(frozenset(working), frozenset(addresses), frozenset(loopback))


def keepalived(
    running: bool, pending: bool, staged: bool, instances: Sequence[Instance], network: Network
) -> list[Family]:
    states = {one: _state(one, running, network) for one in instances}
    labels = {one: {"vrrp_instance": one.name, "interface": one.interface} for one in instances}
    return [
        family("keepalived_running", "Whether keepalived runs.", [({}, running)]),
        family(
            "configuration_pending",
            "Whether keepalived runs and has not loaded the configuration that stands there.",
            [({}, pending)],
        ),
        family(
            "configuration_staged",
            "Whether a configuration waits for the switch of all directors, which a run did not come to.",
            [({}, staged)],
        ),
        family(
            "vrrp_master",
            "Whether this host is master of a VRRP instance, by the addresses that it has.",
            [(labels[one], state == "master") for one, state in states.items()],
        ),
        family(
            "vrrp_state",
            "1 for the state of a VRRP instance, by addresses and interface; 0 for the other states.",
            [({**labels[one], "state": name}, name == state) for one, state in states.items() for name in _STATES],
        ),
        family(
            "vrrp_addresses",
            "How many addresses a VRRP instance has while it is master.",
            [(labels[one], len(one.addresses)) for one in instances],
        ),
        family(
            "vrrp_addresses_present",
            "How many of them this host has now.",
            [(labels[one], network.present(one)) for one in instances],
        ),
    ]


def _state(instance: Instance, running: bool, network: Network) -> str:
    if not running:
        return "stopped"
    if network.present(instance):
        return "master"
    return "backup" if instance.interface in network.working else "fault"


def table(services: int, destinations: int, daemons: Collection[str]) -> list[Family]:
    return [
        family("table_services", "Virtual services in the kernel's table.", [({}, services)]),
        family("table_destinations", "Destinations in the kernel's table.", [({}, destinations)]),
        family(
            "sync_daemon_running",
            "Whether the connection sync daemon of a role runs: a master sends, a backup receives.",
            [({"role": role}, role in daemons) for role in _ROLES],
        ),
    ]


def differences(counts: Counts) -> list[Family]:
    return [
        family(
            "drift_entries",
            "Entries of the kernel's table that differ from the configuration on this host.",
            [({"object": one, "difference": how}, count) for (one, how), count in sorted(counts.items())],
        )
    ]


def overrides(present: Iterable[Mapping[str, Any]]) -> list[Family]:
    """``present`` is what _operator.overrides.present returns."""
    found = list(present)
    return [
        family(
            "servers_overridden",
            "Real servers that don't have their planned weight: drained, held until prepared, or given another one.",
            [({"state": state}, sum(one["state"] == state for one in found)) for state in _OVERRIDES],
        ),
        family(
            "server_overridden",
            "1 for each of these real servers.",
            [({"server": str(one["server"]), "state": str(one["state"])}, 1) for one in found],
        ),
        family("server_override_until_timestamp_seconds", "When its planned weight is to come back.", _ends(found)),
    ]


def _ends(found: Iterable[Mapping[str, Any]]) -> Iterator[tuple[dict[str, str], float]]:
    for one in found:
        try:
            end = calendar.timegm(time.strptime(str(one["until"]), "%Y-%m-%dT%H:%M:%SZ"))
        except ValueError:
            continue
        yield {"server": str(one["server"])}, end


def buckets(served: Sequence[tuple[ClusterIp, Collection[int] | None]]) -> list[Family]:
    """None for the buckets of a cluster IP whose rules are not (all) there."""
    return [
        family(
            "clusterip_rules_complete",
            "Whether all rules of a cluster IP are in the kernel.",
            [({"address": one.address}, mine is not None) for one, mine in served],
        ),
        family(
            "clusterip_buckets",
            "Buckets of a cluster IP, on all nodes together.",
            [({"address": one.address}, one.total) for one, _mine in served],
        ),
        family(
            "clusterip_buckets_served",
            "Buckets that this node serves.",
            [({"address": one.address}, len(mine or ())) for one, mine in served],
        ),
        family(
            "clusterip_bucket_served",
            "Whether this node serves a bucket.",
            [
                ({"address": one.address, "bucket": str(bucket)}, bucket in (mine or ()))
                for one, mine in served
                for bucket in range(1, one.total + 1)
            ],
        ),
    ]
