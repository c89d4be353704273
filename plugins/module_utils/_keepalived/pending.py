# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A note that keepalived runs and has not loaded the file that stands there yet.

It is written before the file is replaced, so that a run which dies before the reload is made good by the next one. It
says which text it is about and which process has not loaded it: a note about another text, or about a process that has
ended, says nothing. A reboot takes it away, and keepalived loads the file then.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils import _store as store
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.process import Process, keepalived

__all__ = ["FOLDER", "Note", "Notes", "digest", "joined", "make_folder"]

FOLDER = "/run/lvs-cluster"
NAME = "keepalived-pending"
_PRIVATE = store.Owner(mode=0o600)


class Note(NamedTuple):
    """What is known of the change that is not loaded. ``restart``: what of it needs one, "" if a reload will do."""

    restart: str = ""


class _Found(NamedTuple):
    """A note as it was written: the texts that it is about, and the process that has not loaded them."""

    dest: str
    digests: list[str]
    process: Process
    restart: str


@dataclass(frozen=True)
class Notes:
    """Where notes are kept; ``find`` looks for keepalived."""

    folder: str = FOLDER
    find: Callable[[], Process | None] = keepalived
    proc: str = "/proc"

    @property
    def path(self) -> str:
        return os.path.join(self.folder, NAME)

    def read(self, dest: str, text: str | None) -> Note | None:
        """The note about ``text``, what stands in ``dest`` now; None if keepalived has loaded it, or does not run."""
        if text is None or not os.path.lexists(self.path):
            return None
        try:
            found = self._find()
        except (ValueError, KeyError, TypeError):
            # It is there for a reason: one reload too many does no harm.
            return Note()
        about = found is not None and found.dest == dest and digest(text) in found.digests
        return Note(found.restart) if found is not None and about else None

    def write(self, dest: str, text: str, restart: str) -> bool:
        """Note that ``dest`` gets ``text`` and keepalived has not loaded it; False where none runs."""
        process = self.find()
        if process is None:
            return False
        self.put(self.noting(dest, text, restart, process))
        return True

    def noting(self, dest: str, text: str, restart: str, process: Process) -> str:
        """What ``put`` writes. What an earlier note was about is not loaded either, should this text get no place."""
        try:
            earlier = self._find()
        except (ValueError, KeyError, TypeError):
            earlier = None
        digests = [digest(text)]
        if earlier is not None and earlier.dest == dest:
            digests += [one for one in earlier.digests if one not in digests]
            restart = joined(earlier.restart, restart)
        return json.dumps(_Found(dest, digests, process, restart)._asdict())

    def put(self, note: str) -> None:
        make_folder(self.folder)
        store.write_text(self.path, note + "\n", _PRIVATE)

    def forget(self) -> bool:
        """Take the note away, as keepalived has loaded the file; False if there was none."""
        try:
            os.unlink(self.path)
        except FileNotFoundError:
            return False
        return True

    def _find(self) -> _Found | None:
        """The note, None if there is none or the process has ended. Raise ValueError and the like for a broken one."""
        data = store.read_text(self.path)
        if data is None:
            return None
        read = json.loads(data)
        pid, start = read["process"]
        process = Process(int(pid), int(start))
        if not process.lives(self.proc):
            return None
        return _Found(str(read["dest"]), [str(one) for one in read["digests"]], process, str(read["restart"]))


def joined(*restarts: str) -> str:
    """Reasons for a restart, as shared.needs_restart tells them, each once."""
    return ", ".join(dict.fromkeys(one for said in restarts for one in said.split(", ") if one))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def make_folder(folder: str) -> None:
    """Make our folder below /run; refuse what somebody else has put in its place."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder, 0o755)
        os.chmod(folder, 0o755)
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise PermissionError(f"{folder} is not a folder that only its owner writes to: remove it")
