"""What the playbooks that only look say of this cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import operations
from tests.support.cluster import Cluster

EXPORTER, UNIT = "/root/keepalived_exporter", "lvs-test-exporter"
# As keepalived does, it has a handler for SIGHUP; any other signal ends it as well.
PROGRAM = "import os, signal; signal.signal(signal.SIGHUP, lambda *_: os._exit(1)); signal.pause()"
DIRECTORS = ("lb1", "lb2")


@pytest.fixture
def exporters(cluster: Cluster) -> Iterator[None]:
    """Beside each keepalived a program with a name like its own, which a signal for a keepalived would end."""
    for director in DIRECTORS:
        cluster.run(director, "cp", "--dereference", "/usr/bin/python3", EXPORTER)
        cluster.run(director, "systemd-run", "--quiet", f"--unit={UNIT}", EXPORTER, "-c", PROGRAM)
    yield
    for director in DIRECTORS:
        cluster.run(director, "sh", "-c", f"systemctl stop {UNIT}; rm {EXPORTER}")


@pytest.mark.late
@pytest.mark.usefixtures("exporters")
def test_all_is_right_and_an_exporter_is_left_alone(cluster: Cluster, tmp_path: Path) -> None:
    operations.all_is_right(cluster, tmp_path)
    run = cluster.playbook("site")
    assert (run.status, run.changed) == (0, {}), run.output
    for director in DIRECTORS:
        assert cluster.run(director, "systemctl", "is-active", UNIT).strip() == "active"
