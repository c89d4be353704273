# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
import stat
import subprocess
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._history import entries, kept
from ansible_collections.lvs.cluster.plugins.module_utils._lock import file as lock_file
from ansible_collections.lvs.cluster.plugins.module_utils._lock.model import Holder, Lock

CONF = "/etc/keepalived/keepalived.conf"
TABLE = "/etc/lvs-cluster/lvs-director-table.json"


def texts(path: str = CONF) -> list[str | None]:
    return [kept.read(one) for one in entries.of_file(kept.listed(), os.path.basename(path))]


def test_what_is_kept_is_roots_alone(history: Path) -> None:
    before = os.umask(0)
    kept.keep(CONF, "auth_pass sesame\n")
    os.umask(before)
    assert texts() == ["auth_pass sesame\n"]
    (file,) = history.iterdir()
    assert [stat.S_IMODE(path.stat().st_mode) for path in (history, file)] == [0o700, 0o600]
    assert "sesame" not in file.name


def test_the_run_that_has_the_lock_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lock.json"
    monkeypatch.setattr(lock_file, "PATH", str(path))
    kept.keep(CONF, "nobody has it")
    for run in ("first", "second"):
        lock_file.write(str(path), Lock(Holder(run, "anna", "desk", 7), "lvs.cluster.site", 0, 1))
        kept.keep(CONF, f"before {run}")
        kept.keep(TABLE, f"before {run}")
    path.write_text("no lock")
    kept.keep(CONF, "nobody knows")
    assert texts() == ["nobody knows", "before second", "before first", "nobody has it"]
    unknown, second, first, none = (one.run for one in entries.of_file(kept.listed(), "keepalived.conf"))
    assert (unknown, none) == ("", "")
    assert [one.run for one in entries.of_file(kept.listed(), "lvs-director-table.json")] == [second, first]
    assert len({first, second, ""}) == 3


def test_nothing_there_is_nothing_to_keep(history: Path) -> None:
    kept.keep(CONF, None)
    assert (kept.listed(), history.exists()) == ([], False)


def test_the_newest_is_not_kept_again() -> None:
    for text in ("a", "a", "b", "a", "a"):
        kept.keep(CONF, text)
    assert texts() == ["a", "b", "a"]


def test_the_last_ten_of_each_file_stay() -> None:
    kept.keep(TABLE, "{}")
    for number in range(13):
        kept.keep(CONF, str(number))
    assert texts() == [str(number) for number in range(12, 2, -1)]
    assert texts(TABLE) == ["{}"]


def test_what_a_rollback_puts_back_stays_however_old_it_is() -> None:
    for number in range(11):
        kept.keep(CONF, str(number))
    for _again in range(2):
        kept.mark_restored(CONF, "1", "11")
        kept.keep(CONF, "11")
        assert texts() == [str(number) for number in range(11, 0, -1)]
    # As soon as something else has been in force it is one of ten.
    kept.mark_restored(CONF, "8", "1")
    kept.mark_restored(CONF, "9", "8")
    kept.keep(CONF, "12")
    assert texts() == [str(number) for number in range(12, 2, -1)]


def test_after_something_else_a_rollback_counts_no_more() -> None:
    """The same text again is what was in force before the present, like any other."""
    kept.keep(CONF, "base")
    # Back from what a run has put there, to the text before.
    kept.mark_restored(CONF, "base", "changed")
    kept.keep(CONF, "changed")
    assert kept.restored("keepalived.conf") == {entries.digest("base")}
    # Two runs: forth, and back again.
    kept.keep(CONF, "base")
    assert texts() == ["changed", "base"]
    kept.keep(CONF, "changed")
    assert kept.restored("keepalived.conf") == frozenset()
    kept.keep(CONF, "base")
    assert texts() == ["base", "changed", "base"]


def test_a_damaged_one_is_none(history: Path) -> None:
    kept.keep(CONF, "whole text\n")
    (file,) = history.iterdir()
    file.write_text("whole te")
    assert texts() == [None]
    # The next one is not taken for the same.
    kept.keep(CONF, "other\n")
    assert texts() == ["other\n", None]


def test_bytes_that_are_no_text_survive() -> None:
    kept.keep(CONF, b"caf\xe9\r\n".decode("utf-8", "surrogateescape"))
    assert texts() == ["caf\udce9\r\n"]


def test_a_rollback_leaves_the_order_alone() -> None:
    kept.keep(CONF, "a")
    kept.keep(CONF, "b")
    # c is in force, a is put back, then b, then a new one comes.
    kept.mark_restored(CONF, "a", "c")
    kept.keep(CONF, "c")
    assert texts() == ["c", "b", "a"]
    kept.mark_restored(CONF, "b", "a")
    kept.keep(CONF, "a")
    assert texts() == ["c", "b", "a"]
    kept.keep(CONF, "b")
    assert texts() == ["c", "b", "a"]
    kept.keep(CONF, "new")
    assert texts() == ["new", "c", "b", "a"]


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", disk], check=True)
    try:
        monkeypatch.setattr(kept, "FOLDER", str(disk / "history"))
        kept.keep(CONF, "small")
        with pytest.raises(OSError, match="No space left") as error:
            kept.keep(CONF, "x" * 100_000)
        assert error.value.errno == errno.ENOSPC
        assert texts() == ["small"]
    finally:
        subprocess.run(["umount", disk], check=True)


def test_somebody_elses_folder_is_refused(history: Path) -> None:
    history.symlink_to(history.parent)
    with pytest.raises(PermissionError, match="is not a folder of root's"):
        kept.keep(CONF, "a")


def test_forget(history: Path) -> None:
    kept.forget()
    kept.keep(CONF, "a")
    kept.keep(TABLE, "{}")
    kept.mark_restored(CONF, "a", None)
    kept.forget(TABLE)
    assert (texts(TABLE), texts(), kept.restored("keepalived.conf")) == ([], ["a"], frozenset({entries.digest("a")}))
    kept.forget(CONF)
    assert not history.exists()
    kept.keep(CONF, "a")
    (history / "somebody").write_text("else's")
    kept.forget()
    assert [path.name for path in history.iterdir()] == ["somebody"]
