"""tools/timed.py: the parts of a test run, one after the other or side by side."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.cluster import wait_until
from tools import timed

ROOT = Path(__file__).resolve().parents[3]


def ticking(seconds: float) -> Callable[[], float]:
    """A clock that moves on by this much at each look."""
    now = iter(range(1000))
    return lambda: next(now) * seconds


def outcome(*stages: str, failing: str = "") -> tuple[timed.Outcome, list[str]]:
    """What comes of these stages when one part fails with status 2, and in which order parts began."""
    called: list[str] = []

    def run(part: str) -> int:
        called.append(part)
        return 2 if part == failing else 0

    return timed.run_stages(stages, run, ticking(1.0)), called


def test_all_parts_run_in_order_and_are_timed() -> None:
    done, called = outcome("lint", "unit docs")
    assert called == ["lint", "unit", "docs"]
    assert done.results == [("lint", 0, 1.0), ("unit", 0, 1.0), ("docs", 0, 1.0)]
    assert done.seconds == 7.0
    assert timed.exit_status(done.results) == 0


def test_nothing_begins_after_a_failure() -> None:
    done, called = outcome("lint", "unit sanity", "ran", failing="unit")
    assert called == ["lint", "unit"]
    assert done.results == [("lint", 0, 1.0), ("unit", 2, 1.0), ("sanity", None, 0.0), ("ran", None, 0.0)]
    assert timed.exit_status(done.results) == 2


def test_an_interrupted_run_did_not_succeed() -> None:
    assert timed.exit_status([timed.Result("lint", 0, 1.0), timed.Result("unit", None, 0.0)]) == 130


def test_lanes_run_at_the_same_time_and_the_next_stage_after_both() -> None:
    """The first lane's only part ends when the other lane's second has begun."""
    reached = threading.Event()
    order: list[str] = []

    def run(part: str) -> int:
        if part == "integration":
            assert reached.wait(60)
        if part == "unit":
            reached.set()
        order.append(part)
        return 0

    done = timed.run_stages(["setup", "integration & lint unit", "molecule"], run)
    assert [result.part for result in done.results] == ["setup", "integration", "lint", "unit", "molecule"]
    assert (order[0], order[-1], set(order[1:-1])) == ("setup", "molecule", {"integration", "lint", "unit"})


def test_after_a_failure_the_other_lane_ends_its_part_and_begins_no_more() -> None:
    """The clock is asked again when a failure has been noted."""
    begun, failed, noted = threading.Event(), threading.Event(), threading.Event()

    def run(part: str) -> int:
        if part == "lint":
            assert begun.wait(60)
            failed.set()
            return 2
        begun.set()
        assert noted.wait(60)
        return 0

    def clock() -> float:
        if failed.is_set():
            noted.set()
        return time.monotonic()

    done = timed.run_stages(["integration molecule & lint unit"], run, clock)
    assert [result.status for result in done.results] == [0, None, 2, None]


def test_table_says_what_failed_and_what_did_not_run() -> None:
    results = [timed.Result("lint", 0, 3.14), timed.Result("unit", 2, 61.0), timed.Result("sanity", None, 0.0)]
    assert timed.table(timed.Outcome(results, 62.5)).splitlines() == [
        "lint        3.1 s  ok",
        "unit       61.0 s  failed, status 2",
        "sanity         -  not run",
        "total      62.5 s",
    ]


def run_timed(folder: Path, makefile: str, *parts: str) -> subprocess.CompletedProcess[str]:
    (folder / "Makefile").write_text(makefile)
    words = [sys.executable, str(ROOT / "tools" / "timed.py"), *parts]
    # make tells its children that they are below it, and these tests are run by `make unit`.
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(words, check=False, cwd=folder, env=env, capture_output=True, text=True)


@pytest.mark.parametrize(("parts", "status"), [(["good", "good"], 0), (["good", "bad", "good"], 2)])
def test_make_targets_are_run_until_one_fails(tmp_path: Path, parts: list[str], status: int) -> None:
    done = run_timed(tmp_path, "good:\n\t@echo ran >> log\nbad:\n\t@exit 7\n", *parts)
    assert done.returncode == status
    ran = (tmp_path / "log").read_text().splitlines()
    assert ran == ["ran"] * (2 if status == 0 else 1)


def test_the_table_ends_the_output_of_a_run_without_a_failure(tmp_path: Path) -> None:
    done = run_timed(tmp_path, "good:\n\t@echo FAILED in vain\n", "good")
    assert done.stdout.splitlines()[-1].startswith("total ")


def test_what_the_failed_part_said_ends_the_output(tmp_path: Path) -> None:
    """pytest's own lines, from a run of pytest, though much else is said after them."""
    (tmp_path / "test_it.py").write_text("def test_it():\n    assert 1 + 1 == 3, 'a sum'\n")
    pytest_run = f"{sys.executable} -m pytest -p no:cacheprovider test_it.py 2>&1; code=$$?; seq 1000; exit $$code"
    done = run_timed(tmp_path, f"good:\n\t@echo 'FAILED of another part'\nunit:\n\t@{pytest_run}\n", "good", "unit")
    assert done.returncode == 2
    assert "\n1000\n" in done.stdout
    end = done.stdout.partition("\ntotal ")[2].splitlines()[1:]
    assert end == [
        "",
        "unit said:",
        "E       AssertionError: a sum",
        "E       assert (1 + 1) == 3",
        "FAILED test_it.py::test_it - AssertionError: a sum",
    ]


