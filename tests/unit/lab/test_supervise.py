"""lab/supervise.sh: a guest that reboots is started again, one that ends otherwise stays off."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lab.uml import SUPERVISE

# Stands for a kernel: each run prints the next of the files run-1, run-2, … and ends with the status in its first line.
KERNEL = """\
cd "$1"
echo run >> runs
number=$(wc -l < runs)
tail -n +2 "run-$number"
exit "$(head -n 1 "run-$number")"
"""
REBOOT = "0\n[    9.1] reboot: Restarting system\n"
POWER_OFF = "0\n[    9.1] reboot: Power down\n"


def supervise(folder: Path, *runs: str) -> str:
    """Run it with a kernel that has these runs; the console's log."""
    for number, text in enumerate(runs, start=1):
        (folder / f"run-{number}").write_text(text)
    (folder / "kernel").write_text(KERNEL)
    console = folder / "console.log"
    console.write_text("lab: power on\n")
    with console.open("a") as output:
        words = ["sh", str(SUPERVISE), str(console), "sh", str(folder / "kernel"), str(folder)]
        subprocess.run(words, check=True, stdout=output, timeout=30)
    assert (folder / "runs").read_text() == "run\n" * len(runs)
    return console.read_text()


def test_power_off(tmp_path: Path) -> None:
    assert supervise(tmp_path, POWER_OFF) == (
        "lab: power on\n[    9.1] reboot: Power down\nlab: power off (the kernel ended with status 0)\n"
    )


def test_reboots(tmp_path: Path) -> None:
    assert supervise(tmp_path, REBOOT, REBOOT, POWER_OFF) == (
        "lab: power on\n[    9.1] reboot: Restarting system\n"
        "lab: power on\n[    9.1] reboot: Restarting system\n"
        "lab: power on\n[    9.1] reboot: Power down\nlab: power off (the kernel ended with status 0)\n"
    )


@pytest.mark.parametrize("last_words", ["", "Kernel panic - not syncing: no root\n"])
def test_a_kernel_that_dies_after_a_reboot_is_not_started_again(tmp_path: Path, last_words: str) -> None:
    assert supervise(tmp_path, REBOOT, f"134\n{last_words}").endswith(
        f"lab: power on\n{last_words}lab: power off (the kernel ended with status 134)\n"
    )


def test_a_reboot_is_seen_whatever_is_said_after_it(tmp_path: Path) -> None:
    supervise(tmp_path, REBOOT + "noise\n" * 100, POWER_OFF)


def test_arguments_pass_as_they_are(tmp_path: Path) -> None:
    console = tmp_path / "with space.log"
    console.touch()
    words = ["sh", str(SUPERVISE), str(console), "printf", "<%s>", "a b", "", "$HOME", "*", "'\""]
    output = subprocess.run(words, check=True, capture_output=True, text=True, timeout=30).stdout
    assert output.startswith("<a b><><$HOME><*><'\">lab: power off")
