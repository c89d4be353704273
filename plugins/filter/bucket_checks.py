# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter `bucket_checks`: the health checks of a cluster node."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.conf import checks_of


def bucket_checks(node: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The checks as clusterip_failover takes them."""
    try:
        return checks_of(node)
    except KeyError as error:
        raise AnsibleFilterError(f"lvs.cluster.bucket_checks: the cluster node's plan lacks the key {error}") from error
    except (AttributeError, TypeError) as error:
        raise AnsibleFilterError(f"lvs.cluster.bucket_checks: {error}") from error


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., list[dict[str, Any]]]]:
        return {"bucket_checks": bucket_checks}
