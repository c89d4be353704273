"""What ansible-builder makes of our definitions, without a container engine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.cluster import ROOT

EXAMPLE = ROOT / "examples" / "awx"


def builder(*words: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "ansible_builder", *words], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def lines(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collections path that holds what `ansible-galaxy collection build` packs."""
    folder = tmp_path_factory.mktemp("built")
    command = [sys.executable, "-m", "ansible", "galaxy", "collection", "build", "--output-path", str(folder)]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    (package,) = folder.glob("lvs-cluster-*.tar.gz")
    target = tmp_path_factory.mktemp("collections")
    folder = target / "ansible_collections" / "lvs" / "cluster"
    folder.mkdir(parents=True)
    subprocess.run(["tar", "--extract", "--gzip", "--file", package, "--directory", folder], check=True)
    return target


def test_collection_says_what_the_control_node_needs(installed: Path) -> None:
    """As a build of an execution environment reads it from the collection that it has installed."""
    found = yaml.safe_load(builder("introspect", installed))
    suffix = "  # from collection lvs.cluster"
    assert found["python"] == [line + suffix for line in lines(ROOT / "requirements.txt")]
    assert found["system"] == [line + suffix for line in lines(ROOT / "bindep.txt")]
    # The image of the example has rpm.
    assert "openssh-clients [platform:rpm]" + suffix in found["system"]


def test_example_gives_a_context(tmp_path: Path) -> None:
    context = tmp_path / "context"
    builder(
        "create",
        "-f",
        EXAMPLE / "execution-environment.yml",
        "--context",
        context,
        "--output-filename",
        "Containerfile",
    )
    text = (context / "Containerfile").read_text()
    definition = yaml.safe_load((EXAMPLE / "execution-environment.yml").read_text())
    assert f'EE_BASE_IMAGE="{definition["images"]["base_image"]["name"]}"' in text
    assert "ansible-galaxy collection install" in text
    (galaxy,) = context.rglob("requirements.yml")
    assert galaxy.read_text() == (EXAMPLE / "collections" / "requirements.yml").read_text()
    dependencies = definition["dependencies"]
    for name in ("ansible_core", "ansible_runner"):
        assert dependencies[name]["package_pip"] in text
    assert f'PYPKG="{dependencies["python_interpreter"]["package_system"]}"' in text
    assert (context / "_build" / "scripts" / "introspect.py").exists()


def test_collection_s_own_definition_names_files_alone() -> None:
    """A collection's file has dependencies by path, and no image: that is the business of who builds."""
    own = yaml.safe_load((ROOT / "meta" / "execution-environment.yml").read_text())
    assert own == {"version": 1, "dependencies": {"python": "requirements.txt", "system": "bindep.txt"}}
