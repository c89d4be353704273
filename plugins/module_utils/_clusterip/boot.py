# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program of lvs-clusterip.service: rules of all cluster IPs before the network comes up.

Commands: load, unload, follow.

A cluster IP that cannot be loaded keeps no other from it. But the service has failed then, and is tried again; the one
of the VIPs, which needs it, does not start before all of them are loaded. A VIP without its rules would take every
client, and without one of its VIPs the node's health checks fail anyhow.
"""

from __future__ import annotations

import os
import sys
from typing import Callable, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import run_command as run_simple
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.follow import follow
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.backends.known import named
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.commands import Command, run_command
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.kept import (
    Kept,
    alone,
    config_path,
    read_all,
    read_given,
    read_kept,
)

__all__ = ["load_all", "main", "unload_all"]


def load_all(run: Command) -> list[str]:
    """Loads every cluster IP with its buckets, but for those whose rules stand; gives the faults."""
    return _each(lambda kept: _load(run, kept))


def _load(run: Command, kept: Kept) -> None:
    backend = named(kept.cluster_ip.backend)
    # What stands may serve other buckets by now, and the service is started while the host runs, too.
    if backend.read(run, kept.cluster_ip) is None:
        backend.load(run, kept.cluster_ip, _first(kept))


def _first(kept: Kept) -> tuple[int, ...]:
    """The buckets to load with: while the failover runs, as in a restart of this service, those that VRRP has given."""
    given = read_given()
    if given is None:
        return kept.at_boot
    return tuple(bucket for bucket in given if bucket <= kept.cluster_ip.total)


def unload_all(run: Command) -> list[str]:
    """Takes the rules of every cluster IP away; gives the faults."""
    return _each(lambda kept: named(kept.cluster_ip.backend).remove(run, kept.cluster_ip))


def _follow(program: str) -> list[str]:
    try:
        follow(run_simple, program, "load")
    except (BootError, OSError) as exc:
        return [str(exc)]
    return []


def _each(work: Callable[[Kept], None]) -> list[str]:
    found, faults = read_all()
    for kept in found:
        try:
            with alone():
                # A run may have changed it, or taken it away, meanwhile.
                now = read_kept(config_path(kept.cluster_ip.address))
                if now is not None:
                    work(now)
        except (BootError, OSError) as exc:
            faults.append(f"{kept.cluster_ip.address}: {exc}")
    return faults


def main(argv: Sequence[str]) -> int:
    name = os.path.basename(argv[0])
    works: dict[str, Callable[[Command], list[str]]] = {
        "load": load_all,
        "unload": unload_all,
        "follow": lambda _run: _follow(argv[0]),
    }
    if len(argv) != 2 or argv[1] not in works:
        sys.stderr.write(f"usage: {name} load|unload|follow\n")
        return 64
    faults = works[argv[1]](run_command)
    for fault in faults:
        sys.stderr.write(f"{name} {argv[1]}: {fault}\n")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv))
