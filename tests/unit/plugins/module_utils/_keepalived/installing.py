# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the installation of a file share."""

from __future__ import annotations

import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from ansible_collections.lvs.cluster.plugins.module_utils import _store as store
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import install
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.install import Outcome
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.pending import Notes
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import HEADER

OWNER = store.Owner(mode=0o640)
GOOD = f"{HEADER}\n\nvrrp_instance VI_1 {{\n    auth_pass sesame\n    bogus 3\n}}\n"


class Keepalived:
    """Stands for the program: answers as told, and keeps what it was shown."""

    def __init__(self, status: int = 0, output: str = "") -> None:
        self.status, self.output = status, output
        self.after: Callable[[], None] = lambda: None
        self.argv: list[str] = []
        self.text = ""
        self.modes: list[int] = []

    def __call__(self, argv: Sequence[str]) -> tuple[int, str]:
        self.argv = list(argv)
        candidate = Path(argv[-1])
        self.text = candidate.read_text()
        self.modes = [stat.S_IMODE(path.stat().st_mode) for path in (candidate, candidate.parent)]
        self.after()
        return self.status, self.output.replace("FILE", argv[-1])


def put(
    dest: Path,
    run: Keepalived,
    text: str = GOOD,
    *,
    check: bool = False,
    binary: str | None = "/ka",
    staged: bool = False,
    has_peers: bool = False,
    notes: Notes | None = None,
) -> Outcome:
    return install.present(
        text,
        str(dest),
        binary=binary,
        run=run,
        owner=OWNER,
        check_mode=check,
        staged=staged,
        has_peers=has_peers,
        notes=notes or nothing_runs(),
    )


def nothing_runs() -> Notes:
    return Notes("/nonexistent", lambda: None)


def other(text: str = GOOD) -> str:
    return text.replace("sesame", "simsim")


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())
