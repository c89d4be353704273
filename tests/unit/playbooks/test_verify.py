"""verify.yml with the control node as the one that asks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.unit.playbooks.half_reached import nodes, playbook
from tests.unit.plugins.netns import Host


def test_the_control_node_asks_with_its_own_python_and_rights(host: Host, tmp_path: Path) -> None:
    """What the inventory says of all hosts, how to become root among it, is not for the control node."""
    host.run("ip", "address", "add", "10.0.0.5/32", "dev", "lo")
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "index.html").write_text("rs1\n")
    words = host.argv(sys.executable, "-u", "-m", "http.server", "80", "--bind", "10.0.0.5", "--directory", str(pages))
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            assert server.stdout is not None
            assert "Serving HTTP" in server.stdout.readline()
            status, output = playbook(
                host, tmp_path, "verify", "lvs_probe_hosts=localhost", "lvs_verify_requests=3", "lvs_report_dir=report"
            )
        finally:
            server.terminate()
    # The rest of the cluster is not there.
    assert status != 0, output
    report = json.loads((host.folder / "report" / "verify.json").read_text())
    assert report["table"][1].split()[:4] == ["web:80", "10.0.0.5:80", "rs1", "3"], output
    assert [one["faults"] for one in report["checks"] if one["aspect"] in ("requests", "neighbours")] == [[], []], (
        output
    )


def test_why_a_node_could_not_be_read_is_told(host: Host, tmp_path: Path) -> None:
    host.run("sh", "-ec", "mkdir -p /etc/lvs-cluster/clusterip; echo no > /etc/lvs-cluster/clusterip/10.0.0.9.json")
    extra = ("lvs_probe_hosts=localhost", "lvs_timeout=1")
    status, output = playbook(host, tmp_path, "verify", *extra, hosts=nodes(tmp_path))
    assert status == 2, output
    assert "web1: which buckets it serves is not known: Have the cluster IPs" in output
    assert "/etc/lvs-cluster/clusterip/10.0.0.9.json" in output
