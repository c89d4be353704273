# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters of the operations: what an operator means, and what came of it."""

from __future__ import annotations

from typing import Any, Callable

from ansible_collections.lvs.cluster.plugins.module_utils._operator.leaving import leaving
from ansible_collections.lvs.cluster.plugins.module_utils._operator.outcome import report
from ansible_collections.lvs.cluster.plugins.module_utils._operator.select import rolling, targets, without_sorry_server


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "absent_hosts": leaving,
            "operation_report": report,
            "operation_targets": targets,
            "rolling_hosts": rolling,
            "without_sorry_server": without_sorry_server,
        }
