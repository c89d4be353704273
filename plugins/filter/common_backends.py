# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter `common_backends`: which backend all nodes of a cluster take for each cluster IP."""

from __future__ import annotations

from typing import Any, Callable, Mapping, Sequence

from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.agree import agree


def common_backends(
    nodes: Mapping[str, Mapping[str, Mapping[str, str]]],
    left_out: Sequence[str] = (),
    standing: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, Any]:
    """{"backends": {VIP: backend}, "faults": [...]}."""
    try:
        return agree(nodes, list(left_out), standing or {})
    except (AttributeError, TypeError) as error:
        raise AnsibleFilterError(f"lvs.cluster.common_backends: {error}") from error


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        return {"common_backends": common_backends}
