# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every example of the modules, filters and lookups gives what those that it calls document, in its type."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import jinja2.nodes
import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

PLUGINS = Path(__file__).resolve().parents[3] / "plugins"
PREFIX = "lvs.cluster."
SPEC = ("type", "elements", "choices", "default", "required", "aliases")


class Plugin(NamedTuple):
    """What a module or another plugin documents."""

    options: dict[str, Any]
    positional: list[str]
    examples: list[dict[str, Any]]


def read(kind: str, name: str) -> Plugin:
    sidecar = PLUGINS / kind / f"{name}.yml"
    if sidecar.exists():
        said = yaml.safe_load(sidecar.read_text())
        told, examples = said["DOCUMENTATION"], said["EXAMPLES"]
    else:
        source = importlib.import_module(f"ansible_collections.{PREFIX}plugins.{kind}.{name}")
        told, examples = yaml.safe_load(source.DOCUMENTATION), source.EXAMPLES
    options = dict(told.get("options", {}))
    for fragment in told.get("extends_documentation_fragment", ()):
        file, _dot, part = fragment.removeprefix(PREFIX).partition(".")
        if fragment.startswith(PREFIX):
            source = importlib.import_module(f"ansible_collections.{PREFIX}plugins.doc_fragments.{file}")
            text = getattr(source.ModuleDocFragment, part.upper() or "DOCUMENTATION")
            options.update(yaml.safe_load(text).get("options", {}))
    positional = [word.strip() for word in told.get("positional", "").split(",")]
    return Plugin(options, positional, yaml.safe_load(examples))


def known(kind: str) -> dict[str, Plugin]:
    names = {path.stem for path in (PLUGINS / kind).glob("*.*") if path.suffix in (".py", ".yml")} - {"__init__"}
    return {name: read(kind, name) for name in sorted(names) if kind != "filter" or is_documented(name)}


def is_documented(name: str) -> bool:
    """A file may hold several filters, each with a file of its own about it."""
    return (PLUGINS / "filter" / f"{name}.yml").exists()


MODULES, FILTERS, LOOKUPS = known("modules"), known("filter"), known("lookup")
EVERYTHING = [
    pytest.param(plugin, id=f"{kind}-{name}")
    for kind, plugins in (("module", MODULES), ("filter", FILTERS), ("lookup", LOOKUPS))
    for name, plugin in plugins.items()
]


def is_template(value: Any) -> bool:
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def spec(options: dict[str, Any]) -> dict[str, Any]:
    """Documented options as a specification of arguments."""
    return {
        name: {
            **{key: one[key] for key in SPEC if key in one},
            **({"options": spec(one["suboptions"])} if "suboptions" in one else {}),
        }
        for name, one in options.items()
    }


def without_templates(value: Any, options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """What is known of a value before templates are filled in, and what then is asked of it.

    Where no options are documented, as of a dict with any keys, nothing is asked.
    """
    if not options:
        return value, options
    if isinstance(value, list):
        kept = []
        for one in value:
            known_of_it, options = without_templates(one, options)
            kept.append(known_of_it)
        return [one for one in kept if not is_template(one)], options
    if not isinstance(value, dict):
        return value, options
    known_of_it, asked = {}, dict(options)
    for name, one in value.items():
        if is_template(one):
            if name in options:
                asked[name] = {**options[name], "required": False}
            else:
                known_of_it[name] = one
            continue
        inside = options.get(name, {}).get("suboptions", {})
        known_of_it[name], inside = without_templates(one, inside)
        if inside:
            asked[name] = {**options[name], "suboptions": inside}
    return known_of_it, asked


def tasks(content: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for item in content:
        inside = [key for key in ("tasks", "block", "rescue", "always") if key in item]
        for key in inside:
            yield from tasks(item[key])
        if not inside:
            yield item


def faults(module: str, given: dict[str, Any]) -> list[str]:
    """What Ansible would say of these options, as far as they are no templates."""
    options = MODULES[module].options
    values, asked = without_templates(given, options)
    messages: list[str] = ArgumentSpecValidator(spec(asked)).validate(values).error_messages
    return messages


@pytest.mark.parametrize("plugin", EVERYTHING)
def test_examples_are_tasks(plugin: Plugin) -> None:
    assert plugin.examples
    assert all(item.get("name") for item in tasks(plugin.examples))


@pytest.mark.parametrize("name", MODULES)
def test_a_module_s_examples_call_it(name: str) -> None:
    assert [task for task in tasks(MODULES[name].examples) if PREFIX + name in task]


@pytest.mark.parametrize("plugin", EVERYTHING)
def test_modules_are_given_what_they_take(plugin: Plugin) -> None:
    for task in tasks(plugin.examples):
        for key, given in task.items():
            if key.startswith(PREFIX):
                assert faults(key.removeprefix(PREFIX), given or {}) == [], task["name"]


# -- templates


def filters(text: str) -> Iterator[jinja2.nodes.Filter]:
    tree = jinja2.Environment(autoescape=True).parse(text)
    yield from tree.find_all(jinja2.nodes.Filter)


def expressions(value: Any, key: str = "") -> Iterator[str]:
    """Each template of a task; conditions are templates without braces."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from expressions(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from expressions(one, key)
    elif isinstance(value, str):
        yield value if is_template(value) or key not in ("that", "when", "until") else f"{{{{ {value} }}}}"


def used(plugin: Plugin) -> Iterator[tuple[str, list[str], int]]:
    """The collection's filters in its examples: name, the names of named arguments, how many others."""
    for text in expressions(plugin.examples):
        for one in filters(text):
            if one.name.startswith(PREFIX):
                yield one.name.removeprefix(PREFIX), [str(named.key) for named in one.kwargs], len(one.args)


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_s_examples_use_it(name: str) -> None:
    assert [one for one, _named, _number in used(FILTERS[name]) if one == name]


@pytest.mark.parametrize("name", LOOKUPS)
def test_a_lookup_s_examples_use_it(name: str) -> None:
    assert f"{PREFIX}{name}" in json.dumps(LOOKUPS[name].examples)


@pytest.mark.parametrize("plugin", EVERYTHING)
def test_filters_are_given_what_they_take(plugin: Plugin) -> None:
    for name, named, number in used(plugin):
        told = FILTERS[name]
        # The first is what stands before the filter.
        places = [one for one in told.positional if one != "_input"]
        assert number <= len(places), f"{name} takes {places}"
        assert set(named) <= set(told.options) - {"_input", *places[:number]}
        needed = {one for one, option in told.options.items() if option.get("required")}
        assert needed <= {"_input", *places[:number], *named}, f"{name} needs more"


# -- its own teeth


@pytest.mark.parametrize(
    ("module", "given", "said"),
    [
        ("ipvs_connections", {"clients": "10.0.0.1"}, "clients. Supported parameters include"),
        ("ipvs_dest", {"address": "10.0.0.1"}, "missing required arguments: service"),
        ("director_table", {"state": "gone"}, "value of state must be one of"),
        ("ipvs_table", {"sync_daemons": [{"role": "none", "interface": "eth0"}]}, "must be one of: master, backup"),
        ("ipvs_table", {"sync_daemons": [{"role": "{{ it }}", "color": "red"}]}, "sync_daemons.color. Supported"),
        ("ipvs_table", {"sync_daemons": [{"role": "{{ it }}"}, {"color": "red"}]}, "sync_daemons.color. Supported"),
    ],
)
def test_a_wrong_example_is_noticed(module: str, given: dict[str, Any], said: str) -> None:
    assert said in " ".join(faults(module, given))
