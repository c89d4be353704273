# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter `settled_buckets`: which buckets nodes serve where the shares change and some were moved by hand."""

from __future__ import annotations

from typing import Any, Callable, Mapping, Sequence

from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.settle import settled


def settled_buckets(
    nodes: Mapping[str, Mapping[str, Mapping[str, Any]]],
    preferred: Mapping[str, Sequence[int]],
    left_out: Sequence[str] = (),
) -> dict[str, dict[str, Any]]:
    """{node: {"buckets": {VIP: {"now", "at_boot"}}, "lines"}} for nodes that must be told."""
    try:
        return settled(preferred, nodes, left_out)
    except (AttributeError, KeyError, TypeError) as error:
        raise AnsibleFilterError(f"lvs.cluster.settled_buckets: {error!r}") from error


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., dict[str, dict[str, Any]]]]:
        return {"settled_buckets": settled_buckets}
