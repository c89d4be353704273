#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: keepalived_scripts
short_description: Install the scripts that keepalived calls
version_added: 0.1.0
description:
  - Brings scripts from the control node to C(/etc/keepalived/lvs-cluster) on a director, where nobody but root can
    write them, as keepalived's script security wants it.
  - An index in that folder says which scripts came from here. Those that are no longer given are removed, others stay.
  - Each script is looked for before the host is touched, in this order, the C(files) folder of each place first. Beside
    the inventory of the host, beside the other inventories, beside the playbook that runs, beside the playbooks on the
    command line. For an inventory that is a folder both in and beside it.
  - A script that is encrypted with Ansible Vault is decrypted. On the director every user can read it, so a secret
    belongs in a file of its own there, which only the script's user can read.
options:
  scripts:
    description:
      - The scripts, each by its path relative to one of the places. They are installed under their last part.
      - Each begins with C(#!), or is a program.
    type: list
    elements: str
    default: []
  contents:
    description: Set by the action plugin, not by you. The scripts by name, base64.
    type: dict
    default: {}
  user:
    description:
      - The user that keepalived runs them as. It is made if it is missing, a system user without a home and without a
        login. It is never removed.
      - Without it no user is made.
    type: str
  purge:
    description:
      - V(false) leaves scripts of ours that are no longer given, and tells them in RV(stale), so that they can go after
        keepalived has taken a configuration that does not name them.
    type: bool
    default: true
  state:
    description:
      - V(present) installs O(scripts).
      - V(absent) removes all scripts of ours, and the folder if it is empty then.
      - V(found) only looks for O(scripts) on the control node, and fails if one is missing. No host is contacted.
    type: str
    choices: [present, absent, found]
    default: present
attributes:
  action:
    description: The scripts are found and read on the control node.
    support: full
  check_mode:
    description: Can run in check mode and return what would change. A missing script fails there, too.
    support: full
  diff_mode:
    description: Shows names, modes, owners and digests, not the texts, which may hold secrets.
    support: full
  platform:
    description: Linux hosts.
    platforms: linux
    support: full
notes:
  - Where an inventory is a folder (C(--inventory FOLDER)), Ansible takes each file in it for an inventory, and runs
    those that can be executed. Keep scripts beside such a folder or beside the playbook, not in it.
author:
  - The lvs.cluster authors (@lvs-cluster)
seealso:
  - module: lvs.cluster.keepalived_config
"""

EXAMPLES = r"""
- name: Have the scripts before keepalived's configuration names them
  lvs.cluster.keepalived_scripts:
    scripts:
      - files/to_master.sh
      - files/check_uplink.py
    user: keepalived_script
    purge: false

- name: Look for the scripts before any host is touched
  lvs.cluster.keepalived_scripts:
    scripts: [files/to_master.sh]
    state: found
"""

RETURN = r"""
installed:
  description: Scripts that were written, or would be in check mode.
  returned: unless O(state=found)
  type: list
  elements: str
  sample: [to_master.sh]
removed:
  description: Scripts of ours that were removed, or would be.
  returned: unless O(state=found)
  type: list
  elements: str
  sample: []
stale:
  description: Scripts of ours that are no longer given and still there.
  returned: unless O(state=found)
  type: list
  elements: str
  sample: []
user_made:
  description: Whether the user was made, or would be.
  returned: unless O(state=found)
  type: bool
  sample: false
"""

import base64
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import installed_scripts as scripts
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.scripts import SCRIPTS_DIRECTORY

SYSTEM_DIRECTORIES = ["/usr/sbin", "/sbin"]


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "scripts": {"type": "list", "elements": "str", "default": []},
            "contents": {"type": "dict", "default": {}, "no_log": True},
            "user": {"type": "str"},
            "purge": {"type": "bool", "default": True},
            "state": {"type": "str", "choices": ["present", "absent", "found"], "default": "present"},
        },
        supports_check_mode=True,
    )
    params = module.params
    present = params["state"] == "present"
    wanted = {name: base64.b64decode(content) for name, content in params["contents"].items()} if present else {}
    try:
        command = scripts.user_command(params["user"]) if present and params["user"] else []
        outcome = scripts.bring(
            SCRIPTS_DIRECTORY, wanted, purge=params["purge"] or not present, check_mode=module.check_mode
        )
        if command and not module.check_mode:
            _make_user(module, command)
    except scripts.ScriptsError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"{SCRIPTS_DIRECTORY} could not be written: {error}")
    user = f"user {params['user']}\n" if command else ""
    result: dict[str, Any] = {
        "changed": outcome.changed or bool(command),
        "installed": list(outcome.installed),
        "removed": list(outcome.removed),
        "stale": list(outcome.stale),
        "user_made": bool(command),
        "diff": {
            "before_header": SCRIPTS_DIRECTORY,
            "after_header": SCRIPTS_DIRECTORY,
            "before": outcome.before,
            "after": outcome.after + user,
        },
    }
    module.exit_json(**result)


def _make_user(module: AnsibleModule, command: list[str]) -> None:
    program = module.get_bin_path(command[0], required=True, opt_dirs=SYSTEM_DIRECTORIES)
    status, out, err = module.run_command([program, *command[1:]], environ_update={"LC_ALL": "C"})
    if status != 0:
        said = (err or out).strip()
        raise scripts.ScriptsError(f"the user {command[-1]} could not be made: {said or f'exit status {status}'}")


if __name__ == "__main__":
    main()
