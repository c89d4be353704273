# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters of verify.yml: from the plan to what is asked, from what was seen to a report."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.cluster.plugins.module_utils._verify.junit import junit
from ansible_collections.lvs.cluster.plugins.module_utils._verify.neighbours import asked
from ansible_collections.lvs.cluster.plugins.module_utils._verify.prepared import unprepared
from ansible_collections.lvs.cluster.plugins.module_utils._verify.report import report
from ansible_collections.lvs.cluster.plugins.module_utils._verify.targets import host_names, targets


def verify_report(seen: Mapping[str, Any], plans: Mapping[str, Any], tolerance: float = 0.1) -> dict[str, Any]:
    """The judgement of all that was seen."""
    try:
        return report(seen, plans, tolerance)
    except (AttributeError, KeyError, TypeError) as error:
        raise AnsibleFilterError(f"lvs.cluster.verify_report: {error!r}") from error


def verify_hosts(given: Any) -> list[str]:
    """Names of hosts from a list or from text."""
    try:
        return host_names(given)
    except (TypeError, ValueError) as error:
        raise AnsibleFilterError(
            f"lvs.cluster.verify_hosts: {given!r} is no list of hosts; write [client1, client2] or client1,client2"
        ) from error


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "unprepared": unprepared,
            "verify_hosts": verify_hosts,
            "verify_junit": junit,
            "verify_neighbours": asked,
            "verify_report": verify_report,
            "verify_targets": targets,
        }
