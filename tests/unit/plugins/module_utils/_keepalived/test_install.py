# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import install
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.dump import DumpError
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.install import ConfigError, Outcome
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.pending import Notes
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.process import Process, process
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import HEADER
from tests.unit.plugins.module_utils._keepalived.installing import GOOD, Keepalived, names, nothing_runs, other, put


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
    outcome = install.absent(str(dest), check_mode=False, notes=nothing_runs())
    assert (outcome.changed, outcome.after) == (True, "foreign\n")
    assert dest.read_text() == "foreign\n"
    assert stat.S_IMODE(dest.stat().st_mode) == 0o604
    assert names(dest.parent) == ["keepalived.conf"]
    assert not install.absent(str(dest), check_mode=False, notes=nothing_runs()).changed


def test_a_second_foreign_file_does_not_replace_the_kept_one(dest: Path) -> None:
    dest.write_text("first\n")
    put(dest, Keepalived())
    dest.write_text("second\n")
    put(dest, Keepalived())
    assert Path(str(dest) + install.SAVED_SUFFIX).read_text() == "first\n"


def test_absent_removes_ours(dest: Path) -> None:
    put(dest, Keepalived())
    assert install.absent(str(dest), check_mode=True, notes=nothing_runs()).changed
    assert dest.exists()
    outcome = install.absent(str(dest), check_mode=False, notes=nothing_runs())
    assert outcome.changed
    assert "sesame" not in outcome.before
    assert names(dest.parent) == []
    assert not install.absent(str(dest), check_mode=False, notes=nothing_runs()).changed


def test_absent_leaves_a_foreign_file(dest: Path) -> None:
    dest.write_text("foreign\n")
    assert not install.absent(str(dest), check_mode=False, notes=nothing_runs()).changed
    assert dest.read_text() == "foreign\n"


def test_an_unreadable_file_is_not_an_absent_one(dest: Path) -> None:
    dest.parent.joinpath("file").write_text("")
    with pytest.raises(NotADirectoryError):
        put(dest.parent / "file" / "keepalived.conf", Keepalived(), check=True)


# -- staged


def test_a_staged_text_leaves_the_file_as_it_is(dest: Path) -> None:
    put(dest, Keepalived())
    before = dest.stat()
    outcome = put(dest, Keepalived(), other(), staged=True)
    waiting = Path(str(dest) + install.STAGED_SUFFIX)
    assert (outcome.changed, outcome.tested, outcome.staged, outcome.pending) == (True, True, str(waiting), False)
    assert (dest.read_text(), dest.stat().st_ino) == (GOOD, before.st_ino)
    assert waiting.read_text() == other()
    assert stat.S_IMODE(waiting.stat().st_mode) == 0o640
    again = put(dest, Keepalived(1), other(), staged=True)
    assert (again.changed, again.tested, again.staged) == (False, False, str(waiting))


def running(tmp_path: Path) -> Notes:
    """A keepalived that runs: this process."""
    here = process(os.getpid())
    return Notes(str(tmp_path / "run"), lambda: here)


def test_what_peers_must_have_too_is_refused_for_one_alone(dest: Path) -> None:
    old, new = (GOOD.replace("bogus 3", f"virtual_router_id {number}") for number in (3, 4))
    put(dest, Keepalived(), old)
    with pytest.raises(ConfigError, match=r"was not changed: .*\(VI_1\).*lvs\.cluster\.site"):
        put(dest, Keepalived(), new, has_peers=True, notes=running(dest.parent))
    assert dest.read_text() == old
    assert names(dest.parent) == [dest.name]
    # It may be looked at, staged, or be for a keepalived that does not run yet.
    assert put(dest, Keepalived(), new, has_peers=True, check=True, notes=running(dest.parent)).shared
    assert put(dest, Keepalived(), new, has_peers=True, staged=True, notes=running(dest.parent)).changed
    assert put(dest, Keepalived(), new, has_peers=True).changed
    assert dest.read_text() == new


def test_a_change_of_one_host_alone_is_no_matter_of_peers(dest: Path) -> None:
    put(dest, Keepalived())
    text = GOOD.replace("bogus 3", "bogus 4")
    assert put(dest, Keepalived(), text, has_peers=True, notes=running(dest.parent)).changed


def test_check_mode_stages_nothing(dest: Path) -> None:
    assert put(dest, Keepalived(), staged=True, check=True).changed
    assert names(dest.parent) == []


def test_a_staged_text_is_tested(dest: Path) -> None:
    with pytest.raises(ConfigError, match="Unknown keyword"):
        put(dest, Keepalived(5, "Unknown keyword 'x'"), staged=True)
    assert names(dest.parent) == []


@pytest.mark.parametrize("text", [GOOD, other(), GOOD + "x\n"])
@pytest.mark.parametrize("staged", [True, False])
def test_what_was_staged_before_goes(dest: Path, text: str, staged: bool) -> None:
    put(dest, Keepalived())
    put(dest, Keepalived(), other(), staged=True)
    put(dest, Keepalived(), text, staged=staged)
    left = [path for path in names(dest.parent) if path.endswith(install.STAGED_SUFFIX)]
    assert len(left) == (1 if staged and text != GOOD else 0)
    assert dest.read_text() == (GOOD if staged else text)


