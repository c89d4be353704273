# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter `failover_files`: the files that a director's VRRP instances and sync groups follow."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.failover_files import units


def failover_files(director: Mapping[str, Any]) -> list[str]:
    """Their names; none for a director without VRRP."""
    return [unit.name for unit in units(director)]


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        return {"failover_files": failover_files}
