"""Every fenced block of the documentation is of a kind that some test checks, and is right as such.

Commands are checked by test_docs_commands.py, variables of an inventory by test_docs.py.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan
from tests.unit.test_docs import (
    DOCS,
    ROOT,
    Block,
    all_blocks,
    blocks,
    code_words,
    content_of,
    is_inventory,
    listing,
    planned,
    prose,
)
from tests.unit.test_docs_commands import lines_of

# A line in a quotation that stands for lines which were left out.
GAP = "# …"
MODULE = re.compile(r"lvs\.cluster\.\w+")
DIGEST = re.compile(r"\{\{ lookup\('lvs\.cluster\.page_digest', .*\) \}\}")


class StrictLoader(yaml.SafeLoader):
    """A key that is there twice, as two parts of a quotation may make one, is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _value in node.value]
        twice = [key for number, key in enumerate(keys) if key in keys[:number]]
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"{twice[0]} is there twice", node.start_mark)
        return super().construct_mapping(node, deep)


# --- one check for each language: what is wrong with a block


def yaml_faults(block: Block) -> list[str]:
    try:
        yaml.load(block.text, Loader=StrictLoader)
    except yaml.YAMLError as exc:
        return [f"is not YAML: {exc}"]
    kind = kind_of(block)
    return KINDS[kind](block) if kind else ["is YAML of no kind that a test knows"]


def sh_faults(block: Block) -> list[str]:
    """Its commands are looked at in test_docs_commands.py."""
    return [] if lines_of(block) else ["has no command"]


def console_faults(block: Block) -> list[str]:
    return [] if block.text.startswith("$ ") and lines_of(block) else ["does not begin with a prompt and a command"]


def text_faults(block: Block) -> list[str]:
    """Output: something that is no command, unless a prompt tells it apart."""
    lines = block.text.splitlines()
    if not any(line.strip() for line in lines):
        return ["is empty"]
    bare = [line for line in lines if re.match(r"(ansible-playbook|make|python -m lab|ipvsadm -) ?", line)]
    return [f"{line}: a command in a block of output, without a prompt" for line in bare]


def json_faults(block: Block) -> list[str]:
    try:
        json.loads(block.text)
    except ValueError as exc:
        return [f"is not JSON: {exc}"]
    return []


def ini_faults(block: Block) -> list[str]:
    # Keys of Ansible's ini inventories have no value.
    parser = configparser.ConfigParser(allow_no_value=True, interpolation=None)
    try:
        parser.read_string(block.text)
    except configparser.Error as exc:
        return [f"is not ini: {exc}"]
    return [] if parser.sections() else ["has no section"]


def jinja_faults(block: Block) -> list[str]:
    try:
        jinja2.Environment(autoescape=True).parse(block.text)
    except jinja2.TemplateSyntaxError as exc:
        return [f"is not Jinja: {exc}"]
    return []


def mermaid_faults(block: Block) -> list[str]:
    head, *lines = [line.strip() for line in block.text.splitlines()]
    faults = (
        [] if re.fullmatch(r"(flowchart|graph) (LR|TD|TB|RL)|sequenceDiagram", head) else [f"{head}: no such picture"]
    )
    opened = sum(line.startswith("subgraph ") for line in lines)
    if opened != lines.count("end"):
        faults.append("a subgraph has no end")
    for line in lines:
        plain = re.sub(r'"[^"]*"', "", line)
        if '"' in plain:
            faults.append(f"{line}: a text has no end")
        # Arrows such as --> are no brackets.
        if any(plain.count(left) != plain.count(right) for left, right in ("[]", "()", "{}")):
            faults.append(f"{line}: a bracket has no partner")
    return faults


LANGUAGES: dict[str, Callable[[Block], list[str]]] = {
    "bash": sh_faults,
    "console": console_faults,
    "ini": ini_faults,
    "jinja": jinja_faults,
    "json": json_faults,
    "mermaid": mermaid_faults,
    "sh": sh_faults,
    "text": text_faults,
    "yaml": yaml_faults,
}


def faults_of(block: Block) -> list[str]:
    check = LANGUAGES.get(block.language)
    return check(block) if check else [f"no test knows the language {block.language or '(none)'}"]


# --- one check for each kind of YAML


