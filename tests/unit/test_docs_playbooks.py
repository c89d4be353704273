"""What the documentation says of playbooks is compared with them: variables, statistics, commands."""

from __future__ import annotations

import itertools
import json
import re
import shlex

import pytest

from tests.unit.test_docs import INVENTORY_DOC, ROOT, SPECS, Block, all_blocks, code_words, described, rows, sections

OPERATIONS_DOC = ROOT / "docs" / "operations" / "README.md"


def test_variables_of_playbooks_are_those_that_they_read() -> None:
    # Written with a default, which tells them from groups and facts.
    texts = [path.read_text() for path in (ROOT / "playbooks").rglob("*.yml")]
    read = {name for text in texts for name in re.findall(r"\b(lvs_\w+) (?:\| default|is defined)", text)} - set(SPECS)
    alone, shared = described(sections(INVENTORY_DOC)["Variables of playbooks"])
    assert (set(alone), shared) == (read, set())


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


def playbook_commands() -> list[tuple[Block, list[str]]]:
    """The words of each ansible-playbook command that runs a playbook of the collection."""
    lines = [(block, line) for block in all_blocks("sh") for line in block.text.splitlines()]
    return [
        (block, shlex.split(line.replace("\\", "")))
        for block, line in lines
        if line.startswith("ansible-playbook ") and re.search(r"lvs\.cluster\.\w|playbooks/\w", line)
    ]


def read_by(playbook: str) -> set[str]:
    """The extra variables that a playbook reads, with the files of tasks that it includes."""
    files, found = [ROOT / "playbooks" / f"{playbook}.yml"], set()
    for path in files:
        text = path.read_text()
        found |= set(re.findall(r"\blvs_\w+", text))
        for name in re.findall(r"_tasks: (?:tasks/)?(\w+\.yml)", text):
            included = ROOT / "playbooks" / "tasks" / name
            files += [included] if included not in files else []
    return found


@pytest.mark.parametrize(("block", "words"), playbook_commands(), ids=str)
def test_extra_variables_of_a_command_are_those_that_its_playbook_reads(block: Block, words: list[str]) -> None:
    (playbook,) = {found[1] for word in words if (found := re.match(r"(?:lvs\.cluster\.|playbooks/)([a-z]+)", word))}
    given: set[str] = set()
    for before, word in itertools.pairwise(words):
        if before in ("-e", "--extra-vars"):
            given |= set(json.loads(word)) if word.startswith("{") else {word.split("=", 1)[0]}
    assert given - read_by(playbook) == set(), str(block)
