# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong in a report, and what is worth a look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.status import differences
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.vrrp_states import faults_of_clusters
from ansible_collections.lvs.cluster.plugins.module_utils._lock.model import lock_of, time_text
from ansible_collections.lvs.cluster.plugins.module_utils._status.model import SERVES, instance_addresses

__all__ = ["by_hand", "judge", "label", "lock_text", "override_text"]


def judge(report: Mapping[str, Any], results: Mapping[str, Any], plans: Mapping[str, Any]) -> dict[str, list[str]]:
    """{"problems": what keeps the cluster from serving as planned, "notes": what an operator should know}."""
    problems = [
        *_unread(report["directors"]),
        *_vrrp(report["directors"], results, plans),
        *(text for director in report["directors"] if director["told"] for text in _of_director(director, plans)),
        *(text for service in report["services"] for text in _of_service(service)),
        *(text for one in report["cluster_ips"] for text in _of_cluster_ip(one)),
    ]
    notes = [
        *(text for director in report["directors"] for text in _notes_of_director(director)),
        *_notes_of_overrides(report["directors"], _names(report["services"])),
        *(text for service in report["services"] for text in _notes_of_service(service)),
        *(text for one in report["cluster_ips"] for text in _notes_of_cluster_ip(one)),
    ]
    return {"problems": list(dict.fromkeys(problems)), "notes": list(dict.fromkeys(notes))}


def label(service: Mapping[str, Any]) -> str:
    """A service in a sentence: "intranet (tcp 10.0.0.5:80)"."""
    return f"{service['name']} ({service['service']})"


