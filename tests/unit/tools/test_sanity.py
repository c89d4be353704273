"""tools/sanity.py: the copy that ansible-test gets, the Pythons it runs on, the script it would download."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tools import sanity


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A git repository with a tracked, an untracked, an ignored and a deleted file, and a symbolic link."""
    root = tmp_path / "tree"
    root.mkdir()
    subprocess.run(["git", "init", "--quiet", root], check=True)
    for name in ("tracked", "deleted", "ignored"):
        (root / name).write_text(name)
    (root / ".gitignore").write_text("/ignored\n")
    (root / "folder").mkdir()
    (root / "folder" / "link").symlink_to("../tracked")
    subprocess.run(["git", "-C", root, "add", "."], check=True)
    (root / "deleted").unlink()
    (root / "untracked").write_text("untracked")
    return root


def test_tracked_and_new_files_are_listed_others_are_not(tree: Path) -> None:
    assert sanity.tracked_files(tree) == [".gitignore", "folder/link", "tracked", "untracked"]


def test_the_copy_holds_exactly_these_files(tree: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    (copy / "tests" / "output").mkdir(parents=True)
    (copy / "stale").write_text("of the run before")
    sanity.copy_tree(tree, ["folder/link", "tracked"], copy)
    assert sorted(str(path.relative_to(copy)) for path in copy.rglob("*")) == ["folder", "folder/link", "tracked"]
    assert os.readlink(copy / "folder" / "link") == "../tracked"


def test_a_script_that_does_not_run_is_passed_over(tmp_path: Path) -> None:
    """As pyenv's shims do for versions that are installed and not selected."""
    shims, pyenv = tmp_path / "shims", tmp_path / "pyenv"
    real = pyenv / "versions" / "3.8.18" / "bin" / "python3.8"
    for path, status in ((shims / "python3.8", 127), (real, 0)):
        path.parent.mkdir(parents=True)
        path.write_text(f"#!/bin/sh\nexit {status}\n")
        path.chmod(0o755)
    environ = {"PATH": str(shims), "PYENV_ROOT": str(pyenv)}
    found = sanity.find_pythons(["3.8", "3.9"], lambda version: sanity.candidates(version, environ), sanity.runs)
    assert found == {"3.8": str(real)}


def test_found_pythons_come_before_the_rest_of_the_search_path() -> None:
    path = sanity.search_path(["/pyenv/3.8/bin/python3.8", "/usr/bin/python3.11"], "/shims:/usr/bin:/bin")
    assert path.split(":") == [os.path.dirname(sys.executable), "/pyenv/3.8/bin", "/usr/bin", "/shims", "/bin"]


def test_each_share_has_a_home_of_its_own_with_what_is_in_the_real_one(tmp_path: Path) -> None:
    real, home = tmp_path / "real", tmp_path / "real" / ".cache" / "share"
    (real / ".ansible" / "test").mkdir(parents=True)
    (real / ".pip.conf").write_text("x")
    for _time in range(2):
        sanity.make_home(real, home)
    assert (home / ".pip.conf").read_text() == "x"
    assert not (home / ".ansible").is_symlink()
    assert list((home / ".ansible").iterdir()) == []


def test_the_script_is_put_where_ansible_test_looks_and_a_real_one_stays(tmp_path: Path) -> None:
    script = tmp_path / ".ansible" / "test" / "cache" / "get_pip_24_2.py"
    sanity.cache_get_pip("24.2", tmp_path)
    assert script.read_text() == sanity.GET_PIP
    script.write_text("downloaded")
    sanity.cache_get_pip("24.2", tmp_path)
    assert script.read_text() == "downloaded"


def test_the_script_runs_ensurepip_then_pip_with_what_it_understands(tmp_path: Path) -> None:
    script = tmp_path / "get_pip.py"
    script.write_text(sanity.GET_PIP)
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / "bin" / "python"
    words = ["--no-setuptools", "--no-wheel", "--disable-pip-version-check", "--no-index", "pip"]
    done = subprocess.run([python, script, *words], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Requirement already satisfied: pip" in done.stdout


def test_commands_run_at_once_and_are_heard_one_after_the_other(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each waits for a pipe that the other opens: alone, neither would end."""
    there, back = tmp_path / "there", tmp_path / "back"
    folders = tmp_path / "rest", tmp_path / "import"
    for pipe in (there, back):
        os.mkfifo(pipe)
    for folder in folders:
        folder.mkdir()
    commands = {
        folders[0]: ["sh", "-c", f"echo one >{there}; cat {back}; pwd"],
        folders[1]: ["sh", "-c", f"cat {there}; echo two >{back}; pwd; echo wrong >&2; exit 3"],
    }
    assert sanity.run_beside(commands, os.environ) == 3
    assert capfd.readouterr().out == f"two\n{folders[0]}\none\n{folders[1]}\nwrong\n"


def test_a_command_that_a_signal_ended_has_failed(tmp_path: Path) -> None:
    commands = {tmp_path: ["sh", "-c", "kill -KILL $$"], tmp_path.parent: ["true"]}
    assert sanity.run_beside(commands, os.environ) == 9


def test_the_shares_leave_nothing_out() -> None:
    """What one skips is what the other runs."""
    rest, other = sanity.SHARES["rest"], sanity.SHARES["import"]
    assert [word for word in rest if word != "--skip-test"] == [word for word in other if word != "--test"]


# -- clean, and nothing left out

ROOT = Path(__file__).resolve().parents[3]


def test_no_check_has_a_list_of_what_it_ignores() -> None:
    assert list(ROOT.glob("tests/sanity/*")) == []
    lint = yaml.safe_load((ROOT / ".ansible-lint").read_text())
    assert lint["profile"] == "production"
    assert set(lint) == {"profile", "offline", "exclude_paths"}
    assert {name for name in lint["exclude_paths"] if (ROOT / name).is_dir()} <= {".venv/", "build/"}
    assert list(ROOT.glob(".ansible-lint-ignore")) == list(ROOT.glob(".config/ansible-lint*")) == []


def test_no_line_is_excused_from_ansible_lint() -> None:
    folders = ("roles", "playbooks", "inventories", "examples", "molecule", "extensions", "meta", "plugins/filter")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.yml")]
    assert len(files) > 100
    assert [path for path in files if "# noqa" in path.read_text() or "skip_ansible_lint" in path.read_text()] == []


def test_all_that_is_shipped_of_the_plugins_is_checked() -> None:
    names = [name for name in sanity.tracked_files(ROOT) if name != sanity.LEFT_OUT]
    assert "extensions/eda/plugins/event_source/state.py" in names
    assert (ROOT / sanity.LEFT_OUT).is_symlink()
