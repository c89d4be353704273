"""`make demo` from an installed copy: with an environment, a lab and a cluster of its own."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.release.conftest import Installed
from tests.support.cluster import RECAP

pytestmark = pytest.mark.late

NAME = f"installed-{os.getpid()}"
# What the demo sends through each service, and a row of the table that it ends with.
REQUESTS = 140
ROW = re.compile(r"(intranet:80|plain:8080) +10\.0\.0\.5:\d+ +(rs\d) +(\d+) ")


@pytest.fixture(scope="module")
def before(installed: Installed) -> set[str]:
    """The files of the copy before anything was run."""
    return installed.files()


@pytest.fixture(scope="module")
def demo(installed: Installed, before: set[str]) -> Iterator[str]:
    """What `make demo` printed."""
    try:
        yield installed.run("make", "demo", seconds=1800, LVS_LAB=NAME)
    finally:
        installed.run(sys.executable, "-m", "lab", "down", LVS_LAB=NAME)


def changes(output: str) -> dict[str, int]:
    """Host to changed tasks, over the runs of a demo."""
    totals: dict[str, int] = {}
    for host, _ok, changed, unreachable, failed in RECAP.findall(output):
        assert (unreachable, failed) == ("0", "0"), output
        totals[host] = totals.get(host, 0) + int(changed)
    return totals


def test_requests_are_answered(demo: str) -> None:
    served: dict[str, dict[str, int]] = {}
    for service, host, number in ROW.findall(demo):
        served.setdefault(service, {})[host] = int(number)
    assert {service: sum(by.values()) for service, by in served.items()} == {
        "intranet:80": REQUESTS,
        "plain:8080": REQUESTS,
    }
    # By weight 100 and 40; intranet is persistent.
    assert served["plain:8080"]["rs1"] == pytest.approx(100, abs=5)


def test_the_hosts_were_configured_by_it(demo: str) -> None:
    changed = changes(demo)
    assert {host for host, number in changed.items() if number} == {"lb1", "lb2", "rs1", "rs2"}


def test_it_has_an_environment_of_its_own(demo: str, installed: Installed) -> None:
    program = installed.folder / ".venv" / "bin" / "ansible-playbook"
    output = installed.run(program, "-i", "inventories/nat_ha", "--syntax-check", "lvs.cluster.site")
    (found,) = re.findall(r"^playbook: (.*)$", output, flags=re.MULTILINE)
    assert Path(found).resolve() == installed.folder / "playbooks" / "site.yml"


def test_a_second_demo_changes_nothing(demo: str, installed: Installed) -> None:
    again = installed.run("make", "demo", seconds=900, LVS_LAB=NAME)
    assert "setup: everything is there" in again
    assert "nothing to do after" in again
    assert {host: number for host, number in changes(again).items() if number} == {}


def test_nothing_else_was_written(demo: str, installed: Installed, before: set[str]) -> None:
    assert installed.files() == before
