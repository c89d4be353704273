# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of kept configurations on a director. Root's alone, because keepalived.conf may hold a password."""

from __future__ import annotations

import contextlib
import os
import stat
from datetime import datetime, timezone
from typing import NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils import _store as store
from ansible_collections.lvs.cluster.plugins.module_utils._history import entries
from ansible_collections.lvs.cluster.plugins.module_utils._history.entries import Entry
from ansible_collections.lvs.cluster.plugins.module_utils._lock import file as lock_file
from ansible_collections.lvs.cluster.plugins.module_utils._lock.model import LockError

__all__ = ["FOLDER", "forget", "keep", "listed", "mark_restored", "read", "restored"]

FOLDER = "/var/lib/lvs-cluster/history"
_RESTORED = ".restored-"
_FILE = store.Owner(mode=0o600)


def keep(path: str, text: str | None) -> None:
    """Keep the text of the configuration ``path``, which is about to be replaced; None: there is none.

    An OSError (no space is left) comes before anything else was changed, and leaves no half of an entry behind.
    """
    if text is None:
        return
    file, text_digest = os.path.basename(path), entries.digest(text)
    of_file = entries.of_file(listed(), file)
    marks = _marks(file)
    if marks and text_digest not in (*marks.restored, *marks.replaced):
        # Something else has been in force since the rollback, so its order is no longer that of time.
        marks = _Marks(frozenset(), frozenset())
        _write_marks(file, marks)
    if not entries.is_kept(of_file, text_digest, marks.restored):
        _make_folder()
        one = entries.next_name(of_file, file, text_digest, datetime.now(timezone.utc), _run())
        _write(os.path.join(FOLDER, one.name), text)
        of_file.insert(0, one)
    for old in entries.beyond(of_file):
        # What a rollback is putting back must be there for the same rollback again.
        if old.digest not in marks.restored:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(FOLDER, old.name))
    if marks.replaced:
        _write_marks(file, marks._replace(replaced=frozenset()))


def listed() -> list[Entry]:
    """All that is kept, newest first."""
    try:
        return entries.parse(os.listdir(FOLDER))
    except FileNotFoundError:
        return []


def read(entry: Entry) -> str | None:
    """The text of an entry; None where it is gone or damaged, as after a power cut, which its digest tells."""
    text = store.read_text(os.path.join(FOLDER, entry.name))
    return text if text is not None and entries.digest(text) == entry.digest else None


def restored(file: str) -> frozenset[str]:
    """The digests of what the last rollback has put in the place of ``file``, or was about to."""
    return _marks(file).restored


def mark_restored(path: str, text: str, present: str | None) -> None:
    """Note that a rollback puts ``text`` in force; before it does, so that a run which dies is known again.

    ``present`` is what it replaces. If that came from a rollback it goes on counting as such until it is gone.
    """
    file = os.path.basename(path)
    here = {entries.digest(present)} if present is not None else set()
    marked = {entries.digest(text), *(here & restored(file))}
    _write_marks(file, _Marks(frozenset(marked), frozenset(here)))


class _Marks(NamedTuple):
    """Digests of what the last rollback has put in force, and of what it was about to replace, until that is kept."""

    restored: frozenset[str]
    replaced: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.restored)


def _marks(file: str) -> _Marks:
    words = (store.read_text(os.path.join(FOLDER, _RESTORED + file)) or "").split()
    return _Marks(
        frozenset(word for word in words if not word.startswith("-")),
        frozenset(word[1:] for word in words if word.startswith("-")),
    )


def _write_marks(file: str, marks: _Marks) -> None:
    lines = [*sorted(marks.restored), *(f"-{one}" for one in sorted(marks.replaced))]
    _make_folder()
    store.write_text(os.path.join(FOLDER, _RESTORED + file), "".join(f"{one}\n" for one in lines), _FILE)


def forget(path: str | None = None) -> None:
    """Remove what is kept of the configuration ``path``, or all, and the folder if it is empty then."""
    file = None if path is None else os.path.basename(path)
    for one in listed():
        if file in (None, one.file):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(FOLDER, one.name))
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir(FOLDER):
            ours = name.startswith((_RESTORED, store.TEMPORARY)) if file is None else name == _RESTORED + file
            if ours:
                os.unlink(os.path.join(FOLDER, name))
    with contextlib.suppress(OSError):
        os.rmdir(FOLDER)


def _run() -> str:
    """The run that has locked this host, so it is the one at work; "" where none has."""
    with contextlib.suppress(LockError, OSError):
        lock = lock_file.read(lock_file.PATH)
        return lock.holder.run if lock is not None else ""
    return ""


def _write(path: str, text: str) -> None:
    """Write a new file. Under its own name at once: a text that is not whole doesn't have the digest of its name."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fdatasync(stream.fileno())
    except BaseException:
        os.unlink(path)
        raise


def _make_folder() -> None:
    os.makedirs(os.path.dirname(FOLDER), mode=0o755, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.mkdir(FOLDER, 0o700)
    found = os.lstat(FOLDER)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise PermissionError(f"{FOLDER} is not a folder of root's: move it away")
    if stat.S_IMODE(found.st_mode) != 0o700:
        os.chmod(FOLDER, 0o700)
