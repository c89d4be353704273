"""tools/scenario_runs.py: Molecule's scenarios, two at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tools import scenario_runs
from tools.timed import Result

ROOT = Path(__file__).resolve().parents[3]

# Stands for Molecule, which this tool calls by its name: a line for each call, and the status that a file asks for.
MOLECULE = """\
#!/bin/sh
echo "$3 $1" >> calls
test "$3 $1" != "$(cat failing)"
"""


def run(folder: Path, *words: str, failing: str = "") -> tuple[subprocess.CompletedProcess[str], list[str]]:
    program = folder / "molecule"
    program.write_text(MOLECULE)
    program.chmod(0o755)
    (folder / "failing").write_text(failing)
    env = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tools.scenario_runs", *words]
    done = subprocess.run(command, check=False, cwd=folder, env=env, capture_output=True, text=True)
    return done, (folder / "calls").read_text().splitlines()


def test_pairs_are_made_side_by_side_and_proved_one_after_the_other() -> None:
    assert scenario_runs.stages(["a", "b", "c"], 2) == [
        "a:destroy a:create a:converge a:idempotence & b:destroy b:create b:converge b:idempotence",
        *("a:verify", "a:destroy", "b:verify", "b:destroy"),
        "c:destroy c:create c:converge c:idempotence",
        *("c:verify", "c:destroy"),
    ]


def test_each_goes_through_the_steps_of_molecule_test(tmp_path: Path) -> None:
    configured = yaml.safe_load((ROOT / ".config" / "molecule" / "config.yml").read_text())["scenario"]["test_sequence"]
    done, calls = run(tmp_path, "tun", "nat_ha")
    assert done.returncode == 0, done.stdout
    for scenario in ("tun", "nat_ha"):
        assert [call.split()[1] for call in calls if call.startswith(f"{scenario} ")] == configured
    assert calls[-4:] == ["tun verify", "tun destroy", "nat_ha verify", "nat_ha destroy"]
    assert done.stdout.splitlines()[-1].startswith("total ")


@pytest.mark.parametrize("together", ["1", "2"])
def test_a_failure_leaves_no_lab(tmp_path: Path, together: str) -> None:
    done, calls = run(tmp_path, "--together", together, "tun", "nat_ha", "dr_ipv6", failing="nat_ha verify")
    assert done.returncode == 1
    assert calls[-1] == "nat_ha destroy"
    assert not [call for call in calls if call.startswith("dr_ipv6")]
    assert "nat_ha:verify    " in done.stdout


def test_both_labs_go_when_one_of_a_pair_could_not_be_made() -> None:
    made = [Result("a:destroy", 0, 1.0), Result("a:create", 0, 1.0), Result("a:converge", 2, 1.0)]
    other = [Result("b:destroy", 0, 1.0), Result("b:create", 0, 1.0), Result("b:converge", None, 0.0)]
    unproved = [Result(f"{name}:{step}", None, 0.0) for name in "ab" for step in ("verify", "destroy")]
    assert scenario_runs.left([*made, *other, *unproved]) == ["a", "b"]
    assert (
        scenario_runs.left([Result("a:create", None, 0.0), Result("b:create", 0, 1.0), Result("b:destroy", 0, 1.0)])
        == []
    )
