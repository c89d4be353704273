"""One process at a time, by its folder, and nothing left."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot.alone import alone_in
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path / "state")


def count(folder: str, numbers: str) -> None:
    """Add 1, a hundred times, in the way that loses some where two do it at once. Each time the folder goes, too."""
    for _turn in range(100):
        with alone_in(folder, pause=lambda seconds: None):
            place = Path(numbers)
            place.write_text(str(int(place.read_text()) + 1))


def test_one_at_a_time_also_where_the_folder_goes(folder: str, tmp_path: Path) -> None:
    numbers = tmp_path / "numbers"
    numbers.write_text("0")
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=count, args=(folder, str(numbers))) for _each in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert numbers.read_text() == "200"


def test_waits_no_longer_than_it_says_and_leaves_nothing(folder: str) -> None:
    with alone_in(folder):
        with (
            pytest.raises(BootError, match=r"another process has had .*state locked for 0\.05 s"),
            alone_in(folder, 0.05),
        ):
            pass
        (Path(folder) / "record").touch()
    with alone_in(folder):
        assert os.listdir(folder) == ["record"]
        (Path(folder) / "record").unlink()
    assert not os.path.exists(folder)


def test_something_else_where_the_folder_belongs(folder: str) -> None:
    Path(folder).write_text("")
    with pytest.raises(FileExistsError), alone_in(folder):
        pass
    assert Path(folder).read_text() == ""


def test_an_error_inside_lets_go(folder: str) -> None:
    with pytest.raises(FileNotFoundError), alone_in(folder):
        (Path(folder) / "none").read_text()
    with alone_in(folder, 0):
        pass
