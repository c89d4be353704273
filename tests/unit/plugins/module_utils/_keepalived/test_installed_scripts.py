# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts in a real folder: installed, replaced, taken away, and others left alone."""

from __future__ import annotations

import grp
import hashlib
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils import _store as store
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import installed_scripts
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.installed_scripts import (
    INDEX,
    Outcome,
    ScriptsError,
    name_fault,
    user_command,
)

ONE, TWO = b"#!/bin/sh\necho sesame\n", b"\x7fELF\0\xff\xfe"
OWNER = store.Owner(mode=0o755, uid=os.getuid(), gid=os.getgid())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keepalived" / "lvs-cluster"


def bring(
    folder: Path, wanted: Mapping[str, bytes], *, purge: bool = True, check: bool = False, **more: Any
) -> Outcome:
    return installed_scripts.bring(str(folder), wanted, purge=purge, check_mode=check, owner=OWNER, **more)


def texts(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != INDEX}


def index(folder: Path) -> list[str]:
    names: list[str] = json.loads((folder / INDEX).read_text())["scripts"]
    return names


def test_check_run_check_run(folder: Path) -> None:
    wanted = {"a.sh": ONE, "b": TWO}
    checked = bring(folder, wanted, check=True)
    assert (checked.changed, checked.installed, folder.parent.exists()) == (True, ("a.sh", "b"), False)
    old = os.umask(0o077)
    try:
        done = bring(folder, wanted)
    finally:
        os.umask(old)
    assert done == checked
    assert (texts(folder), index(folder)) == (wanted, ["a.sh", "b"])
    for path in (folder.parent, folder, folder / "a.sh", folder / "b"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o755
    before = {path: path.stat().st_mtime_ns for path in (folder, *folder.iterdir())}
    for check in (True, False):
        assert bring(folder, wanted, check=check) == Outcome(False, before=done.after, after=done.after)
    assert {path: path.stat().st_mtime_ns for path in (folder, *folder.iterdir())} == before


def test_the_diff_shows_digests_and_no_texts(folder: Path) -> None:
    outcome = bring(folder, {"a.sh": ONE})
    digest = hashlib.sha256(ONE).hexdigest()
    assert (outcome.before, outcome.after) == ("", f"a.sh 0755 {OWNER.uid}:{OWNER.gid} sha256:{digest}\n")
    changed = bring(folder, {"a.sh": ONE + b"\n"}, check=True)
    assert (changed.before, changed.installed) == (outcome.after, ("a.sh",))
    assert texts(folder) == {"a.sh": ONE}


def test_a_changed_text_is_replaced(folder: Path) -> None:
    bring(folder, {"a.sh": ONE, "b": TWO})
    outcome = bring(folder, {"a.sh": TWO, "b": TWO})
    assert (outcome.changed, outcome.installed, texts(folder)["a.sh"]) == (True, ("a.sh",), TWO)


@pytest.mark.parametrize("mode", [0o644, 0o775, 0o777, 0o700])
def test_modes_are_put_right(folder: Path, mode: int) -> None:
    bring(folder, {"a.sh": ONE})
    (folder / "a.sh").chmod(mode)
    assert bring(folder, {"a.sh": ONE}).installed == ("a.sh",)
    assert stat.S_IMODE((folder / "a.sh").stat().st_mode) == 0o755
    folder.chmod(mode | 0o300)
    assert bring(folder, {"a.sh": ONE}, check=True).changed is (mode | 0o300 != 0o755)
    bring(folder, {"a.sh": ONE})
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


def test_what_is_no_longer_wanted_goes_when_it_may(folder: Path) -> None:
    bring(folder, {"a.sh": ONE, "b": TWO})
    kept = bring(folder, {"a.sh": ONE}, purge=False)
    assert (kept.changed, kept.stale, kept.removed, index(folder)) == (False, ("b",), (), ["a.sh", "b"])
    checked = bring(folder, {"a.sh": ONE}, check=True)
    assert (checked.changed, checked.removed, len(texts(folder))) == (True, ("b",), 2)
    gone = bring(folder, {"a.sh": ONE})
    assert (gone.changed, gone.stale, gone.removed) == (True, (), ("b",))
    assert (texts(folder), index(folder)) == ({"a.sh": ONE}, ["a.sh"])
    assert "b " in gone.before
    assert "b " not in gone.after


def test_the_folder_goes_with_the_last_script(folder: Path) -> None:
    bring(folder, {"a.sh": ONE})
    (folder / f"{store.TEMPORARY}left").write_text("of a run that was killed")
    assert bring(folder, {}, check=True).removed == ("a.sh",)
    assert bring(folder, {}).changed
    assert (folder.exists(), folder.parent.exists()) == (False, True)
    for check in (True, False):
        assert bring(folder, {}, check=check) == Outcome(False)


def test_files_of_others_stay(folder: Path) -> None:
    bring(folder, {"a.sh": ONE})
    (folder / "mine.sh").write_bytes(TWO)
    assert bring(folder, {}).removed == ("a.sh",)
    assert texts(folder) == {"mine.sh": TWO}
    assert not (folder / INDEX).exists()
    assert not bring(folder, {}).changed
    bring(folder, {"a.sh": ONE})
    assert index(folder) == ["a.sh"]


def test_a_file_of_others_is_never_replaced(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "a.sh").write_bytes(TWO)
    for check in (True, False):
        with pytest.raises(ScriptsError, match=r"a\.sh is there and was not put there by lvs\.cluster"):
            bring(folder, {"a.sh": ONE, "b": TWO}, check=check)
    assert texts(folder) == {"a.sh": TWO}
    # One with the same text may as well be ours.
    assert bring(folder, {"a.sh": TWO}).changed
    assert index(folder) == ["a.sh"]


@pytest.mark.parametrize("what", ["link", "folder"])
def test_what_stands_under_a_script_s_name(folder: Path, what: str) -> None:
    bring(folder, {"a.sh": ONE})
    (folder / "a.sh").unlink()
    if what == "link":
        (folder / "a.sh").symlink_to("/dev/null")
    else:
        (folder / "a.sh").mkdir()
    with pytest.raises(ScriptsError, match=r"a\.sh is not a regular file: remove it"):
        bring(folder, {"a.sh": ONE})


@pytest.mark.parametrize("wanted", [{}, {"a.sh": ONE}])
def test_a_folder_that_is_none(folder: Path, wanted: dict[str, bytes]) -> None:
    folder.parent.mkdir()
    (folder.parent / "other").mkdir()
    folder.symlink_to("other")
    with pytest.raises(ScriptsError, match="is a link or no folder"):
        bring(folder, wanted)
    folder.unlink()
    folder.write_text("")
    with pytest.raises(ScriptsError, match="is a link or no folder"):
        bring(folder, wanted)


def test_a_script_that_somebody_removed(folder: Path) -> None:
    bring(folder, {"a.sh": ONE, "b": TWO})
    (folder / "a.sh").unlink()
    (folder / "b").unlink()
    outcome = bring(folder, {"a.sh": ONE})
    assert (outcome.installed, outcome.removed, index(folder)) == (("a.sh",), (), ["a.sh"])


def test_what_a_killed_run_left_is_known(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bring(folder, {"a.sh": ONE})
    real = store.write_text

    def write(path: str, text: str, owner: store.Owner) -> None:
        if path.endswith("/c"):
            raise KeyboardInterrupt
        real(path, text, owner)

    with monkeypatch.context() as patch:
        patch.setattr(store, "write_text", write)
        with pytest.raises(KeyboardInterrupt):
            bring(folder, {"b": TWO, "c": TWO})
    assert texts(folder) == {"a.sh": ONE, "b": TWO}
    assert bring(folder, {"d": TWO}).removed == ("a.sh", "b")
    assert texts(folder) == {"d": TWO}


@pytest.mark.parametrize("text", ["", "[]", '{"scripts": 3}', "{"])
def test_a_damaged_index(folder: Path, text: str) -> None:
    bring(folder, {"a.sh": ONE})
    (folder / INDEX).write_text(text)
    with pytest.raises(ScriptsError, match="is damaged"):
        bring(folder, {})
    assert texts(folder) == {"a.sh": ONE}


def test_an_index_leads_to_no_other_folder(folder: Path) -> None:
    bring(folder, {"a.sh": ONE})
    (folder.parent / "keepalived.conf").write_text("")
    (folder / INDEX).write_text('{"scripts": ["../keepalived.conf", "a.sh"]}')
    assert bring(folder, {}).removed == ("a.sh",)
    assert (folder.parent / "keepalived.conf").exists()


@pytest.mark.parametrize("name", ["a.sh", "to_master", "A-1.py", "x" * 200])
def test_good_names(name: str) -> None:
    assert name_fault(name) is None


@pytest.mark.parametrize("name", ["", ".", "..", ".index.json", "-a", "a b", "a/b", "ü", "a\n", "x" * 201])
def test_bad_names(name: str) -> None:
    assert name_fault(name) is not None


def test_the_user() -> None:
    assert user_command("root") == []
    command = user_command("lvs-nobody-has-this")
    assert command[:2] == ["useradd", "--system"]
    assert command[-2:] == ["--user-group", "lvs-nobody-has-this"]
    assert "--no-create-home" in command
    assert command[command.index("--shell") + 1].endswith(("nologin", "false"))
    with pytest.raises(ScriptsError, match="is no name of a user"):
        user_command("a b")


def test_the_user_of_a_group_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grp, "getgrnam", lambda name: name)
    assert user_command("lvs-nobody-has-this")[-3:] == ["--gid", "lvs-nobody-has-this", "lvs-nobody-has-this"]
