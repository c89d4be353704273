# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters `ipvs_services` and `unready_servers`: a director's plan as options of `director_table`."""

from __future__ import annotations

from typing import Any, Callable

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.planned import services, unready


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"ipvs_services": services, "unready_servers": unready}
