# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils import _store as store
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import weight_files, weights

SERVERS = [{"file": "a", "ready": True}, {"file": "b", "ready": False}]


def apply(directory: Path, servers: list[dict[str, object]], *, unnamed: str = weights.PURGE) -> weights.Plan:
    wanted = weights.plan(weight_files.read_directory(str(directory)), servers, unnamed=unnamed)
    weight_files.apply(str(directory), wanted)
    return wanted


def test_directory_and_files_are_readable_whatever_the_umask(tmp_path: Path) -> None:
    directory = tmp_path / "lvs-cluster" / "weights"
    old = os.umask(0o077)
    try:
        weight_files.make_directory(str(directory))
        apply(directory, list(SERVERS))
    finally:
        os.umask(old)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (directory.parent, directory, directory / "a")]
    assert modes == [0o755, 0o755, 0o644]
    assert (directory / "b").read_text().startswith("-2147483647\n")
    assert sorted(os.listdir(directory)) == ["a", "b"]


def test_a_file_is_replaced_not_written_in_place(tmp_path: Path) -> None:
    apply(tmp_path, list(SERVERS))
    held = (tmp_path / "b").stat().st_ino
    ready = (tmp_path / "a").stat().st_ino
    apply(tmp_path, [{"file": "a", "ready": True}, {"file": "b", "ready": True}])
    assert (tmp_path / "b").stat().st_ino != held
    assert (tmp_path / "a").stat().st_ino == ready


def test_a_missing_directory_is_empty(tmp_path: Path) -> None:
    assert weight_files.read_directory(str(tmp_path / "none")) == {}


@pytest.mark.parametrize("kind", ["link", "directory"])
def test_what_is_no_file_is_refused(tmp_path: Path, kind: str) -> None:
    if kind == "link":
        (tmp_path / "a").symlink_to("/dev/null")
    else:
        (tmp_path / "a").mkdir()
    with pytest.raises(weight_files.WeightsError, match="a is not a regular file: remove it"):
        weight_files.read_directory(str(tmp_path))


def test_the_directory_goes_with_leftovers_of_a_killed_run(tmp_path: Path) -> None:
    directory = tmp_path / "lvs-cluster" / "weights"
    weight_files.make_directory(str(directory))
    (directory / f"{store.TEMPORARY}x").write_text("0\n")
    assert weight_files.is_emptied(str(directory), apply(directory, []))
    weight_files.remove_directory(str(directory))
    assert os.listdir(tmp_path) == []


def test_the_directory_stays_for_a_file_of_somebody_else(tmp_path: Path) -> None:
    directory = tmp_path / "weights"
    weight_files.make_directory(str(directory))
    (directory / "notes").write_text("buy milk\n")
    assert not weight_files.is_emptied(str(directory), apply(directory, []))
    weight_files.remove_directory(str(directory))
    assert os.listdir(directory) == ["notes"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    path.write_text("old")

    def fail(_handle: int) -> None:
        raise OSError("no space")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="no space"):
        store.write_text(str(path), "new", store.Owner(mode=0o644))
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a"]