def kind_of(block: Block) -> str:
    """What a block of YAML is: a key of KINDS, or "" for none."""
    content = content_of(block)
    if "from" in block.info:
        return "quotation"
    if is_inventory(block):
        return "variables"
    if isinstance(content, dict):
        if set(content) == {"all"}:
            return "hosts"
        if set(content) == {"groups"}:
            return "alerts"
        return "words" if set(content) <= {"notify", "health_checks"} else ""
    if not isinstance(content, list) or not all(isinstance(one, dict) for one in content):
        return ""
    for kind, keys in (("plays", {"hosts", "import_playbook"}), ("services", {"real_servers"}), ("tasks", {"name"})):
        if all(keys & set(one) for one in content):
            return kind
    return ""


def variable_faults(_block: Block) -> list[str]:
    """They are planned in test_docs.py."""
    return []


def host_faults(block: Block) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hosts.yml"
        path.write_text(block.text)
        answer = listing(path)
    hosts = answer["_meta"]["hostvars"]
    groups = {name: body.get("hosts", []) for name, body in answer.items() if name != "_meta"}
    if not hosts:
        return ["has no host"]
    if "lvs_" not in block.text:
        return []
    return [fault["text"] for fault in plan({"hosts": hosts, "groups": groups})["faults"]]


# What node_exporter's collector ipvs has of each destination (collector/ipvs_linux.go), with the labels of Prometheus.
NODE_IPVS = {f"node_ipvs_backend_{name}" for name in ("weight", "connections_active", "connections_inactive")}
NODE_LABELS = {f"{side}_{name}" for side in ("local", "remote") for name in ("address", "port")}
NODE_LABELS |= {"proto", "local_mark", "instance", "job"}


def alert_faults(block: Block) -> list[str]:
    """Rules of Prometheus: they ask for figures that the page describes, or node_exporter has."""
    known = set(code_words(prose(block.doc)))
    rules = [rule for group in yaml.safe_load(block.text)["groups"] for rule in group["rules"]]
    faults = ["has no rule"] if not rules else []
    for rule in rules:
        ours, node = (re.findall(rf"\b{prefix}_\w+", rule["expr"]) for prefix in ("lvs_cluster", "node_ipvs"))
        faults += [f"{rule['alert']}: {name} is in no table" for name in ours if name not in known]
        faults += [f"{rule['alert']}: node_exporter has no {name}" for name in node if name not in NODE_IPVS]
        faults += [f"{rule['alert']}: asks for nothing"] if not ours + node else []
        if node:
            summed = [
                label.strip() for labels in re.findall(r"\bby \(([^)]*)\)", rule["expr"]) for label in labels.split(",")
            ]
            summed += re.findall(r"\$labels\.(\w+)", str(rule.get("annotations")))
            faults += [f"{rule['alert']}: it has no label {label}" for label in summed if label not in NODE_LABELS]
    return faults


def word_faults(block: Block) -> list[str]:
    """Words of a VRRP instance or of a service, alone: they are put into one."""
    content = yaml.safe_load(DIGEST.sub("0" * 32, block.text))
    variables: dict[str, Any] = {}
    if "health_checks" in content:
        variables["lvs_virtual_service_defaults"] = {"forwarding": "nat", "health_checks": content["health_checks"]}
    if "notify" in content:
        instance = {
            "name": "VI_1",
            "interface": "eth0",
            "virtual_router_id": 51,
            "priorities": {"lb1": 200, "lb2": 150},
        }
        addresses = ["10.0.0.5/24", {"address": "192.168.0.1/24", "dev": "eth1"}]
        variables["lvs_vrrp_instances"] = [{**instance, "virtual_ipaddress": addresses, "notify": content["notify"]}]
    return plan_faults(block, variables)


def service_faults(block: Block) -> list[str]:
    return plan_faults(block, {"lvs_virtual_services": yaml.safe_load(block.text)})


def plan_faults(block: Block, variables: dict[str, Any]) -> list[str]:
    answer, _content, _names = planned(Block(block.doc, block.line, "yaml", {}, json.dumps(variables)))
    return [fault["text"] for fault in answer["faults"]]


def play_faults(block: Block) -> list[str]:
    said = said_of_playbooks()[str(block)]
    return ([said] if said else []) + option_faults(block)


# --- playbooks and tasks


def as_playbook(block: Block) -> str:
    if kind_of(block) == "plays":
        return block.text
    return "- hosts: all\n  gather_facts: false\n  tasks:\n" + textwrap.indent(block.text, "    ")


