"""The module on a folder of its own, as two runs of ansible-playbook call it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args

from ansible_collections.lvs.cluster.plugins.module_utils._lock import file
from ansible_collections.lvs.cluster.plugins.module_utils._lock.model import Holder
from ansible_collections.lvs.cluster.plugins.modules import cluster_lock


class Machine:
    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path = path
        self.warned: list[str] = []
        self._capsys = capsys

    def lock(self, run: str = "mine", *, check: bool = False, **options: Any) -> dict[str, Any]:
        holder = Holder(run, "anna", "control1", 7)._asdict()
        arguments = {"holder": holder, "host": "lb1", "path": str(self.path), "_ansible_check_mode": check, **options}
        with patch_module_args(arguments), pytest.raises(SystemExit):
            cluster_lock.main()
        result: dict[str, Any] = json.loads(self._capsys.readouterr().out)
        return result

    def expire(self) -> None:
        content = json.loads(self.path.read_text())
        content["expires"] = content["since"]
        self.path.write_text(json.dumps(content))


@pytest.fixture
def machine(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Machine:
    found = Machine(tmp_path / "lvs-cluster" / "lock.json", capsys)
    monkeypatch.setattr(file, "STATE_DIR", str(tmp_path / "lvs-cluster"))
    monkeypatch.setattr(AnsibleModule, "warn", lambda _module, text: found.warned.append(text))
    return found


def test_taken_renewed_released(machine: Machine) -> None:
    taken = machine.lock(purpose="lvs.cluster.site", expires=60)
    assert (taken["changed"], taken["mine"], taken["taken_over"]) == (True, True, None)
    assert taken["lock"]["purpose"] == "lvs.cluster.site"
    assert taken["lock"]["holder"]["run"] == "mine"
    again = machine.lock(purpose="lvs.cluster.site", expires=6000)
    assert (again["changed"], again["lock"]["since"]) == (False, taken["lock"]["since"])
    assert again["lock"]["expires"] > taken["lock"]["expires"]
    released = machine.lock(state="released")
    assert (released["changed"], released["lock"], released["mine"]) == (True, None, False)
    assert not machine.path.parent.exists()
    assert not machine.lock(state="released")["changed"]
    assert not machine.path.parent.exists()


def test_the_second_run_is_told_who_has_it(machine: Machine) -> None:
    taken = machine.lock(purpose="lvs.cluster.site")
    held = machine.lock("other")
    since, expires = taken["lock"]["since"], taken["lock"]["expires"]
    assert held["failed"]
    assert held["msg"] == (
        f"lb1 is being changed by anna on control1 (lvs.cluster.site, process 7, since {since}, expires {expires}): "
        "wait, or say lvs_lock_break=true if that run is gone"
    )
    assert held["lock"] == taken["lock"]
    assert "mine" not in held
    # It gives back its own alone.
    left = machine.lock("other", state="released")
    assert (left["changed"], left["lock"]) == (False, taken["lock"])
    assert machine.lock()["mine"]


@pytest.mark.parametrize(
    ("options", "reason"), [({"break_lock": True}, "told to break it"), ({"gone": "mine"}, "its run has ended")]
)
def test_taken_over(machine: Machine, options: dict[str, Any], reason: str) -> None:
    before = machine.lock()
    taken = machine.lock("other", **options)
    assert (taken["changed"], taken["mine"], taken["taken_over"]) == (True, True, before["lock"])
    assert [reason in text for text in machine.warned] == [True]
    assert machine.lock()["failed"]


def test_an_expired_one_is_taken_over(machine: Machine) -> None:
    machine.lock()
    machine.expire()
    assert machine.lock("other", state="looked")["expired"]
    assert machine.lock("other")["taken_over"]["holder"]["run"] == "mine"
    assert [("expired" in text) for text in machine.warned] == [True]


def test_another_run_than_the_one_that_ended_keeps_it(machine: Machine) -> None:
    machine.lock()
    assert machine.lock("other", gone="a third")["failed"]


def test_looking_changes_nothing(machine: Machine) -> None:
    looked = machine.lock(state="looked")
    assert (looked["changed"], looked["lock"], looked["expired"]) == (False, None, False)
    assert not machine.path.parent.exists()
    machine.lock()
    before = machine.path.read_bytes()
    looked = machine.lock("other", state="looked")
    assert (looked["mine"], looked["lock"]["holder"]["user"]) == (False, "anna")
    assert machine.lock(state="looked")["mine"]
    assert machine.path.read_bytes() == before


def test_check_mode_takes_nothing_and_never_fails(machine: Machine) -> None:
    fresh = machine.lock(check=True)
    assert (fresh["changed"], fresh["mine"], fresh["would_fail"]) == (True, False, "")
    assert not machine.path.parent.exists()
    machine.lock()
    before = machine.path.read_bytes()
    own = machine.lock(check=True)
    assert (own["changed"], own["mine"], own["would_fail"]) == (False, True, "")
    held = machine.lock("other", check=True)
    assert (held["changed"], held["mine"]) == (False, False)
    assert held["would_fail"].startswith("lb1 is being changed by anna")
    broken = machine.lock("other", check=True, break_lock=True)
    assert (broken["would_fail"], broken["taken_over"]["holder"]["run"]) == ("", "mine")
    assert machine.lock(check=True, state="released")["changed"]
    assert not machine.lock("other", check=True, state="released")["changed"]
    assert machine.path.read_bytes() == before


def test_a_corrupt_lock(machine: Machine) -> None:
    machine.path.parent.mkdir()
    machine.path.write_text("{")
    for state in ("taken", "released", "looked"):
        result = machine.lock(state=state)
        assert result["failed"], state
        assert result["msg"].startswith(f"lb1: {machine.path} is no lock"), state
        assert "then remove it, or say lvs_lock_break=true" in result["msg"]
    assert "is no lock" in machine.lock(check=True)["would_fail"]
    assert machine.lock(check=True, break_lock=True)["would_fail"] == ""
    assert machine.lock(break_lock=True)["mine"]
    assert len(machine.warned) == 1


def test_a_file_that_cant_be_read_is_an_error(machine: Machine) -> None:
    machine.path.mkdir(parents=True)
    assert "lock.json can't be read or written" in machine.lock()["msg"]


@pytest.mark.parametrize(
    ("options", "told"), [({"expires": 0}, "expires: 0"), ({"holder": {}}, "call this module from")]
)
def test_wrong_options(machine: Machine, options: dict[str, Any], told: str) -> None:
    result = machine.lock(**options)
    assert result["failed"]
    assert told in result["msg"]
    assert not machine.path.parent.exists()
