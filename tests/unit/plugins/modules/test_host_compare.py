"""host_compare on a folder of its own, with a dpkg-query and a systemctl that answer as they are told."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.lvs.cluster.plugins.module_utils._boot import systemd
from ansible_collections.lvs.cluster.plugins.module_utils._platform import system
from ansible_collections.lvs.cluster.plugins.module_utils._platform.system import System
from ansible_collections.lvs.cluster.plugins.module_utils._tasks import host_state, together
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import TaskError
from ansible_collections.lvs.cluster.plugins.modules import host_compare

DROPIN = {"unit": "keepalived.service", "name": "lvs-director", "settings": {"Service": {"RestartSec": 1}}}
SECRET = "auth_pass s3cr3t!!"


class Machine:
    """What is installed and running, and the module on it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.weights = folder / "weights"
        self.programs = folder / "bin"
        self.installed = ["keepalived"]
        self.running = True
        self._capsys = capsys

    def program(self, name: str, text: str) -> None:
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def compare(self, *, check: bool = True, **options: Any) -> dict[str, Any]:
        shown = "".join(f"echo '{name} installed'; " for name in self.installed)
        self.program("dpkg-query", f"{shown}echo 'ufw not-installed'; exit 1")
        self.program("systemctl", f"exit {0 if self.running else 3}")
        options.update(_ansible_check_mode=check, _ansible_diff=True)
        with patch_module_args(options), pytest.raises(SystemExit):
            host_compare.main()
        result: dict[str, Any] = json.loads(self._capsys.readouterr().out)
        return result

    def parts(self, *servers: str) -> dict[str, Any]:
        named = [{"file": server, "ready": True} for server in servers]
        return {"keepalived_weights": {"directory": str(self.weights), "servers": named}, "systemd_dropin": DROPIN}


