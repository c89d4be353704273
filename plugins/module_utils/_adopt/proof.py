# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planning what was adopted: it must lead to what runs. What the plan would do by itself is not written down."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._adopt import blocks
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.compare import compare
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.findings import Findings
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.secrets import replaced
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.sysctls import keep
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.verbatim import verbatim_of
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.director import tree
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import render
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tree import TreeError
from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan

__all__ = ["prove"]


def prove(
    hosts: Mapping[str, Mapping[str, Any]],
    groups: Mapping[str, Sequence[str]],
    described: dict[str, dict[str, Any]],
    directors: Mapping[str, dict[str, Any]],
    secrets: Mapping[str, str],
    findings: Findings,
) -> None:
    """Note as faults what the plan refuses, and where it would change a director's table.

    ``described`` loses what the plan finds by itself, ``directors`` get the sysctls that it would change.
    """
    answer = _plan(groups, described, directors, secrets, ())
    gateways = {name: one["real_server_nat"] for name, one in answer["hosts"].items()}
    without = _plan(groups, described, directors, secrets, ("lvs_gateway",))
    for name, one in without["hosts"].items():
        if gateways.get(name) == one["real_server_nat"]:
            described[name].pop("lvs_gateway", None)
    for one in answer["faults"]:
        for host in one["hosts"] or [""]:
            findings.of(host).fault(one["variable"], one["problem"], one["remedy"])
    if not answer["hosts"]:
        for name in directors:
            findings.of(name).leave(
                "the IPVS table",
                "it and the sysctls were not compared with the variables, because of the faults of the plan",
                "mend those on the director and adopt again: only then site.yml is known to leave the table as it is",
            )
        return
    for name in directors:
        director = answer["hosts"][name]["director"]
        facts, found = hosts[name], findings.of(name)
        keep(directors[name], director["sysctls"], facts.get("sysctls") or {}, found)
        if director["manager"] == "keepalived":
            try:
                render(tree(director))
            except TreeError as error:
                found.fault("", f"keepalived.conf can't be written: {error}", "write that part in another way")
        if facts.get("table") is not None:
            items = blocks.from_data((facts.get("keepalived") or {}).get("items") or [], {})
            compare(director, facts["table"], verbatim_of(items, directors[name]["lvs_virtual_services"]), found)


def _plan(
    groups: Mapping[str, Sequence[str]],
    described: Mapping[str, Mapping[str, Any]],
    directors: Mapping[str, Mapping[str, Any]],
    secrets: Mapping[str, str],
    but: Sequence[str],
) -> dict[str, Any]:
    merged = {
        name: {key: value for key, value in {**one, **directors.get(name, {})}.items() if key not in but}
        for name, one in described.items()
    }
    everything = {**{name: list(found) for name, found in groups.items()}, "all": list(merged)}
    return plan({"hosts": replaced(merged, secrets), "groups": everything})
