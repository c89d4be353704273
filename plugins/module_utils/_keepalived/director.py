# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A director's plan as keepalived's configuration tree.

Keywords are those of keepalived.conf(5) of 2.2.7 and 2.3.3, in the modern word where there is an older one
(``lvs_sched`` for ``lb_algo``, ``lvs_method`` for ``lb_kind``, ``retry`` for ``nb_get_retry``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import failover_files as files
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.colocated import notified
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.global_defs import global_defs
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tracking import (
    definitions,
    failover_files,
    track_files,
)
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tree import Node, TreeError, from_options
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.virtual_servers import virtual_servers
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.vrrp import garp_groups, instance, sync_group
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.weights import DIRECTORY

__all__ = ["tree"]


def tree(director: Mapping[str, Any], weights_directory: str = DIRECTORY) -> list[Node]:
    """Return the nodes for a DIRECTOR plan.

    The order is keepalived's need: what is tracked must stand before those who track it, because its name is looked up
    while the file is read. Raise TreeError where an ``options`` mapping or a script's argument cannot be written.
    """
    services: Sequence[Mapping[str, Any]] = director.get("services") or []
    instances: Sequence[Mapping[str, Any]] = director.get("vrrp_instances") or []
    units = files.units(director)
    by_group = {unit.group: unit.name for unit in units if unit.group}
    alone = {unit.instances[0]: unit.name for unit in units if not unit.group}
    _check_names(director)
    body = [
        *from_options(director.get("options") or {}, "options"),
        *definitions(director),
        *failover_files(units, files.DIRECTORY),
        *track_files(services, weights_directory),
        *garp_groups(instances),
        *(sync_group(item, by_group.get(item["name"], "")) for item in director.get("vrrp_sync_groups") or []),
        *(instance(item, notified(director), alone.get(item["name"], "")) for item in instances),
        *virtual_servers(services),
    ]
    return [global_defs(director, body), *body]


def _check_names(director: Mapping[str, Any]) -> None:
    """keepalived takes the first file of a name, so one of the inventory's would be followed in our file's place."""
    for item in director.get("track_files") or []:
        if item["name"].startswith(files.PREFIX):
            raise TreeError(f"track_file {item['name']}", f"names that begin with {files.PREFIX} are for the failover")
