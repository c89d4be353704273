# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters `connection_query` and `connection_report`: what to ask the directors about a client, and what they said."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import where


def connection_query(plans: Mapping[str, Mapping[str, Any]], client: Any, service: str = "") -> dict[str, Any]:
    """What to ask which directors about CLIENT, or the faults of what was given."""
    try:
        return where.query(plans, str(client), service)
    except (AttributeError, KeyError, TypeError) as error:
        raise AnsibleFilterError(f"lvs.cluster.connection_query: {error!r}") from error


def connection_report(
    answers: Mapping[str, Mapping[str, Any]], plans: Mapping[str, Mapping[str, Any]], client: Any
) -> dict[str, Any]:
    """What they said in the inventory's names, and as a table (``lines``)."""
    try:
        found = where.report(answers, plans)
        return {**found, "lines": where.lines(found, str(client))}
    except (AttributeError, KeyError, TypeError) as error:
        raise AnsibleFilterError(f"lvs.cluster.connection_report: {error!r}") from error


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        return {"connection_query": connection_query, "connection_report": connection_report}
