# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter `checked_ports`: from a director's plan to the TCP ports that its health checks connect to."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.cluster.plugins.module_utils._platform import checked


def checked_ports(director: Mapping[str, Any]) -> list[int]:
    """The ports."""
    try:
        return checked.checked_ports(director)
    except KeyError as error:
        raise AnsibleFilterError(f"lvs.cluster.checked_ports: the director's plan lacks the key {error}") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise AnsibleFilterError(f"lvs.cluster.checked_ports: {error}") from error


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., list[int]]]:
        return {"checked_ports": checked_ports}
