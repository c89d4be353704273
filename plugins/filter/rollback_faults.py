# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter `rollback_faults`: whether what several directors would put back belongs together."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.cluster.plugins.module_utils._history import alike


def rollback_faults(chosen: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What is wrong, from {director: what config_history returned}."""
    try:
        return alike.faults(chosen)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise AnsibleFilterError(f"lvs.cluster.rollback_faults: {error!r}") from error


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        return {"rollback_faults": rollback_faults}
