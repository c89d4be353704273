"""The lock's file: one task at a time, and nothing left."""

from __future__ import annotations

import multiprocessing
import os
import threading
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._lock import file
from ansible_collections.lvs.cluster.plugins.module_utils._lock.model import Holder, Lock, LockError

LOCK = Lock(Holder("r", "anna", "control1", 7), "x", 0, 1)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "lvs-cluster" / "lock.json")


def test_written_read_removed(path: str) -> None:
    assert file.read(path) is None
    with file.alone(path):
        file.write(path, LOCK)
        assert os.listdir(os.path.dirname(path)) == ["lock.json"]
    assert os.stat(path).st_mode & 0o777 == 0o644
    assert file.read(path) == LOCK
    file.remove(path)
    assert not os.path.exists(os.path.dirname(path))


def test_the_folder_stays_if_it_has_more(path: str) -> None:
    with file.alone(path):
        file.write(path, LOCK)
    (Path(path).parent / "weights").mkdir()
    file.remove(path)
    assert os.listdir(os.path.dirname(path)) == ["weights"]


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


def count(path: str, numbers: str) -> None:
    """Add 1, a hundred times, in the way that loses some where two do it at once."""
    for _turn in range(100):
        with file.alone(path, pause=lambda seconds: None):
            place = Path(numbers)
            place.write_text(str(int(place.read_text()) + 1))
            # The next one finds no folder, or makes another one.
            os.rmdir(os.path.dirname(path))


def test_one_at_a_time_also_where_the_folder_goes(path: str, tmp_path: Path) -> None:
    numbers = tmp_path / "numbers"
    numbers.write_text("0")
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=count, args=(path, str(numbers))) for _each in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert numbers.read_text() == "200"


def test_waits_no_longer_than_it_says(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "_WAIT", 0.2)
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with file.alone(path):
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    assert entered.wait(10)
    try:
        with pytest.raises(LockError, match="another process has had"), file.alone(path):
            pass
    finally:
        leave.set()
        thread.join()
    with file.alone(path):
        pass


def test_something_else_where_the_folder_belongs(path: str) -> None:
    Path(os.path.dirname(path)).write_text("")
    with pytest.raises(FileExistsError), file.alone(path):
        pass


def test_an_error_inside_lets_go(path: str) -> None:
    with pytest.raises(FileNotFoundError), file.alone(path):
        Path(path).read_text()
    with file.alone(path):
        pass
