# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module director_metrics does."""

from __future__ import annotations

import sys
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._boot import program
from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import run_command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import weights
from ansible_collections.lvs.cluster.plugins.module_utils._metrics import install
from ansible_collections.lvs.cluster.plugins.module_utils._metrics.program import Settings
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import TaskError

ARGUMENTS: dict[str, Any] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "folder": {"type": "path", "default": "/var/lib/prometheus/node-exporter"},
    "name": {"type": "str", "default": "lvs-director"},
    "config_file": {"type": "path", "default": "/etc/keepalived/keepalived.conf"},
    "weights_directory": {"type": "path", "default": weights.DIRECTORY},
}


def run(module: AnsibleModule) -> dict[str, Any]:
    """Compare, and unless in check mode change: the result for exit_json."""
    params = module.params
    settings = None
    if params["state"] == "present":
        settings = Settings(params["folder"], params["name"], params["config_file"], params["weights_directory"])
    try:
        situation = install.compare(run_command, settings, program.interpreter(sys.executable))
        if situation.changed and not module.check_mode:
            install.perform(run_command, situation)
    except (BootError, OSError) as exc:
        raise TaskError(str(exc)) from exc
    return {
        "changed": situation.changed,
        "file": settings.file if settings is not None else "",
        "diff": install.diff(situation),
    }
