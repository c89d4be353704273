# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a director whose table our modules write cannot have: what keepalived alone does."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Cluster, Host
from ansible_collections.lvs.cluster.plugins.module_utils._topology.service_settings import SHARED
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import listing

__all__ = ["check_static"]

SERVICE_OPTIONS = SHARED
REAL_SERVER_OPTIONS = ("upper_threshold", "lower_threshold")
"""Options of the module ipvs_table. They may stand under ``options``, too, where the module checks their values."""


def check_static(director: Host, cluster: Cluster) -> None:
    """Note what a director with lvs_manager static (given or by default) has and could not carry out."""
    _check_alone(director, cluster)
    if director.variables.get("lvs_sync_daemon"):
        director.place.key("lvs_sync_daemon").fault(
            "connection sync needs keepalived here, and lvs_manager is static",
            "leave it out, or write a VRRP instance that it follows",
        )
    shared = director.variables.get("lvs_virtual_service_defaults") or {}
    _check_options(shared, director.place.key("lvs_virtual_service_defaults"), SERVICE_OPTIONS)
    for number, service in director.items("lvs_virtual_services"):
        place = director.place.key("lvs_virtual_services").index(number)
        _check_options(service, place, SERVICE_OPTIONS)
        for entry_number, entry in enumerate(service.get("real_servers") or []):
            _check_options(entry or {}, place.key("real_servers").index(entry_number), REAL_SERVER_OPTIONS)


def _check_alone(director: Host, cluster: Cluster) -> None:
    staying = [host.name for host in cluster.sorted if not host.leaves]
    if len(staying) > 1 and not director.leaves:
        director.place.key("lvs_manager").fault(
            f"is static, and the directors {listing(staying)} of cluster {cluster.name} would hold the VIPs at once",
            "use keepalived with a VRRP instance, or give each director its own lvs_cluster and VIPs",
        )


def _check_options(entry: Mapping[str, Any], place: Place, known: tuple[str, ...]) -> None:
    for key in entry.get("options") or {}:
        if key not in known:
            place.key("options").key(key).fault(
                "is a keyword of keepalived, and here the kernel's table is written without it",
                f"leave it out, or use one of {', '.join(known)}",
            )
