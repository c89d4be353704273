"""Conditionals as ansible-core before 2.19 takes them: it writes each into `{% if ... %}`.

There a bare `a if b else c` is an error; in parentheses it isn't.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
FILES = [path for folder in ("roles", "playbooks", "molecule", "examples") for path in (ROOT / folder).rglob("*.yml")]
OF_A_TASK = ("when", "failed_when", "changed_when", "until")


class Loader(yaml.SafeLoader):
    """Reads files that have Ansible's own tags, without what those mean."""


Loader.add_multi_constructor("!", lambda loader, tag, node: None)


def conditionals(node: Any) -> Iterator[str]:
    """Each conditional of tasks, blocks and asserts, at any depth."""
    if isinstance(node, list):
        for one in node:
            yield from conditionals(one)
    elif isinstance(node, dict):
        task = any("." in str(key) or key == "block" for key in node)
        listed = [node.get(key, []) for key in OF_A_TASK] if task else []
        listed.append((node.get("ansible.builtin.assert") or {}).get("that", []))
        for value in listed:
            yield from (one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str))
        for value in node.values():
            yield from conditionals(value)


def accepted(conditional: str) -> bool:
    try:
        jinja2.Environment().parse(f"{{% if {conditional} %}} True {{% else %}} False {{% endif %}}")
    except jinja2.TemplateSyntaxError:
        return False
    return True


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_conditional_is_one_for_the_oldest_ansible(path: Path) -> None:
    found = [one for document in yaml.load_all(path.read_text(), Loader) for one in conditionals(document)]
    assert [one for one in found if not accepted(one)] == [], "put it in parentheses"


def test_a_bare_choice_is_found_in_a_task_and_in_an_assert() -> None:
    block = "- block:\n    - ansible.builtin.assert: {that: [a if b else c, (a if b else c)]}\n  when: d if e else f\n"
    found = list(conditionals(yaml.safe_load(block)))
    assert [one for one in found if not accepted(one)] == ["d if e else f", "a if b else c"]
