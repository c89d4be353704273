# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node keeps of its cluster IPs: a file for each, with the buckets that it serves from boot."""

from __future__ import annotations

import os
from typing import Any, ContextManager, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._boot import alone as locks
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import read_json
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.model import ClusterIp, from_json

__all__ = ["FAILOVER", "FOLDER", "GIVEN", "Kept", "alone", "config_path", "read_all", "read_given", "read_kept"]

FOLDER = "/etc/lvs-cluster/clusterip"
FAILOVER = "failover.json"  # in the same folder, no cluster IP
GIVEN = "/run/lvs-clusterip/buckets.json"  # what VRRP has given this node, written by the failover


class Kept(NamedTuple):
    """A cluster IP as the host keeps it, with the buckets that the inventory has it serve from boot.

    ``chosen`` are those that a person has it serve from boot in place of them, None without such a choice.
    """

    cluster_ip: ClusterIp
    local: tuple[int, ...]
    chosen: tuple[int, ...] | None = None

    @property
    def at_boot(self) -> tuple[int, ...]:
        return self.local if self.chosen is None else self.chosen


def config_path(address: str) -> str:
    return f"{FOLDER}/{address.replace(':', '_')}.json"


def read_kept(path: str) -> Kept | None:
    """The cluster IP of a file, None if there is no file; BootError if it is not what we write."""
    data = read_json(path)
    if data is None:
        return None
    try:
        chosen = data.get("chosen")
        kept = Kept(
            from_json(data["cluster_ip"]), _buckets(data["local"]), None if chosen is None else _buckets(chosen)
        )
    except (BootError, KeyError, TypeError, ValueError) as exc:
        raise BootError(f"{path} is not what we wrote ({exc}): move it away and run the playbook again") from exc
    wrong = [bucket for bucket in {*kept.local, *kept.at_boot} if not 1 <= bucket <= kept.cluster_ip.total]
    if wrong:
        raise BootError(f"{path}: buckets {', '.join(map(str, wrong))} are not in 1..{kept.cluster_ip.total}")
    return kept


def _buckets(value: Any) -> tuple[int, ...]:
    return tuple(sorted({int(bucket) for bucket in value}))


def read_all() -> tuple[list[Kept], list[str]]:
    """All cluster IPs of the host, and a fault for each file that cannot be read."""
    found, faults = [], []
    try:
        names = sorted(os.listdir(FOLDER))
    except FileNotFoundError:
        return [], []
    except OSError as exc:
        return [], [f"cannot read {FOLDER}: {exc}"]
    for name in names:
        if name.endswith(".json") and name != FAILOVER and not name.startswith("."):
            try:
                kept = read_kept(f"{FOLDER}/{name}")
            except BootError as exc:
                faults.append(str(exc))
            else:
                found += [kept] if kept else []
    return found, faults


def alone() -> ContextManager[None]:
    """Keeps a run and the service from changing the rules at the same time. Waits for the other one."""
    return locks.alone("clusterip")


def read_given() -> tuple[int, ...] | None:
    """The buckets that VRRP has given this node by now; None where no failover runs."""
    data = read_json(GIVEN)
    return None if data is None else _buckets(data.get("buckets", ()))