@pytest.fixture
def machine(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Machine:
    found = Machine(tmp_path, capsys)
    found.programs.mkdir()
    found.weights.mkdir()
    (found.weights / "web_1").write_text("0\n")
    place = tmp_path / "system/keepalived.service.d"
    place.mkdir(parents=True)
    monkeypatch.setattr(systemd, "FOLDER", str(tmp_path / "system"))
    monkeypatch.setenv("PATH", f"{found.programs}:{os.environ['PATH']}")
    dropin = together.TASKS["systemd_dropin"].dropin
    (place / "lvs-director.conf").write_bytes(dropin.file_of(DROPIN["settings"]).data)
    return found


def test_nothing_differs(machine: Machine) -> None:
    script = machine.folder / "script"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    result = machine.compare(
        packages=["keepalived"],
        parts=machine.parts("web_1"),
        files=[{"path": str(script), "content": "#!/bin/sh\n", "mode": "0755"}],
        services={"keepalived": "keepalived.service"},
    )
    assert (result["changed"], result["missing"], result["diff"]) == (False, [], [])
    assert list(result["parts"]) == ["keepalived_weights", "systemd_dropin"]
    assert [one["changed"] for one in result["files"] + result["services"]] == [False, False]


@pytest.mark.parametrize("check", [True, False])
def test_each_difference_is_found_and_none_is_mended(machine: Machine, check: bool) -> None:
    other = {**DROPIN, "settings": {"Service": {"RestartSec": 2}}}
    result = machine.compare(check=check, parts={**machine.parts("web_1", "web_2"), "systemd_dropin": other})
    assert {name: part["changed"] for name, part in result["parts"].items()} == {
        "keepalived_weights": True,
        "systemd_dropin": True,
    }
    assert len(result["diff"]) == 2
    assert [path.name for path in machine.weights.iterdir()] == ["web_1"]
    assert b"RestartSec=1" in (machine.folder / "system/keepalived.service.d/lvs-director.conf").read_bytes()


@pytest.mark.parametrize(("content", "mode"), [("#!/bin/sh\n# ours\n", "0755"), ("#!/bin/sh\n", "0700")])
def test_a_file_that_differs(machine: Machine, content: str, mode: str) -> None:
    script = machine.folder / "script"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    result = machine.compare(files=[{"path": str(script), "content": content, "mode": mode}])
    assert result["files"] == [{"changed": True}]
    assert result["changed"]


def test_a_missing_package_and_its_service(machine: Machine) -> None:
    machine.installed, machine.running = [], False
    result = machine.compare(packages=["keepalived"], services={"keepalived": "keepalived.service"})
    assert (result["changed"], result["missing"], result["services"]) == (True, ["keepalived"], [])


def test_a_service_that_does_not_run(machine: Machine) -> None:
    machine.running = False
    assert machine.compare(services={"keepalived": "keepalived.service"})["services"] == [{"changed": True}]


def test_parts_that_only_a_package_asks_for(machine: Machine) -> None:
    more = {"keepalived_weights": {"servers": [{"file": "web_2", "ready": True}]}}
    for package, differs in (("ufw", False), ("keepalived", True)):
        result = machine.compare(parts=machine.parts("web_1"), parts_with={package: more})
        assert result["changed"] is differs, package


def test_every_fault_of_the_options_at_once(machine: Machine) -> None:
    result = machine.compare(parts={"keepalived_weights": {"servers": 7}, "systemd_dropin": {}, "ipvsadm": {}})
    assert result["failed"]
    for part in ("ipvsadm is none of kernel_settings, ", "keepalived_weights: ", "systemd_dropin: missing required"):
        assert part in result["msg"]


def test_a_host_that_nobody_can_ask_for_packages(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_state, "installed", lambda run, names, family: None)
    assert "no program that says which packages are installed" in machine.compare()["msg"]


def test_a_host_of_another_family_is_not_compared(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "here", lambda: System("rocky", "9.4", "RedHat"))
    result = machine.compare(packages=["keepalived", "ipvsadm"], parts=machine.parts("web_2"))
    assert result["system"] == {"name": "rocky", "version": "9.4", "family": "RedHat"}
    assert (result["compared"], result["changed"], result["parts"], result["missing"]) == (False, False, {}, [])


def test_packages_by_what_rpm_calls_them(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "here", lambda: System("rocky", "9.4", "RedHat"))
    machine.program("rpm", "echo 'iproute installed'; echo 'package iptables-nft is not installed'; exit 1")
    called = {"iproute2": ["iproute"], "iptables": ["iptables-nft"], "arptables": ["iptables-nft"]}
    result = machine.compare(family="RedHat", called=called, packages=["iproute2", "iptables", "arptables", "ipvsadm"])
    assert (result["compared"], result["missing"]) == (True, ["iptables-nft", "ipvsadm"])


def test_a_release_that_is_too_old(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "here", lambda: System("debian", "11.9", "Debian"))
    assert "debian 11.9 is too old" in machine.compare(oldest={"Debian": "12"})["msg"]


def test_the_error_of_a_part_says_which(machine: Machine) -> None:
    result = machine.compare(parts={"keepalived_weights": {"servers": [{"file": "../x", "ready": True}]}})
    assert result["msg"].startswith("keepalived_weights: servers: '../x'")


def test_a_password_is_not_told(machine: Machine) -> None:
    result = machine.compare(parts={"keepalived_config": {"dest": str(machine.folder / "k.conf")}}, content=SECRET)
    assert SECRET not in json.dumps(result)


def test_lists_are_joined_and_the_rest_is_replaced() -> None:
    have: dict[str, Any] = {"firewall_chains": {"name": "a", "chains": [1]}}
    more: dict[str, Any] = {"firewall_chains": {"name": "b", "chains": [2]}, "systemd_dropin": {"unit": "c"}}
    assert together.merged(have, more) == {
        "firewall_chains": {"name": "b", "chains": [1, 2]},
        "systemd_dropin": {"unit": "c"},
    }
    assert have == {"firewall_chains": {"name": "a", "chains": [1]}}


def test_defaults_are_those_of_the_module() -> None:
    with pytest.raises(TaskError, match="kernel_settings: missing required arguments: name"):
        together.checked({"kernel_settings": {}})
    assert together.checked({"kernel_settings": {"name": "a"}})["kernel_settings"]["state"] == "present"
