"""status.yml on a host with nothing on it, and beside one that nobody reaches."""

from __future__ import annotations

import json
from pathlib import Path

from tests.unit.playbooks.half_reached import nodes, playbook
from tests.unit.plugins.netns import Host


def test_a_director_that_nobody_reaches_is_named(host: Host, tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    status, output = playbook(host, tmp_path, "status", f"lvs_report_dir={reports}")
    assert status == 0, output
    assert "lb2: what this director does is not known: " in output
    assert "lb1: keepalived does not run" in output
    report = json.loads((reports / "status.json").read_text())
    assert [(one["host"], one["told"], one["reached"]) for one in report["directors"]] == [
        ("lb1", True, True),
        ("lb2", False, False),
    ]
    (service,) = report["services"]
    assert (service["name"], service["source"], service["in_table"]) == ("web", "lb1", False)
    assert service["real_servers"][0]["planned"] == 7
    stats = output[output.index("CUSTOM STATS") :]
    assert "lvs_status" in stats
    assert "keepalived does not run" in stats
    html = (reports / "status.html").read_text()
    assert "<svg" in html
    assert "10.0.0.12:80" in html
    assert "sesame1" not in output + html + json.dumps(report)
    assert (reports.stat().st_mode & 0o777, (reports / "status.html").stat().st_mode & 0o777) == (0o755, 0o644)


def test_why_a_node_could_not_be_read_is_told(host: Host, tmp_path: Path) -> None:
    host.run("sh", "-ec", "mkdir -p /etc/lvs-cluster/clusterip; echo no > /etc/lvs-cluster/clusterip/10.0.0.9.json")
    reports = tmp_path / "reports"
    status, output = playbook(host, tmp_path, "status", f"lvs_report_dir={reports}", hosts=nodes(tmp_path))
    assert status == 0, output
    problems = json.loads((reports / "status.json").read_text())["problems"]
    assert problems[1:2] == ["10.0.0.9 of the cluster default: web2 was not reached"]
    assert problems[0].startswith(
        "10.0.0.9 of the cluster default: what web1 serves is not known: Have the cluster IPs"
    )
    assert "/etc/lvs-cluster/clusterip/10.0.0.9.json" in problems[0]
