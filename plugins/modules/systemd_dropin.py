#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep settings of one owner beside the unit of somebody else."""

from __future__ import annotations

DOCUMENTATION = r"""
module: systemd_dropin
short_description: Settings of one owner for a systemd unit of somebody else
version_added: 0.1.0
description:
  - Writes a drop-in file, systemd.unit(5), beside a unit that a package or somebody else owns, and has systemd read it.
    The unit's own file and other drop-in files are not changed.
  - What is given is the whole truth for this owner. A directive that is no longer given goes.
  - The unit is neither started nor restarted. What systemd itself acts on, as C(Restart), holds for a running service
    at once; what its processes are started with holds when it is started again.
  - Drop-in files of a unit are read in the order of their names, so what C(systemctl edit) wrote, C(override.conf),
    comes after a file such as C(lvs-director.conf) and has the last word.
  - If systemd cannot read its files again, the file is put back as it was.
options:
  unit:
    description: The unit with its suffix. It need not exist yet.
    type: str
    required: true
  name:
    description:
      - The owner. Its file is C(/etc/systemd/system/UNIT.d/NAME.conf). It hides a file of this name of the unit's
        package, so take a name that nobody else has.
      - A file of this name that is not ours is never replaced or removed.
      - Small letters, digits, hyphens and underscores, 41 at most.
    type: str
    required: true
  settings:
    description:
      - Sections, each with directives and their values. Required with O(state=present).
      - A value is text, a whole number, or a truth value, which becomes C(yes) or C(no). A list of values becomes a
        line each. An empty text takes back what was set before, where systemd knows such a reset.
    type: dict
  state:
    description: V(absent) removes the file, and its folder if that is empty then.
    type: str
    choices: [present, absent]
    default: present
requirements:
  - systemd
seealso:
  - module: ansible.builtin.systemd_service
attributes:
  check_mode:
    support: full
    description: Nothing is changed.
  diff_mode:
    support: full
    description: The text of the file.
author: The lvs.cluster authors (@lvs-cluster)
"""

EXAMPLES = r"""
- name: Have systemd start keepalived again when it died
  lvs.cluster.systemd_dropin:
    unit: keepalived.service
    name: lvs-director
    settings:
      Unit:
        StartLimitIntervalSec: 0
      Service:
        Restart: on-failure
        RestartSec: 1

- name: Replace what the package starts it with
  lvs.cluster.systemd_dropin:
    unit: keepalived.service
    name: lvs-director
    settings:
      Service:
        ExecStart: ["", /usr/sbin/keepalived --dont-fork --log-detail]

- name: Take our settings back
  lvs.cluster.systemd_dropin:
    unit: keepalived.service
    name: lvs-director
    state: absent
"""

RETURN = r"""
path:
  description: The file.
  returned: success
  type: str
  sample: /etc/systemd/system/keepalived.service.d/lvs-director.conf
"""

import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._boot import dropin, files, systemd
from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import Command, run_command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import Placed

ARGUMENTS: dict[str, Any] = {
    "unit": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "settings": {"type": "dict"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


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


def main() -> None:
    os.umask(0o022)  # folders that are made here are for all to read, whatever the login's umask
    module = AnsibleModule(
        argument_spec=ARGUMENTS, required_if=[("state", "present", ["settings"])], supports_check_mode=True
    )
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
        module.fail_json(msg=str(exc))
    module.exit_json(changed=had != wanted, path=path, diff=dropin.diff(path, had, wanted))


if __name__ == "__main__":
    main()