def test_what_a_scenario_s_test_said_ends_the_output(tmp_path: Path) -> None:
    """Molecule says little of it, and puts borders before pytest's lines where nobody forbids it."""
    scenario = tmp_path / "molecule" / "default"
    (scenario / "tests").mkdir(parents=True)
    (scenario / "molecule.yml").write_text("prerun: false\nverifier: {name: testinfra}\n")
    (scenario / "tests" / "test_it.py").write_text("def test_it():\n    assert 1 + 1 == 3, 'a sum'\n")
    makefile = f"include {ROOT}/Makefile\nbroken:\n\t@molecule verify\n"
    done = run_timed(tmp_path, makefile, "broken")
    assert done.returncode == 2, done.stdout
    told = done.stdout.partition("broken said:\n")[2].splitlines()
    assert "FAILED tests/test_it.py::test_it - AssertionError: a sum" in told, done.stdout


def test_the_last_lines_are_told_where_none_tells_of_a_failure(tmp_path: Path) -> None:
    done = run_timed(tmp_path, "lint:\n\t@seq 100; echo wrong >&2; exit 1\n", "lint")
    told = done.stdout.partition("lint said:\n")[2].splitlines()
    assert len(told) == 15
    assert told[-3:-1] == ["100", "wrong"]
    assert told[-1].startswith("make: *** ")


def test_output_is_shown_while_a_part_runs(tmp_path: Path) -> None:
    """The part ends only when somebody has read what it said, and hasn't ended with a line."""
    os.mkfifo(tmp_path / "go")
    (tmp_path / "Makefile").write_text("part:\n\t@printf begun; cat go\n")
    words = [sys.executable, str(ROOT / "tools" / "timed.py"), "part"]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.read(len("\n==> part\nbegun")) == "\n==> part\nbegun"
        (tmp_path / "go").write_text("ended\n")
        assert process.stdout.read().startswith("ended\n")
    assert process.returncode == 0


def test_output_of_two_lanes_is_not_mixed(tmp_path: Path) -> None:
    """One part is shown as it speaks, the other when it has ended: then the first one is let go on."""
    os.mkfifo(tmp_path / "go")
    makefile = "live:\n\t@echo first; cat go\nother:\n\t@echo one; echo two; echo go on > go\n"
    lines = run_timed(tmp_path, makefile, "live & other").stdout.split("\n")
    at = lines.index("==> other")
    assert lines[at + 1 : at + 3] == ["one", "two"]
    assert [line for line in lines if line in ("first", "go on")] == ["first", "go on"]


def test_both_say_why_where_two_lanes_failed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "go")
    makefile = "a:\n\t@cat go; echo FAILED a; exit 1\nb:\n\t@echo FAILED b; echo > go; exit 1\n"
    done = run_timed(tmp_path, makefile, "a & b")
    assert done.returncode == 2
    assert done.stdout.endswith("\na said:\nFAILED a\n\nb said:\nFAILED b\n")


def test_an_interruption_ends_the_run(tmp_path: Path) -> None:
    """As by Ctrl-C: all processes of the terminal's group get the signal."""
    begun = tmp_path / "begun"
    begun.touch()
    (tmp_path / "Makefile").write_text("part:\n\t@echo >> begun; exec sleep 600\nnext:\n\t@touch next\n")
    words = ["env", "--default-signal=INT", sys.executable, str(ROOT / "tools" / "timed.py"), "part next & part"]
    with subprocess.Popen(
        words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout
        # One that begins after the signal would not get it.
        wait_until(lambda: begun.read_text() == "\n\n", seconds=60, what="both parts to run")
        os.killpg(process.pid, signal.SIGINT)
        rest = process.stdout.read()
    assert process.returncode not in (0, 1)
    assert "not run" in rest
    assert not (tmp_path / "next").exists()


def test_what_a_part_left_running_is_not_waited_for(tmp_path: Path) -> None:
    began = time.monotonic()
    (tmp_path / "Makefile").write_text("part:\n\t@sleep 120 & echo $$! > pid\n")
    try:
        with (tmp_path / "output").open("w") as stream:
            words = [sys.executable, str(ROOT / "tools" / "timed.py"), "part"]
            assert subprocess.run(words, check=False, cwd=tmp_path, stdout=stream).returncode == 0
    finally:
        subprocess.run(["kill", (tmp_path / "pid").read_text().strip()], check=True)
    assert time.monotonic() - began < 100


def test_little_enough_is_kept_to_be_seen() -> None:
    keeper = timed.Keeper()
    for number in range(100):
        keeper.take(f"\x1b[31mFAILED test_{number}\x1b[0m - {'x' * 1000}\nnoise\n".encode())
    summary = keeper.summary()
    assert sum(len(line) + 1 for line in summary) <= timed.ALL
    assert [len(line) for line in summary] == [timed.LONGEST] * 7
    assert summary[-1].startswith("FAILED test_99 - xxx")


def test_lines_are_whole_however_the_output_comes() -> None:
    keeper = timed.Keeper()
    for chunk in ("FAI", "LED ä"[:3], "LED ä"[3:], "\nERROR at", " the end"):
        keeper.take(chunk.encode())
    assert keeper.summary() == ["FAILED ä", "ERROR at the end"]


def test_no_part_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert timed.main([]) == 2
    assert "usage" in capsys.readouterr().err
