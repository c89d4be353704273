#!/usr/bin/python
# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let keepalived's SELinux domain do what our configuration of it needs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: keepalived_selinux
short_description: Let SELinux allow what keepalived needs
version_added: 0.1.0
description:
  - Installs a policy module, C(lvs_cluster), that labels the folder of scripts that keepalived calls, and the folder of
    files that it tracks, and gives their files these labels. Both last over a relabelling of the file system.
  - Turns the boolean C(keepalived_connect_any) on if a health check connects to a port that keepalived may not reach
    without it. What this module turned on it turns off again when it is no longer needed; what somebody else turned on
    stays.
  - Where SELinux is disabled, nothing is looked at or changed.
options:
  scripts:
    description: The folder of scripts. They run unconfined, in the domain C(keepalived_unconfined_script_t).
    type: path
    default: /etc/keepalived/lvs-cluster
  tracked:
    description: The folder of files that keepalived tracks, those of weights and of failovers, with all that is in it.
    type: path
    default: /var/lib/lvs-cluster
  ports:
    description: TCP ports to which health checks connect.
    type: list
    elements: int
    default: []
  state:
    description: V(absent) takes the module, the labels and, if this module turned it on, the boolean back.
    type: str
    choices: [present, absent]
    default: present
requirements:
  - semodule, setsebool and restorecon (policycoreutils), which every host with SELinux has
seealso:
  - module: lvs.cluster.keepalived_scripts
  - module: lvs.cluster.keepalived_weights
attributes:
  check_mode:
    support: full
    description: Nothing is changed.
  diff_mode:
    support: full
    description: The policy module, the boolean, and files with a wrong label, as far as they differ.
author: The lvs.cluster authors (@lvs-cluster)
"""

EXAMPLES = r"""
- name: Have SELinux let keepalived call our scripts and check a server on port 8080
  lvs.cluster.keepalived_selinux:
    ports: [80, 8080]
"""

RETURN = r"""
enabled:
  description: Whether SELinux is enabled, enforcing or permissive.
  returned: success
  type: bool
  sample: true
ports:
  description: Those of O(ports) for which the boolean is needed.
  returned: success
  type: list
  elements: int
  sample: [8080]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import run_command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.failover_files import DIRECTORY
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.scripts import SCRIPTS_DIRECTORY
from ansible_collections.lvs.cluster.plugins.module_utils._platform import selinux
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import TaskError, end

ARGUMENTS: dict[str, Any] = {
    "scripts": {"type": "path", "default": SCRIPTS_DIRECTORY},
    "tracked": {"type": "path", "default": DIRECTORY},
    "ports": {"type": "list", "elements": "int", "default": []},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def run(module: AnsibleModule) -> dict[str, Any]:
    """Compare, and unless in check mode change: the result for exit_json."""
    params = module.params
    ports = selinux.unreached(params["ports"])
    if not selinux.is_enabled():
        return {"changed": False, "enabled": False, "ports": ports, "diff": {"before": {}, "after": {}}}
    folders = (params["scripts"], params["tracked"])
    wanted = selinux.Wanted(*folders, connect_any=bool(ports)) if params["state"] == "present" else None
    try:
        seen = selinux.look(run_command, folders)
        after = selinux.after(seen, wanted)
        if seen != after and not module.check_mode:
            selinux.perform(run_command, seen, after, folders)
    except (BootError, OSError) as error:
        raise TaskError(str(error)) from error
    return {"changed": seen != after, "enabled": True, "ports": ports, "diff": selinux.diff(seen, after)}


def main() -> None:
    end(AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
