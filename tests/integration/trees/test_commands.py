"""README's two commands, from a clone on a machine that has just been installed.

LVS_TEST_RELEASE says which Debian that is. Nothing of this machine's is there: no package, no environment, no image.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator

import pytest

from tests.support import tree
from tests.support.cluster import RECAP, ROOT
from tests.support.tree import Tree

RELEASE = os.environ.get("LVS_TEST_RELEASE", "bookworm")
CLONE = "/root/lvs.cluster"


def commands() -> list[str]:
    """The blocks of one line in README's section of the two commands."""
    section = (ROOT / "README.md").read_text().partition("## The two commands\n")[2].partition("\n## ")[0]
    return re.findall(r"^```sh\n(.*)\n```$", section, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    root = tmp_path_factory.mktemp("machine") / RELEASE
    made = tree.make(RELEASE, root)
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", ROOT, root / CLONE.lstrip("/")], check=True)
    yield made
    # All mounts were the namespace's in which a command ran, and are gone.
    subprocess.run(["rm", "--recursive", "--one-file-system", root], check=True)


def test_there_are_two() -> None:
    assert commands() == ["make demo", "make test"]


def test_the_machine_has_only_what_readme_asks_for(machine: Tree) -> None:
    assert not {"mmdebstrap", "pip3", "ansible-playbook", "chromium", "tcc"} & machine.files("/usr/bin")
    assert f"VERSION_CODENAME={RELEASE}\n" in (machine.root / "etc/os-release").read_text()


def test_the_demo_answers_requests(machine: Tree) -> None:
    """It brings packages, an environment, kernels and images, and then the cluster up."""
    said = machine.run("make demo && .venv/bin/python -m lab down", folder=CLONE, seconds=3600)
    ran = [
        (host, changed != "0", (unreachable, failed)) for host, _ok, changed, unreachable, failed in RECAP.findall(said)
    ]
    assert {host for host, changed, _faults in ran if changed} == {"lb1", "lb2", "rs1", "rs2"}
    assert {faults for _host, _changed, faults in ran} == {("0", "0")}
    rows = re.findall(r"plain:8080 +10\.0\.0\.5:8080 +(rs\d) +(\d+) ", said)
    assert {host: int(number) for host, number in rows} == pytest.approx({"rs1": 100, "rs2": 40}, abs=5)


def test_all_that_ci_runs_passes(machine: Tree) -> None:
    said = machine.run("make test", folder=CLONE, seconds=7200)
    parts = re.findall(r"^([a-z-]+) +[0-9.]+ s  (\S+)$", said.rpartition("\nsetup ")[2], flags=re.MULTILINE)
    wanted = {"lint", "unit", "docs", "sanity", "integration", "ran"}
    wanted |= {"molecule-first", "molecule-second", "molecule-alone"}
    assert {part for part, _state in parts} >= wanted
    assert {state for _part, state in parts} == {"ok"}
