"""tests/support/ran.py: what the lab's tests ran on is written down by the hook that their conftest.py imports."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.support import ran
from tests.support.cluster import ROOT

# A cluster of which every host is this machine.
TESTS = """
import subprocess
from pathlib import Path

import pytest

from tests.support.cluster import Cluster


class Here(Cluster):
    def __init__(self):
        self.lab = self

    name = "here"

    def status(self):
        return [{"host": name, "power": power} for name, power in (("lb1", "on"), ("rs1", "off"), ("rs2", "on"))]

    def run(self, host, *argv, **options):
        Path("asked").open("a").write(host + " ")
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="SCOPE")
def cluster():
    yield Here()


@pytest.fixture
def configured(cluster):
    return cluster, "as far as it goes"


def test_one(configured):
    pass


def test_two(configured):
    pass
"""
CONFTEST = """
from tests.support import ran
from tests.support.ran import pytest_runtest_call

ran.RECORDER = ran.Recorder(ran.Path("ran"))
"""


def os_release(name: str) -> str:
    lines = Path("/etc/os-release").read_text().splitlines()
    return dict(one.split("=", 1) for one in lines if "=" in one)[name].strip('"')


@pytest.mark.parametrize("scope", ["function", "module", "package", "session"])
def test_a_suite_is_written_down_once_with_the_guests_that_are_on(tmp_path: Path, scope: str) -> None:
    (tmp_path / "conftest.py").write_text("")
    (tmp_path / "suite" / "part").mkdir(parents=True)
    (tmp_path / "suite" / "conftest.py").write_text(CONFTEST)
    (tmp_path / "suite" / "part" / "test_it.py").write_text(TESTS.replace("SCOPE", scope))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MOLECULE_SCENARIO_NAME": "nat_ha"}
    words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "suite"]
    done = subprocess.run(words, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "asked").read_text().split() == ["lb1", "rs2"]
    release = os_release("VERSION_CODENAME")
    (file,) = (tmp_path / "ran").iterdir()
    assert file.name == f"nat_ha-{release}.json"
    written = json.loads(file.read_text())
    assert (written["suite"], written["release"]) == ("nat_ha", release)
    assert written["control"] == {"ansible_core": version("ansible-core"), "python": platform.python_version()}
    assert [guest["host"] for guest in written["guests"]] == ["lb1", "rs2"]
    assert {guest["kernel"] for guest in written["guests"]} == {platform.release()}


def test_keepalived_says_its_version() -> None:
    """The package's own, less Debian's part."""
    query = ["dpkg-query", "-W", "-f", "${Version}", "keepalived"]
    package = subprocess.run(query, check=True, capture_output=True, text=True).stdout
    output = subprocess.run([sys.executable, "-c", ran.FACTS], check=True, capture_output=True, text=True).stdout
    assert json.loads(output)["keepalived"] == package.partition(":")[2].partition("-")[0]


@pytest.mark.parametrize(
    ("environ", "suite"),
    [
        ({"MOLECULE_SCENARIO_NAME": "tun"}, "tun"),
        ({"PYTEST_CURRENT_TEST": "tests/integration/ipvs/test_matrix.py::test_it (setup)"}, "ipvs"),
        ({"PYTEST_CURRENT_TEST": "tests/integration/test_lifecycle.py::test_it[a::b] (setup)"}, "lifecycle"),
    ],
)
def test_name_of_a_suite(environ: dict[str, str], suite: str) -> None:
    assert ran.suite_of(environ) == suite


def test_a_suite_of_two_releases_is_two_files() -> None:
    guests = [
        {"host": name, "release": release} for name, release in (("a", "trixie"), ("b", "bookworm"), ("c", "trixie"))
    ]
    files = ran.lines("keepalived", guests)
    assert {name: [guest["host"] for guest in json.loads(line)["guests"]] for name, line in files.items()} == {
        "keepalived-bookworm.json": ["b"],
        "keepalived-trixie.json": ["a", "c"],
    }


@pytest.mark.parametrize("folder", ["molecule", "tests/integration"])
def test_the_lab_s_tests_are_written_down(folder: str) -> None:
    assert "from tests.support.ran import pytest_runtest_call" in (ROOT / folder / "conftest.py").read_text()