def test_check_mode_leaves_what_was_staged(dest: Path) -> None:
    put(dest, Keepalived())
    put(dest, Keepalived(), other(), staged=True)
    for text in (GOOD, GOOD + "x\n"):
        put(dest, Keepalived(), text, check=True)
    install.absent(str(dest), check_mode=True, notes=nothing_runs())
    assert Path(str(dest) + install.STAGED_SUFFIX).read_text() == other()


def test_absent_takes_what_was_staged(dest: Path) -> None:
    put(dest, Keepalived(), staged=True)
    install.absent(str(dest), check_mode=False, notes=nothing_runs())
    assert names(dest.parent) == []


def test_taking_a_staged_text_keeps_a_foreign_file(dest: Path) -> None:
    dest.write_text("foreign\n")
    put(dest, Keepalived(), staged=True)
    assert names(dest.parent) == ["keepalived.conf", "keepalived.conf.lvs-cluster-next"]
    install.take_staged(str(dest))
    assert dest.read_text() == GOOD
    assert Path(str(dest) + install.SAVED_SUFFIX).read_text() == "foreign\n"
    put(dest, Keepalived(), other(), staged=True)
    install.take_staged(str(dest))
    assert Path(str(dest) + install.SAVED_SUFFIX).read_text() == "foreign\n"


def test_taking_what_is_not_there_keeps_nothing(dest: Path) -> None:
    dest.write_text("foreign\n")
    with pytest.raises(FileNotFoundError):
        install.take_staged(str(dest))
    assert names(dest.parent) == ["keepalived.conf"]


# -- what the change asks of a roll-out

ROUTER = f"{HEADER}\n\nvrrp_instance VI_1 {{\n    priority 3\n    virtual_ipaddress {{\n        10.0.0.5\n    }}\n}}\n"


@pytest.mark.parametrize(
    ("before", "shared", "instances"),
    [
        (None, False, ()),
        (ROUTER.replace("3", "4"), False, ()),
        (ROUTER.replace("0.5", "0.6"), True, ("VI_1",)),
        ("include x\n", True, ()),
    ],
)
@pytest.mark.parametrize("words", [{}, {"staged": True}, {"check": True}])
def test_shared(
    dest: Path, before: str | None, shared: bool, instances: tuple[str, ...], words: dict[str, Any]
) -> None:
    if before is not None:
        dest.write_text(before)
    outcome = put(dest, Keepalived(), ROUTER, **words)
    assert (outcome.shared, outcome.instances) == (shared, instances)


def test_nothing_is_shared_once_it_stands_there(dest: Path) -> None:
    dest.write_text(ROUTER.replace("0.5", "0.6"))
    put(dest, Keepalived(), ROUTER, staged=True)
    assert put(dest, Keepalived(), ROUTER, staged=True).shared
    put(dest, Keepalived(), ROUTER)
    assert not put(dest, Keepalived(), ROUTER).shared


def test_restart(dest: Path) -> None:
    assert put(dest, Keepalived(), GOOD + "net_namespace red\n").restart == ""
    assert put(dest, Keepalived(), check=True).restart == "the network namespace (net_namespace)"


# -- the note that keepalived has not loaded it


def test_it_is_pending_until_it_is_noted(dest: Path, notes: Notes) -> None:
    assert put(dest, Keepalived(), check=True, notes=notes).pending is False
    assert not os.path.exists(notes.folder)
    assert put(dest, Keepalived(), notes=notes).pending
    assert put(dest, Keepalived(), notes=notes).pending
    assert install.loaded(str(dest), check_mode=True, notes=notes).pending
    assert install.loaded(str(dest), check_mode=False, notes=notes) == Outcome(changed=True)
    assert not put(dest, Keepalived(), notes=notes).pending
    assert not install.loaded(str(dest), check_mode=False, notes=notes).changed


def test_what_is_staged_is_not_pending(dest: Path, notes: Notes) -> None:
    assert not put(dest, Keepalived(), staged=True, notes=notes).pending
    assert not os.path.exists(notes.folder)


def test_a_restart_is_remembered(dest: Path, notes: Notes) -> None:
    put(dest, Keepalived())
    said = "the network namespace (net_namespace)"
    red = GOOD + "net_namespace red\n"
    assert put(dest, Keepalived(), red, notes=notes).restart == said
    assert put(dest, Keepalived(), red, notes=notes).restart == said
    assert put(dest, Keepalived(), red + "x\n", notes=notes).restart == said
    later = put(dest, Keepalived(), red + "instance b\n", notes=notes).restart
    assert later == f"{said}, the name of this keepalived (instance)"


def test_absent_is_pending_too(dest: Path, notes: Notes) -> None:
    dest.write_text("foreign\n")
    put(dest, Keepalived(), notes=notes)
    assert install.absent(str(dest), check_mode=False, notes=notes).pending
    assert install.absent(str(dest), check_mode=False, notes=notes).pending
    install.loaded(str(dest), check_mode=False, notes=notes)
    assert not install.absent(str(dest), check_mode=False, notes=notes).pending


def test_several_keepalived(dest: Path, tmp_path: Path) -> None:
    def several() -> Process | None:
        raise DumpError("several keepalived run")

    outcome = put(dest, Keepalived(), notes=Notes(str(tmp_path / "run"), several))
    assert (outcome.changed, outcome.pending) == (True, False)
