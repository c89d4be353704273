# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils import _store as store
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import install
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.install import ConfigError, Outcome
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import HEADER

OWNER = store.Owner(mode=0o640)
GOOD = f"{HEADER}\n\nvrrp_instance VI_1 {{\n    auth_pass sesame\n    bogus 3\n}}\n"


class Keepalived:
    """Stands for the program: answers as told, and keeps what it was shown."""

    def __init__(self, status: int = 0, output: str = "") -> None:
        self.status, self.output = status, output
        self.argv: list[str] = []
        self.text = ""
        self.modes: list[int] = []

    def __call__(self, argv: Sequence[str]) -> tuple[int, str]:
        self.argv = list(argv)
        candidate = Path(argv[-1])
        self.text = candidate.read_text()
        self.modes = [stat.S_IMODE(path.stat().st_mode) for path in (candidate, candidate.parent)]
        return self.status, self.output.replace("FILE", argv[-1])


def put(dest: Path, run: Keepalived, text: str = GOOD, *, check: bool = False, binary: str | None = "/ka") -> Outcome:
    return install.present(text, str(dest), binary=binary, run=run, owner=OWNER, check_mode=check)


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    return tmp_path / "keepalived.conf"


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_an_accepted_text_is_installed(dest: Path) -> None:
    run = Keepalived()
    outcome = put(dest, run)
    assert (outcome.changed, outcome.tested, outcome.saved) == (True, True, "")
    assert dest.read_text() == GOOD
    assert stat.S_IMODE(dest.stat().st_mode) == 0o640
    assert run.argv[:3] == ["/ka", "-t", "-f"]
    assert run.text == GOOD
    assert run.modes == [0o600, 0o700]
    assert os.path.dirname(os.path.dirname(run.argv[3])) == install.SCRATCH
    assert not os.path.exists(os.path.dirname(run.argv[3]))
    assert names(dest.parent) == ["keepalived.conf"]


def test_the_same_text_is_neither_tested_nor_written(dest: Path) -> None:
    put(dest, Keepalived())
    run = Keepalived(1)
    before = dest.stat()
    outcome = put(dest, run)
    assert (outcome.changed, outcome.tested, run.argv) == (False, False, [])
    assert dest.stat().st_ino == before.st_ino


def test_a_refused_text_leaves_the_file_and_says_why(dest: Path) -> None:
    dest.write_text("global_defs {\n}\n")
    output = "(FILE: Line 5) Unknown keyword 'bogus'\n(Line 4) Unmatched quote: 'auth_pass \"sesame'\n"
    with pytest.raises(ConfigError) as error:
        put(dest, Keepalived(5, output))
    assert str(error.value) == (
        f"{dest} was not changed: keepalived complains (exit status 5)\n"
        "  line 5: Unknown keyword 'bogus': bogus 3\n"
        "  line 4: Unmatched quote: 'auth_pass \"********': auth_pass ********"
    )
    assert dest.read_text() == "global_defs {\n}\n"
    assert names(dest.parent) == ["keepalived.conf"]


def test_an_accepted_complaint_is_returned(dest: Path) -> None:
    output = "Warning - quorum 1 for FWM 2 exceeds total weight of real servers 0, reducing quorum to 0\n"
    outcome = put(dest, Keepalived(5, output))
    assert outcome.changed
    assert len(outcome.complaints) == 1


def test_a_test_that_did_not_end_is_not_called_a_good_one(dest: Path) -> None:
    outcome = put(dest, Keepalived(-15), GOOD + "script_user nobody\n")
    assert outcome.changed
    assert outcome.message.startswith("keepalived found no fault, but ended before its test was complete")


def test_check_mode_tests_and_leaves_nothing(dest: Path) -> None:
    run = Keepalived()
    outcome = put(dest, run, check=True)
    assert (outcome.changed, outcome.tested) == (True, True)
    assert run.text == GOOD
    assert names(dest.parent) == []


