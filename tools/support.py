"""The table of supported systems in README.md: made from what is declared, and held against what the tests ran on.

Declarations are in tools/support.yml (systems, parts of tests/integration), molecule/ and the Makefile (scenarios),
tools/versions.yml and requirements-dev.txt (Ansible). tests/support/ran.py writes down what ran, tools/sanity.py on
which Pythons.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

# As a program in tools/, which is then the first place that Python looks for modules, as in tools/timed.py.
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools import scenarios  # noqa: E402

README = ROOT / "README.md"
DATA = ROOT / "tools" / "support.yml"
RAN = ROOT / "build" / "ran"
BEGIN, END = "<!-- support: begin -->", "<!-- support: end -->"
REFUSED = "refused before anything is changed"
# What says that this is CI, whose machine is known; another's Python may be any that make setup takes.
CI = "CI"


@dataclass(frozen=True)
class Matrix:
    """What is declared; runs are pairs of a suite (a scenario or a part of tests/integration) and a release."""

    lab: Mapping[str, Mapping[str, str]]
    rows: Sequence[tuple[str, str]]
    ci: frozenset[tuple[str, str]]
    full: frozenset[tuple[str, str]]
    core: str
    python: str
    versions: Sequence[Mapping[str, Any]]
    modules: Sequence[str]


def makefile_list(text: str, name: str) -> list[str]:
    """The words of one of the Makefile's lists."""
    found = re.search(rf"^{name} := (.*)$", text, flags=re.MULTILINE)
    if not found:
        raise LookupError(f"the Makefile has no list {name}")
    return found[1].split()


def scenario_runs(
    makefile: str, known: Mapping[str, Sequence[str]]
) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """What `make test` runs of Molecule's scenarios, each on one release, and what `make test-full` does."""
    ci = {(name, releases[0]) for name, releases in known.items()}
    parts = makefile_list(makefile, "FULL_PARTS")
    full = {
        (name, release) for name, releases in known.items() for release in releases if f"molecule-{release}" in parts
    }
    return ci, ci | full


def suite_runs(suites: Mapping[str, Mapping[str, Sequence[str]]]) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """The same of the parts of tests/integration."""
    ci = {(name, release) for name, where in suites.items() for release in where.get("ci", ())}
    return ci, ci | {(name, release) for name, where in suites.items() for release in where.get("full", ())}


def qemu_row(inventories: Mapping[str, Sequence[str]], lab: Mapping[str, Mapping[str, str]]) -> tuple[str, str]:
    """The row of what runs with Debian's own kernels."""
    where = (
        f"{' and '.join(names)} on {lab[release]['name'].partition(' (')[0]}" for release, names in inventories.items()
    )
    return "Debian 12 and 13 with their own kernels, in QEMU", f"not by CI; `make test-qemu`: {', '.join(where)}"


def declared(root: Path = ROOT) -> Matrix:
    """Read all that is declared."""
    data = yaml.safe_load((root / "tools" / "support.yml").read_text())
    molecule = scenario_runs((root / "Makefile").read_text(), scenarios.releases(root))
    integration = suite_runs(data["suites"])
    (core,) = re.findall(r"^ansible-core==(.+)$", (root / "requirements-dev.txt").read_text(), flags=re.MULTILINE)
    return Matrix(
        lab=data["lab"],
        rows=[
            qemu_row(data["qemu"], data["lab"]),
            *((one["row"], one["state"]) for one in data["platforms"] if "row" in one),
        ],
        ci=frozenset(molecule[0] | integration[0]),
        full=frozenset(molecule[1] | integration[1]),
        core=core,
        python=data["control"],
        versions=yaml.safe_load((root / "tools" / "versions.yml").read_text()),
        modules=data["modules"],
    )


# -- the table


def _names(runs: Iterable[tuple[str, str]], release: str) -> str:
    return ", ".join(sorted(suite for suite, on in runs if on == release)) or "-"


