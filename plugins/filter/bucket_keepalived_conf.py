# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter `bucket_keepalived_conf`: from a cluster node's plan to the keepalived.conf of its buckets' failover."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.conf import config_text


def bucket_keepalived_conf(node: Mapping[str, Any]) -> str:
    """The text of keepalived.conf, a VRRP instance for each bucket."""
    try:
        return config_text(node, failback=node["failback"])
    except KeyError as error:
        raise AnsibleFilterError(
            f"lvs.cluster.bucket_keepalived_conf: the cluster node's plan lacks the key {error}"
        ) from error
    except (AttributeError, TypeError, ValueError) as error:  # TreeError is a ValueError
        raise AnsibleFilterError(f"lvs.cluster.bucket_keepalived_conf: {error}") from error


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., str]]:
        return {"bucket_keepalived_conf": bucket_keepalived_conf}
