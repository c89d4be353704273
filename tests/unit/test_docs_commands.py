"""Every command that the documentation shows: its program, playbook, target, variables and options exist."""

from __future__ import annotations

import itertools
import json
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest
import yaml
from ansible.cli import CLI
from ansible.cli.doc import DocCLI
from ansible.cli.galaxy import GalaxyCLI
from ansible.cli.playbook import PlaybookCLI
from ansible.cli.vault import VaultCLI

from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary import HOST
from lab import cli
from tests.unit.test_docs import DOCS, ROOT, Block, all_blocks, blocks, code_words, prose

# Programs of the hosts and of the control node, with the options that the documentation may use. A word of several
# letters behind one dash stands for itself or for several options of one letter.
TOOLS: dict[str, str] = {
    "ansible-builder": "-f -t",
    "ansible-rulebook": "--rulebook --inventory --vars",
    "arping": "-I -c",
    "cat": "",
    "cp": "-r",
    "curl": "-s -o -w --max-time",
    "echo": "-2147483647",
    "export": "",
    "firewall-cmd": "--zone --list-rich-rules",
    "getsebool": "",
    "git": "--annotate --message",
    "grep": "-r",
    "ip": "-br",
    "ipvsadm": "-L -n -c -e -f -r -g -w --stats --daemon",
    "iptables": "-t -S -L -n -v",
    "journalctl": "-u -b -n -k",
    "ls": "-Z -d",
    "nstat": "-a -z",
    "ping": "-c -M -s",
    "semodule": "--list-modules",
    "su": "-s -c",
    "sysctl": "",
    "systemctl": "--no-pager",
    "tcpdump": "-n -e -i -c -t",
}
# The package of a program that neither Debian's minimal system nor a role brings.
PACKAGES = {"arping": "iputils-arping", "curl": "curl", "ping": "iputils-ping", "tcpdump": "tcpdump"}

SHELLS = ("sh", "bash")

# What stands in the way of the program's name.
ASSIGNMENT = re.compile(r"\w+=.*")
BREAKS = {"|", "&&", "||", ";", "&"}
REDIRECTIONS = {">", ">>", "<", "2>", "&>"}


# --- reading


