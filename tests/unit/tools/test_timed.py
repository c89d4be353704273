"""tools/timed.py: the parts of a test run, one after the other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools import timed

ROOT = Path(__file__).resolve().parents[3]


def ticking(seconds: float) -> timed.Callable[[], float]:
    """A clock that moves on by this much at each look."""
    now = iter(range(1000))
    return lambda: next(now) * seconds


def test_all_parts_run_in_order_and_are_timed() -> None:
    called: list[str] = []

    def run(part: str) -> int:
        called.append(part)
        return 0

    results = timed.run_parts(["lint", "unit"], run, ticking(2.5))
    assert called == ["lint", "unit"]
    assert results == [("lint", 0, 2.5), ("unit", 0, 2.5)]
    assert timed.exit_status(results) == 0


def test_nothing_runs_after_a_failure() -> None:
    called: list[str] = []

    def run(part: str) -> int:
        called.append(part)
        return 2 if part == "unit" else 0

    results = timed.run_parts(["lint", "unit", "sanity"], run, ticking(1.0))
    assert called == ["lint", "unit"]
    assert results == [("lint", 0, 1.0), ("unit", 2, 1.0), ("sanity", None, 0.0)]
    assert timed.exit_status(results) == 2


def test_table_says_what_failed_and_what_did_not_run() -> None:
    results = [timed.Result("lint", 0, 3.14), timed.Result("unit", 2, 61.0), timed.Result("sanity", None, 0.0)]
    assert timed.table(results).splitlines() == [
        "lint        3.1 s  ok",
        "unit       61.0 s  failed, status 2",
        "sanity         -  not run",
        "total      64.1 s",
    ]


@pytest.mark.parametrize(("parts", "status"), [(["good", "good"], 0), (["good", "bad", "good"], 2)])
def test_make_targets_are_run_and_the_table_ends_the_output(tmp_path: Path, parts: list[str], status: int) -> None:
    (tmp_path / "Makefile").write_text("good:\n\t@echo ran >> log\nbad:\n\t@exit 7\n")
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "timed.py"), *parts],
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == status
    assert done.stdout.splitlines()[-1].startswith("total ")
    ran = (tmp_path / "log").read_text().splitlines()
    assert ran == ["ran"] * (2 if status == 0 else 1)


def test_no_part_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert timed.main([]) == 2
    assert "usage" in capsys.readouterr().err
