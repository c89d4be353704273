# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter `weight_servers`: the real servers of a director's plan, as keepalived_weights takes them."""

from __future__ import annotations

from typing import Any, Callable, Collection, Mapping


def weight_servers(director: Mapping[str, Any], prepared: Collection[str]) -> list[dict[str, Any]]:
    """Every real server of every service with its weight file, and whether it may have its weight.

    A host of the inventory may if it is among `prepared`: its own role found or made it ready in this run. A machine
    outside the inventory always may, because nobody else will say so.
    """
    return [
        {
            "file": server["weight_file"],
            "label": "{} {}".format(service["name"], server["host"] or server["address"]),
            "ready": server["host"] is None or server["host"] in prepared,
        }
        for service in director["services"]
        for server in service["real_servers"]
    ]


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"weight_servers": weight_servers}
