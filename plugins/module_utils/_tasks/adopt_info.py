# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module adopt_info does."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._adopt import host
from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import run_command
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.owner import DEFAULT_FILE

ARGUMENTS: dict[str, Any] = {"config_file": {"type": "path", "default": DEFAULT_FILE}}


def run(module: AnsibleModule) -> dict[str, Any]:
    """Read the host: the result for exit_json. It never fails, because its caller hides it."""
    return {"changed": False, **host.read(run_command, module.params["config_file"])}
