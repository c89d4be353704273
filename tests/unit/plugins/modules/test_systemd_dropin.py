"""systemd_dropin in a folder of its own, with a systemctl that only takes notes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.lvs.cluster.plugins.module_utils._boot import files, systemd
from ansible_collections.lvs.cluster.plugins.modules import systemd_dropin

RESTART = {"Service": {"Restart": "on-failure", "RestartSec": 1}}
TEXT = f"{files.HEADER}\n[Service]\nRestart=on-failure\nRestartSec=1\n"
RELOAD = "daemon-reload"


class Machine:
    """/etc/systemd/system, and the module on it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.units = folder / "system"
        self.place = self.units / "keepalived.service.d"
        self.file = self.place / "lvs-director.conf"
        self._capsys = capsys

    def run(self, *, check: bool = False, **options: Any) -> dict[str, Any]:
        options = {"unit": "keepalived.service", "name": "lvs-director", **options}
        options.update(_ansible_check_mode=check, _ansible_diff=True)
        with patch_module_args(options), pytest.raises(SystemExit):
            systemd_dropin.main()
        result: dict[str, Any] = json.loads(self._capsys.readouterr().out)
        return result

    def calls(self) -> list[str]:
        """What systemctl was asked since the last time this was asked."""
        notes = self.folder / "calls"
        found = notes.read_text().splitlines() if notes.exists() else []
        notes.unlink(missing_ok=True)
        return found

    def breaks(self) -> None:
        """From now on systemd cannot reload."""
        (self.folder / "fails").write_text("Connection timed out\n")


@pytest.fixture
def machine(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Machine:
    found = Machine(tmp_path, capsys)
    found.units.mkdir()
    monkeypatch.setattr(systemd, "FOLDER", str(found.units))
    programs = tmp_path / "bin"
    programs.mkdir()
    fails = tmp_path / "fails"
    (programs / "systemctl").write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n[ ! -e {fails} ] && exit\ncat {fails} >&2; exit 1\n'
    )
    (programs / "systemctl").chmod(0o755)
    # Searched first: else the tests would reload this machine's systemd.
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    return found


def test_check_run_check_run_and_back(machine: Machine) -> None:
    first = machine.run(check=True, settings=RESTART)
    assert (first["changed"], first["path"], machine.place.exists()) == (True, str(machine.file), False)
    assert (first["diff"]["before"], first["diff"]["after"]) == ("", TEXT)
    assert machine.calls() == []

    before = os.umask(0o077)
    done = machine.run(settings=RESTART)
    os.umask(before)
    assert (done["changed"], done["diff"]) == (True, first["diff"])
    assert (machine.file.read_text(), machine.file.stat().st_mode & 0o777) == (TEXT, 0o644)
    assert machine.place.stat().st_mode & 0o777 == 0o755
    assert os.listdir(machine.place) == ["lvs-director.conf"]
    assert machine.calls() == [RELOAD]

    assert not machine.run(check=True, settings=RESTART)["changed"]
    again = machine.run(settings=RESTART)
    assert (again["changed"], again["diff"]["before"]) == (False, again["diff"]["after"])
    assert machine.calls() == []

    checked = machine.run(check=True, state="absent")
    assert (checked["changed"], checked["diff"]["after"], machine.file.exists()) == (True, "", True)
    assert machine.run(state="absent")["diff"] == checked["diff"]
    assert os.listdir(machine.units) == []
    assert machine.calls() == [RELOAD]
    assert not machine.run(state="absent")["changed"]
    assert machine.calls() == []


def test_a_directive_that_is_no_longer_given_goes(machine: Machine) -> None:
    machine.run(settings=RESTART)
    result = machine.run(settings={"Service": {"Restart": "on-failure"}})
    assert (result["changed"], result["diff"]["before"]) == (True, TEXT)
    assert machine.file.read_text() == TEXT.replace("RestartSec=1\n", "")
    assert machine.calls() == [RELOAD, RELOAD]


def test_what_was_changed_by_hand_is_put_right(machine: Machine) -> None:
    machine.run(settings=RESTART)
    machine.file.write_text(TEXT.replace("=1", "=30"))
    assert machine.run(settings=RESTART)["changed"]
    assert machine.file.read_text() == TEXT
    machine.file.chmod(0o600)
    result = machine.run(settings=RESTART)
    assert (result["changed"], result["diff"]["before"]) == (True, f"mode 0600\n{TEXT}")
    assert machine.file.stat().st_mode & 0o777 == 0o644


