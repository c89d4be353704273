"""The lock's file, of which nothing is left behind in a folder of ours."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._lock import file
from ansible_collections.lvs.cluster.plugins.module_utils._lock.model import Holder, Lock

LOCK = Lock(Holder("r", "anna", "control1", 7), "x", 0, 1)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(file, "STATE_DIR", str(tmp_path / "lvs-cluster"))
    return str(tmp_path / "lvs-cluster" / "lock.json")


def test_written_read_removed(path: str) -> None:
    assert file.read(path) is None
    with file.alone():
        file.write(path, LOCK)
        assert os.listdir(os.path.dirname(path)) == ["lock.json"]
    assert os.stat(path).st_mode & 0o777 == 0o644
    assert file.read(path) == LOCK
    file.remove(path)
    assert not os.path.exists(os.path.dirname(path))


def test_the_folder_stays_if_it_has_more(path: str) -> None:
    with file.alone():
        file.write(path, LOCK)
    (Path(path).parent / "weights").mkdir()
    file.remove(path)
    assert os.listdir(os.path.dirname(path)) == ["weights"]


def test_another_folder_than_ours_stays(tmp_path: Path, path: str) -> None:
    elsewhere = tmp_path / "somebody"
    elsewhere.mkdir()
    with file.alone():
        file.write(str(elsewhere / "lock.json"), LOCK)
        file.remove(str(elsewhere / "lock.json"))
    assert os.listdir(elsewhere) == []


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"version": 2}'])
def test_what_is_no_lock(path: str, text: str) -> None:
    os.makedirs(os.path.dirname(path))
    Path(path).write_text(text)
    with pytest.raises(file.CorruptError, match=r"lock\.json is no lock .*see that no other run does, then remove it"):
        file.read(path)


def test_what_cant_be_read_is_not_absent(path: str) -> None:
    os.makedirs(path)
    with pytest.raises(IsADirectoryError):
        file.read(path)
