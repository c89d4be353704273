"""tools/setup.py: what is missing, who may install it, and that nothing is done twice."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from lab.shell import DEBIAN_PACKAGE
from tools import setup


def test_dpkg_status_other_than_installed_is_missing() -> None:
    output = "git installed\nmake config-files\ne2fsprogs not-installed\n"
    assert setup.parse_installed(output) == {"git"}


def test_the_lab_gets_every_program_that_it_calls() -> None:
    assert {package for package in DEBIAN_PACKAGE.values() if package} <= set(setup.SYSTEM_PACKAGES)


def test_missing_packages_are_named_and_present_ones_are_not() -> None:
    assert setup.missing_packages(["no-such-package-b", "dpkg", "no-such-package-a"]) == [
        "no-such-package-a",
        "no-such-package-b",
    ]


def test_a_machine_without_dpkg_is_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(setup.SetupError, match="no Debian machine"):
        setup.missing_packages(["git"])


@pytest.mark.parametrize(
    ("uid", "sudo", "terminal", "words"),
    [
        (0, None, False, []),
        (0, "/usr/bin/sudo", True, []),
        (1000, "/usr/bin/sudo", True, ["/usr/bin/sudo"]),
        (1000, "/usr/bin/sudo", False, ["/usr/bin/sudo", "-n"]),
        (1000, None, True, None),
    ],
)
def test_the_way_to_root(uid: int, sudo: str | None, terminal: bool, words: list[str] | None) -> None:
    assert setup.privilege(uid=uid, sudo=sudo, terminal=terminal) == words


def test_without_privilege_one_line_tells_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(setup, "missing_packages", lambda wanted: ["e2fsprogs", "mmdebstrap"])
    monkeypatch.setattr(setup, "privilege", lambda **about: None)
    assert setup.main() == 1
    assert capsys.readouterr().err == (
        "setup: packages are missing and only root can install them; as root run: apt-get update && "
        "apt-get install --yes --no-install-recommends --no-upgrade e2fsprogs mmdebstrap\n"
    )


def test_a_failed_installation_is_one_line_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "privilege", lambda **about: ["false"])
    with pytest.raises(setup.SetupError, match=r"could not be installed; as root run: .* e2fsprogs$"):
        setup.install_packages(["e2fsprogs"])


def test_packages_are_never_upgraded(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []

    def run(command: list[str], **about: object) -> subprocess.CompletedProcess[str]:
        calls.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(setup, "privilege", lambda **about: [])
    monkeypatch.setattr(subprocess, "run", run)
    setup.install_packages(["e2fsprogs"])
    assert [call[2:4] for call in calls] == [["apt-get", "update"], ["apt-get", "install"]]
    assert "--no-upgrade" in calls[1]
    assert calls[1][-1] == "e2fsprogs"


def test_the_users_own_python_comes_first() -> None:
    assert setup.choose_python(lambda name: True) == "python3"


def test_a_python_that_cannot_make_environments_is_passed_over() -> None:
    assert setup.choose_python(lambda name: name in ("python3.13", "/usr/bin/python3")) == "python3.13"


def test_no_python_is_one_line_with_the_command() -> None:
    with pytest.raises(setup.SetupError, match=r"3\.11 to 3\.13 .*: apt-get install python3-venv"):
        setup.choose_python(lambda name: False)


def test_the_environment_cannot_be_made_from_itself() -> None:
    python = setup.VENV / "bin" / "python"
    assert setup.usable(python)
    assert not setup.makes_venvs(str(python))


def test_a_python_that_is_not_there_is_not_usable(tmp_path: Path) -> None:
    assert not setup.usable(tmp_path / "python")


def test_fingerprint_changes_with_pins_and_place() -> None:
    prints = {setup.fingerprint(pins, Path(place)) for pins in ("a==1", "a==2") for place in ("/x/.venv", "/y/.venv")}
    assert len(prints) == 4


def test_an_environment_of_a_copied_tree_is_recognised(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    assert not setup.runs_here(tmp_path)
    (tmp_path / "bin" / "pip").write_text("#!/elsewhere/.venv/bin/python3\nimport pip\n")
    assert not setup.runs_here(tmp_path)
    (tmp_path / "bin" / "pip").write_text(f"#!{tmp_path}/bin/python3\nimport pip\n")
    assert setup.runs_here(tmp_path)


def test_the_working_tree_becomes_the_collection_once(tmp_path: Path) -> None:
    collections = tmp_path / "tree" / ".venv" / "collections"
    link = collections / "ansible_collections" / "lvs" / "cluster"
    assert setup.link_collection(collections)
    assert link.resolve() == tmp_path / "tree"
    assert not setup.link_collection(collections)


def test_a_wrong_link_is_replaced(tmp_path: Path) -> None:
    link = tmp_path / "ansible_collections" / "lvs" / "cluster"
    link.parent.mkdir(parents=True)
    link.symlink_to("/nowhere")
    assert setup.link_collection(tmp_path)
    assert os.readlink(link) == "../../../.."


def test_a_second_run_finds_nothing_to_do(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(setup, "install_packages", lambda names: pytest.fail(f"would install {names}"))
    monkeypatch.setattr(setup, "run", lambda command, complaint: pytest.fail(f"would run {command}"))
    assert setup.main() == 0
    assert capsys.readouterr().out.startswith("setup: everything is there (")
