"""check.yml from end to end. It contacts no host, so nothing is needed but an inventory."""

from __future__ import annotations

import json
import stat
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from tests.unit.playbooks import nowhere

# Whoever tried a host, a way to become root or the hosts' Python would fail.
NOWHERE = {
    **nowhere.NOWHERE,
    "ansible_become": True,
    "ansible_become_exe": "/nonexistent/sudo",
    "ansible_python_interpreter": "/nonexistent/python3",
}
SECRET = "s3cr3tpw"
REPORT = {"check.txt", "check.mmd", "check.svg", "check.json"}


def check(tmp_path: Path, *arguments: str, example: str = "nat_ha", **hosts: dict[str, Any]) -> tuple[int, str]:
    """Run check.yml on an example with other variables for some hosts; exit status and output."""
    return nowhere.play(tmp_path, "check", example, *arguments, everywhere=NOWHERE, hosts=hosts)


def instances(**more: Any) -> dict[str, Any]:
    """nat_ha's VRRP instance with another password."""
    return {
        "lvs_vrrp_instances": [
            {
                "name": "VI_1",
                "interface": "eth0",
                "virtual_router_id": 51,
                "priorities": {"lb1": 200, "lb2": 150},
                "authentication": {"auth_type": "PASS", "auth_pass": SECRET},
                "virtual_ipaddress": ["10.0.0.5/24", {"address": "192.168.0.1/24", "dev": "eth1"}],
                **more,
            }
        ]
    }


def test_the_plan_is_told_and_drawn_and_no_password_is(tmp_path: Path) -> None:
    report = tmp_path / "a" / "report"
    status, output = check(
        tmp_path,
        *("-vvv", "--limit", "rs2", "--extra-vars", f"lvs_report_dir={report}"),
        # State MASTER is one of the things that a notice is given for.
        lb1=instances(state="MASTER"),
        lb2=instances(),
    )
    assert status == 0, output
    assert "UNREACHABLE" not in output
    assert "lvs_vrrp_instances[0].state: with MASTER" in output
    for words in (
        "lb1: director, cluster default",
        "VI_1 on eth0: id 51, priority 200, adverts every 1 s, version 2",
        "to rs1 192.168.0.12:80 NAT weight 20, checked by http",
        "via 192.168.0.1 on eth0 for 192.168.0.13 (policy route)",
    ):
        assert words in output
    assert {path.name for path in report.iterdir()} == REPORT
    assert stat.S_IMODE(report.stat().st_mode) == 0o755
    files = {path.name: path.read_text() for path in report.iterdir()}
    seen = ["".join(one.itertext()) for one in ET.fromstring(files["check.svg"]).iter()]
    assert {"lb1", "lb2", "rs1", "rs2", "intranet", "plain", "weight 20, NAT"} <= set(seen)
    assert files["check.mmd"].startswith("flowchart LR\n")
    assert files["check.txt"].startswith("Notice: lb1: lvs_vrrp_instances[0].state: with MASTER")
    assert "\n\nlb2: director, cluster default\n  interfaces     eth0 10.0.0.4/24\n" in files["check.txt"]
    data = json.loads(files["check.json"])
    assert set(data["hosts"]) == {"client", "lb1", "lb2", "rs1", "rs2"}
    assert data["hosts"]["rs1"]["interfaces"] == {"eth0": ["192.168.0.12/24"]}
    assert data["mermaid"] == files["check.mmd"]
    assert len(data["notices"]) == 1
    assert '"lvs_check"' in output
    assert SECRET not in output
    assert [name for name, text in files.items() if SECRET in text] == []


def test_all_faults_are_told_and_nothing_is_drawn(tmp_path: Path) -> None:
    report = tmp_path / "report"
    status, output = check(
        tmp_path,
        *("--limit", "client", "--extra-vars", f"lvs_report_dir={report}"),
        rs1={"lvs_weight": -1},
        lb1=instances(virtual_router_id=300),
        lb2=instances(),
    )
    assert status != 0
    assert "UNREACHABLE" not in output
    assert "\nrs1: lvs_weight: -1 is not in 0..65535; " in output
    assert "\nlb1: lvs_vrrp_instances[0].virtual_router_id: 300 is not in 1..255; " in output
    assert SECRET not in output
    assert not report.exists()
    assert "flowchart" not in output
    assert "way back" not in output


def test_check_mode_is_the_same(tmp_path: Path) -> None:
    report = tmp_path / "report"
    status, output = check(tmp_path, "--check", "--extra-vars", f"lvs_report_dir={report}", example="clusterip_modern")
    assert status == 0, output
    assert {path.name for path in report.iterdir()} == REPORT


def test_a_folder_is_taken_from_where_the_playbook_was_called_and_left_as_it_is(tmp_path: Path) -> None:
    report = tmp_path / "mine" / "report"
    report.mkdir(mode=0o700, parents=True)
    status, output = check(tmp_path, "--extra-vars", "lvs_report_dir=mine/report")
    assert status == 0, output
    assert {path.name for path in report.iterdir()} == REPORT
    assert stat.S_IMODE(report.stat().st_mode) == 0o700
