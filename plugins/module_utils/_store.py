# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files replaced in one step, so that a reader sees the old text or the new one and a power cut leaves one of them."""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass

__all__ = ["TEMPORARY", "Owner", "read_text", "remove", "replace", "sync_directory", "write_text"]

TEMPORARY = ".lvs-cluster-"


@dataclass(frozen=True)
class Owner:
    """Who owns a file and its mode bits; -1 leaves a number as it is (as os.chown has it)."""

    mode: int
    uid: int = -1
    gid: int = -1


def read_text(path: str) -> str | None:
    """Return the file's text, None if there is no such file; every other failure is an OSError (it is no "absent")."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def write_text(path: str, text: str, owner: Owner) -> None:
    """Replace ``path`` by a file with this text: written beside it under another name, synced, renamed over it."""
    directory = os.path.dirname(path)
    handle, temporary = tempfile.mkstemp(prefix=TEMPORARY, dir=directory)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        replace(temporary, path, owner)
    except BaseException:
        # It is gone if the rename was done and only the directory could not be synced.
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def replace(source: str, path: str, owner: Owner) -> None:
    """Give ``source`` its owner and mode and rename it over ``path`` (one file system)."""
    os.chown(source, owner.uid, owner.gid)
    os.chmod(source, owner.mode)
    os.rename(source, path)
    sync_directory(os.path.dirname(path))


def remove(path: str) -> None:
    os.unlink(path)
    sync_directory(os.path.dirname(path))


def sync_directory(directory: str) -> None:
    """Make a rename or a removal in ``directory`` last over a power cut."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