def test_files_of_others_stay_and_their_folder(machine: Machine) -> None:
    machine.place.mkdir()
    (machine.place / "override.conf").write_text("[Service]\nRestart=no\n")
    machine.run(settings=RESTART)
    machine.run(state="absent")
    assert os.listdir(machine.place) == ["override.conf"]


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("link", [None, "/dev/null", "nowhere"])
def test_a_file_of_others_in_the_way(machine: Machine, state: str, check: bool, link: str | None) -> None:
    machine.place.mkdir()
    if link is None:
        machine.file.write_text("[Service]\nRestart=no\n")
    else:
        machine.file.symlink_to(link)
    result = machine.run(check=check, settings=RESTART, state=state)
    assert result["failed"]
    assert result["msg"] == (
        f"{machine.file} is not ours (it lacks our first line): move it away, or choose another name"
    )
    assert os.readlink(machine.file) == link if link else machine.file.read_text() == "[Service]\nRestart=no\n"
    assert machine.calls() == []


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({}, "state is present but all of the following are missing: settings"),
        ({"settings": RESTART, "unit": "keepalived"}, "unit: 'keepalived' is no unit"),
        ({"settings": RESTART, "unit": "../keepalived.service"}, "is no unit"),
        ({"state": "absent", "unit": "../keepalived.service"}, "is no unit"),
        ({"settings": RESTART, "name": "../x"}, "name: '../x' is no owner"),
        ({"settings": {"Service": {"Restart": "no\n[Unit]"}}}, "settings: Service: Restart: 'no\\n[Unit]' has a line"),
        ({"settings": {"Ser vice": {"Restart": "no"}}}, "settings: 'Ser vice' is no section"),
        ({"settings": "Restart=no"}, "settings: Restart: has no directives"),
    ],
)
def test_bad_input_changes_nothing(machine: Machine, options: dict[str, Any], check: bool, fault: str) -> None:
    result = machine.run(check=check, **options)
    assert result["failed"]
    assert fault in result["msg"]
    assert (os.listdir(machine.units), machine.calls()) == ([], [])


def test_a_reload_that_fails_leaves_no_new_file(machine: Machine) -> None:
    machine.breaks()
    result = machine.run(settings=RESTART)
    assert result["failed"]
    assert result["msg"].startswith(
        f"systemctl daemon-reload failed with status 1: Connection timed out; {machine.file} was put back as it was: "
    )
    assert os.listdir(machine.units) == []
    assert machine.calls() == [RELOAD, RELOAD]  # once more for what is there now


@pytest.mark.parametrize("options", [{"settings": {"Unit": {"Wants": "x.service"}}}, {"state": "absent"}])
def test_a_reload_that_fails_leaves_the_old_file(machine: Machine, options: dict[str, Any]) -> None:
    machine.run(settings=RESTART)
    machine.file.chmod(0o640)
    machine.breaks()
    assert "was put back as it was" in machine.run(**options)["msg"]
    assert (machine.file.read_text(), machine.file.stat().st_mode & 0o777) == (TEXT, 0o640)
    assert os.listdir(machine.place) == ["lvs-director.conf"]


def test_an_empty_folder_of_others_stays_when_a_reload_fails(machine: Machine) -> None:
    machine.place.mkdir()
    machine.breaks()
    assert machine.run(settings=RESTART)["failed"]
    assert os.listdir(machine.place) == []


def test_a_file_that_cannot_be_read_is_not_an_absent_one(machine: Machine) -> None:
    machine.place.write_text("")
    result = machine.run(state="absent")
    assert result["msg"].startswith(f"cannot read {machine.file}: ")
    assert machine.calls() == []


def test_a_put_back_that_fails_is_said(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.run(settings=RESTART)

    def write_file(path: str, data: bytes, mode: int = 0o644) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "write_file", write_file)
    machine.breaks()
    result = machine.run(state="absent")
    assert f"Connection timed out; putting back {machine.file} as it was failed, too: " in result["msg"]
