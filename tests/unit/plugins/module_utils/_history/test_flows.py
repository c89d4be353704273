# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When the installation of keepalived.conf keeps what it replaces."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._history import kept
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.install import ConfigError
from tests.unit.plugins.module_utils._keepalived.installing import GOOD, Keepalived, names, other, put


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    return tmp_path / "keepalived.conf"


def texts() -> list[str | None]:
    return [kept.read(one) for one in kept.listed()]


def test_what_is_replaced_is_kept(dest: Path) -> None:
    dest.write_text("foreign\n")
    put(dest, Keepalived())
    put(dest, Keepalived(), other())
    put(dest, Keepalived(), other())
    assert texts() == [GOOD, "foreign\n"]


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("staged", [True, False])
def test_nothing_is_kept_while_the_file_stays(dest: Path, check: bool, staged: bool) -> None:
    put(dest, Keepalived())
    if check or staged:
        put(dest, Keepalived(), other(), check=check, staged=staged)
    else:
        with pytest.raises(ConfigError):
            put(dest, Keepalived(5, "Unknown keyword 'x'"), other())
    assert texts() == []


def test_no_room_for_it_and_the_file_stays(dest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(dest, Keepalived())
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k,nr_inodes=2", "none", disk], check=True)
    try:
        monkeypatch.setattr(kept, "FOLDER", str(disk / "history"))
        with pytest.raises(ConfigError) as error:
            put(dest, Keepalived(), other())
        said = f"{dest} was not changed: no space is left for {disk}/history (No space left on device): free some"
        assert str(error.value).startswith(said)
        assert (dest.read_text(), names(tmp_path)) == (GOOD, ["disk", "keepalived.conf"])
    finally:
        subprocess.run(["umount", disk], check=True)
