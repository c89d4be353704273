"""What the documentation says of playbooks is compared with them: variables, statistics, the list."""

from __future__ import annotations

import re

from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_runs import PLAYBOOKS
from tests.unit.test_docs import INVENTORY_DOC, ROOT, SPECS, code_words, described, rows, sections

OPERATIONS_DOC = ROOT / "docs" / "operations" / "README.md"


def test_variables_of_playbooks_are_those_that_they_read() -> None:
    # Written with a default, which tells them from groups and facts.
    texts = [path.read_text() for path in (ROOT / "playbooks").rglob("*.yml")]
    read = {name for text in texts for name in re.findall(r"\b(lvs_\w+) (?:\| default|is defined)", text)} - set(SPECS)
    alone, shared = described(sections(INVENTORY_DOC)["Variables of playbooks"])
    assert (set(alone), shared) == (read, set())
    # What a slip is compared with.
    assert sorted(read) == sorted(PLAYBOOKS)


def playbooks() -> set[str]:
    return {path.stem for path in (ROOT / "playbooks").glob("*.yml")}


def test_the_list_of_operations_is_complete() -> None:
    table = rows(sections(OPERATIONS_DOC)["Operations"])
    assert sorted(found for cells in table for found in re.findall(r"lvs\.cluster\.(\w+)", cells[0])) == sorted(
        playbooks()
    )


def test_statistics_are_those_that_playbooks_set() -> None:
    read = {
        name
        for path in (ROOT / "playbooks").rglob("*.yml")
        for part in path.read_text().split("ansible.builtin.set_stats:")[1:]
        for name in re.findall(r"\A\s+data:\s+(lvs_\w+):", part)
    }
    told = [cells for cells in rows(sections(OPERATIONS_DOC)["What comes out"]) if "`lvs_" in cells[1]]
    assert {word for cells in told for word in code_words(cells[1])} == read
    for names, statistics in told:
        assert len(names.split(", ")) == len(code_words(statistics))
        assert set(names.split(", ")) <= playbooks()
