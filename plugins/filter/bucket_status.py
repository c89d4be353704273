# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter `bucket_status`: who serves which bucket."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.status import lines_of, status


def bucket_status(
    found: Mapping[str, Mapping[str, Any]],
    plans: Mapping[str, Mapping[str, Any]],
    unread: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """{"cluster_ips": [...], "lines": [...]} of the plans of all hosts and what was found on the nodes."""
    try:
        nodes = {host: plan["clusterip_node"] for host, plan in plans.items() if plan["clusterip_node"]}
        entries = status(nodes, found, unread)
    except (AttributeError, KeyError, TypeError) as error:
        raise AnsibleFilterError(f"lvs.cluster.bucket_status: {error!r}") from error
    return {"cluster_ips": entries, "lines": lines_of(entries)}


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        return {"bucket_status": bucket_status}