def _unread(directors: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in directors:
        if one["asked"] and not one["told"]:
            yield f"{one['host']}: what this director does is not known: {one['message']}"
        elif one["told"] and one["keepalived"]["error"]:
            yield f"{one['host']}: what keepalived does there is not known: {one['keepalived']['error']}"


def _vrrp(
    directors: Sequence[Mapping[str, Any]], results: Mapping[str, Any], plans: Mapping[str, Any]
) -> Iterator[str]:
    """Judged as verify judges it. A director that told nothing is named already, and may be the master."""
    states = {
        one["host"]: results[one["host"]]["keepalived"]
        for one in directors
        if one["told"] and not one["keepalived"]["error"]
    }
    yield from faults_of_clusters(states, plans)


def _of_director(director: Mapping[str, Any], plans: Mapping[str, Any]) -> Iterator[str]:
    host, keepalived = director["host"], director["keepalived"]
    for address in director["lacks"]:
        yield f"{host}: has not the VIP {address} of its plan"
    if director["manager"] != "keepalived" or not keepalived["running"] or keepalived["error"]:
        return
    if keepalived["pending"]:
        yield f"{host}: keepalived has not loaded the configuration that stands there: run lvs.cluster.site"
    for instance in plans[host]["director"]["vrrp_instances"]:
        state = keepalived["instances"].get(instance["name"], {}).get("state")
        moved = instance_addresses(instance, seen=True)
        lacking = [address for address in moved if address not in director["vips"]]
        if state == "MASTER" and lacking:
            yield f"{host}: is MASTER of {instance['name']} and has not {', '.join(lacking)}"
        elif state in ("BACKUP", "FAULT") and len(lacking) < len(moved):
            has = ", ".join(address for address in moved if address not in lacking)
            yield f"{host}: is {state} of {instance['name']} and has {has}"
    if director["sync_planned"] and not director["sync_daemons"]:
        yield f"{host}: no sync daemon runs, so a takeover breaks the connections"


def _of_service(service: Mapping[str, Any]) -> Iterator[str]:
    name, source = label(service), service["source"]
    if source is None:
        return
    if not service["in_table"]:
        if service["serving"] or service["managers"] == ["static"]:
            yield f"{name} is not in the kernel's table of {source}"
        return
    down = [server for server in service["real_servers"] if server["state"] == "down"]
    serving = [server for server in service["real_servers"] if server["state"] in SERVES and server["weight"]]
    if not serving:
        yield f"{name} has no real server with a weight on {source}"
    elif all(server["state"] == "sorry" for server in serving):
        yield f"{name} is answered by its sorry server on {source}"
    for server in down:
        yield f"{name}: {server['name']} ({server['endpoint']}) is down, says {source}"


def _of_cluster_ip(one: Mapping[str, Any]) -> Iterator[str]:
    name = f"{one['address']} of the cluster {one['cluster']}"
    for node in one["not_reached"]:
        why = one["unread"].get(node, "")
        yield f"{name}: what {node} serves is not known: {why}" if why else f"{name}: {node} was not reached"
    for node, mine in one["nodes"].items():
        if mine["buckets"] is None:
            yield f"{name}: the rules of {node} are not (all) there"
    if one["nobody"]:
        yield f"{name}: served by nobody that was reached: {' '.join(map(str, one['nobody']))}"
    for bucket, nodes in one["twice"].items():
        yield f"{name}: served twice: {bucket} by {' and '.join(nodes)}"
    for text in differences(one):
        yield f"{name}: {text}"


# --- what is no fault


def _notes_of_director(director: Mapping[str, Any]) -> Iterator[str]:
    host = director["host"]
    if not director["told"]:
        if not director["asked"]:
            yield f"{host}: was not asked"
        return
    if director["lock"]:
        yield f"{host}: the cluster is being changed: {lock_text(director['lock'])}"
    unplanned = director["unplanned"]
    if unplanned:
        more = f" and {len(unplanned) - 5} more" if len(unplanned) > 5 else ""
        yield f"{host}: in the table and in no plan: {', '.join(unplanned[:5])}{more}"


def lock_text(lock: Mapping[str, Any]) -> str:
    """What the holder of the lock wrote about itself, in one line."""
    try:
        known = lock_of(lock)
    except ValueError as error:
        return f"by whom is not known: {error}"
    return f"{known.purpose} by {known.holder.user} on {known.holder.controller} since {time_text(known.since)}"


def _names(services: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    """By cluster and what an override names: the server in a reader's words."""
    names: dict[tuple[str, str], str] = {}
    for service in services:
        for server in service["real_servers"]:
            for key in (server["weight_file"], f"{service['service']} -> {server['endpoint']}"):
                names.setdefault((service["cluster"], key), f"{label(service)}: {server['name']}")
    return names


def _notes_of_overrides(directors: Sequence[Mapping[str, Any]], names: Mapping[tuple[str, str], str]) -> Iterator[str]:
    """Once for each server; on which directors, if not on all of its cluster that told."""
    told: dict[str, list[str]] = {}
    where: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    for director in directors:
        if director["told"]:
            told.setdefault(director["cluster"], []).append(director["host"])
            for one in director["overrides"]:
                where.setdefault((director["cluster"], one["server"]), {})[director["host"]] = one
    for (cluster, server), by_host in where.items():
        one = by_host[min(by_host)]
        only = "" if len(by_host) == len(told[cluster]) else f", on {' and '.join(by_host)} only"
        yield f"{names.get((cluster, server), server)} is {override_text(one)}{only}"


def override_text(one: Mapping[str, Any]) -> str:
    """What an operator set: "drained for rolling since … until … by …"."""
    words = [f"set to weight {one['weight']}" if one["state"] == "weighted" else str(one["state"])]
    words += [f"for {one['why']}"] if one.get("why") in ("maintenance", "rolling") else []
    words += [f"{name} {one[name]}" for name in ("since", "until", "by") if one.get(name)]
    return " ".join(words)


def by_hand(node: Mapping[str, Any]) -> list[str]:
    """The buckets that a person took and gave on a node of a cluster IP."""
    return [f"{kind} by hand: {' '.join(map(str, node[kind]))}" for kind in ("taken", "given") if node.get(kind)]


def _notes_of_cluster_ip(one: Mapping[str, Any]) -> Iterator[str]:
    name = f"{one['address']} of the cluster {one['cluster']}"
    for node, mine in one["nodes"].items():
        for text in by_hand(mine):
            yield f"{name}: {node}: {text}"
    for node in one["resting"]:
        yield f"{name}: {node} serves no bucket"


def _notes_of_service(service: Mapping[str, Any]) -> Iterator[str]:
    name, source = label(service), service["source"]
    if source is None:
        yield f"{name}: no director told of it"
        return
    if not service["serving"] and service["in_table"]:
        yield f"{name}: no director was found that clients reach; the figures are those of {source}"
    if service["scheduler"] != service["planned_scheduler"]:
        yield f"{name}: has the scheduler {service['scheduler']}, and {service['planned_scheduler']} in the plan"
    for server in service["real_servers"]:
        who = f"{name}: {server['name']} ({server['endpoint']})"
        if server["state"] == "unplanned":
            yield f"{who} is in the table and not in the plan"
        elif server["state"] in ("differs", "no weight") and server["weight"] != server["planned"]:
            yield f"{who} has weight {server['weight']}, and {server['planned']} in the plan"
        for host, there in server["elsewhere"].items():
            if server["weight"] is not None and there is None:
                yield f"{who} is down, says {host}"
            elif there is not None and server["weight"] not in (None, there["weight"]):
                yield f"{who} has weight {there['weight']} on {host}"
