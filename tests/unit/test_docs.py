"""What the documentation says is compared with the code: examples, tables of variables, commands, links."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan, vocabulary, vocabulary_words
from ansible_collections.lvs.cluster.plugins.module_utils._topology.schema import Spec
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_checks import CHECKS
from lab import cli, networks, seed
from lab.inventory import RELEASES, parse
from tools import setup

ROOT = Path(__file__).resolve().parents[2]
# CONTRIBUTING.md and SECURITY.md as soon as they are there. What a tool makes in docs begins with _ or a dot.
DOCS = [
    *(path for name in ("README", "CONTRIBUTING", "SECURITY") if (path := ROOT / f"{name}.md").exists()),
    *sorted(
        path
        for path in (ROOT / "docs").rglob("*.md")
        if not any(part.startswith(("_", ".")) for part in path.relative_to(ROOT).parts)
    ),
    *sorted((ROOT / "roles").glob("*/README.md")),
]
INVENTORY_DOC = ROOT / "docs" / "inventory.md"
LAB_DOC = ROOT / "docs" / "lab.md"

READERS = {"every host": vocabulary.HOST, "directors": vocabulary.DIRECTOR, "cluster nodes": vocabulary.NODE}
SPECS: dict[str, Spec] = {name: spec for table in READERS.values() for name, spec in table.items()}
# Roles that the others use and nobody else: their README is two lines.
HELPER_ROLES = {"packages", "plan", "platform"}

FENCED = re.compile(r"^(?P<indent> *)```(?P<info>[^`\n]*)\n(?P<inside>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)

DOC_IDS = [str(path.relative_to(ROOT)) for path in DOCS]
each_doc = pytest.mark.parametrize("doc", DOCS, ids=DOC_IDS)


# --- reading Markdown


@dataclass(frozen=True)
class Block:
    """A fenced block: the file, its line, language and other words of the info string, the text without indent."""

    doc: Path
    line: int
    language: str
    info: Mapping[str, str]
    text: str

    def __str__(self) -> str:
        return f"{self.doc.relative_to(ROOT)}:{self.line}"


@cache
def blocks(doc: Path) -> tuple[Block, ...]:
    found = []
    text = doc.read_text()
    for match in FENCED.finditer(text):
        language, *words = match["info"].split() or [""]
        info = dict(word.partition("=")[::2] for word in words)
        inside = textwrap.dedent(match["inside"])
        found.append(Block(doc, text.count("\n", 0, match.start()) + 1, language, info, inside))
    assert text.count("```") == 2 * len(found), f"{doc}: a block has no end, or another indent at its end"
    return tuple(found)


def all_blocks(*languages: str) -> list[Block]:
    return [block for doc in DOCS for block in blocks(doc) if block.language in languages]


def prose(doc: Path) -> str:
    """The text without its blocks."""
    return FENCED.sub("", doc.read_text())


def code_words(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def sections(doc: Path) -> dict[str, str]:
    """Heading (of any depth) to the text below it."""
    parts = re.split(r"^#+ (.*)$", prose(doc), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def rows(text: str) -> list[list[str]]:
    """The cells of the tables in a text, heads left out."""
    lines = text.splitlines()
    found = []
    for number, line in enumerate(lines):
        head = number + 1 < len(lines) and lines[number + 1].startswith("| ---")
        if line.startswith("| ") and not line.startswith("| ---") and not head:
            found.append([cell.strip() for cell in line.strip().strip("|").split(" | ")])
    return found


def anchors(doc: Path) -> set[str]:
    """The anchors that GitHub makes of the headings."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in sections(doc)}


# --- examples


def content_of(block: Block) -> Any:
    """None of a block that is no YAML, which test_docs_blocks.py tells."""
    try:
        return yaml.safe_load(block.text)
    except yaml.YAMLError:
        return None


def is_inventory(block: Block) -> bool:
    """Variables to be planned on nat_ha; what is quoted from an inventory (from=FILE) is compared with that instead."""
    content = content_of(block)
    if "from" in block.info:
        return False
    if block.info.get("title") in ("inventory", "wrong"):
        return True
    return isinstance(content, dict) and all(str(key).startswith("lvs_") for key in content)


def listing(path: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "ansible", "inventory", "-i", str(path), "--list"]
    output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    answer: dict[str, Any] = json.loads(output)
    return answer


