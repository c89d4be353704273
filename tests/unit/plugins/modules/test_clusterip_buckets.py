# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""clusterip_buckets in folders of its own, beside a service of which there are only the files that it writes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.settings import Places, conf_path
from ansible_collections.lvs.cluster.plugins.module_utils._tasks import clusterip_buckets as task
from ansible_collections.lvs.cluster.plugins.modules import clusterip_buckets


class Machine:
    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.places = Places(str(folder / "etc"), str(folder / "run"), str(folder / "choices"))
        self.active = True
        self._capsys = capsys
        (folder / "run").mkdir()
        self.write(self.places.health, "0\n")
        self.write(self.places.buckets, json.dumps({"buckets": [2, 1]}))

    def write(self, path: str, text: str) -> None:
        Path(path).write_text(text)

    def command(self, argv: Sequence[str]) -> tuple[int, str, str]:
        assert list(argv) == ["systemctl", "is-active", "--quiet", "lvs-clusterip-failover.service"]
        return 0 if self.active else 3, "", ""

    def run(self, *, check: bool = False, **options: Any) -> dict[str, Any]:
        with patch_module_args({**options, "_ansible_check_mode": check}), pytest.raises(SystemExit):
            clusterip_buckets.main()
        result: dict[str, Any] = json.loads(self._capsys.readouterr().out)
        return result


@pytest.fixture
def machine(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Machine:
    found = Machine(tmp_path, capsys)
    monkeypatch.setattr(task, "Places", partial(Places, *found.places))
    monkeypatch.setattr(task, "run_command", found.command)
    return found


def test_without_options_it_reads(machine: Machine) -> None:
    result = machine.run()
    assert (result["changed"], result["serves"], result["taken"], result["given"]) == (False, [1, 2], [], [])
    assert (result["active"], result["healthy"], result["preempts"]) == (True, True, True)
    Path(machine.places.config_dir).mkdir()
    machine.write(conf_path(machine.places), "vrrp_instance LVS_BUCKET_1 {\n    nopreempt\n}\n")
    assert not machine.run()["preempts"]
    machine.write(machine.places.health, "1\n")
    assert not machine.run()["healthy"]
    machine.active = False
    machine.write(machine.places.health, "0\n")
    result = machine.run()
    assert (result["active"], result["healthy"], result["serves"]) == (False, False, [])


def test_check_run_check_run_and_back(machine: Machine) -> None:
    wanted: dict[str, Any] = {"given": [1], "taken": [7, 5]}
    first = machine.run(check=True, **wanted)
    assert first["changed"]
    assert not Path(machine.places.choices_dir).exists()
    done = machine.run(**wanted)
    assert (
        done["diff"]
        == first["diff"]
        == {
            "before": {"taken": [], "given": []},
            "after": {"taken": [5, 7], "given": [1]},
        }
    )
    for check in (True, False):
        again = machine.run(check=check, **wanted)
        assert (again["changed"], again["taken"], again["given"]) == (False, [5, 7], [1])
    # What is not named stays.
    assert machine.run(home=[5, 9])["taken"] == [7]
    assert machine.run(home=[7, 1])["changed"]
    assert list(Path(machine.places.choices_dir).iterdir()) == []


def test_only_what_is_served_is_let_go(machine: Machine) -> None:
    result = machine.run(check=True, let_go=[1, 3])
    assert (result["changed"], result["released"]) == (True, [1])
    result = machine.run(let_go=[3])
    assert (result["changed"], result["released"]) == (False, [])
    result = machine.run(given=[1], let_go=[1], timeout=0)
    assert result["msg"] == "this node still serves bucket 1 after 0 seconds"
    assert machine.run()["given"] == [1]


@pytest.mark.parametrize("asked", [{"mend": True}, {"given": [1]}, {"await_without": [3]}, {"home": [9]}])
def test_what_a_run_left_that_was_killed_is_mended_by_the_next(machine: Machine, asked: dict[str, Any]) -> None:
    """It would be in FAULT here until the service starts again, and nobody was told."""
    Path(machine.places.choices_dir).mkdir()
    left = machine.places.choice(9)
    machine.write(left, "-254\n# bucket 9 is let go for a moment\n")
    # Who only reads has no lock: another run may let it go just now.
    assert not machine.run()["changed"]
    result = machine.run(check=True, **asked)
    assert (result["changed"], result["diff"]["before"]["left in FAULT"]) == (True, [9])
    assert Path(left).exists()
    done = machine.run(**asked)
    assert (done["changed"], done["diff"]) == (True, result["diff"])
    assert not Path(left).exists()
    again = machine.run(**asked)
    assert not again["changed"]
    assert "left in FAULT" not in again["diff"]["before"]


def test_without_the_service_it_is_mended_too(machine: Machine) -> None:
    machine.active = False
    assert not machine.run(mend=True)["changed"]


def test_waiting(machine: Machine) -> None:
    assert not machine.run(await_serving=[1, 2], await_without=[3])["changed"]
    assert machine.run(await_serving=[3], timeout=0)["msg"] == "this node has not got bucket 3 after 0 seconds"
    assert not machine.run(check=True, await_serving=[3], timeout=0)["changed"]


def test_refusals(machine: Machine) -> None:
    assert machine.run(given=[0])["msg"].startswith("given: 0 is no bucket")
    assert machine.run(given=[3], home=[3])["msg"] == "home: bucket 3 is in given, too: name it once"
    machine.active = False
    assert "lvs-clusterip-failover.service does not run on this host" in machine.run(given=[1])["msg"]
