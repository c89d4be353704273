# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.pending import Note, Notes, make_folder
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.process import Process, keepalived, process

DEST = "/etc/keepalived/keepalived.conf"


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    """This very process stands for keepalived."""
    own = process(os.getpid())
    return Notes(str(tmp_path / "run"), lambda: own)


def test_a_note_is_about_a_text(notes: Notes) -> None:
    assert notes.read(DEST, "new") is None
    assert notes.write(DEST, "new", "x")
    assert notes.read(DEST, "new") == Note("x")
    assert notes.read(DEST, "old") is None
    assert notes.read(DEST, None) is None
    assert notes.read("/elsewhere", "new") is None
    assert notes.forget()
    assert notes.read(DEST, "new") is None
    assert not notes.forget()


def test_its_file_is_root_s_and_holds_no_text(notes: Notes) -> None:
    notes.write(DEST, "auth_pass sesame", "")
    assert stat.S_IMODE(os.stat(notes.path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(notes.folder).st_mode) == 0o755
    assert "sesame" not in Path(notes.path).read_text()


def test_a_second_change_does_not_make_the_first_a_loaded_one(notes: Notes) -> None:
    notes.write(DEST, "first", "a")
    notes.write(DEST, "second", "b")
    notes.write(DEST, "second", "")
    assert notes.read(DEST, "first") == notes.read(DEST, "second") == Note("a, b")


def test_a_note_of_another_file_goes(notes: Notes) -> None:
    notes.write("/elsewhere", "first", "a")
    notes.write(DEST, "second", "b")
    assert notes.read(DEST, "second") == Note("b")


def test_none_is_written_where_keepalived_does_not_run(tmp_path: Path) -> None:
    notes = Notes(str(tmp_path / "run"), lambda: None)
    assert not notes.write(DEST, "new", "")
    assert list(tmp_path.iterdir()) == []


def test_a_note_about_a_process_that_has_ended_says_nothing(notes: Notes) -> None:
    with subprocess.Popen(["sleep", "60"]) as ended:
        found = process(ended.pid)
        assert found is not None
        other = Notes(notes.folder, lambda: found)
        other.write(DEST, "new", "a")
        assert other.read(DEST, "new") == Note("a")
        ended.kill()
    assert other.read(DEST, "new") is None
    notes.write(DEST, "newer", "b")
    assert notes.read(DEST, "newer") == Note("b")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"process": [1]}', "\0"])
def test_a_broken_note_is_one_all_the_same(notes: Notes, text: str) -> None:
    make_folder(notes.folder)
    Path(notes.path).write_text(text)
    assert notes.read(DEST, "new") == Note()
    notes.write(DEST, "new", "a")
    assert notes.read(DEST, "new") == Note("a")


def test_the_folder_is_made_for_all_to_enter(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    before = os.umask(0o077)
    try:
        make_folder(str(folder))
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    make_folder(str(folder))


@pytest.mark.parametrize("mode", [0o777, 0o775])
def test_a_folder_that_others_write_to_is_refused(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(PermissionError, match="not a folder that only its owner writes to"):
        make_folder(str(folder))


@pytest.mark.parametrize("odd", ["link", "file"])
def test_what_is_no_folder_is_refused(tmp_path: Path, odd: str) -> None:
    path = tmp_path / "run"
    if odd == "link":
        path.symlink_to(tmp_path)
    else:
        path.write_text("")
    with pytest.raises(PermissionError):
        make_folder(str(path))


# -- processes


def test_a_process_is_known_again() -> None:
    own = process(os.getpid())
    assert own is not None
    assert own.lives()
    assert not Process(own.pid, own.start + 1).lives()


def test_what_is_left_of_a_process_is_none() -> None:
    with subprocess.Popen(["true"]) as ended:
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        assert process(ended.pid) is None
    assert process(ended.pid) is None


def proc_with(folder: Path, name: str, program: str) -> str:
    """A /proc with this process under another name than keepalived."""
    one = folder / "proc" / "77"
    one.mkdir(parents=True)
    for here in ("self", "77"):
        (folder / "proc" / here / "ns").mkdir(parents=True)
        (folder / "proc" / here / "ns" / "net").write_text("")
    (one / "comm").write_text(name + "\n")
    (one / "stat").write_text(f"77 ({name} ) x) S {' '.join(str(number) for number in range(1, 40))}\n")
    (one / "exe").symlink_to(program)
    return str(folder / "proc")


@pytest.mark.parametrize(
    ("program", "noted", "expected"),
    [
        ("/usr/sbin/keepalived", "77\n", Process(77, 19)),
        ("/usr/sbin/keepalived (deleted)", "77\n", Process(77, 19)),
        ("/usr/bin/vim", "77\n", None),
        ("/usr/sbin/keepalived", "78\n", None),
        ("/usr/sbin/keepalived", "x", None),
        ("/usr/sbin/keepalived", None, None),
    ],
)
def test_a_keepalived_with_another_name(
    tmp_path: Path, program: str, noted: str | None, expected: Process | None
) -> None:
    pid_file = tmp_path / "keepalived.pid"
    if noted is not None:
        pid_file.write_text(noted)
    assert keepalived(proc_with(tmp_path, "balancer", program), str(pid_file)) == expected
