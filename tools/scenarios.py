"""Molecule's scenarios: on which Debian releases each can run, and its inventory for one of them.

.config/molecule/config.yml says which releases there are, a scenario's own molecule.yml to which of them it is limited.
The first is the one that its inventory has; LVS_TEST_RELEASE asks for another.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
# Inventories with another release than theirs are written here, a folder for each release.
WORK = ROOT / "build" / "molecule"
VARIABLE = "LVS_TEST_RELEASE"


class ScenarioError(Exception):
    """One line for the user: what can't be, and what can."""


def releases(root: Path = ROOT) -> dict[str, tuple[str, ...]]:
    """Scenario -> the releases that it runs on, that of its inventory first."""
    every = _listed(root / ".config" / "molecule" / "config.yml") or ()
    files = sorted(root.glob("molecule/*/molecule.yml"))
    return {file.parent.name: _listed(file) or every for file in files}


def _listed(file: Path) -> tuple[str, ...] | None:
    content = yaml.safe_load(file.read_text()) or {}
    platforms = content.get("platforms")
    return tuple(platforms[0]["releases"]) if platforms else None


def release(scenario: str, environ: Mapping[str, str], known: Mapping[str, Sequence[str]]) -> str:
    """The release that a scenario is to run on; ScenarioError where it doesn't run on the one that is asked for."""
    if scenario not in known:
        raise ScenarioError(f"no scenario {scenario}; there are: {', '.join(known)}")
    wanted = environ.get(VARIABLE) or known[scenario][0]
    if wanted not in known[scenario]:
        raise ScenarioError(f"{scenario} runs on {' and '.join(known[scenario])} alone, not on {VARIABLE}={wanted}")
    return wanted


def inventory(scenario: str, environ: Mapping[str, str], root: Path = ROOT, work: Path = WORK) -> Path:
    """The scenario's inventory, where that has the release that is asked for, else a copy which has."""
    known = releases(root)
    wanted = release(scenario, environ, known)
    original = root / "inventories" / scenario
    if wanted == known[scenario][0]:
        return original
    copy = work / wanted / scenario
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(original, copy)
    # Ansible reads the sources of a folder in the order of their names, and the last one counts.
    (copy / "zz_release.yml").write_text(yaml.safe_dump({"all": {"vars": {"lab_release": wanted}}}))
    shared = copy.parent / "files"
    if not shared.is_symlink():
        shared.symlink_to(root / "inventories" / "files")
    return copy


def main(argv: Sequence[str]) -> int:
    """What Molecule's create and the Makefile ask; 1 with one clear line where there is no answer."""
    parser = argparse.ArgumentParser(prog="python -m tools.scenarios", description="Ask about Molecule's scenarios.")
    commands = parser.add_subparsers(required=True, dest="command")
    path = commands.add_parser("inventory", help=f"print the path of its inventory for ${VARIABLE}")
    path.add_argument("scenario")
    among = commands.add_parser("among", help=f"print those that run on ${VARIABLE}; without it all do")
    among.add_argument("scenarios", nargs="*")
    arguments = parser.parse_args(argv)
    try:
        if arguments.command == "inventory":
            print(inventory(arguments.scenario, os.environ))
        else:
            known, wanted = releases(), os.environ.get(VARIABLE)
            print(*(name for name in arguments.scenarios if not wanted or wanted in known[name]))
    except ScenarioError as error:
        print(f"scenarios: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
