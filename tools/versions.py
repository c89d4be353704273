"""make versions: the collection with every ansible-core and Python that it declares, as far as this machine has them.

Each pair gets a copy of the working tree in build/versions/CORE-PYTHON with an environment of its own as the copy's
.venv, so that tests and tools work there as they do here. tools/versions.yml says which pairs there are.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

# As a program in tools/, which is then the first place that Python looks for modules, as in tools/timed.py.
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.sanity import candidates, find_pythons, runs, tracked_files  # noqa: E402
from tools.setup import fingerprint, link_collection  # noqa: E402

DATA = ROOT / "tools" / "versions.yml"
PINS = ROOT / "requirements-dev.txt"
WORK = ROOT / "build" / "versions"
# Stands in for a module of ansible-core that tests use, and the oldest lacks.
TESTING = ROOT / "tools" / "versions_testing.py"

# What the tests below need beside Ansible, at the versions of requirements-dev.txt.
PACKAGES = (
    "hypothesis",
    "jmespath",
    "netaddr",
    "prometheus-client",
    "pytest",
    "pytest-testinfra",
    "pytest-xdist",
    "PyYAML",
)
# The tests that run plugins, roles or playbooks; the others test the lab, the tools and the documents.
TESTS = ("tests/unit/plugins", "tests/unit/playbooks", "tests/unit/roles")


class Pair(NamedTuple):
    """An ansible-core and a Python for it: the versions of what is installed, and the Python's."""

    core: str
    ansible: str
    python: str
    other: Mapping[str, str]

    @property
    def name(self) -> str:
        """As in 2.17-3.11."""
        return f"{self.core.rpartition('.')[0]}-{self.python}"


class Step(NamedTuple):
    """One column of the table: its name, and the commands that must all end with status 0."""

    name: str
    commands: tuple[tuple[str, ...], ...]


def pairs(data: Iterable[Mapping[str, Any]]) -> list[Pair]:
    """Every pair of the data file, the oldest ansible-core first."""
    return [
        Pair(entry["core"], entry["ansible"], python, entry.get("other", {}))
        for entry in data
        for python in entry["pythons"]
    ]


def constraints(pins: str, pair: Pair) -> str:
    """requirements-dev.txt as constraints, with the pair's own versions in place of those that it has there."""
    own = {"ansible": pair.ansible, "ansible-core": pair.core, **pair.other}
    lines = [line for line in pins.splitlines() if "==" in line and line.partition("==")[0] not in own]
    return "".join(f"{line}\n" for line in [*lines, *(f"{name}=={version}" for name, version in own.items())])


def steps(inventories: Sequence[str], playbooks: Sequence[str], processes: str) -> list[Step]:
    """What is run in a pair's tree, whose programs are the first on the search path."""
    return [
        Step("unit", (("python", "-m", "pytest", "--numprocesses", processes, *TESTS),)),
        Step("syntax", (("ansible-playbook", "--syntax-check", "-i", inventories[0], *playbooks),)),
        Step("check", tuple(("ansible-playbook", "-i", name, "lvs.cluster.check") for name in inventories)),
        Step("sanity", (("python", "tools/sanity.py"),)),
    ]


def lay_tree(names: Iterable[str], root: Path, tree: Path) -> None:
    """Make the tree hold exactly these files of root, and keep its .venv."""
    tree.mkdir(parents=True, exist_ok=True)
    for path in tree.iterdir():
        if path.name == ".venv":
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    for name in names:
        target = tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, target, follow_symlinks=False)
    # tools/sanity.py asks git which files there are, and would else ask the repository around the tree.
    subprocess.run(["git", "init", "--quiet", str(tree)], check=True)


def make_venv(pair: Pair, python: str, tree: Path) -> bool:
    """Bring the tree's environment to the pair's versions; False, with pip's output shown, if pip could not."""
    wanted = constraints(PINS.read_text(), pair)
    made_of = fingerprint(f"{wanted}{PACKAGES}{TESTING.read_text()}", tree / ".venv")
    stamp = tree / ".venv" / "setup.stamp"
    if stamp.exists() and stamp.read_text().strip() == made_of:
        return True
    subprocess.run([python, "-m", "venv", "--clear", tree / ".venv"], check=True)
    file = tree / ".venv" / "constraints.txt"
    file.write_text(wanted)
    pip: list[str | Path] = [
        tree / ".venv" / "bin" / "python",
        "-m",
        "pip",
        "install",
        "-qq",
        "--disable-pip-version-check",
    ]
    if subprocess.run([*pip, "-c", file, "ansible", "ansible-core", *PACKAGES], check=False).returncode != 0:
        return False
    add_testing(tree / ".venv")
    stamp.write_text(made_of + "\n")
    return True


