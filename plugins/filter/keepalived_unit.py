# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter `keepalived_unit`: from a director's plan to settings of keepalived's unit for systemd_dropin."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import colocated


def keepalived_unit(director: Mapping[str, Any], ip: str = "/bin/ip") -> dict[str, dict[str, Any]]:
    """The settings of keepalived's unit, by section."""
    try:
        return colocated.unit(director, ip)
    except KeyError as error:
        raise AnsibleFilterError(f"lvs.cluster.keepalived_unit: the director's plan lacks the key {error}") from error
    except (AttributeError, TypeError) as error:
        raise AnsibleFilterError(f"lvs.cluster.keepalived_unit: {error}") from error


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., dict[str, dict[str, Any]]]]:
        return {"keepalived_unit": keepalived_unit}
