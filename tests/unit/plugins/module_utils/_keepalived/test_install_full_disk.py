# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A disk that takes no more."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils import _store as store
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import install
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.install import ConfigError
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.pending import Notes
from tests.unit.plugins.module_utils._keepalived.installing import GOOD, Keepalived, names, other, put

Failing = Callable[..., Any]


def fail_with(number: int) -> Failing:
    def failing(*_arguments: object, **_words: object) -> None:
        raise OSError(number, os.strerror(number))

    return failing


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("function", ["fsync", "rename"])
@pytest.mark.parametrize("before", [GOOD, "foreign\n"])
@pytest.mark.parametrize("staged", [True, False])
def test_a_full_disk(
    dest: Path, monkeypatch: pytest.MonkeyPatch, number: int, function: str, before: str, staged: bool
) -> None:
    dest.write_text(before)
    scratch = dest.parent / "run"
    scratch.mkdir()
    monkeypatch.setattr(install, "SCRATCH", str(scratch))
    run = Keepalived()
    with monkeypatch.context() as patch:
        # After the test, whose file is on another disk.
        run.after = lambda: patch.setattr(os, function, fail_with(number))
        with pytest.raises(ConfigError) as error:
            put(dest, run, other(), staged=staged)
    said = (
        f"{dest} was not changed: no space is left for {dest.parent} ({os.strerror(number)}): free some and run again"
    )
    assert str(error.value) == said
    assert dest.read_text() == before
    assert names(dest.parent) == ["keepalived.conf", "run"]
    assert names(scratch) == []


def test_a_full_disk_under_the_candidate(dest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dest.write_text("foreign\n")
    scratch = dest.parent / "run"
    scratch.mkdir()
    monkeypatch.setattr(install, "SCRATCH", str(scratch))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail_with(errno.ENOSPC))
        with pytest.raises(ConfigError, match=f"no space is left for {scratch} "):
            put(dest, Keepalived())
    assert names(dest.parent) == ["keepalived.conf", "run"]
    assert names(scratch) == []


def test_a_full_disk_under_the_note(dest: Path, notes: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    put(dest, Keepalived())
    with monkeypatch.context() as patch:
        patch.setattr(Notes, "put", fail_with(errno.ENOSPC))
        with pytest.raises(ConfigError, match=f"no space is left for {notes.folder} "):
            put(dest, Keepalived(), other(), notes=notes)
    assert dest.read_text() == GOOD
    assert not put(dest, Keepalived(), notes=notes).pending


def test_another_error_of_a_disk_is_what_it_is(dest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", fail_with(errno.EIO))
    with pytest.raises(OSError, match="Input/output error"):
        put(dest, Keepalived())
    assert names(dest.parent) == []


def test_a_text_that_is_not_loaded_stays_so_if_the_next_one_finds_no_room(
    dest: Path, notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(dest, Keepalived(), notes=notes)
    with monkeypatch.context() as patch:
        run = Keepalived()
        run.after = lambda: patch.setattr(store, "write_text", failing_for(dest))
        with pytest.raises(ConfigError):
            put(dest, run, other(), notes=notes)
    assert put(dest, Keepalived(), notes=notes).pending


def failing_for(dest: Path) -> Failing:
    write = store.write_text

    def failing(path: str, text: str, owner: store.Owner) -> None:
        if path == str(dest):
            raise OSError(errno.ENOSPC, "full")
        write(path, text, owner)

    return failing
