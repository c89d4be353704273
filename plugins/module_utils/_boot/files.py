# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of ours: read, compared, replaced in one step."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from contextlib import suppress
from typing import Any, Mapping, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError

__all__ = [
    "HEADER",
    "STATE_DIR",
    "Placed",
    "place",
    "read_file",
    "read_json",
    "remove_empty_folders",
    "remove_file",
    "to_json",
    "write_file",
]

HEADER = "# Managed by lvs.cluster (Ansible): changes made here are lost"
STATE_DIR = "/var/lib/lvs-cluster"
# Debian 13 has no /etc/iproute2 of its own; where a package owns these folders they are not empty.
_OUR_FOLDERS = (
    "/etc/lvs-cluster/clusterip",
    "/etc/lvs-cluster",
    "/usr/local/lib/lvs-cluster",
    STATE_DIR,
    "/etc/iproute2/rt_tables.d",
    "/etc/iproute2",
)


class Placed(NamedTuple):
    """A file: its bytes and its permission bits."""

    data: bytes
    mode: int = 0o644


def read_file(path: str) -> Placed | None:
    """A file as it stands, None if there is none; BootError if it cannot be told."""
    try:
        with open(path, "rb") as handle:
            return Placed(handle.read(), stat.S_IMODE(os.fstat(handle.fileno()).st_mode))
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise BootError(f"cannot read {path}: {exc}") from exc


def read_json(path: str) -> dict[str, Any] | None:
    """A JSON object of a file, None if there is no file. Anything else raises BootError."""
    try:
        with open(path, encoding="utf-8") as handle:
            data = json.load(handle)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as exc:
        raise BootError(f"cannot read {path}: {exc}") from exc
    if not isinstance(data, dict):
        raise BootError(f"{path} holds no JSON object: move it away and run the playbook again")
    return data


def to_json(data: Mapping[str, Any]) -> bytes:
    return (json.dumps(data, indent=1, sort_keys=True) + "\n").encode()


def write_file(path: str, data: bytes, mode: int = 0o644) -> None:
    """Replaces a file in one step; makes its folder (0755) where needed."""
    folder = os.path.dirname(path)
    os.makedirs(folder, mode=0o755, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".lvs-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    # Else a power cut within the next seconds brings the old file back.
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_file(path: str) -> None:
    if os.path.lexists(path):
        os.unlink(path)


def place(files: Mapping[str, Placed | None], had: Mapping[str, Placed | None]) -> None:
    """Writes what differs from what was there and removes what should be absent (None)."""
    for path, placed in files.items():
        if placed == had[path]:
            continue
        if placed is None:
            remove_file(path)
        else:
            write_file(path, placed.data, placed.mode)


def remove_empty_folders() -> None:
    for folder in _OUR_FOLDERS:
        with suppress(OSError):  # not empty, or gone
            os.rmdir(folder)