@cache
def nat_ha() -> str:
    """inventories/nat_ha as the action plugin hands it to the plan, as JSON."""
    answer = listing(ROOT / "inventories" / "nat_ha")
    groups = {name: body.get("hosts", []) for name, body in answer.items() if name != "_meta"}
    return json.dumps({"hosts": answer["_meta"]["hostvars"], "groups": groups})


def templated(value: Any, variables: Mapping[str, Any]) -> Any:
    """Expressions that are one variable's name, which is all that the examples use."""
    if isinstance(value, dict):
        return {key: templated(one, variables) for key, one in value.items()}
    if isinstance(value, list):
        return [templated(one, variables) for one in value]
    found = re.fullmatch(r"\{\{ (\w+) \}\}", value) if isinstance(value, str) else None
    return variables[found[1]] if found else value


def planned(block: Block) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """The plan of nat_ha with the block's variables on the hosts that its info string names (default: the directors).

    hosts=NAME,NAME or a group; group=NAME puts them into that group. Returns the plan, the block's variables,
    and the names of the hosts that got them.
    """
    inventory = json.loads(nat_ha())
    content = yaml.safe_load(block.text)
    names: list[str] = []
    for word in block.info.get("hosts", "directors").split(","):
        names += inventory["groups"].get(word, [word])
    for name in names:
        inventory["hosts"].setdefault(name, {}).update(content)
    if "group" in block.info:
        inventory["groups"].setdefault(block.info["group"], []).extend(names)
    for name, variables in inventory["hosts"].items():
        own = templated(variables, variables)
        inventory["hosts"][name] = {key: one for key, one in own.items() if key.startswith(("lvs_", "lab_"))}
    return plan(inventory), content, names


EXAMPLES = [block for block in all_blocks("yaml") if is_inventory(block)]


def test_nat_ha_itself_has_no_fault() -> None:
    empty = Block(ROOT / "README.md", 0, "yaml", {}, "{}")
    answer, _content, names = planned(empty)
    assert (answer["faults"], answer["notices"]) == ([], [])
    assert names == ["lb1", "lb2"]


@pytest.mark.parametrize("block", [block for block in EXAMPLES if block.info.get("title") != "wrong"], ids=str)
def test_inventory_example_plans_without_faults(block: Block) -> None:
    answer, content, names = planned(block)
    assert [fault["text"] for fault in answer["faults"]] == []
    for name in names:
        roles = answer["hosts"][name]["roles"]
        read = {
            *vocabulary.HOST,
            *(vocabulary.DIRECTOR if "director" in roles else ()),
            *(vocabulary.NODE if "clusterip_node" in roles else ()),
        }
        # Else the plan never looked at the example.
        assert [key for key in content if key not in read and not key.startswith("lab_")] == []


@pytest.mark.parametrize("block", [block for block in EXAMPLES if "lab_release" in block.text], ids=str)
def test_lab_example_is_one_that_the_lab_takes(block: Block) -> None:
    content, name = yaml.safe_load(block.text), block.info["hosts"]
    (host,) = parse({"_meta": {"hostvars": {name: content}}, "lab_only": {"hosts": [name]}}).hosts
    assert list(host.web_ports) == content["lab_web_ports"]
    assert [nic.network for nic in host.interfaces] == list(content["lab_networks"].values())
    written = "".join(str(text) for text in seed.files(host, management="198.18.0.10/16", macs={}).values())
    assert [route["via"] for route in content["lab_routes"] if f"Gateway={route['via']}" not in written] == []


def test_shown_faults_are_what_the_plan_says() -> None:
    shown = list(blocks(INVENTORY_DOC))
    (number,) = [at for at, block in enumerate(shown) if block.info.get("title") == "wrong"]
    answer, _content, _names = planned(shown[number])
    assert shown[number + 1].language == "text"
    assert [fault["text"] for fault in answer["faults"]] == shown[number + 1].text.splitlines()


# --- the tables of variables


@dataclass(frozen=True)
class Row:
    """A table's row that describes one key: cells for value and default."""

    value: str
    default: str


def described(text: str) -> tuple[dict[str, Row], set[str]]:
    """The keys of a section's tables with their rows, and those that share a row, which refers to another place."""
    alone: dict[str, Row] = {}
    shared: set[str] = set()
    for cells in rows(text):
        keys = code_words(cells[0])
        if len(keys) == 1:
            assert keys[0] not in alone, f"{keys[0]} is there twice"
            alone[keys[0]] = Row(cells[1], cells[2])
        shared.update(keys if len(keys) > 1 else [])
    return alone, shared


