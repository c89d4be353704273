# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args

from ansible_collections.lvs.cluster.plugins.module_utils._tasks import ipvs_connections as task
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import TaskError

HEAD = "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n"
WEB = "TCP 0A000064 9C40 0A000005 0050 C0A8000C 0050 ESTABLISHED     899\n"
OTHER = "TCP 0A000065 9C41 0A000005 01BB C0A8000D 01BB ESTABLISHED     899\n"
KNOWN = {"protocol": "tcp", "client": "10.0.0.100", "client_port": 40000, "address": "10.0.0.5", "port": 80}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "ip_vs_conn"
    file.write_text(HEAD + WEB + OTHER)
    return file


def run(table: Path, sleep: Any = None, **options: Any) -> dict[str, Any]:
    with patch_module_args(options):
        module = AnsibleModule(task.ARGUMENTS, supports_check_mode=True)
    return task.run(module, str(table), sleep or (lambda _seconds: None))


def test_one_client(table: Path) -> None:
    found = run(table, client="10.0.0.100")
    assert (found["changed"], found["total"], found["connections"][0]["server"]) == (False, 1, "192.168.0.12")
    assert "unknown" not in found
    assert run(table, client="10.0.0.0/24", limit=1)["total"] == 2


def test_services_and_servers(table: Path) -> None:
    services = [{"address": "10.0.0.5", "protocol": "tcp", "ports": [[443, 443]]}]
    assert run(table, services=services)["by_server"] == {"192.168.0.13:443": 1}
    assert run(table, services=[{"address": "10.0.0.5"}])["total"] == 2
    assert run(table, services=[{"address": "10.0.0.5", "protocol": "udp"}])["total"] == 0
    assert run(table, server="192.168.0.12")["by_server"] == {"192.168.0.12:80": 1}


def test_no_ip_vs_is_no_connection(tmp_path: Path) -> None:
    found = run(tmp_path / "none", known=[KNOWN], established_sample=5)
    assert (found["total"], found["established"], found["unknown"]) == (0, [], [KNOWN])


def test_sample_and_comparison(table: Path, tmp_path: Path) -> None:
    paused: list[float] = []
    sample = run(table, paused.append, established_sample=200, limit=0)["established"]
    assert ([one["client"] for one in sample], paused) == (["10.0.0.100", "10.0.0.101"], [3])
    backup = tmp_path / "backup"
    backup.write_text(HEAD + OTHER)
    assert run(backup, known=sample)["unknown"] == [KNOWN]


def test_it_waits_until_all_are_known(table: Path) -> None:
    waited: list[float] = []
    table.write_text(HEAD)

    def arrives(seconds: float) -> None:
        waited.append(seconds)
        table.write_text(HEAD + WEB)

    assert run(table, arrives, known=[KNOWN], known_wait=30)["unknown"] == []
    assert waited == [1.0]


def test_faults_all_at_once(table: Path) -> None:
    services = [{"address": "10.0.0.300", "ports": [[80]]}]
    with pytest.raises(TaskError) as error:
        run(table, client="10.0.0.1/99", server="x", services=services, limit=-1)
    assert str(error.value) == (
        "client: '10.0.0.1/99' is no network; server: 'x' is no address; "
        "services[0].address: '10.0.0.300' is no address; "
        "services[0].ports: [[80]] are no ranges such as [[80, 80], [8000, 8010]]; limit: -1 is below 0"
    )


def test_a_table_that_is_not_understood(table: Path) -> None:
    table.write_text("TCP what\n")
    with pytest.raises(TaskError, match="is not understood"):
        run(table)
