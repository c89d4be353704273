# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What steers one run and is no part of a cluster: extra variables of playbooks, and the roles' own states.

To Jinja's filters a slip is a value like any other: ``5m | int`` is 0, and ``ture | bool`` is false.
"""

from __future__ import annotations

from typing import Any, Iterable, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.schema import Spec, check, similar

__all__ = ["PLAYBOOKS", "ROLE_STATES", "RUN", "check_extra", "check_run"]

_SECONDS = Spec("integer", "whole seconds")
_SOME_SECONDS = Spec("integer", "whole seconds, at least 1", low=1)
# What Ansible's filter bool knows; all else is false to it, "y" too.
_WORDS = ("true", "false", "yes", "no", "on", "off", "1", "0")
_SWITCH = Spec("text", "true or false", choices=_WORDS)

RUN: Mapping[str, Spec] = {
    "lvs_timeout": _SECONDS,
    "lvs_step_seconds": _SOME_SECONDS,
    "lvs_lock_expires": _SOME_SECONDS,
    "lvs_reboot": Spec("text", "true, false or auto", choices=(*_WORDS, "auto")),
    **dict.fromkeys(
        (
            "lvs_alone",
            "lvs_back",
            "lvs_guard",
            "lvs_home",
            "lvs_adopt_faulty",
            "lvs_last",
            "lvs_list",
            "lvs_lock_break",
            "lvs_maintenance",
            "lvs_metrics",
            "lvs_overwrite",
            "lvs_unsynced",
        ),
        _SWITCH,
    ),
}

PLAYBOOKS = (
    "lvs_adopt_directors",
    "lvs_adopt_faulty",
    "lvs_alone",
    "lvs_awx_credentials",
    "lvs_awx_galaxy_credentials",
    "lvs_awx_image",
    "lvs_awx_inventory_path",
    "lvs_awx_name",
    "lvs_awx_organization",
    "lvs_awx_scm_branch",
    "lvs_awx_scm_credential",
    "lvs_awx_scm_url",
    "lvs_awx_vrrp",
    "lvs_back",
    "lvs_bucket",
    "lvs_bucket_state",
    "lvs_check_command",
    "lvs_client",
    "lvs_cluster_ip",
    "lvs_command",
    "lvs_confirm",
    "lvs_entry",
    "lvs_guard",
    "lvs_guard_threshold",
    "lvs_home",
    "lvs_host",
    "lvs_hosts",
    "lvs_last",
    "lvs_limit",
    "lvs_list",
    "lvs_lock_break",
    "lvs_lock_expires",
    "lvs_maintenance",
    "lvs_metrics",
    "lvs_metrics_dir",
    "lvs_overwrite",
    "lvs_packages",
    "lvs_probe_hosts",
    "lvs_reboot",
    "lvs_report_dir",
    "lvs_role",
    "lvs_service",
    "lvs_step_seconds",
    "lvs_steps",
    "lvs_timeout",
    "lvs_unsynced",
    "lvs_verify_requests",
    "lvs_verify_tolerance",
)
"""The variables that playbooks read and no host's configuration depends on."""

ROLE_STATES = (
    "director_state",
    "real_server_nat_state",
    "real_server_dr_state",
    "real_server_tun_state",
    "clusterip_node_state",
)
"""They are for plays that call a role by itself: ``absent`` takes away at once, while directors still send requests."""


def check_extra(extra: Iterable[str], known: Iterable[str], place: Place) -> None:
    """Note names of extra variables that are a slip: what a playbook reads would count as not given.

    ``known`` are the inventory's variables. A slip of one of those is told where hosts' variables are read.
    """
    for name in extra:
        near = similar(name, [*PLAYBOOKS, *known], 0.8) if name not in (*PLAYBOOKS, *known) else ""
        if near in PLAYBOOKS and abs(len(near) - len(name)) <= 2:
            place.key(name).fault("is an extra variable that no playbook reads", f"did you mean {near}?")


def check_run(raw: Mapping[str, Any], leaves: bool, place: Place) -> None:
    """Note what is wrong among a host's ``raw`` variables; an empty text counts as not given."""
    for name, spec in RUN.items():
        value = raw.get(name)
        if value is not None and value != "":
            check(spec, str(value) if isinstance(value, (bool, int, float)) else value, place.key(name))
    for name in ROLE_STATES:
        if raw.get(name) == "absent" and not leaves:
            place.key(name).fault(
                "is absent, which takes away what directors may still use",
                "write lvs_state: absent, which drains first",
            )