def syntax_faults(paths: list[Path]) -> str:
    """What `ansible-playbook --syntax-check` says against playbooks, "" if nothing."""
    command = [sys.executable, "-m", "ansible", "playbook", "--syntax-check", "-i", "localhost,", *map(str, paths)]
    environment = {**os.environ, "ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=120)
    return f"{done.stdout}{done.stderr}" if done.returncode else ""


@cache
def said_of_playbooks() -> dict[str, str]:
    """What is said against each block of plays or tasks. All are looked at together, and alone only if one is wrong."""
    found = [block for block in all_blocks("yaml") if kind_of(block) in ("plays", "tasks")]
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.yml" for number, _block in enumerate(found)]
        for path, block in zip(paths, found, strict=True):
            path.write_text(as_playbook(block))
        if not syntax_faults(paths):
            return {str(block): "" for block in found}
        return {str(block): syntax_faults([path]) for path, block in zip(paths, found, strict=True)}


def tasks_of(content: Any) -> list[dict[str, Any]]:
    """All tasks of plays or tasks."""
    found = []
    for one in content:
        if "hosts" in one:
            found += [task for key in ("pre_tasks", "tasks", "post_tasks", "handlers") for task in one.get(key, ())]
        elif "import_playbook" not in one:
            found.append(one)
    return found


def option_faults(block: Block) -> list[str]:
    """Options of our modules: their documentation has them, with these values."""
    faults = []
    for task in tasks_of(yaml.safe_load(block.text)):
        for name, given in task.items():
            if MODULE.fullmatch(name):
                spec = module_specs()[name]
                literal = {key: value for key, value in (given or {}).items() if "{{" not in str(value)}
                templated = set(given or {}) - set(literal)
                faults += [f"{name} has no option {key}" for key in templated - set(spec)]
                wanted = {key: {**one, "required": False} if key in templated else one for key, one in spec.items()}
                faults += [f"{name}: {said}" for said in ArgumentSpecValidator(wanted).validate(literal).error_messages]
    return faults


@cache
def module_specs() -> dict[str, Any]:
    """The options of our modules that the documentation uses, as an argument spec, out of their own documentation."""
    texts = [block.text for block in all_blocks("yaml")]
    used = {name for text in texts for name in re.findall(r"^ *(lvs\.cluster\.\w+):", text, flags=re.MULTILINE)}
    command = [sys.executable, "-m", "ansible", "doc", "--json", "--type", "module", *sorted(used)]
    output = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, timeout=120).stdout
    return {name: spec_of(page["doc"].get("options", {})) for name, page in json.loads(output).items()}


def spec_of(options: dict[str, Any]) -> dict[str, Any]:
    keys = ("type", "elements", "choices", "required", "aliases")
    return {
        name: {key: option[key] for key in keys if option.get(key)}
        | ({"options": spec_of(option["suboptions"])} if option.get("suboptions") else {})
        for name, option in options.items()
    }


# --- quotations


def without_comments(lines: list[str]) -> list[str]:
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


def quotation_faults(block: Block) -> list[str]:
    """Each run of lines stands in the file that is named, in this order. Comments and its indent don't count."""
    path = ROOT / block.info["from"]
    if not path.is_file():
        return [f"{block.info['from']} is not there"]
    whole = without_comments(path.read_text().splitlines())
    at = 0
    for part in re.split(rf"^ *{GAP}$\n?", block.text, flags=re.MULTILINE):
        wanted = without_comments(part.splitlines())
        if not wanted:
            continue
        size = len(wanted)
        flat = textwrap.dedent("\n".join(wanted))
        fits = (at + skip for skip in range(len(whole) - at - size + 1))
        found = next((one for one in fits if textwrap.dedent("\n".join(whole[one : one + size])) == flat), None)
        if found is None:
            return [f"{block.info['from']} has not (or not here): {wanted[0].strip()} …"]
        at = found + size
    return []


KINDS: dict[str, Callable[[Block], list[str]]] = {
    "alerts": alert_faults,
    "hosts": host_faults,
    "plays": play_faults,
    "quotation": quotation_faults,
    "services": service_faults,
    "tasks": play_faults,
    "variables": variable_faults,
    "words": word_faults,
}


# --- the tests

EVERY_BLOCK = [block for doc in DOCS for block in blocks(doc)]


@pytest.mark.parametrize("block", EVERY_BLOCK, ids=str)
def test_block_is_right(block: Block) -> None:
    assert faults_of(block) == []


