"""One process at a time, and nobody but root may hold it up."""

from __future__ import annotations

import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot import alone as locks
from ansible_collections.lvs.cluster.plugins.module_utils._boot.alone import alone
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError


def count(folder: str, numbers: str) -> None:
    """Add 1, a hundred times, in the way that loses some where two do it at once."""
    locks.FOLDER, locks._PAUSE = folder, 0.0
    for _turn in range(100):
        with alone("x"):
            place = Path(numbers)
            place.write_text(str(int(place.read_text()) + 1))


def test_one_at_a_time(tmp_path: Path) -> None:
    numbers = tmp_path / "numbers"
    numbers.write_text("0")
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=count, args=(str(tmp_path), str(numbers))) for _each in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert numbers.read_text() == "200"


def test_waits_no_longer_than_it_says_and_for_its_own_purpose_alone() -> None:
    with alone("x"):
        with alone("y", 0):
            pass
        with (
            pytest.raises(BootError, match=r"process has had .*/lvs-cluster-x\.lock locked for 0\.05 s"),
            alone("x", 0.05),
        ):
            pass
    with alone("x", 0):
        pass


def test_others_cannot_open_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(locks, "FOLDER", str(tmp_path))
    before = os.umask(0)
    try:
        with alone("x"):
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "lvs-cluster-x.lock").stat().st_mode) == 0o600
    (tmp_path / "lvs-cluster-y.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"), alone("y"):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_an_error_inside_lets_go() -> None:
    with pytest.raises(KeyError), alone("x"):
        raise KeyError
    with alone("x", 0):
        pass
