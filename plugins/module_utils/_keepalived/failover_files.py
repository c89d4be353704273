# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The failover files: how a director becomes the active one on purpose, without a reload or a stop of keepalived.

Each sync group, and each VRRP instance in none, follows a file of its own with weight 1 (``track_file``): keepalived
adds the file's number to the priority at once, and clamps the sum to 1..254. A number of -254 and less means FAULT.
No file is 0, which is the usual state. All of it is 2.2.7's and 2.3.3's (track_file.c, vrrp_track.c):

- in a sync group a weight counts where the group follows the file; an instance's own would be ignored with a complaint,
  and the file then be read as "anything but 0 is FAULT";
- to priority 255 (the owner of the address) nothing is added, and keepalived complains of a weight: such an instance
  follows nothing, nor does a group that has one.

They stand beside the other records of this collection, in a directory that is made before keepalived reads its
configuration: 2.3.3 refuses a file whose directory is missing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils import _store as store

__all__ = [
    "DIRECTORY",
    "FAULT",
    "HIGHEST",
    "OWNER",
    "PREFIX",
    "Unit",
    "name_fault",
    "number_of",
    "numbers",
    "read",
    "text_for",
    "units",
    "write",
]

DIRECTORY = "/var/lib/lvs-cluster"
PREFIX = "lvs_failover_"
FAULT = -254
HIGHEST = 254
"""What an effective priority is at most."""
OWNER = 255

_NAME = re.compile(rf"{PREFIX}(instance|group)_[A-Za-z0-9_.-]+\Z")
_NUMBER = re.compile(r"\s*([+-]?[0-9]+)")
# keepalived reads them, and so may a monitor; they hold nothing secret.
_FILE = store.Owner(mode=0o644)


class Unit(NamedTuple):
    """What moves together: its file's name, which is the track_file's too, the sync group ("": none), its instances."""

    name: str
    group: str
    instances: tuple[str, ...]


def units(director: Mapping[str, Any]) -> list[Unit]:
    """What follows a file of its own, for a DIRECTOR plan."""
    instances = director.get("vrrp_instances") or []
    owners = {one["name"] for one in instances if one["priority"] == OWNER}
    found = []
    grouped: set[str] = set()
    for group in director.get("vrrp_sync_groups") or []:
        members = tuple(group["group"])
        grouped.update(members)
        if not owners.intersection(members):
            found.append(Unit(f"{PREFIX}group_{group['name']}", group["name"], members))
    for one in instances:
        name = one["name"]
        if name not in grouped and name not in owners:
            found.append(Unit(f"{PREFIX}instance_{name}", "", (name,)))
    return found


def name_fault(name: str) -> str | None:
    """Return what is wrong with a file's name, None if nothing is."""
    if _NAME.match(name) and len(name) <= 255:
        return None
    return f"is no failover file; they are called {PREFIX}instance_NAME and {PREFIX}group_NAME"


def number_of(text: str) -> int:
    """The number at the start of a file's text, 0 for none."""
    found = _NUMBER.match(text)
    return int(found.group(1)) if found else 0


def text_for(number: int) -> str:
    """A file's text; keepalived stops reading at the end of the number, so the second line is for people."""
    return f"{number}\n# lvs.cluster failover: added to the VRRP priority until the next failover\n"


def read(directory: str) -> dict[str, int]:
    """Name to number of the failover files that are there; {} if the directory does not exist."""
    try:
        names = sorted(name for name in os.listdir(directory) if not name_fault(name))
    except FileNotFoundError:
        return {}
    texts = {name: store.read_text(os.path.join(directory, name)) for name in names}
    return {name: number_of(text) for name, text in texts.items() if text is not None}


def numbers(present: Mapping[str, int], wanted: Mapping[str, int]) -> dict[str, int]:
    """What is to be there: that of ``wanted``, and of the others what is there. A number of 0 has no file."""
    return {name: number for name, number in sorted({**present, **wanted}.items()) if number}


def write(directory: str, present: Mapping[str, int], after: Mapping[str, int]) -> None:
    """Bring the files from one state to another; each is replaced or removed in one step."""
    for name in sorted({*present, *after}):
        path = os.path.join(directory, name)
        if name not in after:
            store.remove(path)
        elif after[name] != present.get(name):
            store.write_text(path, text_for(after[name]), _FILE)
