"""What the lab's tests ran on, written down while they run: README's table of supported systems is held against it.

There is a file in build/ran for each suite (a scenario of Molecule, or a part of tests/integration) and Debian release,
with one line of JSON. tools/support.py reads them at the end of `make test`. Suites are written down whose conftest.py
imports the hook below.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from lab.errors import LabError
from tests.support.cluster import ROOT, Cluster

FOLDER = ROOT / "build" / "ran"

# Run by the guest's own Python. What isn't there is None; keepalived says its version on standard error.
FACTS = """
import json, platform, re, shutil, subprocess
keepalived = shutil.which("keepalived", path="/usr/sbin:/usr/bin")
said = subprocess.run([keepalived, "--version"], stderr=subprocess.PIPE).stderr.decode() if keepalived else ""
found = re.search("v([0-9.]+)", said)
print(json.dumps({
    "release": dict(line.rstrip().split("=", 1) for line in open("/etc/os-release"))["VERSION_CODENAME"].strip('"'),
    "kernel": platform.release(),
    "python": platform.python_version(),
    "keepalived": found.group(1) if found else None,
}))
"""


def suite_of(environ: Mapping[str, str]) -> str:
    """The scenario that Molecule runs, else the file or folder of tests/integration without its `test_`."""
    scenario = environ.get("MOLECULE_SCENARIO_NAME")
    if scenario:
        return scenario
    file = ROOT / environ["PYTEST_CURRENT_TEST"].partition("::")[0]
    return Path(file.relative_to(ROOT / "tests" / "integration").parts[0]).stem.removeprefix("test_")


def facts(cluster: Cluster) -> list[dict[str, Any]]:
    """What each guest that has power is made of; nothing where the lab isn't up."""
    try:
        hosts = [row["host"] for row in cluster.lab.status() if row["power"] == "on"]
    except LabError:
        return []
    return [{"host": host, **json.loads(cluster.run(host, "python3", "-c", FACTS))} for host in hosts]


def lines(suite: str, guests: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The files for a suite's guests: name -> line, one for each release that is among them."""
    by_release: dict[str, list[Mapping[str, Any]]] = {}
    for guest in guests:
        by_release.setdefault(guest["release"], []).append(guest)
    control = {"ansible_core": version("ansible-core"), "python": platform.python_version()}
    return {
        f"{suite}-{release}.json": json.dumps(
            {"suite": suite, "release": release, "guests": among, "control": control}, sort_keys=True
        )
        for release, among in by_release.items()
    }


class Recorder:
    """Writes a suite down the first time that a test gets one of its clusters."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._known: set[tuple[str, str]] = set()

    def see(self, value: object) -> None:
        """Look at what a fixture gives to tests: a cluster, or several things with one among them."""
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, Cluster):
                self._write(one, suite_of(os.environ))

    def _write(self, value: Cluster, suite: str) -> None:
        if (suite, value.lab.name) in self._known:
            return
        guests = facts(value)
        if not guests:
            return
        self._known.add((suite, value.lab.name))
        self._folder.mkdir(parents=True, exist_ok=True)
        for name, line in lines(suite, guests).items():
            (self._folder / name).write_text(f"{line}\n")
            for path in (self._folder.parent, self._folder, self._folder / name):
                _give(path)


def _give(path: Path) -> None:
    """To whoever called sudo, who may remove it then."""
    if path.stat().st_uid == 0 and "SUDO_UID" in os.environ:
        os.chown(path, int(os.environ["SUDO_UID"]), int(os.environ["SUDO_GID"]))


RECORDER = Recorder()


def pytest_runtest_call(item: pytest.Function) -> None:
    """By tests and not by fixtures: of one for a whole folder or session, pytest asks no conftest.py below its root."""
    for value in item.funcargs.values():
        RECORDER.see(value)