def keys_of(spec: Spec, prefix: str = "") -> Iterator[tuple[str, Spec]]:
    """Every key below a specification, as `real_servers[].host`; health checks have a section of their own."""
    if spec.item is not None and spec.item.kind in ("mapping", "list"):
        yield from keys_of(spec.item, f"{prefix}[]" if prefix else "")
    for key, sub in spec.fields.items():
        path = f"{prefix}.{key}" if prefix else key
        yield path, sub
        yield from keys_of(sub, path)


def wanted_words(spec: Spec) -> list[str]:
    """What a value's cell must say of choices and limits."""
    words = [f"`{choice}`" for choice in spec.choices]
    if spec.kind in ("integer", "number"):
        words += [format(limit, ".15g") for limit in (spec.low, spec.high)]
    if spec.kind == "text" and spec.high != float("inf"):
        words.append(f"{spec.high:g}")
    return words


def row_faults(key: str, row: Row, spec: Spec) -> list[str]:
    faults = [f"{key}: {word} is not in the value" for word in wanted_words(spec) if not says(row.value, word)]
    if spec.required != (row.default == "required"):
        faults.append(f"{key}: required is {spec.required}, the default is {row.default}")
    if isinstance(spec.default, (str, int)) and row.default != f"`{spec.default}`":
        faults.append(f"{key}: the default is {spec.default}, not {row.default}")
    return faults


def says(text: str, word: str) -> bool:
    return (
        word in text
        if word.startswith("`")
        else re.search(rf"(?<![\d.]){re.escape(word)}(?!\d|\.\d)", text) is not None
    )


def test_every_variable_is_in_the_index_and_no_other() -> None:
    table = {code_words(cells[0])[0]: cells for cells in rows(sections(INVENTORY_DOC)["All variables"])}
    assert set(table) == set(SPECS)
    faults = []
    for name, (_name, value, default, read_from, _done) in table.items():
        faults += row_faults(name, Row(value, default), SPECS[name])
        if name not in READERS.get(read_from, {}):
            faults.append(f"{name}: is not read from {read_from}")
    assert faults == []


def test_every_variable_has_a_section_and_no_other() -> None:
    found = [word for heading in sections(INVENTORY_DOC) for word in re.findall(r"\blvs_\w+", heading)]
    assert sorted(found) == sorted(SPECS)


@pytest.mark.parametrize("name", [name for name, spec in SPECS.items() if list(keys_of(spec))])
def test_section_describes_each_key_of_the_variable(name: str) -> None:
    alone, shared = described(sections(INVENTORY_DOC)[name])
    specs = dict(keys_of(SPECS[name]))
    assert {*alone, *shared} == set(specs)
    assert not set(alone) & shared
    assert [fault for key, row in alone.items() for fault in row_faults(key, row, specs[key])] == []


def health_check_rows(kind: str) -> dict[str, Row | None]:
    """The keys that the documentation gives a type of health check, with their rows; None where rows are shared.

    A table is for all types or for those of its heading, and a row may say "Not with" or "Only with" some of them.
    """
    found: dict[str, Row | None] = {}
    for heading, text in sections(INVENTORY_DOC).items():
        if heading != "Health checks" and not (
            kind in heading.split(" and ") and set(heading.split(" and ")) <= {*CHECKS}
        ):
            continue
        alone, _shared = described(text)
        for keys, meaning in ((code_words(cells[0]), "".join(cells[3:])) for cells in rows(text)):
            only = code_words(meaning.partition("Only with")[2]) or [kind]
            if kind in only and kind not in code_words(meaning.partition("Not with")[2]):
                assert not set(keys) & set(found), f"{keys} are there twice for {kind}"
                found.update({key: alone.get(key) for key in keys})
    return found


@pytest.mark.parametrize("kind", CHECKS)
def test_health_checks_section_describes_each_key(kind: str) -> None:
    specs = dict(keys_of(CHECKS[kind]))
    specs["type"] = Spec("text", "a type", required=True, choices=tuple(CHECKS))
    found = health_check_rows(kind)
    assert set(found) == set(specs)
    assert [fault for key, row in found.items() if row for fault in row_faults(key, row, specs[key])] == []


def test_groups_are_those_of_the_plan() -> None:
    found = {code_words(cells[0])[0] for cells in rows(sections(INVENTORY_DOC)["Groups"])}
    assert found == {*vocabulary.ROLE_GROUPS, "lab_only"}