def add_testing(venv: Path) -> None:
    """Put ansible.module_utils.testing there where it is missing."""
    (folder,) = venv.glob("lib/python*/site-packages/ansible/module_utils")
    if not (folder / "testing.py").exists():
        shutil.copy(TESTING, folder / "testing.py")


def environment(tree: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """What commands in the tree get: its programs first, and nothing that points to the tree that we are in."""
    kept = {
        name: value for name, value in environ.items() if not name.startswith(("ANSIBLE_", "PYTEST_", "VIRTUAL_ENV"))
    }
    own = {"ANSIBLE_COLLECTIONS_PATH": str(tree / ".venv" / "collections"), "ANSIBLE_HOME": str(tree / ".ansible")}
    path = os.pathsep.join([str(tree / ".venv" / "bin"), environ.get("PATH", os.defpath)])
    return {**kept, **own, "PATH": path, "LC_ALL": "C.UTF-8"}


def run_step(step: Step, tree: Path, environ: Mapping[str, str]) -> bool:
    """Run a step's commands, all of them, with their output in the tree's log; True if all were right."""
    log = tree / f"{step.name}.log"
    failed = []
    with log.open("w") as stream:
        for command in step.commands:
            stream.write(f"$ {' '.join(command)}\n")
            stream.flush()
            done = subprocess.run(
                command, check=False, cwd=tree, env=dict(environ), stdin=subprocess.DEVNULL, stdout=stream,
                stderr=subprocess.STDOUT,
            )  # fmt: skip
            if done.returncode != 0:
                failed.append(f"status {done.returncode}: {' '.join(command)}")
    if failed:
        print("\n".join([*log.read_text().splitlines()[-30:], *failed, f"all of it: {log}"]), flush=True)
    return not failed


def table(results: Mapping[str, Mapping[str, str]], columns: Sequence[str]) -> str:
    """A line for each pair, a column for each step."""
    rows = [["", *columns], *([name, *(cells.get(one, "-") for one in columns)] for name, cells in results.items())]
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def check_pair(
    pair: Pair, python: str, wanted: Sequence[Step], clock: Callable[[], float] = time.monotonic
) -> dict[str, str]:
    """Run the steps for one pair; each step's cell of the table."""
    tree = WORK / pair.name
    print(f"\n==> {pair.name}: ansible-core {pair.core}, ansible {pair.ansible}, {python}", flush=True)
    lay_tree(tracked_files(ROOT), ROOT, tree)
    if not make_venv(pair, python, tree):
        return {step.name: "not installed" for step in wanted}
    link_collection(tree / ".venv" / "collections")
    cells = {}
    for step in wanted:
        began = clock()
        good = run_step(step, tree, environment(tree, os.environ))
        cells[step.name] = f"{'ok' if good else 'failed'} {clock() - began:.0f} s"
        print(f"{pair.name}: {step.name}: {cells[step.name]}", flush=True)
    return cells


def main(argv: Sequence[str]) -> int:
    """Test the named pairs (default: all) and print the table; 1 if anything failed or a Python is missing."""
    known = {pair.name: pair for pair in pairs(yaml.safe_load(DATA.read_text()))}
    inventories = sorted(str(path.parent.relative_to(ROOT)) for path in ROOT.glob("inventories/*/hosts.yml"))
    playbooks = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("playbooks/*.yml"))
    parser = argparse.ArgumentParser(prog="versions.py", description="Test the collection with other versions.")
    parser.add_argument("pairs", nargs="*", metavar="PAIR", help=f"of: {' '.join(known)} (default: all)")
    parser.add_argument("--step", action="append", help="only this one of: unit syntax check sanity")
    parser.add_argument("--processes", default="auto", help="how many run the unit tests (default: one for each core)")
    arguments = parser.parse_args(argv)
    every = steps(inventories, playbooks, arguments.processes)
    chosen = [step for step in every if not arguments.step or step.name in arguments.step]
    wrong = [name for name in arguments.pairs if name not in known]
    wrong += [name for name in arguments.step or [] if name not in {step.name for step in every}]
    if wrong:
        parser.error(f"not known: {' '.join(wrong)}")
    wanted = [known[name] for name in arguments.pairs or known]
    pythons = find_pythons(sorted({pair.python for pair in wanted}), lambda name: candidates(name, os.environ), runs)
    columns = [step.name for step in chosen]
    results = {
        pair.name: check_pair(pair, pythons[pair.python], chosen)
        if pair.python in pythons
        else dict.fromkeys(columns, "no Python")
        for pair in wanted
    }
    print(f"\n{table(results, columns)}", flush=True)
    return int(any(not cell.startswith("ok ") for cells in results.values() for cell in cells.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
