# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter `cluster_tables`: the plan of each host as a table."""

from __future__ import annotations

from typing import Any, Callable, Mapping, Sequence

from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.cluster.plugins.module_utils._picture.tables import capped, lines, rows, shown
from ansible_collections.lvs.cluster.plugins.module_utils._picture.wiring import enriched


def cluster_tables(
    plans: Mapping[str, Mapping[str, Any]],
    interfaces: Mapping[str, Any] | None = None,
    leaving: Sequence[str] = (),
) -> dict[str, Any]:
    """{"lines": [...], "hosts": {...}} of the plans of all hosts, and both cut to what a terminal and AWX can bear."""
    try:
        known = enriched(plans, interfaces, leaving)
        texts, hosts = lines(known), rows(known)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise AnsibleFilterError(f"lvs.cluster.cluster_tables: {error!r}") from error
    return {"lines": texts, "hosts": hosts, "shown": shown(texts), "capped": capped(hosts)}


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        return {"cluster_tables": cluster_tables}
