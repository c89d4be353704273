# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The weight files of a host: read, bring to a plan, take away."""

from __future__ import annotations

import contextlib
import os
import stat

from ansible_collections.lvs.cluster.plugins.module_utils import _store as store
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import weights

__all__ = ["WeightsError", "apply", "is_emptied", "make_directory", "read_directory", "remove_directory"]

_DIRECTORY_MODE = 0o755
# keepalived reads them, and so may a monitor; they hold nothing secret.
_FILE = store.Owner(mode=0o644)


class WeightsError(Exception):
    """Something stands where a weight file belongs; the message names it and the remedy."""


def read_directory(directory: str) -> dict[str, str]:
    """Return name to text for the regular files of ``directory``, {} if it does not exist.

    Names that no weight file can have (a temporary file's) are left out. Raise WeightsError for a link or a directory
    under a weight file's name: keepalived would follow it, and a rename would replace it.
    """
    try:
        names = os.listdir(directory)
    except FileNotFoundError:
        return {}
    found = {}
    for name in sorted(names):
        if weights.file_name_fault(name):
            continue
        path = os.path.join(directory, name)
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise WeightsError(f"{path} is not a regular file: remove it")
        text = store.read_text(path)
        if text is not None:
            found[name] = text
    return found


def make_directory(directory: str) -> None:
    """Make the directory and those above it, readable by all whatever the umask."""
    if os.path.isdir(directory):
        return
    parent = os.path.dirname(directory)
    if not os.path.isdir(parent):
        make_directory(parent)
    os.mkdir(directory)
    os.chmod(directory, _DIRECTORY_MODE)


def apply(directory: str, wanted: weights.Plan) -> None:
    for name, text in wanted.write.items():
        store.write_text(os.path.join(directory, name), text, _FILE)
    for name in wanted.purge:
        store.remove(os.path.join(directory, name))


def is_emptied(directory: str, wanted: weights.Plan) -> bool:
    """Tell whether nothing of somebody else is left in the directory once the plan's files are purged."""
    return all(name in wanted.purge or name.startswith(store.TEMPORARY) for name in os.listdir(directory))


def remove_directory(directory: str) -> None:
    """Remove the directory and the one above it that is ours, as far as they are empty."""
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir(directory):
            # Left by a run that was killed between writing and renaming.
            if name.startswith(store.TEMPORARY):
                store.remove(os.path.join(directory, name))
    for path in (directory, os.path.dirname(directory)):
        if path == directory or os.path.basename(path) == "lvs-cluster":
            with contextlib.suppress(OSError):
                os.rmdir(path)
