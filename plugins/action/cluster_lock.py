# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action `cluster_lock`: tells the module which run this is, and whether another one of this machine has ended."""

from __future__ import annotations

import os
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.lvs.cluster.plugins.module_utils._lock.model import Holder, holder_of
from ansible_collections.lvs.cluster.plugins.module_utils._lock.runs import has_ended, this_run

FILLED = ("holder", "gone", "host")


class ActionModule(ActionBase):
    """The host is asked once, and once more where the run that holds its lock has ended."""

    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        given = [name for name in FILLED if name in self._task.args]
        if given:
            raise AnsibleActionFail(f"{', '.join(given)}: not for playbooks, this is filled in")
        me = this_run(variables, os.getppid())
        host = self._task.delegate_to or variables.get("inventory_hostname")
        arguments = {**self._task.args, "host": host, "holder": me._asdict()}
        answer = self._ask(arguments, variables)
        other = _other(answer)
        if other is not None and has_ended(other, me):
            answer = self._ask({**arguments, "gone": other.run}, variables)
        result.update(answer)
        return result

    def _ask(self, arguments: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self._execute_module(
            module_name="lvs.cluster.cluster_lock", module_args=arguments, task_vars=variables
        )
        return answer


def _other(answer: dict[str, Any]) -> Holder | None:
    """The run that is in the way."""
    if not answer.get("failed") and not answer.get("would_fail"):
        return None
    try:
        return holder_of((answer.get("lock") or {}).get("holder"))
    except ValueError:
        return None
