# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual services as ipvs_info returns them: the options of ipvs_table, with connections and statistics."""

from __future__ import annotations

from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import report
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import ServiceKey
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.transport import DestinationDetails, ServiceDetails

__all__ = ["show"]


def show(
    key: ServiceKey, service: ServiceDetails, destination: str | None = None, statistics: bool = True
) -> dict[str, Any]:
    """A service in the options of ipvs_table, with its figures; of its destinations those at one address, or all."""

    def figures(of: DestinationDetails) -> dict[str, Any]:
        if not statistics:
            return {}
        return {"connections": of.connections._asdict(), "statistics": of.statistics._asdict()}

    destinations = [
        {**report.destination_options(name, details.values), **figures(details)}
        for name, details in sorted(service.destinations.items())
        if destination in (None, name.address)
    ]
    shown = {**report.key_options(key), **report.settings_options(service.settings), "destinations": destinations}
    if statistics:
        shown["statistics"] = service.statistics._asdict()
    return shown
