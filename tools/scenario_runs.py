"""Run Molecule's scenarios two at a time: what `molecule test` does with each, in about two thirds of the time.

Configuring a cluster leaves most of a machine idle, because directors are changed one at a time. So two scenarios are
booted and configured side by side, then one after the other has its tests, and the machine for them: tests measure
for how long clients had no answer.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence

from tools import timed
from tools.timed import Result

# Molecule's own steps; the first one takes away what an earlier run left.
MADE = ("destroy", "create", "converge", "idempotence")
PROVED = ("verify", "destroy")


def part(step: str, scenario: str) -> str:
    """How a step of a scenario is called among the parts."""
    return f"{scenario}:{step}"


def command(name: str) -> list[str]:
    """What runs such a part."""
    scenario, _colon, step = name.partition(":")
    return ["molecule", step, "--scenario-name", scenario]


def stages(scenarios: Sequence[str], together: int) -> list[str]:
    """The stages for tools/timed.py; so many scenarios are made at the same time."""
    found = []
    for first in range(0, len(scenarios), together):
        group = scenarios[first : first + together]
        found.append(" & ".join(" ".join(part(step, scenario) for step in MADE) for scenario in group))
        found += [part(step, scenario) for scenario in group for step in PROVED]
    return found


def left(results: Sequence[Result]) -> list[str]:
    """The scenarios whose lab was begun and, after a failure, not taken away."""
    up: dict[str, None] = {}
    for name, status, _seconds in results:
        scenario, _colon, step = name.partition(":")
        if step == "create" and status is not None:
            up[scenario] = None
        if step == "destroy" and status == 0:
            up.pop(scenario, None)
    return list(up)


def main(argv: Sequence[str]) -> int:
    """Run the scenarios that are named; the status of what failed."""
    parser = argparse.ArgumentParser(prog="python -m tools.scenario_runs", description="Run Molecule's scenarios.")
    parser.add_argument("--together", type=int, default=2, metavar="N", help="how many are configured side by side (2)")
    parser.add_argument("scenarios", nargs="+")
    arguments = parser.parse_args(argv)
    results = timed.run_and_tell(stages(arguments.scenarios, arguments.together), command)
    for scenario in left(results):
        subprocess.run(command(part("destroy", scenario)), check=False)
    return timed.exit_status(results)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
