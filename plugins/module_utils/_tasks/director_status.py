# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module director_status does."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import run_command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import host as ipvs_host
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import report, task
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.figures import show
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import ServiceKey
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.session import Session
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import weights
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.weight_files import WeightsError
from ansible_collections.lvs.cluster.plugins.module_utils._operator import overrides
from ansible_collections.lvs.cluster.plugins.module_utils._status import host
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import TaskError

__all__ = ["ARGUMENTS", "run"]

ARGUMENTS: dict[str, Any] = {
    "instances": {"type": "list", "elements": "str", "default": []},
    "owner": {"type": "str", "default": "lvs-director"},
    "directory": {"type": "path", "default": weights.DIRECTORY},
}


def run(module: AnsibleModule) -> dict[str, Any]:
    """Look; the result for exit_json. TaskError where something is there and can't be read."""
    keys: list[ServiceKey] = []

    def table(_module: AnsibleModule, session: Session) -> dict[str, Any]:
        if not ipvs_host.is_loaded():
            return {"loaded": False, "version": "", "services": [], "timeouts": {}, "sync_daemons": []}
        kernel = session.kernel
        details = kernel.details()
        keys.extend(details)
        return {
            "loaded": True,
            "version": kernel.info()[0],
            "services": [show(key, service) for key, service in sorted(details.items())],
            "timeouts": kernel.timeouts()._asdict(),
            "sync_daemons": [report.daemon_options(daemon) for daemon in kernel.daemons().values()],
        }

    found = task.work(module, table)
    installed = module.get_bin_path("keepalived") is not None
    params = module.params
    try:
        return {
            "changed": False,
            **found,
            "keepalived": host.keepalived(
                host.doors(run_command, lambda: keys), params["instances"], installed=installed
            ),
            "overrides": overrides.present(params["owner"], params["directory"]),
            "addresses": host.addresses(run_command),
            "lock": host.lock(),
            "now": overrides.now(),
        }
    except (BootError, WeightsError, OSError) as error:
        raise TaskError(str(error)) from error
