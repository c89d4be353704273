# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module director_table does."""

from __future__ import annotations

import sys
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import run_command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.program import interpreter
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import persistent, task
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.errors import IpvsError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.session import Session

UNREADY = {
    "address": {"type": "str", "required": True},
    "forwarding": {"type": "str", "required": True, "choices": ["nat", "dr", "tun"]},
}
ARGUMENTS: dict[str, Any] = {
    "name": {"type": "str", "default": "lvs-director"},
    "services": {"type": "list", "elements": "dict", "default": []},
    "unready": {"type": "list", "elements": "dict", "default": [], "options": UNREADY},
    "purge": {"type": "bool", "default": True},
    "drain_timeout": {"type": "int", "default": 60},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def run(module: AnsibleModule) -> dict[str, Any]:
    """Compare, and unless in check mode change: the result for exit_json."""
    return task.work(module, _act)


def _act(module: AnsibleModule, session: Session) -> dict[str, Any]:
    params = module.params
    given = {name: params[name] for name in persistent.Request._fields if name in params}
    request = persistent.Request(present=params["state"] == "present", **given)
    try:
        python = interpreter(sys.executable)
        return persistent.bring(session, request, run_command, python, diff=module._diff, warn=module.warn)
    except BootError as error:
        raise IpvsError(str(error)) from error
