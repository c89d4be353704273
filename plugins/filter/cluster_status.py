# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter `cluster_status`: a cluster at a glance."""

from __future__ import annotations

from typing import Any, Callable, Mapping, Sequence

from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.cluster.plugins.module_utils._status.model import report
from ansible_collections.lvs.cluster.plugins.module_utils._status.problems import judge
from ansible_collections.lvs.cluster.plugins.module_utils._status.text import capped, lines


def cluster_status(
    results: Mapping[str, Mapping[str, Any]],
    plans: Mapping[str, Mapping[str, Any]],
    cluster_ips: Sequence[Mapping[str, Any]] = (),
    at: str = "",
) -> dict[str, Any]:
    """{"lines": [...], "report": {...}, "stats": the report if it is small, else its totals}."""
    try:
        found = report(results, plans, cluster_ips, at)
        whole = {"at": at, **judge(found, results, plans), **found}
        return {"lines": lines(whole), "report": whole, "stats": capped(whole)}
    except (AttributeError, KeyError, TypeError) as error:
        raise AnsibleFilterError(f"lvs.cluster.cluster_status: {error!r}") from error


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        return {"cluster_status": cluster_status}
