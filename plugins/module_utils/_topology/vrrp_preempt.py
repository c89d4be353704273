# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether and when a director takes the addresses from one of lower priority that holds them."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Host

__all__ = ["plan_preempt"]

BESIDE_SYNC = 60
"""Seconds that a director waits before it takes the addresses back, where connections are synchronised.

The director that served in the meantime tells it of a connection only when packets of that connection pass: one that
takes the addresses as soon as it has started resets what it has not heard of yet.
"""


def plan_preempt(
    instance: Mapping[str, Any], place: Place, director: Host, daemon: Mapping[str, Any] | None
) -> dict[str, Any]:
    """``nopreempt`` and ``preempt_delay`` of an instance, each left out where it says nothing."""
    never, delay = instance.get("nopreempt"), instance.get("preempt_delay")
    if never and delay:
        place.key("preempt_delay").fault("stands beside nopreempt, which never takes the addresses", "leave one out")
    for key in ("nopreempt", "preempt_delay"):
        if instance.get("state") == "MASTER" and instance.get(key):
            place.key(key).fault(
                "says nothing with the state MASTER, which takes the addresses at once", "leave out state: MASTER"
            )
    if never:
        return {"nopreempt": True}
    if (
        "preempt_delay" not in instance
        and daemon is not None
        and instance.get("state") != "MASTER"
        and not _strict(instance, director)
    ):
        delay = BESIDE_SYNC
    return {"preempt_delay": delay} if delay else {}


def _strict(instance: Mapping[str, Any], director: Host) -> bool:
    """Whether keepalived's strict mode is on, which has no preempt_delay."""
    shared = (director.variables.get("lvs_keepalived_global") or {}).get("options") or {}
    own = instance.get("options") or {}
    return bool(own.get("strict_mode", shared.get("vrrp_strict")) not in (None, False, "off", "false", "no", []))
