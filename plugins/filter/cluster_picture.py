# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter `cluster_picture`: the plans of all hosts as Mermaid and as SVG."""

from __future__ import annotations

from typing import Any, Callable, Mapping, Sequence

from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.cluster.plugins.module_utils._picture import mermaid, svg
from ansible_collections.lvs.cluster.plugins.module_utils._picture.wiring import enriched


def cluster_picture(
    plans: Mapping[str, Mapping[str, Any]],
    interfaces: Mapping[str, Any] | None = None,
    leaving: Sequence[str] = (),
    states: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, str]:
    """{"mermaid": text, "svg": text} of the plans of all hosts."""
    try:
        known = enriched(plans, interfaces, leaving)
        return {"mermaid": mermaid.draw(known), "svg": svg.draw(known, states=states)}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise AnsibleFilterError(f"lvs.cluster.cluster_picture: {error!r}") from error


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., dict[str, str]]]:
        return {"cluster_picture": cluster_picture}