def lines_of(block: Block) -> list[str]:
    """The commands of a block: all lines of a shell's, those behind a prompt elsewhere; continued lines are one."""
    text = block.text.replace("\\\n", " ")
    if block.language in SHELLS:
        return [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return [line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ ")]


def commands_of(line: str) -> Iterator[list[str]]:
    """The words of each command of a line, without assignments, redirections, sudo and comments."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    words: list[str] = []
    tokens = [*lexer, ";"]
    skip = False
    for token in tokens:
        if skip:
            skip = False
        elif token in REDIRECTIONS:
            skip = True
        elif token in BREAKS:
            if words:
                yield words
            words = []
        elif words or not (ASSIGNMENT.fullmatch(token) or (token == "sudo" and line != "sudo -s")):
            words.append(token)


def faults_of(words: list[str], block: Block) -> list[str]:
    """What is wrong with one command."""
    name, *rest = words
    if words[:3] == ["python", "-m", "lab"]:
        return lab_faults(words[3:], block)
    if words[:3] == ["python", "-m", "pytest"]:
        return pytest_faults(words[3:], block)
    check = CHECKS.get(name)
    if check:
        return check(rest, block)
    if name in TOOLS:
        return tool_faults(name, rest, block)
    return [f"{name}: no test knows this program"]


# --- programs


def make_targets() -> set[str]:
    """Several may stand before one colon."""
    lines = re.findall(r"^([a-z][a-z -]*):(?!=)", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    return {name for line in lines for name in line.split()}


def make_faults(words: list[str], _block: Block) -> list[str]:
    variables = set(re.findall(r"^([A-Z]+) \??:?=", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    given = [word.partition("=") for word in words]
    faults = [f"make has no variable {name}" for name, mark, _value in given if mark and name not in variables]
    faults += [f"make has no target {name}" for name, mark, _value in given if not mark and name not in make_targets()]
    return faults + [
        f"{value} is not there" for _name, _mark, value in given if value.startswith("inventories/") and not at(value)
    ]


def lab_faults(words: list[str], block: Block) -> list[str]:
    own = list(itertools.takewhile(lambda word: word != "--", words))
    inner = words[len(own) + 1 :]
    if parser_faults(cli._parser().parse_args, words):
        return [f"python -m lab does not take: {shlex.join(words)}"]
    faults = [f"{name} is not there" for name in paths_after(own, "-i", "--inventory") if not at(name)]
    return faults + (faults_of(inner, block) if inner else [])


def parser_faults(parse: Callable[[list[str]], object], words: list[str]) -> bool:
    try:
        parse(words)
    except SystemExit:
        return True
    return False


def ansible_faults(of: type[CLI], words: list[str]) -> list[str]:
    """What the program's own parser says."""
    program = of(["ansible", *words])
    program.init_parser()
    assert program.parser is not None
    faulty = parser_faults(program.parser.parse_args, words)
    return [f"{of.__name__} does not take: {shlex.join(words)}"] if faulty else []


def playbook_faults(words: list[str], block: Block) -> list[str]:
    faults = ansible_faults(PlaybookCLI, words)
    names = [word for word in words if re.fullmatch(r"lvs\.cluster\.\w+|[\w./]+\.yml", word)]
    faults += [f"{name} is no playbook" for name in names if collection_playbook(name) is None]
    faults += [] if len(names) == 1 else [f"{len(names)} playbooks"]
    inventories = paths_after(words, "-i", "--inventory")
    faults += [f"{name} is not there" for name in inventories if not at(name)]
    if faults:
        return faults
    given = extra_variables(words)
    (playbook,) = names
    faults += [
        f"{playbook} takes no {name}" for name in given if name not in taken_by(str(collection_playbook(playbook)))
    ]
    return faults + [
        f"{name}={given[name]}: {folder} has no such word"
        for folder in inventories
        if folder.startswith("inventories/")
        for name in ("lvs_host", "lvs_hosts", "lvs_service")
        for value in str(given.get(name, "")).split(",")
        if value and not re.search(rf"\b{re.escape(value)}\b", text_of(folder))
    ]


def collection_playbook(name: str) -> str | None:
    """The playbook of the collection that a word names, by FQCN, by path or by a file that the documentation shows."""
    stem = name.removeprefix("lvs.cluster.").removeprefix("playbooks/").removesuffix(".yml")
    shown = [block for block in all_blocks("yaml") if block.info.get("title") == name]
    if shown:
        (play,) = yaml.safe_load(shown[0].text)
        stem = play["import_playbook"].removeprefix("lvs.cluster.")
    elif name == f"{stem}.yml":
        return None
    return stem if (ROOT / "playbooks" / f"{stem}.yml").exists() else None


def extra_variables(words: list[str]) -> dict[str, object]:
    given: dict[str, object] = {}
    for before, word in itertools.pairwise(words):
        if before in ("-e", "--extra-vars"):
            pairs = [one.partition("=") for one in shlex.split(word)]
            given |= json.loads(word) if word.startswith("{") else {name: value for name, _mark, value in pairs}
    return {name: ",".join(value) if isinstance(value, list) else value for name, value in given.items()}


@cache
def taken_by(playbook: str) -> frozenset[str]:
    """The extra variables that a playbook describes in its head and reads, those of the lock, and options of roles."""
    files = [ROOT / "playbooks" / f"{playbook}.yml"]
    read: set[str] = set()
    for path in files:
        text = path.read_text()
        read |= set(re.findall(r"\blvs_\w+", text.partition("\n- ")[2] if path is files[0] else text))
        for name in re.findall(r"_tasks: (?:tasks/)?(\w+\.yml)", text):
            included = ROOT / "playbooks" / "tasks" / name
            files += [included] if included not in files else []
    described = re.findall(r"^#   (lvs_\w+(?:, lvs_\w+)*) ", files[0].read_text(), flags=re.MULTILINE)
    found = read & {name for names in described for name in names.split(", ")}
    found |= read & {"lvs_lock_break", "lvs_lock_expires"}
    for path in (ROOT / "roles").glob("*/meta/argument_specs.yml"):
        found |= set(yaml.safe_load(path.read_text())["argument_specs"]["main"].get("options", {}))
    # What the inventory says of a host may be said for one run of this one.
    return frozenset(found | set(HOST) if playbook == "site" else found)


def galaxy_faults(words: list[str], _block: Block) -> list[str]:
    return ansible_faults(GalaxyCLI, words)


def vault_faults(words: list[str], _block: Block) -> list[str]:
    return ansible_faults(VaultCLI, words)


def doc_faults(words: list[str], _block: Block) -> list[str]:
    return ansible_faults(DocCLI, words)


def apt_faults(words: list[str], _block: Block) -> list[str]:
    return [] if words[:1] == ["install"] and len(words) > 1 else ["apt-get: only install is expected"]


def shell_faults(words: list[str], _block: Block) -> list[str]:
    return [] if words == ["-s"] else ["sudo: what is it for?"]


def pytest_faults(words: list[str], _block: Block) -> list[str]:
    paths = [word.partition("::")[0] for word in words if "/" in word]
    return [f"{path} is not there" for path in paths if not (ROOT / path).exists()]


def molecule_faults(words: list[str], _block: Block) -> list[str]:
    scenarios = {path.parent.name for path in (ROOT / "molecule").glob("*/molecule.yml")}
    names = paths_after(words, "-s", "--scenario-name")
    return [f"molecule has no scenario {name}" for name in names if name not in scenarios]


def venv_faults(words: list[str], _block: Block) -> list[str]:
    return [] if words[:2] == ["-m", "venv"] else ["python3: only -m venv is expected"]


CHECKS: dict[str, Callable[[list[str], Block], list[str]]] = {
    "ansible-doc": doc_faults,
    "ansible-galaxy": galaxy_faults,
    "ansible-playbook": playbook_faults,
    "ansible-vault": vault_faults,
    "apt-get": apt_faults,
    "make": make_faults,
    "molecule": molecule_faults,
    "pytest": pytest_faults,
    "python3": venv_faults,
    "sudo": shell_faults,
}


def tool_faults(name: str, words: list[str], block: Block) -> list[str]:
    options = [word for word in words if re.match(r"--?[A-Za-z0-9]", word)]
    faults = [f"{name} has no {option}" for option in options if not known_option(option, TOOLS[name].split())]
    if name in PACKAGES and f"apt-get install {PACKAGES[name]}" not in installed_by(block.doc):
        faults.append(f"{name}: a minimal Debian has it not, and no block above says apt-get install {PACKAGES[name]}")
    return faults


def known_option(word: str, options: Sequence[str]) -> bool:
    option = word.partition("=")[0]
    letters = [f"-{letter}" for letter in option.removeprefix("-")]
    return option in options or (not option.startswith("--") and all(one in options for one in letters))


@cache
def installed_by(doc: Path) -> frozenset[str]:
    """`apt-get install X` for each package that a page has its reader install."""
    found = [re.match(r"apt-get install (.+)", line) for block in blocks(doc) for line in lines_of(block)]
    return frozenset(f"apt-get install {name}" for match in found if match for name in match[1].split())


# --- paths


def paths_after(words: list[str], *options: str) -> list[str]:
    return [word for before, word in itertools.pairwise(words) if before in options]


def at(name: str) -> bool:
    """Whether a path is there. What is not below inventories/ is the reader's own."""
    return not name.startswith("inventories/") or (ROOT / name).exists()


@cache
def text_of(folder: str) -> str:
    return "".join(path.read_text() for path in sorted((ROOT / folder).rglob("*.yml")))


# --- the tests

WITH_COMMANDS = [block for block in all_blocks(*SHELLS, "text", "console") if lines_of(block)]


@pytest.mark.parametrize("block", WITH_COMMANDS, ids=str)
def test_commands_of_a_block_exist(block: Block) -> None:
    found = [fault for line in lines_of(block) for words in commands_of(line) for fault in faults_of(words, block)]
    assert found == []


@pytest.mark.parametrize("doc", DOCS, ids=[str(path.relative_to(ROOT)) for path in DOCS])
def test_commands_in_the_text_exist(doc: Path) -> None:
    """Commands of this repository that stand in a sentence."""
    words = [word.replace("\n", " ") for word in code_words(prose(doc))]
    lines = [word for word in words if re.match(r"(make|ansible-playbook|python -m lab|ansible-doc) [^.…]", word)]
    block = Block(doc, 0, "sh", {}, "")
    found = [fault for line in lines for one in commands_of(line) for fault in faults_of(one, block)]
    assert found == []


def test_the_two_commands_are_named() -> None:
    lines = [line for block in blocks(ROOT / "README.md") for line in lines_of(block)]
    assert {"make demo", "make test"} <= set(lines)


def test_every_package_that_a_page_installs_is_of_a_program_that_it_uses() -> None:
    for doc in DOCS:
        used = {words[0] for block in blocks(doc) for line in lines_of(block) for words in commands_of(line)}
        needed = {f"apt-get install {PACKAGES[name]}" for name in used & set(PACKAGES)}
        assert installed_by(doc) - needed == set(), doc


# --- the tests' own teeth


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("make demos", "make has no target demos"),
        ("make demo INVENTARY=x", "make has no variable INVENTARY"),
        ("make demo INVENTORY=inventories/none", "inventories/none is not there"),
        ("python -m lab pover lb1 off", "python -m lab does not take: pover lb1 off"),
        ("python -m lab up -i inventories/none", "inventories/none is not there"),
        ("python -m lab exec lb1 -- ipvsadm --list-all", "ipvsadm has no --list-all"),
        ("sudo python -m lab run -- ansible-playbook lvs.cluster.sight", "lvs.cluster.sight is no playbook"),
        ("ansible-playbook -i my lvs.cluster.site --chek", "PlaybookCLI does not take: -i my lvs.cluster.site --chek"),
        ("ansible-playbook -i my mine.yml", "mine.yml is no playbook"),
        ("ansible-playbook -i my lvs.cluster.drain -e lvs_hots=rs1", "lvs.cluster.drain takes no lvs_hots"),
        (
            "ansible-playbook -i inventories/nat_ha lvs.cluster.drain -e lvs_host=rs9",
            "lvs_host=rs9: inventories/nat_ha has no such word",
        ),
        ("python -m pytest tests/unit/test_none.py", "tests/unit/test_none.py is not there"),
        ("molecule test -s nat_hi", "molecule has no scenario nat_hi"),
        ("ansible-vault encript x", "VaultCLI does not take: encript x"),
        ("A=1 ipvsadm -Ln | greb x > /tmp/y", "greb: no test knows this program"),
        ("tcpdump -n", "tcpdump: a minimal Debian has it not, and no block above says apt-get install tcpdump"),
    ],
)
def test_a_command_that_does_not_exist_is_noticed(line: str, fault: str) -> None:
    block = Block(ROOT / "README.md", 0, "sh", {}, line)
    assert [one for words in commands_of(line) for one in faults_of(words, block)] == [fault]
