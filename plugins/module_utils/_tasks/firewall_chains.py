# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module firewall_chains does."""

from __future__ import annotations

import sys
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._boot import program
from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import run_command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._firewall import active, change
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import TaskError

CHAIN = {
    "family": {"type": "str", "choices": ["ipv4", "ipv6"], "default": "ipv4"},
    "table": {"type": "str", "choices": ["mangle", "nat", "filter", "raw"], "required": True},
    "hook": {
        "type": "str",
        "choices": ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
        "required": True,
    },
    "chain": {"type": "str", "required": True},
    "rules": {"type": "list", "elements": "raw", "default": []},
    "first": {"type": "bool", "default": False},
    "when_active": {"type": "list", "elements": "str", "choices": ["ufw"], "default": []},
}
ARGUMENTS: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "chains": {"type": "list", "elements": "dict", "default": [], "options": CHAIN},
    "purge": {"type": "bool", "default": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def run(module: AnsibleModule) -> dict[str, Any]:
    """Compare, and unless in check mode change: the result for exit_json."""
    check = module.check_mode
    try:
        situation = change.compare(run_command, module.params, program.interpreter(sys.executable), check)
        filtering = [name for name in active.PROGRAMS if active.is_active(name)]
        if situation.changed and not check:
            change.perform(run_command, situation)
    except (BootError, OSError) as exc:
        raise TaskError(str(exc)) from exc
    return {
        "changed": situation.changed,
        "diff": change.diff(situation),
        "tables": [" ".join(place) for place, text in situation.texts.items() if text],
        "inactive": situation.inactive,
        "active": filtering,
    }
