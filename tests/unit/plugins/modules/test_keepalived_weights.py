# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args

from ansible_collections.lvs.cluster.plugins.modules import keepalived_weights


def run(capsys: pytest.CaptureFixture[str], directory: Path, *, check: bool = False, **options: Any) -> dict[str, Any]:
    arguments = {"directory": str(directory), "_ansible_check_mode": check, "_ansible_diff": True, **options}
    with patch_module_args(arguments), pytest.raises(SystemExit):
        keepalived_weights.main()
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


def server(name: str, *, ready: bool) -> dict[str, Any]:
    return {"file": name, "ready": ready, "label": "a label"}


def test_a_server_from_held_to_serving(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    directory = tmp_path / "lvs-cluster" / "weights"
    held, ready = [server("a", ready=False)], [server("a", ready=True)]
    checked = run(capsys, directory, check=True, servers=held)
    assert (checked["changed"], checked["held"], directory.exists()) == (True, ["a"], False)
    first = run(capsys, directory, servers=held)
    assert (first["changed"], first["held"], first["diff"]["after"]) == (True, ["a"], "a: held\n")
    assert not run(capsys, directory, check=True, servers=held)["changed"]
    assert not run(capsys, directory, servers=held)["changed"]
    released = run(capsys, directory, servers=ready)
    assert (released["changed"], released["released"], released["held"]) == (True, ["a"], [])
    assert (directory / "a").read_text() == "0\n# lvs.cluster ready: a label\n"
    assert not run(capsys, directory, servers=ready)["changed"]


def test_a_drained_server_stays_drained(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "a").write_text("-2147483647\n")
    result = run(capsys, tmp_path, servers=[server("a", ready=True)])
    assert (result["changed"], result["drained"], result["released"]) == (False, ["a"], [])
    assert (tmp_path / "a").read_text() == "-2147483647\n"


def test_purge_waits_for_the_reload(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    run(capsys, tmp_path, servers=[server("a", ready=True), server("b", ready=True)])
    kept = run(capsys, tmp_path, servers=[server("a", ready=True)], unnamed="keep")
    assert (kept["changed"], kept["purged"], (tmp_path / "b").exists()) == (False, [], True)
    purged = run(capsys, tmp_path, servers=[server("a", ready=True)], unnamed="purge")
    assert (purged["changed"], purged["purged"], (tmp_path / "b").exists()) == (True, ["b"], False)


def test_absent(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    directory = tmp_path / "lvs-cluster" / "weights"
    run(capsys, directory, servers=[server("a", ready=True)])
    assert run(capsys, directory, check=True, state="absent")["changed"]
    assert directory.exists()
    assert run(capsys, directory, state="absent")["purged"] == ["a"]
    assert list(tmp_path.iterdir()) == []
    assert not run(capsys, directory, state="absent")["changed"]


def test_absent_leaves_what_is_not_ours_and_settles(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("buy milk\n")
    assert not run(capsys, tmp_path, state="absent")["changed"]
    assert (tmp_path / "notes").exists()


def test_a_number_that_keepalived_ignores_is_warned_of(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where another test has loaded controller code, Ansible prints a module's warning and does not return it.
    warned: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _module, message: warned.append(message))
    (tmp_path / "a").write_text("99999999999\n")
    assert not run(capsys, tmp_path, servers=[server("a", ready=True)])["changed"]
    assert len(warned) == 1
    assert warned[0].startswith(f"{tmp_path}/a holds a number that keepalived ignores")


def test_bad_names_are_refused_all_at_once(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    servers = [server("../x", ready=True), server("a", ready=True), server("a", ready=False)]
    result = run(capsys, tmp_path, servers=servers)
    assert result["failed"]
    assert "servers: '../x': a weight file's name" in result["msg"]
    assert "servers: a is named more than once" in result["msg"]
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("/dev/null")
    result = run(capsys, tmp_path, servers=[server("a", ready=True)])
    assert (result["failed"], result["msg"]) == (True, f"{tmp_path}/a is not a regular file: remove it")
