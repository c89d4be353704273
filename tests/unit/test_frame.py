"""The collection's frame: what is shipped, and that what is written in two places says the same in both."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
from importlib.metadata import metadata, requires, version
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tools.sanity import tracked_files

ROOT = Path(__file__).resolve().parents[2]
FILES = tracked_files(ROOT)

SHIPPED_FOLDERS = ("docs", "examples", "extensions/eda", "inventories", "lab", "meta", "playbooks", "plugins", "roles")
SHIPPED_FILES = {
    *("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md"),
    *("bindep.txt", "changelogs/changelog.yaml", "requirements.txt", "requirements.yml"),
    # What `make demo` runs, and what the commands of docs/lab.md read.
    *("Makefile", "ansible.cfg", "tools/__init__.py", "tools/demo", "tools/setup.py"),
}
MADE_BY_THE_BUILD = {"FILES.json", "MANIFEST.json"}

LICENSE_HEADER = """\
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""


def load(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text())


def roles() -> list[str]:
    return sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())


@pytest.fixture(scope="module")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The files that `ansible-galaxy collection build` packs."""
    folder = tmp_path_factory.mktemp("tarball")
    subprocess.run(
        [sys.executable, "-m", "ansible", "galaxy", "collection", "build", "--output-path", str(folder)],
        check=True,
        cwd=ROOT,
        capture_output=True,
    )
    (package,) = folder.glob("lvs-cluster-*.tar.gz")
    with tarfile.open(package) as archive:
        return {member.name for member in archive.getmembers() if not member.isdir()}


def shipped(name: str) -> bool:
    return name in SHIPPED_FILES or name.startswith(tuple(f"{folder}/" for folder in SHIPPED_FOLDERS))


def test_tarball_holds_what_a_user_needs_and_no_more(tarball: set[str]) -> None:
    assert tarball - MADE_BY_THE_BUILD == {name for name in FILES if shipped(name)}


@pytest.mark.parametrize("folder", [folder for folder in SHIPPED_FOLDERS if (ROOT / folder).exists()])
def test_tarball_holds_each_part(tarball: set[str], folder: str) -> None:
    assert any(name.startswith(f"{folder}/") for name in tarball)


@pytest.mark.parametrize("name", sorted(SHIPPED_FILES))
def test_tarball_holds_each_single_file(tarball: set[str], name: str) -> None:
    assert name in tarball


@pytest.mark.parametrize("role", roles())
def test_role_options_are_its_defaults(role: str) -> None:
    """Each option stands in both files with one value; a required one has no default in either."""
    defaults_file = ROOT / "roles" / role / "defaults" / "main.yml"
    defaults = (yaml.safe_load(defaults_file.read_text()) if defaults_file.exists() else None) or {}
    options = load(f"roles/{role}/meta/argument_specs.yml")["argument_specs"]["main"].get("options", {})
    required = {name for name, option in options.items() if option.get("required")}
    assert set(options) - required == set(defaults)
    assert {name: option["default"] for name, option in options.items() if "default" in option} == defaults


@pytest.mark.parametrize("role", roles())
def test_role_variables_carry_its_prefix(role: str) -> None:
    options = load(f"roles/{role}/meta/argument_specs.yml")["argument_specs"]["main"].get("options", {})
    assert [name for name in options if not name.startswith(f"{role}_")] == []


def test_requires_ansible_is_a_range_that_holds_the_installed_one() -> None:
    accepted = SpecifierSet(load("meta/runtime.yml")["requires_ansible"])
    assert version("ansible-core") in accepted
    assert "2.17.0" in accepted
    assert "2.16.99" not in accepted


def test_action_groups_list_the_modules_that_exist() -> None:
    modules = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py") if path.stem != "__init__")
    ipvs = [name for name in modules if name.startswith("ipvs_")]
    assert load("meta/runtime.yml")["action_groups"] == {"lvs": modules, "ipvs": ipvs}


def test_installed_collections_are_in_the_ranges_of_galaxy_yml() -> None:
    import ansible_collections.ansible.posix as any_of_the_package

    folder = Path(any_of_the_package.__path__[0]).parents[1]
    ranges = load("galaxy.yml")["dependencies"]
    for name, span in ranges.items():
        manifest = json.loads((folder / name.replace(".", "/") / "MANIFEST.json").read_text())
        assert manifest["collection_info"]["version"] in SpecifierSet(span), name


def test_collections_that_few_need_are_no_dependencies() -> None:
    """Who has AWX installs awx.awx himself (docs/awx.md)."""
    assert set(load("galaxy.yml")["dependencies"]) == {"ansible.utils", "community.general"}


def test_requirements_yml_repeats_the_dependencies_of_galaxy_yml() -> None:
    listed = {entry["name"]: entry["version"] for entry in load("requirements.yml")["collections"]}
    assert listed == load("galaxy.yml")["dependencies"]


def requirement_lines(name: str) -> list[str]:
    lines = (ROOT / name).read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_development_dependencies_are_pinned_exactly_and_once() -> None:
    lines = requirement_lines("requirements-dev.txt")
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []
    names = [Requirement(line).name.lower() for line in lines]
    assert len(names) == len(set(names))


def closure(names: list[str]) -> set[str]:
    """The installed packages that these need, themselves among them."""
    found: set[str] = set()
    todo = [*names]
    while todo:
        name = canonicalize_name(todo.pop())
        if name not in found:
            found.add(name)
            needed = [Requirement(line) for line in requires(name) or []]
            todo += [one.name for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]
    return found


def test_an_installed_copy_gets_the_pins_of_a_clone_as_far_as_the_demo_needs_them() -> None:
    pins = {canonicalize_name(Requirement(line).name): line for line in requirement_lines("lab/requirements.txt")}
    assert set(pins) == closure(
        ["ansible", *(Requirement(line).name for line in requirement_lines("requirements.txt"))]
    )
    assert set(pins.values()) <= set(requirement_lines("requirements-dev.txt"))


def test_what_is_pinned_runs_on_the_first_python_of_debian_12() -> None:
    """Its 3.11.2 never becomes a later 3.11: some packages ask for one."""
    too_new = {}
    for line in requirement_lines("requirements-dev.txt"):
        name = Requirement(line).name
        wanted = str(metadata(name).json.get("requires_python") or "")
        if wanted and not SpecifierSet(wanted).contains("3.11.2"):
            too_new[name] = wanted
    assert too_new == {}


def test_the_importers_environment_is_pinned_exactly_and_once() -> None:
    lines = requirement_lines("requirements-importer.txt")
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []
    assert len({canonicalize_name(Requirement(line).name) for line in lines}) == len(lines)


def test_development_dependencies_satisfy_what_users_are_told_to_install() -> None:
    pins = {pin.name: pin for pin in map(Requirement, requirement_lines("requirements-dev.txt"))}
    for wanted in map(Requirement, requirement_lines("requirements.txt")):
        (pin,) = pins[wanted.name].specifier
        assert pin.version in wanted.specifier


def test_execution_environment_names_files_that_are_shipped(tarball: set[str]) -> None:
    named = load("meta/execution-environment.yml")["dependencies"]
    assert set(named.values()) <= tarball


@pytest.mark.parametrize("name", [name for name in FILES if re.fullmatch(r"plugins/.*\.py", name)])
def test_plugin_starts_with_the_license(name: str) -> None:
    text = (ROOT / name).read_text()
    assert text == "" or text.removeprefix("#!/usr/bin/python\n").startswith(LICENSE_HEADER)


# Built from parts, so that this file does not hold them itself.
FOREIGN_WORDS = [
    # Hosts that packages come from: each machine has its own settings for them.
    *(".".join(words) for words in (("deb", "debian", "org"), ("security", "debian", "org"), ("pypi", "org"))),
    *(".".join(words) for words in (("files", "pythonhosted", "org"), ("registry", "npmjs", "org"))),
    # Folders of the machine that this was written on.
    *("/".join(words) for words in (("", "work", ""), ("", "opt", "pypi"), ("", "opt", "wheels"))),
]


@pytest.mark.parametrize("word", FOREIGN_WORDS)
def test_no_file_names_a_registry_host_or_a_folder_of_one_machine(word: str) -> None:
    files = [ROOT / name for name in FILES if (ROOT / name).is_file()]
    found = [str(path.relative_to(ROOT)) for path in files if word.encode() in path.read_bytes()]
    assert found == []


def test_python_files_stay_readable() -> None:
    """STYLE.md: a Python file has at most 500 lines."""
    lengths = {name: len((ROOT / name).read_text().splitlines()) for name in FILES if name.endswith(".py")}
    assert {name: lines for name, lines in lengths.items() if lines > 500} == {}


def phony_targets() -> list[str]:
    makefile = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    return [name for line in re.findall(r"^\.PHONY:(.*)$", makefile, flags=re.MULTILINE) for name in line.split()]


def test_make_help_lists_every_target_on_a_line_of_its_own() -> None:
    words = ["make", "--no-print-directory", "-C", str(ROOT), "help"]
    lines = subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()
    told = [found[1] for line in lines if (found := re.fullmatch(r"  make (\S+) {2,}(\S.*)", line))]
    assert sorted(told) == sorted(phony_targets())
    assert [line for line in lines if len(line) > 80] == []
    # All else are the groups' names, and the first one has no more than an installed copy can do.
    groups = [line for line in lines if line and not line.startswith("  make ")]
    assert len(groups) == 3
    assert [line.split()[1] for line in lines[1 : lines.index("")]] == ["help", "setup", "demo"]


def makefile_lists(ending: str) -> dict[str, list[str]]:
    """The lists of the Makefile whose names end so: name -> words."""
    lines = re.findall(rf"^([A-Z]+_{ending}) := (.*)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    return {name: words.split() for name, words in lines}


def test_parts_of_make_test_are_targets() -> None:
    parts = makefile_lists("PARTS")
    assert set(parts) == {"LAB_PARTS", "PURE_PARTS", "ALONE_PARTS", "FULL_PARTS"}
    assert {name for words in parts.values() for name in words} <= set(phony_targets())


def test_scenarios_with_company_are_scenarios() -> None:
    """A new one has the machine for itself until somebody says that it measures nothing."""
    lists = makefile_lists("SCENARIOS")
    shared = [*lists["FIRST_SCENARIOS"], *lists["SECOND_SCENARIOS"]]
    assert lists["SHARED_SCENARIOS"] == ["$(FIRST_SCENARIOS)", "$(SECOND_SCENARIOS)"]
    assert [name for name in shared if not (ROOT / "molecule" / name / "molecule.yml").is_file()] == []


def test_ci_calls_make_test_and_nothing_else() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    commands = [line for line in lines if line and not line.startswith("#")]
    assert commands == ["set -eu", 'cd "$(dirname "$0")/.."', "exec make test"]
