"""The data that awx_setup.yml works from, and the example project, compared with the playbooks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from packaging.specifiers import SpecifierSet

from tests.support.cluster import ROOT

EXAMPLE = ROOT / "examples" / "awx"
DATA: dict[str, Any] = DataLoader().load_from_file(str(ROOT / "playbooks" / "vars" / "awx.yml"), unsafe=True)
QUESTIONS = DATA["__awx_questions"]
TEMPLATES = {one["playbook"]: one for one in DATA["__awx_templates"]}
# That one makes the templates.
PLAYBOOKS = sorted(path.stem for path in (ROOT / "playbooks").glob("*.yml") if path.stem != "awx_setup")


def described(playbook: str) -> dict[str, str]:
    """The extra variables that a playbook's header names, with what it says of them."""
    head = (ROOT / "playbooks" / f"{playbook}.yml").read_text().partition("\n- ")[0]
    found = re.findall(r"^#   (lvs_\w+(?:, lvs_\w+)*) {2,}(.*(?:\n# {8,}.*)*)", head, flags=re.MULTILINE)
    return {name: meaning for names, meaning in found for name in names.split(", ")}


def survey(playbook: str) -> dict[str, dict[str, Any]]:
    """Variable to question, as awx_setup.yml puts them together."""
    return {name: {**QUESTIONS[name], **own} for name, own in TEMPLATES[playbook]["survey"].items()}


def test_every_playbook_has_a_job_template() -> None:
    assert sorted(TEMPLATES) == PLAYBOOKS
    assert len(TEMPLATES) == len(DATA["__awx_templates"])


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_survey_asks_for_what_the_playbook_takes(playbook: str) -> None:
    assert list(survey(playbook)) == list(described(playbook))


def test_no_question_is_left_over() -> None:
    assert set(QUESTIONS) == {name for playbook in PLAYBOOKS for name in survey(playbook)}
    assert {name: question["variable"] for name, question in QUESTIONS.items()} == {name: name for name in QUESTIONS}


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_defaults_are_the_playbook_s(playbook: str) -> None:
    questions = survey(playbook)
    told = {
        name: match[1]
        for name, meaning in described(playbook).items()
        if (match := re.search(r"\bdefault ([\w./-]+)[,;)]", meaning))
    }
    given = {name: str(questions[name]["default"]) for name in told}
    # Whoever asks for figures wants them.
    told.pop("lvs_metrics", None)
    assert {name: given[name] for name in told} == told


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_number_has_a_default_within_its_limits(playbook: str) -> None:
    for name, question in survey(playbook).items():
        if question["type"] in ("integer", "float"):
            assert question["min"] <= question["default"] <= question["max"], name


# -- the example project


def test_project_has_a_playbook_of_one_import_for_each() -> None:
    found = {path.stem: yaml.safe_load(path.read_text()) for path in EXAMPLE.glob("*.yml")}
    found.pop("execution-environment")
    assert sorted(found) == PLAYBOOKS
    for name, plays in found.items():
        assert [play["import_playbook"] for play in plays] == [f"lvs.cluster.{name}"]


def test_project_asks_for_a_version_that_there_is() -> None:
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"]
    (one,) = yaml.safe_load((EXAMPLE / "collections" / "requirements.yml").read_text())["collections"]
    assert one["name"] == "lvs.cluster"
    assert version in SpecifierSet(one["version"])


def test_project_holds_no_password() -> None:
    files = [path for path in EXAMPLE.rglob("*") if path.is_file()]
    assert [path for path in files if Path(path).name.startswith("vault")] == []
    assert not any(re.search(r"auth_pass: (?!\"\{\{ vault_vrrp_pass \}\}\")", path.read_text()) for path in files)


def test_steps_of_the_workflow_follow_each_other() -> None:
    steps = DATA["__awx_steps"]
    # A module can link only what an earlier one has made.
    for number, step in enumerate(steps):
        assert set(step.get("then", [])) <= {one["step"] for one in steps[:number]}
    assert {step["playbook"] for step in steps if "playbook" in step} <= set(TEMPLATES)
