# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module firewalld_peers does."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import run_command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._firewall import firewalld
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.options import check_owner
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.peers import rich_rules
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import TaskError

TRAFFIC = {
    "family": {"type": "str", "choices": ["ipv4", "ipv6"], "required": True},
    "interface": {"type": "str"},
    "source": {"type": "str"},
    "protocol": {"type": "str", "required": True},
    "port": {"type": "int"},
}
ARGUMENTS: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "peer_traffic": {"type": "list", "elements": "dict", "default": [], "options": TRAFFIC},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def run(module: AnsibleModule) -> dict[str, Any]:
    """Compare, and unless in check mode change: the result for exit_json."""
    params = module.params
    try:
        owner = check_owner(params["name"])
        rules = rich_rules(params["peer_traffic"])
        situation = firewalld.compare(run_command, owner, rules, params["state"] == "absent")
        if situation.changed and not module.check_mode:
            firewalld.perform(run_command, situation)
    except ValueError as exc:
        raise TaskError(f"peer_traffic: {exc}") from exc
    except (BootError, OSError) as exc:
        raise TaskError(str(exc)) from exc
    return {
        "changed": situation.changed,
        "diff": firewalld.diff(situation),
        "active": situation.active,
        "rules": [entry._asdict() for entry in sorted(situation.after)],
    }
