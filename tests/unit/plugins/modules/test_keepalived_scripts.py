# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.lvs.cluster.plugins.module_utils import _store as store
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import installed_scripts
from ansible_collections.lvs.cluster.plugins.modules import keepalived_scripts

TEXT = b"#!/bin/sh\necho sesame\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """/etc/keepalived/lvs-cluster, and a useradd that takes notes."""
    owner = store.Owner(mode=0o755, uid=os.getuid(), gid=os.getgid())
    real = installed_scripts.bring

    def bring(*arguments: Any, **more: Any) -> installed_scripts.Outcome:
        return real(*arguments, owner=owner, **more)

    monkeypatch.setattr(keepalived_scripts, "SCRIPTS_DIRECTORY", str(tmp_path / "lvs-cluster"))
    monkeypatch.setattr(installed_scripts, "bring", bring)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "useradd").write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\ncat {tmp_path}/fails >&2 && exit 9\nexit 0\n'
    )
    (programs / "useradd").chmod(0o755)
    # Searched first: else the tests would make the user on this machine.
    monkeypatch.setattr(keepalived_scripts, "SYSTEM_DIRECTORIES", [str(programs)])
    return tmp_path / "lvs-cluster"


def run(capsys: pytest.CaptureFixture[str], *, check: bool = False, **options: Any) -> dict[str, Any]:
    options["contents"] = {name: base64.b64encode(text).decode() for name, text in options.get("contents", {}).items()}
    with patch_module_args({"_ansible_check_mode": check, "_ansible_diff": True, **options}), pytest.raises(SystemExit):
        keepalived_scripts.main()
    printed = capsys.readouterr().out
    assert "sesame" not in printed
    assert base64.b64encode(TEXT).decode() not in printed
    result: dict[str, Any] = json.loads(printed)
    return result


def test_from_nothing_and_back(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    checked = run(capsys, check=True, contents={"a.sh": TEXT})
    assert (checked["changed"], checked["installed"], folder.exists()) == (True, ["a.sh"], False)
    done = run(capsys, contents={"a.sh": TEXT})
    assert (done["changed"], done["user_made"], (folder / "a.sh").read_bytes()) == (True, False, TEXT)
    assert done["diff"]["after"].startswith("a.sh 0755 ")
    assert not run(capsys, contents={"a.sh": TEXT})["changed"]
    stale = run(capsys, contents={}, purge=False)
    assert (stale["changed"], stale["stale"]) == (False, ["a.sh"])
    assert run(capsys, check=True, state="absent", purge=False)["removed"] == ["a.sh"]
    assert run(capsys, state="absent")["removed"] == ["a.sh"]
    assert not folder.exists()
    assert not run(capsys, state="absent")["changed"]


def test_a_user_that_is_missing(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    calls = folder.parent / "calls"
    checked = run(capsys, check=True, user="lvs-nobody-has-this")
    assert (checked["changed"], checked["user_made"], calls.exists()) == (True, True, False)
    assert checked["diff"]["after"] == "user lvs-nobody-has-this\n"
    done = run(capsys, user="lvs-nobody-has-this")
    assert (done["changed"], done["user_made"]) == (True, True)
    assert calls.read_text().startswith("--system --no-create-home ")
    assert calls.read_text().endswith(" lvs-nobody-has-this\n")


@pytest.mark.parametrize("options", [{"user": "root"}, {"user": ""}, {"user": None}, {"user": "x", "state": "absent"}])
def test_no_user_to_make(capsys: pytest.CaptureFixture[str], folder: Path, options: dict[str, Any]) -> None:
    result = run(capsys, **options)
    assert (result["changed"], result["user_made"], (folder.parent / "calls").exists()) == (False, False, False)


def test_a_user_that_cannot_be_made(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder.parent / "fails").write_text("useradd: no space left\n")
    result = run(capsys, user="lvs-nobody-has-this")
    assert result["failed"]
    assert result["msg"] == "the user lvs-nobody-has-this could not be made: useradd: no space left"


def test_a_file_of_others_in_the_way(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    folder.mkdir()
    (folder / "a.sh").write_text("theirs")
    result = run(capsys, contents={"a.sh": TEXT})
    assert (result["failed"], (folder / "a.sh").read_text()) == (True, "theirs")
    assert result["msg"].startswith(f"{folder}/a.sh is there and was not put there by lvs.cluster")
