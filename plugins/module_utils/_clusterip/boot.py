# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program of lvs-clusterip.service: rules of all cluster IPs before the network comes up.

Commands: load, unload, follow.

A cluster IP that cannot be loaded keeps no other from it.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Callable, NamedTuple, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import run_command as run_simple
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import read_json
from ansible_collections.lvs.cluster.plugins.module_utils._boot.follow import follow
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.backends.known import named
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.commands import Command, run_command
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.model import ClusterIp, from_json

__all__ = [
    "FAILOVER",
    "FOLDER",
    "GIVEN",
    "Kept",
    "config_path",
    "load_all",
    "main",
    "read_all",
    "read_kept",
    "unload_all",
]

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
    given = read_json(GIVEN)
    if given is None:
        return kept.at_boot
    return tuple(bucket for bucket in _buckets(given.get("buckets", ())) if bucket <= kept.cluster_ip.total)


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
            work(kept)
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
