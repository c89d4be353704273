# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program of lvs-clusterip-failover.service: lets VRRP decide which buckets this node serves.

Commands: run, until SIGTERM; release gives all buckets back, also when a run was killed.
"""

from __future__ import annotations

import os
import sys
from typing import Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import remove_file
from ansible_collections.lvs.cluster.plugins.module_utils._boot.watch import log
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.backends.known import BY_NAME
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.commands import run_command
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.settings import (
    Places,
    as_they_stand,
    read,
    read_cluster_ips,
)
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.supervisor import Serve, Supervisor
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.model import ClusterIp

__all__ = ["NAME", "main", "release", "serve", "standing"]

NAME = "lvs-clusterip-failover"

_BACKENDS = tuple(BY_NAME.values())


def serve(cluster_ips: Sequence[ClusterIp], buckets: tuple[int, ...]) -> None:
    """Has the kernel serve exactly these buckets of all cluster IPs; a backend that fails keeps no other from it."""
    faults = []
    for backend in _BACKENDS:
        wanted = [
            (cluster_ip, tuple(bucket for bucket in buckets if bucket <= cluster_ip.total))
            for cluster_ip in cluster_ips
            if cluster_ip.backend == backend.NAME
        ]
        if wanted:
            try:
                backend.serve(run_command, wanted)
            except (BootError, OSError) as exc:
                faults.append(str(exc))
    if faults:
        raise BootError("; ".join(faults))


def standing(places: Places, give: Serve) -> Serve:
    """``give``, but of the cluster IPs those that are there, as they are by now."""
    return lambda cluster_ips, buckets: give(as_they_stand(places, cluster_ips), buckets)


def release(places: Places, give: Serve) -> list[str]:
    """Gives all buckets of all cluster IPs back; what was not possible."""
    cluster_ips, faults = read_cluster_ips(places)
    found = list(faults)
    try:
        give(cluster_ips, ())
    except (BootError, OSError) as exc:
        found.append(str(exc))
    remove_file(places.buckets)
    return found


def main(argv: Sequence[str]) -> int:
    name, places = os.path.basename(argv[0]), Places()
    if list(argv[1:]) not in (["run"], ["release"]):
        log(f"usage: {name} run | release")
        return 64
    try:
        if argv[1] == "run":
            return Supervisor(places, lambda: read(places), standing(places, serve)).run()
        faults = release(places, serve)
    except (BootError, OSError) as exc:
        faults = [str(exc)]
    for fault in faults:
        log(f"{name} {argv[1]}: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv))
