# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter `status_page`: a report of a cluster as a page."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.cluster.plugins.module_utils._status.page import page


def status_page(report: Mapping[str, Any], plans: Mapping[str, Mapping[str, Any]]) -> str:
    """The page, as HTML."""
    try:
        return page(report, plans)
    except (AttributeError, KeyError, TypeError) as error:
        raise AnsibleFilterError(f"lvs.cluster.status_page: {error!r}") from error


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., str]]:
        return {"status_page": status_page}
