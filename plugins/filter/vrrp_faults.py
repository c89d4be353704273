# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter `vrrp_faults`: what all directors of a cluster say, judged together."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.vrrp_states import faults_of_clusters


def vrrp_faults(states: Mapping[str, Mapping[str, Any]], plans: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The faults, from {director: what keepalived_state returned} and the plans of the hosts."""
    return faults_of_clusters(states, plans)


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"vrrp_faults": vrrp_faults}
