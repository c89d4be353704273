"""What the playbooks that only look say of this cluster."""

from __future__ import annotations

from pathlib import Path

from tests.support import operations
from tests.support.cluster import Cluster

EXPORTER = "/root/keepalived_exporter"


def test_a_program_with_a_name_like_keepalived_s_is_left_alone(cluster: Cluster) -> None:
    """It dies of every signal that a keepalived takes for a question, and no playbook takes it for one."""
    for director in ("lb1", "lb2"):
        cluster.run(director, "cp", "/usr/bin/sleep", EXPORTER)
        cluster.run(director, "systemd-run", "--quiet", "--unit=lvs-test-exporter", EXPORTER, "infinity")
    try:
        for name, words in (("status", []), ("site", []), ("verify", ["-e", '{"lvs_verify_requests": 10}'])):
            run = cluster.playbook(name, *words)
            assert (run.status, run.changed) == (0, {}), run.output
        for director in ("lb1", "lb2"):
            assert cluster.run(director, "systemctl", "is-active", "lvs-test-exporter").strip() == "active"
    finally:
        for director in ("lb1", "lb2"):
            cluster.run(director, "sh", "-c", f"systemctl stop lvs-test-exporter; rm {EXPORTER}")


def test_all_is_right(cluster: Cluster, tmp_path: Path) -> None:
    operations.all_is_right(cluster, tmp_path)
