"""tools/support.py: README's table is what is declared, and what ran is held against it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.inventory import RELEASES
from tools import scenarios, support

ROOT = Path(__file__).resolve().parents[3]
MATRIX = support.declared()
DATA = yaml.safe_load(support.DATA.read_text())


def test_readme_has_the_table_that_is_declared() -> None:
    text = support.README.read_text()
    assert support.inserted(text, support.markdown(MATRIX)) == text, "run: python tools/support.py --write"


def test_the_table_says_where_everything_runs() -> None:
    lines = support.markdown(MATRIX).splitlines()
    rows = {line.split(" | ")[0].strip("| "): line.strip("| ").split(" | ") for line in lines}
    assert rows["Debian 12 (bookworm)"][1:4] == ["6.1, User Mode Linux", "2.2.7", "3.11"]
    assert {"fwmark_dr", "nat_ha", "lifecycle"} <= set(rows["Debian 12 (bookworm)"][4].split(", "))
    assert "clusterip_modern" in rows["Debian 13 (trixie)"][4].split(", ")
    assert "takeover" in rows["Debian 12 (bookworm)"][5].split(", ")
    assert rows["Ubuntu 22.04 and 24.04"][4] == "written, not run"
    assert rows[f"ansible-core {MATRIX.core}"]


def test_ci_covers_every_release_of_the_lab() -> None:
    assert set(MATRIX.lab) == set(RELEASES)
    assert {release for suite, release in MATRIX.ci if suite in scenarios.releases()} == set(RELEASES)


def test_ci_runs_every_scenario() -> None:
    assert set(scenarios.releases()) <= {suite for suite, _release in MATRIX.ci}


@pytest.mark.parametrize("role", sorted(path.parents[1].name for path in ROOT.glob("roles/*/meta/main.yml")))
def test_the_platforms_of_the_roles_are_those_of_the_table(role: str) -> None:
    metadata = yaml.safe_load((ROOT / "roles" / role / "meta" / "main.yml").read_text())
    told = [{"name": one["name"], "versions": one["versions"]} for one in DATA["platforms"]]
    assert metadata["galaxy_info"]["platforms"] == told


def test_declared_parts_of_the_integration_tests_are_there() -> None:
    folder = ROOT / "tests" / "integration"
    assert [name for name in DATA["suites"] if not list(folder.glob(name)) + list(folder.glob(f"test_{name}.py"))] == []


def test_declared_for_qemu_is_what_its_tests_boot() -> None:
    """Each of them takes one inventory, whose hosts have one release but for those that are not stock."""
    booted: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests" / "integration" / "qemu").glob("test_*.py")):
        (name,) = set(re.findall(r'"inventories" / "(\w+)"', path.read_text()))
        text = (ROOT / "inventories" / name / "hosts.yml").read_text()
        releases = re.findall(r"lab_release: (\w+)", text) or [next(iter(RELEASES))]
        booted.setdefault(releases[0], []).append(name)
    assert {release: sorted(names) for release, names in booted.items()} == DATA["qemu"]


MAKEFILE = "FULL_PARTS := {}\n"
KNOWN = {"nat_ha": ("bookworm", "trixie"), "tun": ("bookworm", "trixie"), "clusterip_modern": ("trixie",)}
CI_RUNS = {("nat_ha", "bookworm"), ("tun", "bookworm"), ("clusterip_modern", "trixie")}


@pytest.mark.parametrize(
    ("parts", "more"),
    [
        ("takeover", set()),
        ("molecule-trixie", {("nat_ha", "trixie"), ("tun", "trixie")}),
        ("molecule-bookworm molecule-trixie", {("nat_ha", "trixie"), ("tun", "trixie")}),
    ],
)
def test_scenarios_run_where_the_makefile_says(parts: str, more: set[tuple[str, str]]) -> None:
    ci, full = support.scenario_runs(MAKEFILE.format(parts), KNOWN)
    assert (ci, full) == (CI_RUNS, CI_RUNS | more)


def test_a_makefile_without_the_list_is_an_error() -> None:
    with pytest.raises(LookupError, match="FULL_PARTS"):
        support.scenario_runs("PURE_PARTS := a\n", KNOWN)


def test_the_table_replaces_the_one_between_the_marks() -> None:
    text = f"a\n{support.BEGIN}\nold\n{support.END}\nz\n"
    assert support.inserted(text, "new\n") == f"a\n{support.BEGIN}\nnew\n{support.END}\nz\n"
    with pytest.raises(LookupError, match="has no lines"):
        support.inserted("a\n", "new\n")


def line(suite: str, release: str, **differing: str | None) -> dict[str, Any]:
    """What is written down for a suite on one guest that is as declared, save where it differs."""
    known: dict[str, dict[str, Any]] = {
        "bookworm": {"kernel": "6.1.147", "python": "3.11.2", "keepalived": "2.2.7"},
        "trixie": {"kernel": "6.12.43", "python": "3.13.5", "keepalived": None},
    }
    guest = {"host": "lb1", "release": release, **known[release], **differing}
    control = {"ansible_core": MATRIX.core, "python": f"{MATRIX.python}.7"}
    return {"suite": suite, "release": release, "guests": [guest], "control": control}


def all_that_ci_runs() -> list[dict[str, Any]]:
    return [line(suite, release) for suite, release in sorted(MATRIX.ci)]


def told(lines: list[dict[str, Any]], pythons: list[str] | None = None, ci: bool = True) -> list[str]:
    return support.differences(MATRIX, MATRIX.ci, lines, MATRIX.modules if pythons is None else pythons, ci)


def test_what_ran_as_declared_has_no_fault() -> None:
    assert told(all_that_ci_runs()) == []


def without_nat_ha(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in lines if one["suite"] != "nat_ha"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (without_nat_ha, "nat_ha on bookworm is declared and did not run"),
        (lambda lines: [*lines, line("tun", "trixie")], "tun on trixie ran and is not declared"),
        (
            lambda lines: [*without_nat_ha(lines), line("nat_ha", "bookworm", keepalived="2.3.3")],
            "nat_ha on bookworm: lb1 has keepalived 2.3.3, declared is 2.2.7",
        ),
        (
            lambda lines: [*without_nat_ha(lines), line("nat_ha", "bookworm", kernel="6.12.43")],
            "nat_ha on bookworm: lb1 has kernel 6.12.43, declared is 6.1",
        ),
        (
            lambda lines: [*without_nat_ha(lines), line("nat_ha", "bookworm", python="3.13.5")],
            "nat_ha on bookworm: lb1 has python 3.13.5, declared is 3.11",
        ),
    ],
)
def test_what_ran_otherwise_is_told(change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]], fault: str) -> None:
    assert told(change(all_that_ci_runs())) == [fault]


def test_what_ran_it_is_told_where_it_differs() -> None:
    lines = all_that_ci_runs()
    lines[0]["control"] = {"ansible_core": "2.18.0", "python": "3.12.1"}
    suite = lines[0]["suite"]
    core = f"{suite} ran with ansible-core 2.18.0, declared is {MATRIX.core}"
    assert told(lines) == [core, f"{suite} ran with Python 3.12.1, declared is {MATRIX.python}"]
    # Another machine than CI's may have another Python, and fewer of them.
    assert told(lines, pythons=["3.11"], ci=False) == [core]


def test_sanity_ran_on_every_declared_python() -> None:
    (fault,) = told(all_that_ci_runs(), pythons=["3.11", "3.12"])
    assert fault.startswith("sanity ran on Python 3.11, 3.12, declared is 3.8, ")


def test_a_run_is_read_from_its_files(tmp_path: Path) -> None:
    (tmp_path / "sanity").mkdir()
    (tmp_path / "sanity" / "pythons.json").write_text(json.dumps(["3.11"]))
    written = [line("nat_ha", "bookworm"), line("tun", "trixie")]
    for one in written:
        (tmp_path / f"{one['suite']}-{one['release']}.json").write_text(json.dumps(one))
    assert support.recorded(tmp_path) == (written, ["3.11"])
    assert support.recorded(tmp_path / "nothing") == ([], [])


def test_a_difference_is_the_commands_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(support, "RAN", tmp_path)
    monkeypatch.delenv("CI", raising=False)
    for one in all_that_ci_runs():
        (tmp_path / f"{one['suite']}-{one['release']}.json").write_text(json.dumps(one))
    assert support.main(["--ran", "ci"]) == 0
    (tmp_path / "nat_ha-bookworm.json").unlink()
    assert support.main(["--ran", "ci"]) == 1


def test_the_table_is_printed_by_the_program() -> None:
    program = [sys.executable, str(ROOT / "tools" / "support.py")]
    done = subprocess.run(program, check=True, capture_output=True, text=True, cwd="/")
    assert done.stdout == support.markdown(MATRIX)
