# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module systemd_dropin does."""

from __future__ import annotations

import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._boot import dropin, files, systemd
from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import Command, run_command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import Placed
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import TaskError

ARGUMENTS: dict[str, Any] = {
    "unit": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "settings": {"type": "dict"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
REQUIRED_IF = [("state", "present", ["settings"])]


def read(path: str) -> Placed | None:
    """Our file as it stands; BootError if it is somebody else's."""
    placed = files.read_file(path)
    # A link may lead to nothing, or to /dev/null as a mask of a file of the same name.
    if os.path.islink(path) or (placed is not None and not dropin.is_ours(placed)):
        raise BootError(f"{path} is not ours (it lacks our first line): move it away, or choose another name")
    return placed


def change(run: Command, path: str, had: Placed | None, wanted: Placed | None) -> None:
    """Has systemd read the file as it is wanted, or leaves it as it was."""
    folder = os.path.dirname(path)
    had_folder = os.path.isdir(folder)
    try:
        files.place({path: wanted}, {path: had})
        systemd.reload_units(run)
    except (BootError, OSError) as exc:
        try:
            files.place({path: had}, {path: files.read_file(path)})
            if not had_folder:
                remove_if_empty(folder)
        except (BootError, OSError) as second:
            raise BootError(f"{exc}; putting back {path} as it was failed, too: {second}") from exc
        # If it did read the new text and only failed to say so, it reads the old one again now.
        run(("systemctl", "daemon-reload"))
        raise BootError(f"{exc}; {path} was put back as it was: mend that, then run the playbook again") from exc
    if wanted is None:
        remove_if_empty(folder)


def remove_if_empty(folder: str) -> None:
    if os.path.isdir(folder) and not os.path.islink(folder) and not os.listdir(folder):
        os.rmdir(folder)


def run(module: AnsibleModule) -> dict[str, Any]:
    """Compare, and unless in check mode change: the result for exit_json."""
    params = module.params
    settings = params["settings"] if params["state"] == "present" else None
    path = dropin.path_of(params["unit"], params["name"])
    try:
        dropin.check(params["unit"], params["name"], settings)
        wanted = None if settings is None else dropin.file_of(settings)
        had = read(path)
        if had != wanted and not module.check_mode:
            change(run_command, path, had, wanted)
    except (BootError, OSError) as exc:
        raise TaskError(str(exc)) from exc
    return {"changed": had != wanted, "path": path, "diff": dropin.diff(path, had, wanted)}
