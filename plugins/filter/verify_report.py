# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters `verify_targets`, `unprepared` and `verify_report`: from the plan to requests, from answers to faults."""

from __future__ import annotations

from typing import Any, Callable

from ansible_collections.lvs.cluster.plugins.module_utils._verify import report, targets, unprepared


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"unprepared": unprepared, "verify_report": report, "verify_targets": targets}
