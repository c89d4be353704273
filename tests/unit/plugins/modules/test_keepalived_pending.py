# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""keepalived_config on a host where keepalived runs, and on one with full disks."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.plugins.modules.rollout import NEW, NOTE, OLD, RUN, Director, a_director


@pytest.fixture
def director(tmp_path: Path) -> Iterator[Director]:
    with a_director(tmp_path / "host") as found:
        yield found


@pytest.fixture
def backup(director: Director) -> Director:
    director.start()
    return director


# -- the note that the file was not loaded


def test_a_change_is_pending_until_it_is_loaded(backup: Director) -> None:
    written = backup.config(NEW)
    assert (written["changed"], written["pending"], written["shared"]) == (True, True, True)
    again = backup.config(NEW)
    assert (again["changed"], again["pending"], again["restart"]) == (False, True, "")
    assert backup.config(NEW, check=True)["pending"]
    checked = backup.host.module("keepalived_config", state="loaded", dest=str(backup.dest), check=True)
    assert (checked["changed"], checked["pending"]) == (True, True)
    noted = backup.host.module("keepalived_config", state="loaded", dest=str(backup.dest))
    assert (noted["changed"], noted["pending"]) == (True, False)
    assert not backup.config(NEW)["pending"]
    assert not backup.host.module("keepalived_config", state="loaded", dest=str(backup.dest))["changed"]


def test_where_the_note_is(backup: Director) -> None:
    backup.config(NEW)
    modes = [stat.S_IMODE(int(backup.host.run("stat", "-c", "%f", path), 16)) for path in (RUN, NOTE)]
    assert modes == [0o755, 0o600]
    assert "simsim" not in backup.host.run("cat", NOTE)


def test_a_restart_loads_it(backup: Director) -> None:
    backup.config(NEW)
    assert backup.keepalived is not None
    backup.keepalived.kill()
    backup.keepalived.wait()
    backup.start()
    assert not backup.config(NEW)["pending"]


def test_one_that_reads_the_other_file_is_to_be_stopped(backup: Director) -> None:
    """It was started with the file, and with handover it is to read the copy."""
    result = backup.config(OLD, copied=True)
    assert (result["changed"], result["stop"], result["pending"]) == (False, True, True)
    assert result["restart"] == "the file that it reads"
    result = backup.config(OLD)
    assert (result["stop"], result["pending"], result["restart"]) == (False, False, "")


def test_nothing_is_pending_where_keepalived_does_not_run(director: Director) -> None:
    assert not director.config(NEW)["pending"]


def test_a_run_that_died_before_the_signal_is_made_good(backup: Director) -> None:
    backup.next.unlink()
    backup.config(NEW)
    result = backup.switch("finish")
    assert (result["changed"], result["switched_by"], result["pending"]) == (True, "finish", False)
    assert backup.loaded()[1]
    assert not backup.config(NEW)["pending"]


def test_staged_and_switched(backup: Director) -> None:
    backup.next.unlink()
    staged = backup.config(NEW, staged=True)
    assert (staged["changed"], staged["pending"], staged["staged"]) == (True, False, str(backup.next))
    assert (backup.dest.read_text(), backup.next.read_text()) == (OLD, NEW)
    backup.switch("lead")
    assert backup.loaded()[1]
    after = backup.config(NEW)
    assert (after["changed"], after["pending"], after["shared"]) == (False, False, False)


def test_a_folder_of_somebody_else_is_refused(backup: Director) -> None:
    backup.host.run("mkdir", "-m", "0777", RUN)
    result = backup.config(NEW)
    assert result["failed"]
    assert "not a folder that only its owner writes to" in result["msg"]
    assert backup.dest.read_text() == OLD


@pytest.fixture
def full(backup: Director) -> Callable[[str], None]:
    """Fill the disk of a folder, as a file system of its own."""

    def fill(folder: str) -> None:
        backup.host.run("mount", "-t", "tmpfs", "-o", "size=64k", "none", folder)
        script = f"head -c 1M /dev/zero > {folder}/filled 2>/dev/null; true"
        backup.host.run("sh", "-c", script)

    return fill


def test_a_full_disk_leaves_all_as_it_was(backup: Director, full: Callable[[str], None]) -> None:
    folder = backup.host.folder / "etc-keepalived"
    folder.mkdir()
    full(str(folder))
    backup.host.run("sh", "-c", f"rm {folder}/filled; printf old > {folder}/keepalived.conf; true")
    backup.host.run("sh", "-c", f"head -c 1M /dev/zero > {folder}/filled 2>/dev/null; true")
    backup.dest = folder / "keepalived.conf"
    for words in ({}, {"staged": True}):
        result = backup.config(NEW, **words)
        assert result["failed"]
        said = f"{backup.dest} was not changed: no space is left for {folder} (No space left on device)"
        assert result["msg"].startswith(said)
        assert backup.host.run("cat", str(backup.dest)) == "old"
        assert sorted(backup.host.run("ls", "-A", str(folder)).split()) == ["filled", "keepalived.conf"]


def test_a_full_run_leaves_all_as_it_was(backup: Director, full: Callable[[str], None]) -> None:
    full("/run")
    result = backup.config(NEW)
    assert result["failed"]
    assert "no space is left for /run" in result["msg"]
    assert backup.dest.read_text() == OLD
    assert backup.host.run("ls", "-A", "/run").split() == ["filled"]
