"""docs/eda.md: its events, arguments and variables are those of the code."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from ansible_collections.lvs.cluster.extensions.eda.plugins.event_source import _follow, state
from tests.unit.test_docs import ROOT, blocks, code_words, rows, sections

DOC = ROOT / "docs" / "eda.md"
RULEBOOK = ROOT / "extensions" / "eda" / "rulebooks" / "lvs.yml"


def shown() -> list[dict[str, Any]]:
    found = [json.loads(block.text) for block in blocks(DOC) if block.language == "json"]
    return [event for event in found if "type" in event]


def test_events_are_those_that_the_source_makes() -> None:
    director = state.Director("lb1")
    pool = {"192.168.0.12:80": 20, "192.168.0.13:80": 8}
    service = "tcp 10.0.0.5:80"
    setup = {"vips": {"VI_1": ["10.0.0.5"]}, "sorry": {}}
    director.take({"snapshot": {"instances": {"VI_1": "MASTER"}, **setup, "services": {service: pool}}})
    other = state.Director("lb2")
    other.take({"snapshot": {"instances": {"VI_1": "BACKUP"}, "services": {}}})
    made = other.take({"instance": "VI_1", "state": "MASTER"})
    made += director.take({"services": {service: {"192.168.0.13:80": 8}}})
    director.take({"instances": {"VI_1": _follow.STOPPED}, **setup})
    made += director.take({"services": {service: None}})
    made += director.lose("ssh: connect to host lb1 port 22: Connection refused")
    assert shown() == made
    assert f"`{_follow.STOPPED}`" in DOC.read_text()


def test_arguments_are_those_of_the_source() -> None:
    documented = yaml.safe_load(state.DOCUMENTATION)["options"]
    table = {code_words(cells[0])[0]: cells for cells in rows(sections(DOC)["The source"])}
    assert list(table) == list(documented)
    for name, (_name, _value, default, _meaning) in table.items():
        assert yaml.safe_load(default.strip("`").replace("none", "[]")) == documented[name]["default"], name


def test_variables_are_those_that_the_rulebook_reads() -> None:
    text = RULEBOOK.read_text()
    read = set(re.findall(r"\{\{ (lvs_eda_\w+) ", text))
    assert {code_words(cells[0])[0] for cells in rows(sections(DOC)["The rulebook"]) if "`lvs_" in cells[0]} == read
    assert set(re.findall(r"^#   (\w+) ", text, flags=re.MULTILINE)) == read
    variables = next(json.loads(block.text) for block in blocks(DOC) if block.language == "json")
    assert set(variables) <= read
