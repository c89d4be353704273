# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter `bucket_moves`: what each node of a cluster is told so that buckets move by hand."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.moves import Asked, plan_moves


def bucket_moves(
    serves: Mapping[str, Mapping[str, Any]] | None,
    plans: Mapping[str, Mapping[str, Any]],
    host: str,
    state: Any,
    buckets: Any = None,
    address: str = "",
    last: bool = False,
    fit: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """What to do, or all faults at once."""
    try:
        nodes = {name: plan["clusterip_node"] for name, plan in plans.items() if plan["clusterip_node"]}
        seen = (
            None
            if serves is None
            else {name: {"cluster_ips": found, "failover": (fit or {}).get(name, {})} for name, found in serves.items()}
        )
        return plan_moves(nodes, seen, Asked(str(host), state, buckets, str(address or ""), last))
    except (AttributeError, KeyError, TypeError) as error:
        raise AnsibleFilterError(f"lvs.cluster.bucket_moves: {error!r}") from error


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        return {"bucket_moves": bucket_moves}
