"""CONTRIBUTING.md, SECURITY.md, docs/releasing.md and the forms for issues: what they name exists.

Their links, and the commands in blocks of `sh`, are tested with those of all other pages.
"""

from __future__ import annotations

import itertools
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.cluster import Cluster
from tests.unit.test_docs import ROOT, blocks, code_words, prose, rows, sections

CONTRIBUTING = ROOT / "CONTRIBUTING.md"
PAPERS = [CONTRIBUTING, ROOT / "SECURITY.md", ROOT / "docs" / "releasing.md"]
FORMS = sorted(path for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if path.name != "config.yml")

# Where a path of the repository begins; NAME is the reader's own example.
BEGINNINGS = tuple(f"{path.name}/" for path in ROOT.iterdir() if path.is_dir() and path.name != ".git")
EXAMPLE = "nat_ha"
# What is there only while a release is made, or by then.
MADE_LATER = {"changelogs/fragments/release_summary.yml", "build/lvs-cluster-1.2.0.tar.gz"}

each_paper = pytest.mark.parametrize("paper", PAPERS, ids=lambda path: path.name)


def paths_in(words: list[str]) -> list[str]:
    """The words that are paths of the repository, with a name in the place of NAME."""
    found = [word for word in words if word.startswith(BEGINNINGS) or re.fullmatch(r"[\w.-]+\.(md|txt|yml|yaml)", word)]
    return [word.replace("NAME", EXAMPLE) for word in found if word not in MADE_LATER]


def named_in(paper: Path) -> list[str]:
    return [word for text in code_words(prose(paper)) for word in text.split()]


def missing(words: list[str], *, below: tuple[str, ...] = (".",)) -> list[str]:
    return [word for word in paths_in(words) if not any(list((ROOT / folder).glob(word)) for folder in below)]


@each_paper
def test_paths_that_are_named_exist(paper: Path) -> None:
    below = (".", "plugins/module_utils/_topology", "roles/director")
    assert missing(named_in(paper), below=below) == []


def test_paths_are_recognised() -> None:
    assert len(paths_in(named_in(CONTRIBUTING))) > 20


def test_a_path_that_is_gone_is_noticed() -> None:
    assert missing(["tests/unit/gone.py", "gone.md", "molecule/NAME/gone", "lvs_x", "galaxy.yml"]) == [
        "tests/unit/gone.py",
        "gone.md",
        f"molecule/{EXAMPLE}/gone",
    ]


@each_paper
def test_programs_of_developers_are_in_the_environment(paper: Path) -> None:
    """Those in blocks of `bash`; paths among their words exist."""
    lines = [line for block in blocks(paper) if block.language == "bash" for line in block.text.splitlines()]
    for program, *words in map(shlex.split, lines):
        assert (ROOT / ".venv" / "bin" / program).exists() or shutil.which(program), program
        assert missing(words) == []
        scenarios = [word for option, word in itertools.pairwise(words) if option == "--scenario-name"]
        assert [name for name in scenarios if not (ROOT / "molecule" / name.replace("NAME", EXAMPLE)).is_dir()] == []


def test_the_described_cluster_is_the_class() -> None:
    table = rows(sections(CONTRIBUTING)["Add a scenario"].replace("   |", "|"))
    names = [name for cells in table for name in code_words(cells[0])]
    assert names == ["serve", "table", "addresses", "holders", "run", "playbook", "host"]
    assert [name for name in names if not callable(getattr(Cluster, name, None))] == []


def test_what_the_steps_of_a_scenario_rest_on() -> None:
    for lists in ("FIRST_SCENARIOS", "SECOND_SCENARIOS"):
        assert re.search(rf"^{lists} :=", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    assert "def cluster() -> Cluster" in (ROOT / "molecule" / "conftest.py").read_text()
    for scenario in (ROOT / "molecule").glob("*/molecule.yml"):
        own = yaml.safe_load(scenario.read_text()) or {}
        assert [key for platform in own.pop("platforms", []) for key in platform] in ([], ["name", "releases"])
        assert own == {}, f"{scenario} has words of its own"
        assert (ROOT / "inventories" / scenario.parent.name / "hosts.yml").exists()


def test_sections_of_fragments_are_those_of_the_configuration() -> None:
    configured = [
        name for name, _title in yaml.safe_load((ROOT / "changelogs" / "config.yaml").read_text())["sections"]
    ]
    text = sections(CONTRIBUTING)["Changelog fragment"]
    told = [word for word in code_words(text) if word.endswith(("changes", "features", "fixes", "issues"))]
    assert told == configured
    (example,) = (block for block in blocks(CONTRIBUTING) if block.language == "text")
    assert set(yaml.safe_load(example.text)) <= set(configured)


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.name)
def test_form_has_what_a_form_needs(form: Path) -> None:
    content: dict[str, Any] = yaml.safe_load(form.read_text())
    assert content.keys() == {"name", "description", "labels", "body"}
    fields = [field for field in content["body"] if field["type"] != "markdown"]
    assert {field["type"] for field in fields} == {"textarea"}
    names = [field["id"] for field in fields]
    assert len(names) == len(set(names)) > 0
    for field in fields:
        assert field["attributes"]["label"]
    assert any(field.get("validations", {}).get("required") for field in fields)


def test_forms_name_playbooks_that_exist() -> None:
    named = {name for form in FORMS for name in re.findall(r"lvs\.cluster\.(\w+)", form.read_text())}
    assert named
    assert named <= {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