def test_check_mode_refuses_too(dest: Path) -> None:
    with pytest.raises(ConfigError, match="Unknown keyword"):
        put(dest, Keepalived(5, "Unknown keyword 'x'"), check=True)


def test_check_mode_without_the_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "run"
    scratch.mkdir()
    monkeypatch.setattr(install, "SCRATCH", str(scratch))
    run = Keepalived()
    assert put(tmp_path / "etc" / "keepalived.conf", run, check=True).tested
    assert run.argv[3].startswith(f"{scratch}/")
    assert names(tmp_path) == ["run"]
    assert names(scratch) == []


def test_check_mode_says_when_it_could_not_test(dest: Path) -> None:
    outcome = put(dest, Keepalived(), check=True, binary=None)
    assert (outcome.changed, outcome.tested) == (True, False)
    assert outcome.message == "the configuration was not tested: keepalived is not installed"


def test_a_run_without_keepalived_is_refused(dest: Path) -> None:
    with pytest.raises(ConfigError, match="keepalived is not installed"):
        put(dest, Keepalived(), binary=None)
    assert names(dest.parent) == []


def test_a_missing_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="install keepalived first"):
        put(tmp_path / "none" / "keepalived.conf", Keepalived())


@pytest.mark.parametrize("text", ["", "global_defs {\n}\n"])
def test_a_text_without_the_marker_is_refused(dest: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="does not begin with the line"):
        put(dest, Keepalived(), text)


def test_a_text_with_nothing_but_the_marker_is_refused(dest: Path) -> None:
    with pytest.raises(ConfigError, match="the configuration is empty"):
        put(dest, Keepalived(), HEADER + "\n")


def test_a_link_is_refused(dest: Path) -> None:
    dest.symlink_to(dest.parent / "elsewhere")
    with pytest.raises(ConfigError, match="is not a regular file"):
        put(dest, Keepalived())


def test_the_first_foreign_file_is_kept_and_comes_back(dest: Path) -> None:
    dest.write_text("foreign\n")
    dest.chmod(0o604)
    saved = str(dest) + install.SAVED_SUFFIX
    assert put(dest, Keepalived()).saved == saved
    assert put(dest, Keepalived(), GOOD + "x\n").saved == ""
    assert Path(saved).read_text() == "foreign\n"
    outcome = install.absent(str(dest), check_mode=False)
    assert (outcome.changed, outcome.after) == (True, "foreign\n")
    assert dest.read_text() == "foreign\n"
    assert stat.S_IMODE(dest.stat().st_mode) == 0o604
    assert names(dest.parent) == ["keepalived.conf"]
    assert not install.absent(str(dest), check_mode=False).changed


def test_a_second_foreign_file_does_not_replace_the_kept_one(dest: Path) -> None:
    dest.write_text("first\n")
    put(dest, Keepalived())
    dest.write_text("second\n")
    put(dest, Keepalived())
    assert Path(str(dest) + install.SAVED_SUFFIX).read_text() == "first\n"


def test_absent_removes_ours(dest: Path) -> None:
    put(dest, Keepalived())
    assert install.absent(str(dest), check_mode=True).changed
    assert dest.exists()
    outcome = install.absent(str(dest), check_mode=False)
    assert outcome.changed
    assert "sesame" not in outcome.before
    assert names(dest.parent) == []
    assert not install.absent(str(dest), check_mode=False).changed


def test_absent_leaves_a_foreign_file(dest: Path) -> None:
    dest.write_text("foreign\n")
    assert not install.absent(str(dest), check_mode=False).changed
    assert dest.read_text() == "foreign\n"


def test_an_unreadable_file_is_not_an_absent_one(dest: Path) -> None:
    dest.parent.joinpath("file").write_text("")
    with pytest.raises(NotADirectoryError):
        put(dest.parent / "file" / "keepalived.conf", Keepalived(), check=True)
