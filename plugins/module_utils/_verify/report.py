# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that verify.yml has seen of the clusters, judged: one report."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.vrrp_states import faults_of_clusters
from ansible_collections.lvs.cluster.plugins.module_utils._verify import answers, neighbours
from ansible_collections.lvs.cluster.plugins.module_utils._verify.checks import ASPECTS, Check, Plans, unknown
from ansible_collections.lvs.cluster.plugins.module_utils._verify.drift import drift
from ansible_collections.lvs.cluster.plugins.module_utils._verify.nodes import unserved
from ansible_collections.lvs.cluster.plugins.module_utils._verify.overrides import Overrides, overrides_of
from ansible_collections.lvs.cluster.plugins.module_utils._verify.placed import MASTER, misplaced
from ansible_collections.lvs.cluster.plugins.module_utils._verify.prepared import configuration, pending
from ansible_collections.lvs.cluster.plugins.module_utils._verify.sync import unsynchronised
from ansible_collections.lvs.cluster.plugins.module_utils._verify.targets import not_asked

__all__ = ["report"]

Seen = Mapping[str, Mapping[str, Any]]


def report(seen: Seen, plans: Plans, tolerance: float = 0.1) -> dict[str, Any]:
    """Judge what was seen.

    ``seen`` has, each by host and each possibly empty: ``requests`` (results of http_probe), ``neighbours`` (of
    arp_probe), ``directors`` ({"status": of director_status, "compared": of host_compare, "scripts": of
    keepalived_scripts, "stopped": why the look ended early}), ``real_servers`` (lists of faults), ``nodes`` ({"serves":
    results of clusterip_node by VIP, "stopped"}), ``interfaces`` (lvs_interfaces of the inventory). Results of tasks
    that failed or did not reach their host are told as such.

    Returns ``table`` (lines of text), ``faults``, ``notes`` (lists of texts), and ``checks`` (a list of dictionaries
    with cluster, aspect, name, faults, notes, skipped).
    """
    directors: Mapping[str, Mapping[str, Any]] = seen.get("directors") or {}
    statuses = {name: looked["status"] for name, looked in directors.items() if not unknown(looked.get("status") or {})}
    checks = [
        *_real_servers(seen.get("real_servers") or {}, plans),
        *_vrrp(directors, plans),
        *misplaced(plans, statuses),
        *unsynchronised(plans, statuses),
        *_tables(directors, statuses, plans),
        *_buckets(seen.get("nodes") or {}, plans),
        *neighbours.judge(seen.get("neighbours") or {}, plans, statuses, seen.get("interfaces") or {}),
    ]
    rows, asked = answers.judge(
        seen.get("requests") or {}, plans, tolerance, lambda cluster: _of_cluster(cluster, statuses, plans)
    )
    silent = not_asked(plans)
    checks += [*asked, *silent]
    rows += [(check.name, "-", "not asked", "-", "-", "-") for check in silent]
    checks.sort(key=lambda check: ASPECTS.index(check.aspect))
    faults = list(dict.fromkeys(text for check in checks for text in check.faults))
    notes = list(dict.fromkeys(text for check in checks for text in check.notes))
    table = [*_lines([answers.HEADINGS, *rows]), "", *_summary(checks)]
    return {"table": table, "faults": faults, "notes": notes, "checks": [check.as_result() for check in checks]}


def _real_servers(differing: Mapping[str, Any], plans: Plans) -> list[Check]:
    return [
        Check(plans[host].get("cluster", ""), "real servers", host, tuple(faults))
        for host, faults in differing.items()
        if host in plans
    ]


def _vrrp(directors: Mapping[str, Mapping[str, Any]], plans: Plans) -> list[Check]:
    """A check for each cluster, and one for each director that could not be looked at."""
    checks = []
    said: dict[str, dict[str, Mapping[str, Any]]] = {}
    for name, looked in directors.items():
        cluster = plans[name].get("cluster", "")
        status = looked.get("status") or {}
        why = unknown(status)
        if plans[name]["director"]["manager"] != "keepalived":
            if why:
                text = f"{name}: what this director has is not known: {why}"
                checks.append(Check(cluster, "table", f"{name}: the table", (text,)))
            continue
        keepalived = status.get("keepalived") or {}
        if why or keepalived.get("error"):
            keepalived = {"msg": why or keepalived["error"]}
        said.setdefault(cluster, {})[name] = keepalived
    for cluster, states in said.items():
        here = {host: plan for host, plan in plans.items() if plan.get("cluster", "") == cluster}
        checks.append(Check(cluster, "vrrp", "VRRP and keepalived", tuple(faults_of_clusters(states, here))))
    return checks


def _tables(
    directors: Mapping[str, Mapping[str, Any]], statuses: Mapping[str, Mapping[str, Any]], plans: Plans
) -> list[Check]:
    checks = []
    for name, status in statuses.items():
        looked, plan = directors[name], plans[name]
        cluster = plan.get("cluster", "")
        table = drift(name, cluster, plan["director"], status)
        checks += table
        told = any(check.faults or check.notes for check in table)
        faults = configuration(name, looked.get("compared") or {}, looked.get("scripts") or {}, table_told=told)
        if (status.get("keepalived") or {}).get("pending"):
            faults.append(pending(name))
        if looked.get("stopped"):
            faults.append(f"{name}: it could not be compared with its plan: {looked['stopped']}")
        checks.append(Check(cluster, "configuration", name, tuple(dict.fromkeys(faults))))
    return checks


def _of_cluster(cluster: str, statuses: Mapping[str, Mapping[str, Any]], plans: Plans) -> Overrides:
    """What operators set on the director that serves: VRRP's master, or the only one."""
    here = {name: status for name, status in statuses.items() if plans[name].get("cluster", "") == cluster}
    leading = [
        status
        for status in here.values()
        if any(one.get("state") == MASTER for one in ((status.get("keepalived") or {}).get("instances") or {}).values())
    ]
    found: dict[str, Mapping[str, Any]] = {}
    for status in leading or here.values():
        found.update(overrides_of(status))
    return found


def _buckets(nodes: Mapping[str, Mapping[str, Any]], plans: Plans) -> list[Check]:
    found = {node: looked["serves"] for node, looked in nodes.items() if looked.get("serves")}
    stopped = {
        node: looked.get("stopped") or "it was not reached" for node, looked in nodes.items() if node not in found
    }
    return unserved(plans, found, stopped)


def _summary(checks: Sequence[Check]) -> list[str]:
    """How many checks of each cluster and aspect were good."""
    groups: dict[tuple[str, str], list[Check]] = {}
    for check in checks:
        groups.setdefault((check.cluster, check.aspect), []).append(check)
    rows: list[Sequence[str]] = [("CLUSTER", "CHECKED", "GOOD", "FAULTY", "SKIPPED")]
    for (cluster, aspect), found in sorted(groups.items(), key=lambda one: (one[0][0], ASPECTS.index(one[0][1]))):
        faulty, skipped = (sum(1 for one in found if values(one)) for values in (_faulty, _skipped))
        rows.append((cluster or "-", aspect, str(len(found) - faulty - skipped), str(faulty), str(skipped)))
    return _lines(rows)


def _faulty(check: Check) -> bool:
    return bool(check.faults)


def _skipped(check: Check) -> bool:
    return bool(check.skipped)


def _lines(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
