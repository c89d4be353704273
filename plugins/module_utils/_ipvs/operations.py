# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wanted of the table as single operations on the kernel."""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    Destination,
    DestinationKey,
    ServiceKey,
    Settings,
)

__all__ = ["ADD", "DELETE", "EDIT", "Operation"]

ADD, EDIT, DELETE = "add", "edit", "delete"


class Operation(NamedTuple):
    """One request: add, edit or delete a virtual service, or one of its destinations."""

    verb: str
    service: ServiceKey
    settings: Settings | None = None
    """Of a service that is added or edited."""
    destination: DestinationKey | None = None
    """None: the operation is on the service itself."""
    values: Destination | None = None
    """Of a destination that is added or edited."""

    def __str__(self) -> str:
        if self.destination is None:
            return f"virtual service {self.service}"
        return f"destination {self.destination} of virtual service {self.service}"
