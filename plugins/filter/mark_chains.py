# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter `mark_chains`: from a director's plan to chains for firewall_chains."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.cluster.plugins.module_utils._firewall import marks as _marks


def mark_chains(marks: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Chains that mark packets for a director's services."""
    try:
        return _marks.mark_chains(marks)
    except KeyError as error:
        raise AnsibleFilterError(f"lvs.cluster.mark_chains: the input lacks the key {error}") from error
    except (TypeError, ValueError) as error:
        raise AnsibleFilterError(f"lvs.cluster.mark_chains: {error}") from error


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., list[dict[str, Any]]]]:
        return {"mark_chains": mark_chains}
