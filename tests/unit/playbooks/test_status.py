"""status.yml on a host with nothing on it, and beside one that nobody reaches."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.unit.plugins.netns import COLLECTIONS, REPOSITORY, Host

PYTHON = REPOSITORY / ".venv" / "bin" / "python"
# No sudo is needed: the test is root.
LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": str(PYTHON), "ansible_become": False}
UNREACHED = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
SERVICE = {
    **{"name": "web", "address": "10.0.0.5", "port": 80, "forwarding": "dr", "health_checks": []},
    "real_servers": [{"host": "rs1", "weight": 7}],
}
INSTANCE = {
    **{"name": "VI_1", "interface": "eth0", "virtual_router_id": 51, "priorities": {"lb1": 200, "lb2": 100}},
    **{"authentication": {"auth_type": "PASS", "auth_pass": "sesame1"}, "virtual_ipaddress": ["10.0.0.5/24"]},
}


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with Host(tmp_path / "host") as found:
        yield found


def inventory(folder: Path) -> Path:
    shared = {"lvs_virtual_services": [SERVICE], "lvs_vrrp_instances": [INSTANCE]}
    hosts = {
        "lb1": {"lvs_interfaces": {"eth0": "10.0.0.3/24"}, **LOCAL},
        "lb2": {"lvs_interfaces": {"eth0": "10.0.0.4/24"}, **UNREACHED},
    }
    servers = {"rs1": {"lvs_interfaces": {"eth0": "10.0.0.12/24"}, **UNREACHED}}
    content = {
        "all": {
            "children": {"directors": {"hosts": hosts, "vars": shared}, "real_servers_dr": {"hosts": servers}},
        }
    }
    file = folder / "hosts.yml"
    file.write_text(yaml.safe_dump(content))
    return file


def test_a_director_that_nobody_reaches_is_named(host: Host, tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    output = host.run(
        *("env", f"ANSIBLE_COLLECTIONS_PATH={COLLECTIONS}", "ANSIBLE_SHOW_CUSTOM_STATS=1", "ANSIBLE_NOCOLOR=1"),
        *("ansible-playbook", "-i", str(inventory(tmp_path)), "lvs.cluster.status", "-e", f"lvs_report_dir={reports}"),
    )
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
