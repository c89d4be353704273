# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the files of a user may be on the control node: beside his inventory, or beside his playbook."""

from __future__ import annotations

import os
from typing import Any, Iterable, Iterator, Mapping

__all__ = ["candidates", "find", "folders_of"]


def folders_of(task_vars: Mapping[str, Any], playbooks: Iterable[Any]) -> list[str]:
    """Where they may be: beside this host's inventory, beside the others, beside the playbook, and the one called.

    A playbook of a collection that another playbook imports is not where its user keeps his files.
    """
    places: list[str] = []
    if task_vars.get("inventory_dir"):
        places.append(str(task_vars["inventory_dir"]))
    sources = task_vars.get("ansible_inventory_sources") or []
    for source in [sources] if isinstance(sources, str) else sources:
        if os.path.isdir(source):
            places.append(source)
        if os.path.exists(source):
            places.append(os.path.dirname(os.path.abspath(source)))
    if task_vars.get("playbook_dir"):
        places.append(str(task_vars["playbook_dir"]))
    places += [os.path.dirname(os.path.abspath(playbook)) for playbook in playbooks if os.path.isfile(playbook)]
    return list(dict.fromkeys(map(os.path.abspath, places)))


def candidates(name: str, folders: Iterable[str]) -> Iterator[str]:
    """As Ansible looks for files: in files/ first, unless the name says so itself."""
    for folder in folders:
        if name.split("/", 1)[0] != "files":
            yield os.path.join(folder, "files", name)
        yield os.path.join(folder, name)


def find(name: str, folders: Iterable[str]) -> str | None:
    return next(filter(os.path.isfile, candidates(name, folders)), None)
