# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action `plan`: reads the whole inventory's variables on the control node and hands those of ours to the topology."""

from __future__ import annotations

from typing import Any, Collection, Mapping

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.template import Templar
from ansible.utils.vars import load_extra_vars

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.writable import unwritable
from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_runs import ROLE_STATES, RUN

# Of the role clusterip_node the plan reads what decides how VRRP moves buckets.
PREFIXES = ("lvs_", "lab_", "clusterip_node_", *ROLE_STATES)


class ActionModule(ActionBase):
    """No connection is made; every host of the inventory is read, also under `--limit` and `serial`."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _VALID_ARGS = frozenset({"without"})

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        # Extra variables stand above the inventory's, and some playbooks have one of the same name.
        without = frozenset(self._task.args.get("without") or ())
        inventory = _inventory(task_vars or {}, without, self._loader)
        inventory["extra"] = sorted(name for name in load_extra_vars(self._loader) if name.startswith("lvs_"))
        self._add_play(inventory, task_vars or {})
        result.update(planned(inventory))
        result["changed"] = False
        return result

    def _add_play(self, inventory: dict[str, Any], task_vars: Mapping[str, Any]) -> None:
        """Add what steers this run and is a variable of the play, of which no other host's variables tell."""
        own = inventory["hosts"].get(task_vars.get("inventory_hostname"), {})
        for name in RUN:
            if name in task_vars and name not in own:
                own[name] = _templated(self._templar, task_vars[name])


def planned(inventory: Mapping[str, Any]) -> dict[str, Any]:
    """The plan; what keepalived.conf can't hold is a fault like any other, and then no host has a plan."""
    answer = plan(inventory)
    faults = unwritable(answer["hosts"])
    return {**answer, "faults": faults, "hosts": {}} if faults else answer


def _inventory(task_vars: Mapping[str, Any], without: Collection[str], loader: Any) -> dict[str, Any]:
    groups = {name: [str(host) for host in hosts] for name, hosts in task_vars["groups"].items()}
    hosts = {name: _variables(task_vars["hostvars"].raw_get(name), without, loader) for name in groups["all"]}
    return {"hosts": hosts, "groups": groups}


def _variables(raw: dict[str, Any], without: Collection[str], loader: Any) -> dict[str, Any]:
    """A host's variables of ours, templated; one that can't be is handed on as the fault that it is.

    Before ansible-core 2.19 ``hostvars[host][name]`` leaves an expression that has no value as it stands.
    """
    templar = Templar(loader=loader, variables=raw)
    return {
        str(name): _templated(templar, value)
        for name, value in raw.items()
        if name.startswith(PREFIXES) and name not in without
    }


def _templated(templar: Templar, value: Any) -> Any:
    """What becomes of a value with all of its expressions, or the fault that it is."""
    try:
        return _decrypted(templar.template(value, fail_on_undefined=True))
    except AnsibleError as error:
        return {"__lvs_error__": str(error)}


def _decrypted(value: Any) -> Any:
    """The value with the text of each ``!vault`` in it, which is no text before ansible-core 2.19."""
    if isinstance(value, Mapping):
        return {key: _decrypted(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_decrypted(one) for one in value]
    return str(value) if getattr(value, "__ENCRYPTED__", False) else value
