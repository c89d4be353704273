# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module clusterip_failover does."""

from __future__ import annotations

import sys
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._boot import program
from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import run_command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover import install
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import TaskError

CHECK = {
    "type": {"type": "str", "choices": ["tcp", "http"], "default": "tcp"},
    "address": {"type": "str", "required": True},
    "port": {"type": "int", "required": True},
    "path": {"type": "str", "default": "/"},
    "status": {"type": "list", "elements": "int", "default": [200]},
    "timeout": {"type": "float", "default": 2},
}
ARGUMENTS: dict[str, Any] = {
    "content": {"type": "str"},
    "buckets": {"type": "int"},
    "checks": {"type": "list", "elements": "dict", "default": [], "options": CHECK},
    "interval": {"type": "float", "default": 1},
    "fall": {"type": "int", "default": 2},
    "rise": {"type": "int", "default": 2},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
REQUIRED_IF = [("state", "present", ("content", "buckets"))]


def run(module: AnsibleModule) -> dict[str, Any]:
    """Compare, and unless in check mode change: the result for exit_json."""
    params = module.params
    settings = None
    if params["state"] == "present":
        settings = {name: params[name] for name in ("buckets", "checks", "interval", "fall", "rise")}
    try:
        python = program.interpreter(sys.executable)
        situation = install.compare(run_command, params["content"] or "", settings, python)
        if situation.changed and not module.check_mode:
            if situation.present:
                install.check_config(run_command, params["content"], module.tmpdir)
            install.perform(run_command, situation)
    except (BootError, OSError) as exc:
        raise TaskError(str(exc)) from exc
    restarted = situation.changed and situation.present and situation.active and situation.restart
    return {
        "changed": situation.changed,
        "diff": install.diff(situation),
        "restarted": restarted,
        "good": situation.good,
        "shared": situation.shared,
    }