def test_lab_variables_are_those_that_the_lab_reads() -> None:
    source = (ROOT / "lab" / "inventory.py").read_text()
    table = {code_words(cells[0])[0]: cells[1] for cells in rows(sections(LAB_DOC)["Variables"])}
    assert set(table) == set(re.findall(r'"(lab_\w+)"', source)) - {"lab_only"}
    assert code_words(table["lab_release"]) == list(RELEASES)


def test_lab_environment_is_what_the_lab_reads() -> None:
    source = "".join(path.read_text() for path in (ROOT / "lab").glob("*.py"))
    table = [cells for cells in rows(sections(LAB_DOC)["Commands"]) if cells[0].startswith("`LVS_")]
    told = {code_words(cells[0])[0]: code_words(cells[1])[0] for cells in table}
    read = dict(re.findall(r'environ\.get\("(LVS_LAB\w*)"\) or "?([^")]+)"?\b', source))
    assert told == {**read, "LVS_LAB_STATE": str(getattr(networks, read["LVS_LAB_STATE"]))}


@pytest.mark.parametrize("role", sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir()))
def test_role_readme_describes_its_options(role: str) -> None:
    readme = ROOT / "roles" / role / "README.md"
    spec = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text())
    options = spec["argument_specs"]["main"]["options"]
    if role in HELPER_ROLES:
        assert len(readme.read_text().splitlines()) <= 4
        return
    table = {code_words(cells[0])[0]: cells for cells in rows(readme.read_text())}
    assert set(table) == set(options)
    for name, (_name, value, default, _meaning) in table.items():
        assert all(f"`{choice}`" in value for choice in options[name].get("choices", ())), name
        if "{{" not in str(options[name]["default"]):
            assert yaml.safe_load(default.strip("`")) == options[name]["default"], name


# --- commands, names and links


def test_lab_commands_table_is_complete() -> None:
    helped = cli._parser().format_help()
    known = set(re.findall(r"^    ([a-z]+) ", helped, flags=re.MULTILINE))
    table = [code_words(cells[0])[0] for cells in rows(sections(LAB_DOC)["Commands"])]
    assert {words.split()[0] for words in table if not words.startswith("LVS_")} == known


@each_doc
def test_names_of_the_collection_exist(doc: Path) -> None:
    known = {
        *(path.name for path in (ROOT / "roles").iterdir()),
        *(path.stem for path in (ROOT / "playbooks").glob("*.yml")),
        *(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py")),
        *(path.stem for path in (ROOT / "plugins" / "lookup").glob("*.py")),
        *(path.stem for path in (ROOT / "plugins" / "filter").glob("*.yml")),
        *(path.stem for path in (ROOT / "extensions" / "eda" / "plugins" / "event_source").glob("[!_]*.py")),
        *(path.stem for path in (ROOT / "extensions" / "eda" / "rulebooks").glob("*.yml")),
        *yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["action_groups"],
    }
    assert [name for name in re.findall(r"\blvs\.cluster\.(\w+)", doc.read_text()) if name not in known] == []


@each_doc
def test_relative_links_resolve(doc: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)]+)\)", prose(doc)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _mark, anchor = target.partition("#")
        path = (doc.parent / name).resolve() if name else doc
        if not path.exists() or (anchor and anchor not in anchors(path)):
            broken.append(target)
    assert broken == []


def test_readme_names_the_versions_of_the_code() -> None:
    text = (ROOT / "README.md").read_text()
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"]
    assert f"build/lvs-cluster-{version}.tar.gz" in text
    oldest = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["requires_ansible"]
    assert f"ansible-core {oldest.removeprefix('>=').removesuffix('.0')} or newer" in text
    span = " to ".join(".".join(map(str, one)) for one in (setup.OLDEST, setup.NEWEST))
    assert f"Python {span}," in text


# --- the tests' own teeth


@pytest.mark.parametrize(
    ("row", "spec"),
    [
        (Row("1 to 32", "none"), vocabulary_words.integer(1, 3)),
        (Row("1 to 3", "none"), vocabulary_words.integer(1, 32)),
        (Row("`nat` or `dr`", "none"), vocabulary_words.choice("nat", "dr", "tun")),
        (Row("text", "none"), Spec("text", "text", required=True)),
        (Row("text", "required"), Spec("text", "text")),
        (Row("text", "`a`"), Spec("text", "text", default="b")),
    ],
)
def test_a_row_that_differs_from_the_code_is_noticed(row: Row, spec: Spec) -> None:
    assert len(row_faults("key", row, spec)) == 1