# --- the tests' own teeth


def example(language: str, text: str, **info: str) -> Block:
    return Block(ROOT / "docs" / "operations" / "metrics.md", 0, language, info, textwrap.dedent(text))


QUOTED = "inventories/nat_ha/hosts.yml"


@pytest.mark.parametrize(
    ("block", "fault"),
    [
        (example("", "x"), "no test knows the language (none)"),
        (example("zsh", "make"), "no test knows the language zsh"),
        (example("console", "make demo"), "does not begin with a prompt"),
        (example("ini", "[a\nb"), "is not ini"),
        (example("ini", ""), "has no section"),
        (example("jinja", "{% if x %}"), "is not Jinja"),
        (example("json", "{a: 1}"), "is not JSON"),
        (example("mermaid", "flow LR"), "flow LR: no such picture"),
        (example("mermaid", "flowchart LR\nsubgraph a\nb"), "a subgraph has no end"),
        (example("mermaid", 'flowchart LR\na["b] --> c'), 'a["b] --> c: a text has no end'),
        (example("mermaid", 'flowchart LR\na["b" --> c'), 'a["b" --> c: a bracket has no partner'),
        (example("sh", "# nothing"), "has no command"),
        (example("text", "\n"), "is empty"),
        (example("text", "make demo"), "a command in a block of output"),
        (example("yaml", "a: ["), "is not YAML"),
        (example("yaml", "lvs_weight: 1\nlvs_weight: 2"), "lvs_weight is there twice"),
        (example("yaml", "shop: {port: 80}"), "is YAML of no kind"),
        (example("yaml", "all: {hosts: {}}"), "has no host"),
        (example("yaml", "all: {children: {directors: {hosts: {lb1: {lvs_weight: x}}}}}"), "lvs_weight"),
        (
            example("yaml", "groups: [{rules: [{alert: A, expr: lvs_cluster_none > 1}]}]"),
            "lvs_cluster_none is in no table",
        ),
        (
            example("yaml", "groups: [{rules: [{alert: A, expr: node_ipvs_backend_waight == 0}]}]"),
            "node_exporter has no node_ipvs_backend_waight",
        ),
        (
            example("yaml", "groups: [{rules: [{alert: A, expr: sum by (local_adress) (node_ipvs_backend_weight)}]}]"),
            "it has no label local_adress",
        ),
        (example("yaml", "notify: {master: {skript: x}}"), "skript"),
        (example("yaml", "health_checks: [{type: tpc}]"), "tpc"),
        (example("yaml", "- {name: a, address: 10.0.0.5, port: 80, real_servers: [{host: rs9}]}"), "rs9"),
        (example("yaml", "all: {children: {real_servers_nat: {}}}", **{"from": "inventories/none"}), "is not there"),
        (
            example("yaml", "rs1:\n  lvs_interfaces: {eth0: 192.168.0.12/24}\n  lvs_weight: 21", **{"from": QUOTED}),
            "rs1",
        ),
        (example("yaml", "rs2:\n# …\nrs1:\n", **{"from": QUOTED}), "rs1"),
    ],
)
def test_a_wrong_block_is_noticed(block: Block, fault: str) -> None:
    assert fault in "\n".join(faults_of(block))


def test_a_quotation_may_leave_out_lines_and_comments() -> None:
    text = "rs1:\n  lvs_interfaces: {eth0: 192.168.0.12/24}\n# other words\n  lvs_weight: 20\n# …\nlvs_weight: 8\n"
    assert quotation_faults(example("yaml", text, **{"from": QUOTED})) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("- lvs.cluster.ipvs_dest: {service: {port: 80, adress: x}, address: 192.0.2.1}", "adress"),
        ("- lvs.cluster.ipvs_dest: {service: {port: 80}, address: 192.0.2.1, state: gone}", "state"),
        ("- lvs.cluster.ipvs_table: {tabel: '{{ x }}'}", "lvs.cluster.ipvs_table has no option tabel"),
    ],
)
def test_a_wrong_option_of_a_module_is_noticed(text: str, fault: str) -> None:
    assert fault in "\n".join(option_faults(example("yaml", text)))


def test_a_wrong_playbook_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yml"
    path.write_text("- hosts: all\n  tasks:\n    - name: Do it\n      lvs.cluster.no_such_module:\n")
    assert "lvs.cluster.no_such_module" in syntax_faults([path])
