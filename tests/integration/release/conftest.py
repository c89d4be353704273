"""The collection as a user has it: built, and installed into an empty folder."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.cluster import ROOT

PROGRAMS = ROOT / ".venv" / "bin"


def users_environment() -> dict[str, str]:
    """What this process was started with, less whatever leads to the working tree or belongs to a make around it."""
    path = [folder for folder in os.environ["PATH"].split(os.pathsep) if not Path(folder).is_relative_to(ROOT)]
    foreign = ("ANSIBLE_", "LVS_", "MAKE", "MFLAGS", "PYTEST_", "PYTHON", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {**kept, "PATH": os.pathsep.join(path), "LC_ALL": "C.UTF-8"}


@dataclass(frozen=True)
class Installed:
    """The collections path; in it the collection alone."""

    collections: Path

    @property
    def folder(self) -> Path:
        return self.collections / "ansible_collections" / "lvs" / "cluster"

    def run(self, *words: str | Path, status: int = 0, seconds: float = 300, **environment: str) -> str:
        """Run a command in the collection's folder, which must end with this status: all that it printed."""
        done = subprocess.run(
            words, cwd=self.folder, env={**users_environment(), **environment}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds, check=False,
        )  # fmt: skip
        assert done.returncode == status, f"{words}: {done.returncode}\n{done.stdout}"
        return done.stdout

    def ansible(self, program: str, *words: str) -> str:
        """Run one of Ansible's programs of the working tree, which finds no other collection of ours."""
        return self.run(PROGRAMS / program, *words, ANSIBLE_COLLECTIONS_PATH=str(self.collections))

    def files(self) -> set[str]:
        """What is below the collections path: all but .venv and what Python compiles."""
        found = set()
        for folder, names, files in os.walk(self.collections):
            names[:] = [name for name in names if name not in (".venv", "__pycache__")]
            found |= {str(Path(folder) / name) for name in files}
        return found


@pytest.fixture(scope="session")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tarball")
    build = [f"{PROGRAMS}/ansible-galaxy", "collection", "build", "--output-path", str(folder)]
    subprocess.run(build, check=True, cwd=ROOT, capture_output=True)
    (package,) = folder.glob("*.tar.gz")
    return package


@pytest.fixture(scope="module")
def installed(tarball: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """A copy for one file of tests. What it depends on comes with the package ansible."""
    collections = tmp_path_factory.mktemp("collections")
    words = ["collection", "install", "--offline", "--no-deps", "--collections-path", str(collections), str(tarball)]
    subprocess.run(
        [f"{PROGRAMS}/ansible-galaxy", *words],
        check=True,
        cwd=collections,
        env=users_environment(),
        capture_output=True,
    )
    return Installed(collections)
