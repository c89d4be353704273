# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the part pool_guard of the module host_compare does: it changes nothing, and no module of its own has it."""

from __future__ import annotations

import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import guard, persistent, task, weights
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.errors import IpvsError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import ServiceKey, Table
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.ownership import StateFile, keepalived_owns
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.session import Session
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import failover_files
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.owner import Running
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.director_table import UNREADY
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import TaskError
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.vrrp_priority import followed

ARGUMENTS: dict[str, Any] = {
    "services": {"type": "list", "elements": "dict", "default": []},
    "sorry_servers": {"type": "list", "elements": "dict", "default": []},
    "unready": {"type": "list", "elements": "dict", "default": [], "options": UNREADY},
    "leaving": {"type": "list", "elements": "str", "default": []},
    "name": {"type": "str", "default": ""},
    "config": {"type": "path", "default": ""},
    "threshold": {"type": "str", "default": "0.5"},
    "failover_files": {"type": "list", "elements": "str"},
}


def run(module: AnsibleModule) -> dict[str, Any]:
    """Compare the live table with what is wanted: ``faults`` is what would be taken out and is too much."""
    try:
        threshold = guard.read_threshold(module.params["threshold"])
    except ValueError as error:
        raise TaskError(str(error)) from error
    losses = task.work(module, _losses)["losses"]
    return {
        "changed": False,
        "faults": guard.faults(losses, threshold) + _ending(module.params["failover_files"], module.params["config"]),
        "pools": [
            {
                "service": str(pool.service),
                "servers": [str(name) for name in pool.servers],
                "weight": pool.weight,
                "of_servers": pool.of_servers,
                "of_weight": pool.of_weight,
            }
            for pool in losses.pools
        ],
        "removed": [str(key) for key in losses.removed],
        "of_services": losses.of_services,
    }


def _ending(wanted: list[str] | None, config: str) -> list[str]:
    """What a failover has added to priorities and would count no more, as where an instance gets another name.

    What the configuration in force does not follow counts for nothing already.
    """
    present = {} if wanted is None else failover_files.read(failover_files.DIRECTORY)
    ending = {name: number for name, number in present.items() if number and name not in (wanted or ())}
    return [
        f"{name} adds {number} to a priority since a failover, and no VRRP instance or sync group would follow it, so "
        "another director may take over: first say lvs.cluster.failover with lvs_back=true, by the inventory of before"
        for name, number in sorted(ending.items())
        if _counts(name, config)
    ]


def _counts(name: str, config: str) -> bool:
    """Whether the configuration in force follows the file; one that can't be understood may."""
    try:
        return name in followed(config)
    except TaskError:
        return True


def _losses(module: AnsibleModule, session: Session) -> dict[str, guard.Losses]:
    params = module.params
    wanted = guard.read_services(params["services"], params["sorry_servers"])
    live = session.table()
    unready = {(one["address"], one["forwarding"]) for one in params["unready"]}
    # A weight 0 that is there counts on neither side, so whose it is does not matter.
    table = weights.decide(live, wanted.table, unready, ()).table
    spared = guard.Spared(frozenset(params["leaving"]), wanted.sorry)
    return {"losses": guard.find(live, table, _ours(module, live, table), spared)}


def _ours(module: AnsibleModule, live: Table, wanted: Table) -> frozenset[ServiceKey]:
    """Those of the services that nobody wants any more that this run would remove."""
    extra = frozenset(live) - frozenset(wanted)
    name, config = module.params["name"], module.params["config"]
    found: frozenset[ServiceKey] = frozenset()
    if name and extra:
        found |= extra & StateFile(persistent.Names(name).state).read()
    if config and extra and os.path.exists(config):
        keepalived = Running(config, os.uname().nodename.split(".")[0])
        try:
            found |= keepalived_owns(extra, lambda: [keepalived])
        except IpvsError:
            module.warn(f"{config} can't be understood, so that every virtual service of this host counts as its own")
            found |= extra
    return found
