# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the IPVS modules document is what they take: options, examples, samples, and the tasks of the Markdown files."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest
import yaml

from ansible_collections.lvs.cluster.plugins.doc_fragments.ipvs import ModuleDocFragment
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.errors import IpvsError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.options import (
    Options,
    merge_destination,
    merge_settings,
)
from ansible_collections.lvs.cluster.plugins.modules import ipvs_dest, ipvs_info, ipvs_service, ipvs_table

ROOT = Path(__file__).resolve().parents[4]
MODULES: dict[str, ModuleType] = {
    "ipvs_dest": ipvs_dest,
    "ipvs_info": ipvs_info,
    "ipvs_service": ipvs_service,
    "ipvs_table": ipvs_table,
}
PREFIX = "lvs.cluster."
FRAGMENTS = {"lvs.cluster.ipvs": "DOCUMENTATION", "lvs.cluster.ipvs.force": "FORCE"}
KINDS: dict[str, type[Any]] = {"bool": bool, "dict": dict, "int": int, "list": list, "path": str, "str": str}

each_module = pytest.mark.parametrize("name", sorted(MODULES))


def documentation(name: str) -> dict[str, Any]:
    """A module's documentation with its fragments in it."""
    found: dict[str, Any] = yaml.safe_load(MODULES[name].DOCUMENTATION)
    for fragment in found.pop("extends_documentation_fragment"):
        for key, value in yaml.safe_load(getattr(ModuleDocFragment, FRAGMENTS[fragment])).items():
            if isinstance(value, dict):
                own = found.setdefault(key, {})
                assert not set(own) & set(value), f"{key} of {name} has what is in {fragment}, too"
                own.update(value)
            else:
                found[key] = [*found.get(key, []), *value]
    return found


# -- options


def facts(option: dict[str, Any], inside: str) -> dict[str, Any]:
    """What an option of the documentation or of the argument specification says, its options with it."""
    said = {key: option.get(key) for key in ("elements", "choices", "default")}
    said.update(type=option.get("type", "str"), required=option.get("required", False))
    return {**said, "options": {name: facts(one, inside) for name, one in option.get(inside, {}).items()}}


@each_module
def test_options_are_those_that_the_module_takes(name: str) -> None:
    told = {option: facts(one, "suboptions") for option, one in documentation(name)["options"].items()}
    assert told == {option: facts(one, "options") for option, one in MODULES[name].ARGUMENTS.items()}


@each_module
def test_documentation_names_the_module_and_describes_everything(name: str) -> None:
    told = documentation(name)
    assert told["module"] == name
    assert {"platform", "check_mode", "diff_mode"} <= set(told["attributes"])

    def described(options: dict[str, Any]) -> Iterator[Any]:
        for option in options.values():
            yield option["description"]
            yield from described(option.get("suboptions", {}))

    texts = list(described(told["options"]))
    assert all(
        isinstance(line, str) and line for text in texts for line in (text if isinstance(text, list) else [text])
    )
    others = [one["module"].removeprefix(PREFIX) for one in told["seealso"]]
    assert set(others) <= set(MODULES) - {name}


# -- tasks


class Task(NamedTuple):
    """A task that calls one of the modules, and where it stands."""

    place: str
    module: str
    options: dict[str, Any]


def tasks_of(content: Any, place: str) -> Iterator[Task]:
    """The tasks of a list of tasks or of plays that call one of the modules."""
    for item in content:
        if "hosts" in item:
            yield from tasks_of(item["tasks"], place)
            continue
        for key, options in item.items():
            if key.removeprefix(PREFIX) in MODULES and key.startswith(PREFIX):
                yield Task(f"{place}: {item['name']}", key.removeprefix(PREFIX), options or {})


def all_tasks() -> Iterator[Task]:
    for name, module in MODULES.items():
        yield from tasks_of(yaml.safe_load(module.EXAMPLES), name)
    for path in (ROOT / "README.md", ROOT / "docs" / "ipvs.md"):
        for block in re.findall(r"^ *```yaml[^`\n]*\n(.*?)^ *```$", path.read_text(), flags=re.MULTILINE | re.DOTALL):
            content = yaml.safe_load(textwrap.dedent(block))
            if isinstance(content, list):
                yield from tasks_of(content, path.name)


TASKS = list(all_tasks())
each_task = pytest.mark.parametrize("task", TASKS, ids=[task.place for task in TASKS])


def is_template(value: Any) -> bool:
    return isinstance(value, str) and "{{" in value


def read(task: Task) -> None:
    """Read a task's options as its module does, on an empty table; IpvsError if they are refused."""
    given = {name: value for name, value in task.options.items() if not is_template(value)}
    options = Options()
    if task.module == "ipvs_table":
        options.table(given.get("services", []))
        options.timeouts(given.get("timeouts", {}))
        options.daemons(given.get("sync_daemons", []))
    elif task.module == "ipvs_dest":
        key = options.service_key(given["service"], "service")
        assert key is not None
        name = options.destination_key(given, "", key.port)
        assert name is not None
        options.check_destination(key, name, merge_destination(None, options.destination(given, "")), "")
    else:
        key = options.service_key(given, "")
        assert key is not None
        options.check_settings(key, merge_settings(None, options.settings(given, "", key.family)), "")
        for name, one in options.destinations(given.get("destinations", []), "destinations", key.port).items():
            options.check_destination(key, name, merge_destination(None, one.values), one.place)
    options.finish()


@each_module
def test_each_module_has_examples(name: str) -> None:
    assert [task for task in TASKS if task.module == name and task.place.startswith(name)]


@each_task
def test_task_gives_options_of_the_module(task: Task) -> None:
    arguments = MODULES[task.module].ARGUMENTS
    assert set(task.options) <= set(arguments)
    assert {name for name, one in arguments.items() if one.get("required")} <= set(task.options)
    for name, value in task.options.items():
        if not is_template(value):
            assert isinstance(value, KINDS[arguments[name]["type"]]), name
            values = value if isinstance(value, list) else [value]
            assert all(one in arguments[name].get("choices", values) for one in values), name


@pytest.mark.parametrize(
    "task", [task for task in TASKS if task.module != "ipvs_info"], ids=lambda task: f"{task.module} in {task.place}"
)
def test_task_is_accepted(task: Task) -> None:
    read(task)


@pytest.mark.parametrize(
    ("module", "options", "message"),
    [
        ("ipvs_service", {"address": "192.0.2.80", "port": 0}, "port: 0 is for persistent services"),
        ("ipvs_dest", {"service": {"fwmark": 1}, "address": "192.0.2.9", "tunnel_type": "gre"}, "tunnel_type: is for"),
        ("ipvs_table", {"services": [{"fwmark": 0}]}, "services\\[0\\].fwmark: 0 is not in"),
    ],
)
def test_a_task_that_is_wrong_is_noticed(module: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(IpvsError, match=message):
        read(Task("here", module, options))


# -- what is returned


@each_module
def test_samples_are_of_their_type(name: str) -> None:
    for key, value in yaml.safe_load(MODULES[name].RETURN).items():
        assert {"description", "returned", "type", "sample"} <= set(value), key
        assert isinstance(value["sample"], KINDS[value["type"]]), key
        if "elements" in value:
            assert all(isinstance(one, KINDS[value["elements"]]) for one in value["sample"]), key


def test_sample_of_the_whole_table_is_one_that_ipvs_table_takes() -> None:
    sample = {key: value["sample"] for key, value in yaml.safe_load(ipvs_info.RETURN).items()}
    options = {name: sample[name] for name in ("services", "timeouts", "sync_daemons")}
    read(Task("ipvs_info", "ipvs_table", options))
