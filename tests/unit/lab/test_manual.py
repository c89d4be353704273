"""lab/manual.py: what --help says is complete, and what it shows is true."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

import pytest

from lab import accelerator, cli, inventory, manual, networks

ROOT = Path(__file__).parents[3]
SOURCE = "".join(path.read_text() for path in (ROOT / "lab").glob("*.py"))


def commands() -> dict[str, argparse.ArgumentParser]:
    (group,) = (action for action in cli._parser()._actions if isinstance(action, argparse._SubParsersAction))
    return dict(group.choices)


def examples(text: str) -> list[str]:
    return re.findall(r"^  python -m lab (.*)$", text, flags=re.MULTILINE)


def section(title: str) -> list[str]:
    """The first words of a section's lines."""
    text = manual.REST.partition(f"{title}:\n")[2].partition("\n\n")[0]
    return re.findall(r"^  (\S+) {2,}", text, flags=re.MULTILINE)


def test_every_command_has_its_page() -> None:
    assert commands().keys() == manual.PAGES.keys()


@pytest.mark.parametrize("name", manual.PAGES)
def test_every_option_says_what_it_is(name: str) -> None:
    assert all(action.help for action in commands()[name]._actions)


@pytest.mark.parametrize("name", manual.PAGES)
def test_examples_of_a_command_are_of_it(name: str) -> None:
    shown = examples(manual.PAGES[name].epilog)
    assert shown != []
    assert {example.split()[0] for example in shown} == {name}


@pytest.mark.parametrize("example", [one for page in manual.PAGES.values() for one in examples(page.epilog)])
def test_example_of_a_command(example: str) -> None:
    is_taken(example)


@pytest.mark.parametrize("example", examples(manual.REST))
def test_example_of_the_whole(example: str) -> None:
    if "COMMAND" not in example:
        is_taken(example)


def is_taken(example: str) -> None:
    arguments = cli._parser().parse_args(shlex.split(example))
    if getattr(arguments, "inventory", ""):
        assert (ROOT / arguments.inventory).is_dir()


def test_every_variable_of_the_inventory_is_named() -> None:
    assert set(re.findall(r"^  (l\w+_\w+) ", manual.REST, flags=re.MULTILINE)) == set(inventory.VARIABLES)


def test_every_variable_of_the_environment_is_named() -> None:
    assert set(section("environment")) == set(re.findall(r'environ\.get\("(LVS_LAB\w*)"', SOURCE))


def test_files_are_where_the_lab_puts_them() -> None:
    told = section("files")
    defaults = dict(re.findall(r'environ\.get\("(LVS_LAB_\w+)"\) or "(/[^"]+)"', SOURCE))
    assert f"{defaults['LVS_LAB_CACHE']}/" in told
    assert f"{networks.USUAL_STATE}/NAME/" in told
    assert f"{accelerator.REMEMBERED}/" in told


def test_lines_fit_a_wide_terminal() -> None:
    texts = [manual.PURPOSE, manual.REST, *(f"{page.description}\n{page.epilog}" for page in manual.PAGES.values())]
    assert max(len(line) for text in texts for line in text.splitlines()) <= 120
