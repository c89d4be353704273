"""The part pool_guard of host_compare: whose services are looked at. The table is given; the files are real."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args

from ansible_collections.lvs.cluster.plugins.module_utils._boot import files
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import host
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    Destination,
    DestinationKey,
    Entry,
    ServiceKey,
    Settings,
    Table,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.session import Session
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import failover_files
from ansible_collections.lvs.cluster.plugins.modules import host_compare

WEB, TLS = (ServiceKey("ipv4", "tcp", "10.0.0.5", port) for port in (80, 443))
GONE = "tcp 10.0.0.5:443 would go: its last virtual service"


def pool(*servers: int, forwarding: str = "nat") -> Entry:
    names = [DestinationKey("ipv4", f"10.0.0.1{number}", 80) for number in servers]
    return Entry(Settings(), {name: Destination(forwarding, 1) for name in names})


def wanted(port: int, *servers: int, forwarding: str = "nat") -> dict[str, Any]:
    destinations = [
        {"address": f"10.0.0.1{number}", "port": 80, "weight": 1, "forwarding": forwarding} for number in servers
    ]
    return {"address": "10.0.0.5", "port": port, "protocol": "tcp", "destinations": destinations}


class Director:
    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.config = folder / "keepalived.conf"
        self.state = folder / "lvs-director-table.json"
        self.live: Table = {}
        self.warned: list[str] = []
        self._capsys = capsys

    def compare(self, **options: Any) -> dict[str, Any]:
        with patch_module_args({"parts": {"pool_guard": options}}), pytest.raises(SystemExit):
            host_compare.main()
        result: dict[str, Any] = json.loads(self._capsys.readouterr().out)
        return result

    def faults(self, **options: Any) -> list[str]:
        result = self.compare(**options)
        assert not result.get("failed"), result
        assert not result["changed"]
        faults: list[str] = result["parts"]["pool_guard"]["faults"]
        return faults


@pytest.fixture
def director(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Director:
    found = Director(tmp_path, capsys)
    monkeypatch.setattr(Session, "table", lambda _session: found.live)
    monkeypatch.setattr(host, "require_privilege", lambda: None)
    monkeypatch.setattr(files, "STATE_DIR", str(tmp_path))
    monkeypatch.setattr(AnsibleModule, "warn", lambda _module, text: found.warned.append(text))
    return found


def test_what_a_pool_loses(director: Director) -> None:
    director.live = {WEB: pool(1, 2, 3)}
    part = director.compare(services=[wanted(80, 1)])["parts"]["pool_guard"]
    assert len(part["faults"]) == 1
    assert part["pools"] == [
        {"service": str(WEB), "servers": ["10.0.0.12:80", "10.0.0.13:80"], "weight": 2, "of_servers": 3, "of_weight": 3}
    ]
    assert (part["removed"], part["of_services"]) == ([], 1)
    assert director.faults(services=[wanted(80, 1)], threshold=0.7) == []
    assert director.faults(services=[wanted(80, 1)], leaving=["10.0.0.12", "10.0.0.13"]) == []


def test_a_director_with_nothing_has_nothing_to_lose(director: Director) -> None:
    assert director.faults(services=[], config=str(director.config), name="lvs-director") == []


def test_services_of_our_state_file(director: Director) -> None:
    director.live = {TLS: pool(1)}
    assert director.faults(name="lvs-director") == []
    director.state.write_text(json.dumps({"version": 1, "services": [TLS._asdict()]}))
    assert director.faults(name="lvs-director") == [GONE]
    assert director.faults() == []


def test_services_of_keepalived(director: Director) -> None:
    director.live = {TLS: pool(1)}
    assert director.faults(config=str(director.config)) == []
    director.config.write_text("virtual_server 10.0.0.5 80 {\n}\n")
    assert director.faults(config=str(director.config)) == []
    director.config.write_text("virtual_server 10.0.0.5 443 {\n protocol TCP\n}\n")
    assert director.faults(config=str(director.config)) == [GONE]
    assert director.warned == []


def test_a_configuration_that_is_not_understood_hides_nothing(director: Director) -> None:
    director.live = {TLS: pool(1)}
    director.config.write_text("virtual_server 10.0.0.5 443 \\\n{\n}\n")
    assert director.faults(config=str(director.config)) == [GONE]
    assert [str(director.config) in text for text in director.warned] == [True]


def test_a_broken_state_file_is_an_error(director: Director) -> None:
    director.live = {TLS: pool(1)}
    director.state.write_text("{")
    result = director.compare(name="lvs-director")
    assert result["failed"]
    assert result["msg"].startswith("pool_guard: state_file: ")


def test_servers_that_would_be_held_back_do_not_serve(director: Director) -> None:
    unready = [{"address": f"10.0.0.1{number}", "forwarding": "dr"} for number in (1, 2)]
    director.live = {WEB: pool(1, 2)}
    turned = [wanted(80, 1, 2, forwarding="dr")]
    assert director.faults(services=turned) == []
    assert len(director.faults(services=turned, unready=unready)) == 1
    # One that serves goes on, prepared in this run or not.
    director.live = {WEB: pool(1, 2, forwarding="dr")}
    assert director.faults(services=turned, unready=unready) == []


@pytest.mark.parametrize("threshold", ["much", "-1", 2])
def test_a_wrong_threshold(director: Director, threshold: object) -> None:
    assert "pool_guard: threshold: " in director.compare(threshold=threshold)["msg"]


def test_a_wrong_service(director: Director) -> None:
    assert "services[0].address" in director.compare(services=[{"port": 80}])["msg"]


def test_a_failover_that_would_end(director: Director, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failover_files, "DIRECTORY", str(tmp_path))
    first, second = "lvs_failover_instance_VI_1", "lvs_failover_group_VG1"
    assert director.faults(failover_files=[first]) == []
    (tmp_path / first).write_text(failover_files.text_for(51))
    # Of an instance that has had another name since: no priority counts it.
    assert director.faults(failover_files=[second]) == []
    config = tmp_path / "keepalived.conf"
    config.write_text(f"vrrp_instance VI_1 {{\n    track_file {{\n        {first} weight 1\n    }}\n}}\n")
    assert director.faults(config=str(config)) == []
    assert director.faults(failover_files=[second, first], config=str(config)) == []
    (fault,) = director.faults(failover_files=[second], config=str(config))
    assert fault.startswith(f"{first} adds 51 to a priority since a failover, and no VRRP instance")
    # One that can't be understood may follow it.
    config.write_text("~SEQ(n, 1, 2) vrrp_instance VI_${n} {\n}\n")
    assert len(director.faults(failover_files=[second], config=str(config))) == 1
    (tmp_path / first).write_text(failover_files.text_for(0))
    assert director.faults(failover_files=[second], config=str(config)) == []
