# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import install
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.pending import Notes
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import HEADER
from ansible_collections.lvs.cluster.plugins.modules import keepalived_config

# Says what keepalived 2.2.7 says to an unknown keyword, and good to everything else.
PROGRAM = """#!/bin/sh
[ "$1 $2 $LC_ALL" = "-t -f C" ] || exit 99
grep -q bogus "$3" || exit 0
echo "($3: Line 4) Unknown keyword 'bogus'" >&2
exit 5
"""
TEXT = f"{HEADER}\n\nglobal_defs {{\n    router_id lb1\n    auth_pass sesame\n}}\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a program in keepalived's place; what other tests start is no keepalived of this host."""
    monkeypatch.setattr(install, "Notes", lambda: Notes(str(tmp_path / "run"), lambda: None))
    program = tmp_path / "keepalived"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    (tmp_path / "etc").mkdir()
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], here: Path, *, check: bool = False, **options: Any) -> dict[str, Any]:
    arguments = {
        "dest": str(here / "etc" / "keepalived.conf"),
        "binary": str(here / "keepalived"),
        "owner": here.owner(),
        "_ansible_check_mode": check,
        "_ansible_diff": True,
        **options,
    }
    with patch_module_args(arguments), pytest.raises(SystemExit):
        keepalived_config.main()
    printed = capsys.readouterr().out
    assert "sesame" not in printed
    result: dict[str, Any] = json.loads(printed)
    return result


def test_check_run_check_run(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    dest = here / "etc" / "keepalived.conf"
    checked = run(capsys, here, check=True, content=TEXT)
    assert (checked["changed"], checked["tested"], dest.exists()) == (True, True, False)
    done = run(capsys, here, content=TEXT)
    assert (done["changed"], done["tested"], done["complaints"]) == (True, True, [])
    assert done["diff"]["after"] == "global_defs {\n    router_id lb1\n    auth_pass ********\n}\n"
    assert dest.read_text() == TEXT
    assert not run(capsys, here, check=True, content=TEXT)["changed"]
    again = run(capsys, here, content=TEXT)
    assert (again["changed"], "diff" in again) == (False, False)


def test_the_mode_is_mended(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    run(capsys, here, content=TEXT)
    dest = here / "etc" / "keepalived.conf"
    dest.chmod(0o666)
    assert run(capsys, here, check=True, content=TEXT)["changed"]
    assert run(capsys, here, content=TEXT)["changed"]
    assert oct(dest.stat().st_mode & 0o777) == "0o640"


def test_a_changed_password_alone_is_said(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    run(capsys, here, content=TEXT)
    result = run(capsys, here, content=TEXT.replace("sesame", "open"))
    assert result["diff"]["after"] == result["diff"]["before"] + "# a secret differs (not shown)\n"


def test_a_refused_text(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    result = run(capsys, here, content=TEXT.replace("router_id", "bogus"))
    assert result["failed"]
    assert "line 4: Unknown keyword 'bogus': bogus lb1" in result["msg"]
    assert list((here / "etc").iterdir()) == []


def test_absent(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    dest = here / "etc" / "keepalived.conf"
    dest.write_text("before\n")
    assert run(capsys, here, content=TEXT)["saved"] == f"{dest}.lvs-cluster-saved"
    assert run(capsys, here, state="absent")["changed"]
    assert dest.read_text() == "before\n"
    assert not run(capsys, here, state="absent")["changed"]


def test_staged(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    dest = here / "etc" / "keepalived.conf"
    run(capsys, here, content=TEXT)
    dest.chmod(0o600)
    other = TEXT.replace("lb1", "lb2")
    checked = run(capsys, here, check=True, content=other, staged=True)
    result = run(capsys, here, content=other, staged=True)
    for found in (checked, result):
        assert (found["changed"], found["tested"], found["staged"]) == (True, True, f"{dest}.lvs-cluster-next")
        assert found["diff"]["after"] == found["diff"]["before"].replace("lb1", "lb2")
    assert (dest.read_text(), oct(dest.stat().st_mode & 0o777)) == (TEXT, "0o600")
    again = run(capsys, here, content=other, staged=True)
    assert (again["changed"], again["tested"], "diff" in again) == (False, False, False)
    assert run(capsys, here, content=TEXT)["staged"] == ""
    assert [path.name for path in (here / "etc").iterdir()] == ["keepalived.conf"]


def test_what_the_change_asks_for(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    plain = TEXT + "vrrp_instance VI_1 {\n    advert_int 1\n}\n"
    asked = ("shared", "shared_instances", "restart", "pending")
    first = run(capsys, here, content=plain)
    assert [first[word] for word in asked] == [False, [], "", False]
    changed = plain.replace("advert_int 1", "advert_int 2") + "instance b\n"
    for check in (True, False):
        result = run(capsys, here, check=check, content=changed)
        assert [result[word] for word in asked] == [True, ["VI_1"], "the name of this keepalived (instance)", False]


def test_loaded_needs_no_content(capsys: pytest.CaptureFixture[str], here: Path) -> None:
    result = run(capsys, here, state="loaded")
    assert (result["changed"], result["pending"]) == (False, False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "content"),
        ({"content": TEXT, "owner": "nobody-of-that-name"}, "owner: there is no user"),
        ({"content": TEXT, "mode": "u=rw"}, "mode: u=rw is not an octal mode"),
        ({"content": TEXT, "binary": "no-such-keepalived"}, "keepalived is not installed"),
        ({"content": TEXT, "dest": "/proc/version/x"}, "was not changed"),
    ],
)
def test_faults(capsys: pytest.CaptureFixture[str], here: Path, options: dict[str, Any], message: str) -> None:
    result = run(capsys, here, **options)
    assert result["failed"]
    assert message in result["msg"]