def _rows(rows: Iterable[Sequence[str]]) -> str:
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def markdown(matrix: Matrix) -> str:
    """README's tables: hosts, then where Ansible runs."""
    hosts = [
        ("Hosts", "Kernel", "keepalived", "Python", "CI runs in the lab", "`make test-full` runs besides"),
        ("---",) * 6,
        *(
            (
                *(system["name"], f"{system['kernel']}, User Mode Linux", system["keepalived"], system["python"]),
                *(_names(matrix.ci, release), _names(matrix.full - matrix.ci, release)),
            )
            for release, system in matrix.lab.items()
        ),
        *((name, "-", "-", "-", state, "-") for name, state in matrix.rows),
        ("others", "-", "-", "-", REFUSED, "-"),
    ]
    control = [
        ("Where Ansible runs", "Python", "Run by"),
        ("---",) * 3,
        (f"ansible-core {matrix.core}", matrix.python, "CI: everything"),
        *(
            (
                f"ansible-core {entry['core']}",
                ", ".join(entry["pythons"]),
                "`make versions`: unit tests, checks, sanity",
            )
            for entry in matrix.versions
        ),
    ]
    modules = f"Modules are compiled and imported by `make sanity` on Python {', '.join(matrix.modules)}.\n"
    return f"{_rows(hosts)}\n{_rows(control)}\n{modules}"


def inserted(text: str, table: str) -> str:
    """README.md with this between its marks; LookupError where it has none."""
    before, begin, rest = text.partition(f"{BEGIN}\n")
    _old, end, after = rest.partition(f"{END}\n")
    if not begin or not end:
        raise LookupError(f"README.md has no lines {BEGIN} and {END}")
    return f"{before}{begin}{table}{end}{after}"


# -- what ran


def _series(version: str, like: str) -> str:
    """As much of a version as the declared one says."""
    return ".".join(re.split(r"[.+-]", version)[: like.count(".") + 1])


def guest_faults(matrix: Matrix, suite: str, release: str, guest: Mapping[str, Any]) -> list[str]:
    """Where a guest is not what is declared of its release; keepalived only where it is there."""
    return [
        f"{suite} on {release}: {guest['host']} has {what} {guest[what]}, declared is {like}"
        for what, like in matrix.lab[release].items()
        if what != "name" and guest[what] is not None and _series(guest[what], like) != like
    ]


def differences(
    matrix: Matrix,
    wanted: frozenset[tuple[str, str]],
    ran: Iterable[Mapping[str, Any]],
    pythons: Sequence[str],
    ci: bool,
) -> list[str]:
    """How what ran differs from what is declared, a line each; which Pythons are here is a question only in CI."""
    ran = list(ran)
    seen = {(line["suite"], line["release"]) for line in ran}
    faults = [f"{suite} on {release} is declared and did not run" for suite, release in sorted(wanted - seen)]
    faults += [f"{suite} on {release} ran and is not declared" for suite, release in sorted(seen - wanted)]
    for line in ran:
        known = line["release"] in matrix.lab
        faults += [
            fault
            for guest in (line["guests"] if known else [])
            for fault in guest_faults(matrix, line["suite"], line["release"], guest)
        ]
        core, python = line["control"]["ansible_core"], line["control"]["python"]
        if core != matrix.core:
            faults.append(f"{line['suite']} ran with ansible-core {core}, declared is {matrix.core}")
        if ci and _series(python, matrix.python) != matrix.python:
            faults.append(f"{line['suite']} ran with Python {python}, declared is {matrix.python}")
    if ci and list(pythons) != list(matrix.modules):
        faults.append(f"sanity ran on Python {', '.join(pythons) or '(none)'}, declared is {', '.join(matrix.modules)}")
    return list(dict.fromkeys(faults))


def recorded(folder: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """The suites' lines, and the Pythons that sanity ran on."""
    pythons = folder / "sanity" / "pythons.json"
    lines = [json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))]
    return lines, json.loads(pythons.read_text()) if pythons.exists() else []


def main(argv: Sequence[str]) -> int:
    """Print the table, write it into README.md, or say whether it is what ran."""
    parser = argparse.ArgumentParser(
        prog="support.py", description="The table of supported systems (default: print it)."
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--write", action="store_true", help="write it into README.md")
    what.add_argument("--ran", choices=("ci", "full"), help="fail if what ran differs from it")
    arguments = parser.parse_args(argv)
    matrix = declared()
    if arguments.ran:
        lines, pythons = recorded(RAN)
        wanted = matrix.ci if arguments.ran == "ci" else matrix.full
        faults = differences(matrix, wanted, lines, pythons, os.environ.get(CI) == "true")
        for fault in faults:
            print(f"ERROR {fault}", file=sys.stderr)
        print(f"support: {len(lines)} suites ran{'' if faults else ', on what README.md says'}")
        return int(bool(faults))
    if arguments.write:
        README.write_text(inserted(README.read_text(), markdown(matrix)))
    else:
        print(markdown(matrix), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
