# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keepalived.conf could not hold, found with the plan: before a host is changed, and with the variable's name."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.director import tree
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import render
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tree import TreeError
from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Findings, Place

__all__ = ["unwritable"]

_VARIABLES = {
    "bfd_instance": "lvs_bfd_instances",
    "global_defs": "lvs_keepalived_global",
    "track_file": "lvs_track_files",
    "virtual_server": "lvs_virtual_services",
    "virtual_server_group": "lvs_virtual_services",
    "vrrp_instance": "lvs_vrrp_instances",
    "vrrp_script": "lvs_vrrp_scripts",
    "vrrp_sync_group": "lvs_vrrp_sync_groups",
    "vrrp_track_process": "lvs_track_processes",
}
"""The variable that a block of the file comes from, by its keyword; all others come from options."""


def unwritable(hosts: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The first such fault of each director, in the form of the plan's own. ``hosts`` are the plans of all hosts."""
    findings = Findings()
    for name, planned in hosts.items():
        director = planned["director"]
        if director is None or director["manager"] != "keepalived":
            continue
        try:
            render(tree(director))
        except TreeError as error:
            variable = _VARIABLES.get(error.path.split(" ", 1)[0], "lvs_keepalived_options")
            Place(findings, name, variable).fault(
                f"keepalived.conf can't hold it, at {error.path}: {error.problem}", "write it in another way"
            )
    return Findings.ordered(findings.faults)
