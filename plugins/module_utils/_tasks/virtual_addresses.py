# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module virtual_addresses does."""

from __future__ import annotations

import sys
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._addresses import change
from ansible_collections.lvs.cluster.plugins.module_utils._boot import program
from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import run_command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import TaskError

ADDRESS = {
    "address": {"type": "str", "required": True},
    "interface": {"type": "str", "required": True},
    "moves_to": {"type": "list", "elements": "str", "default": []},
}
GUE = {
    "family": {"type": "str", "choices": ["ipv4", "ipv6"], "default": "ipv4"},
    "port": {"type": "int", "required": True},
}
ARGUMENTS: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "addresses": {"type": "list", "elements": "dict", "default": [], "options": ADDRESS},
    "links": {"type": "list", "elements": "str", "default": []},
    "gue": {"type": "list", "elements": "dict", "default": [], "options": GUE},
    "needs": {"type": "dict", "default": {}},
    "announce": {"type": "bool", "default": False},
    "purge": {"type": "bool", "default": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def run(module: AnsibleModule) -> dict[str, Any]:
    """Compare, and unless in check mode change: the result for exit_json."""
    python = program.interpreter(sys.executable)
    try:
        if module.check_mode:
            situation = change.compare(run_command, module.params, python, True)
        else:
            situation = change.perform(run_command, module.params, python, module.warn)
    except (BootError, OSError) as exc:
        raise TaskError(str(exc)) from exc
    return {
        "changed": situation.changed,
        "diff": change.diff(situation),
        "steps": [str(step) for step in situation.steps],
        "stale": situation.stale,
    }
