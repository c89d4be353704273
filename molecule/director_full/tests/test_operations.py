"""What the playbooks that only look say of this cluster, and what a reload of keepalived leaves to the run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import operations
from tests.support.cluster import Cluster
from tests.support.variants import edited

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


@pytest.mark.late
def test_what_a_reload_leaves_undone_is_done(served: Cluster, tmp_path: Path) -> None:
    """2.2.7 leaves a group's service, 2.3.3's checker crashes where a group gets one, and neither sets thresholds."""

    def edit(variables: dict[str, Any]) -> None:
        named = {one["name"]: one for one in variables["lvs_virtual_services"]}
        named["hashed"]["addresses"] = ["10.0.0.5"]
        named["hashed"]["real_servers"][0].update(upper_threshold=500, lower_threshold=400)
        # What goes, and changes, with the address that comes back.
        named["tcp"]["real_servers"][0]["weight"] = 7
        variables["lvs_virtual_services"].append({**named["http"], "name": "going", "port": 8099})

    (tmp_path / "files").symlink_to(served.inventory.parent / "files")
    changed = edited(served.inventory, tmp_path, "group_vars/directors/services.yml", edit)
    for inventory, upper, lower, weight in ((changed, 500, 400, 7), (served.inventory, 1000, 800, 1)):
        run = served.playbook("site", inventory=inventory)
        assert run.status == 0, run.output
        assert run.output.count("a reload of keepalived leaves this undone") == len(DIRECTORS), run.output
        for director in DIRECTORS:
            table = served.table(director)
            assert ("TCP 10.0.0.6:8013" in table, "TCP 10.0.0.5:8099" in table) == (weight == 1, weight == 7), table
            assert set(table["TCP 10.0.0.5:8001"].values()) == {weight}
            listed = served.run(director, "ipvsadm", "--list", "--numeric", "--thresholds").split()
            assert (listed.count(str(upper)), listed.count(str(lower))) == (2 if weight == 7 else 4,) * 2
        verified = served.playbook("verify", inventory=inventory)
        assert verified.status == 0, verified.output
