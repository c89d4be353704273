"""Labs of guests with Debian's own kernel, for the tests beside this file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.labs import LOGS
from tests.support.cluster import Cluster


@contextmanager
def booted(name: str, inventory: Path) -> Iterator[Cluster]:
    """The inventory's hosts, those with a stock kernel that don't say otherwise, until the block ends."""
    cluster = Cluster(f"qemu_{name}_{os.getpid()}", inventory)
    try:
        cluster.lab.up(str(inventory), "full", "qemu")
        yield cluster
    finally:
        for console in cluster.lab.folder.glob("guests/*/console.log"):
            kept = LOGS / cluster.lab.name / console.relative_to(cluster.lab.folder)
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(console, kept)
        cluster.lab.down()


def converged(cluster: Cluster) -> None:
    """A first run changes every host that is configured, a second one nothing."""
    first = cluster.playbook("site")
    assert first.status == 0, first.output
    assert first.changed
    again = cluster.playbook("site")
    assert (again.status, again.changed) == (0, {}), again.output


def is_stock(cluster: Cluster, host: str) -> None:
    """The host has Debian's own kernel and rules in nf_tables, and nothing of ours chose that."""
    assert cluster.run(host, "uname", "-r").strip().endswith("-amd64")
    for program in ("iptables", "ip6tables", "arptables"):
        assert "(nf_tables)" in cluster.run(host, program, "-V")
        chosen = cluster.run(host, "update-alternatives", "--query", program)
        assert "Status: auto\n" in chosen


def is_verified(cluster: Cluster) -> None:
    """The playbook that proves a cluster finds nothing wrong; a guest without KVM may be slow to answer."""
    run = cluster.playbook("verify", "--extra-vars", "lvs_timeout=20")
    assert run.status == 0, run.output
