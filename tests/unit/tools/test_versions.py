"""tools/versions.py: what is tested with which ansible-core and Python."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tools import versions
from tools.versions import Pair, Step

ROOT = Path(__file__).resolve().parents[3]
PAIRS = versions.pairs(yaml.safe_load(versions.DATA.read_text()))
OLD = Pair("2.17.14", "10.7.0", "3.11", {"resolvelib": "1.0.1"})


def test_the_oldest_accepted_core_and_all_after_it_are_there() -> None:
    span = SpecifierSet(yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["requires_ansible"])
    minors = list(dict.fromkeys(int(pair.core.split(".")[1]) for pair in PAIRS))
    assert minors == list(range(minors[0], minors[-1] + 1))
    assert f"2.{minors[0]}.0" in span
    assert f"2.{minors[0] - 1}.99" not in span
    assert all(pair.core in span for pair in PAIRS)


def test_pairs_have_names_of_their_own_and_every_python_is_there() -> None:
    assert len({pair.name for pair in PAIRS}) == len(PAIRS)
    assert {pair.python for pair in PAIRS} == {"3.11", "3.12", "3.13"}
    assert PAIRS[0].name == "2.17-3.11"


def test_the_pinned_environment_is_one_of_them() -> None:
    pins = dict(line.split("==") for line in versions.PINS.read_text().splitlines() if "==" in line)
    assert (pins["ansible-core"], pins["ansible"]) in {(pair.core, pair.ansible) for pair in PAIRS}


def test_pins_of_the_pair_replace_those_of_this_environment() -> None:
    lines = versions.constraints("# Said.\nansible==1\nansible-core==2\npytest==3\nresolvelib==4\n", OLD).splitlines()
    assert lines == ["pytest==3", "ansible==10.7.0", "ansible-core==2.17.14", "resolvelib==1.0.1"]


def test_what_is_installed_has_a_pin() -> None:
    pinned = {Requirement(line).name.lower() for line in versions.constraints(versions.PINS.read_text(), OLD).split()}
    assert {name.lower() for name in versions.PACKAGES} <= pinned


def test_a_tree_holds_what_is_there_now_and_keeps_its_environment(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for name in (".venv/bin/python", "gone/file", "stale"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("of the run before")
    (tree / "link").symlink_to("gone")
    versions.lay_tree(["tools/timed.py"], ROOT, tree)
    found = {str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file() and ".git" not in path.parts}
    assert found == {".venv/bin/python", "tools/timed.py"}
    assert (tree / ".git").is_dir()
    assert not (tree / "link").is_symlink()


def test_the_module_for_tests_is_added_where_it_is_missing(tmp_path: Path) -> None:
    folder = tmp_path / "lib" / "python3.11" / "site-packages" / "ansible" / "module_utils"
    folder.mkdir(parents=True)
    versions.add_testing(tmp_path)
    assert (folder / "testing.py").read_text() == versions.TESTING.read_text()
    (folder / "testing.py").write_text("its own")
    versions.add_testing(tmp_path)
    assert (folder / "testing.py").read_text() == "its own"


def test_the_added_module_gives_arguments_as_the_real_one_does() -> None:
    from ansible.module_utils import testing
    from ansible.module_utils.basic import AnsibleModule

    from tools import versions_testing

    for one in (testing, versions_testing):
        with one.patch_module_args({"name": "web"}):
            assert AnsibleModule({"name": {}, "port": {"type": "int", "default": 80}}).params == {
                "name": "web",
                "port": 80,
            }


def test_commands_get_the_trees_programs_and_nothing_of_this_tree(tmp_path: Path) -> None:
    given = {"PATH": "/usr/bin", "ANSIBLE_COLLECTIONS_PATH": "/here", "PYTEST_ADDOPTS": "-x", "HOME": "/root"}
    got = versions.environment(tmp_path, given)
    assert got["PATH"] == f"{tmp_path}/.venv/bin{os.pathsep}/usr/bin"
    assert got["ANSIBLE_COLLECTIONS_PATH"] == f"{tmp_path}/.venv/collections"
    assert "PYTEST_ADDOPTS" not in got
    assert got["HOME"] == "/root"


def test_a_step_fails_with_any_of_its_commands_and_runs_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = (sys.executable, "-c", "print('said')")
    failing = (sys.executable, "-c", "raise SystemExit(3)")
    assert versions.run_step(Step("good", (said, said)), tmp_path, os.environ)
    assert capsys.readouterr().out == ""
    assert not versions.run_step(Step("bad", (failing, said)), tmp_path, os.environ)
    output = capsys.readouterr().out
    assert output.index("\nsaid\n") < output.index("\nstatus 3: ")
    assert f"all of it: {tmp_path / 'bad.log'}" in output


def test_every_playbook_and_example_is_tested() -> None:
    by_name = {step.name: step.commands for step in versions.steps(["inventories/a", "inventories/b"], ["p.yml"], "1")}
    assert by_name["syntax"] == (("ansible-playbook", "--syntax-check", "-i", "inventories/a", "p.yml"),)
    assert [command[2] for command in by_name["check"]] == ["inventories/a", "inventories/b"]
    assert all((ROOT / name).is_dir() for name in versions.TESTS)


def test_table() -> None:
    results = {"2.17-3.11": {"unit": "ok 61 s", "sanity": "failed 5 s"}, "2.18-3.13": {"unit": "no Python"}}
    assert versions.table(results, ["unit", "sanity"]).splitlines() == [
        "           unit       sanity",
        "2.17-3.11  ok 61 s    failed 5 s",
        "2.18-3.13  no Python  -",
    ]


def test_what_is_not_known_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        versions.main(["2.16-3.11", "--step", "unite"])
    assert "not known: 2.16-3.11 unite" in capsys.readouterr().err
