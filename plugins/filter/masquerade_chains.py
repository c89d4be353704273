# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter `masquerade_chains`: from a director's plan to chains for firewall_chains."""

from __future__ import annotations

from typing import Any, Callable, Iterable, Mapping

from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.cluster.plugins.module_utils._firewall import masquerade as _masquerade


def masquerade_chains(masquerade: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Chains that masquerade and forward what real servers send of their own accord."""
    try:
        return _masquerade.masquerade_chains(masquerade)
    except KeyError as error:
        raise AnsibleFilterError(f"lvs.cluster.masquerade_chains: the input lacks the key {error}") from error
    except (TypeError, ValueError) as error:
        raise AnsibleFilterError(f"lvs.cluster.masquerade_chains: {error}") from error


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., list[dict[str, Any]]]]:
        return {"masquerade_chains": masquerade_chains}
