# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of several modules in one process."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Mapping

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.lvs.cluster.plugins.module_utils._tasks import (
    director_table,
    firewall_chains,
    firewalld_peers,
    keepalived_config,
    keepalived_weights,
    kernel_settings,
    pool_guard,
    systemd_dropin,
    virtual_addresses,
)
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import TaskError

__all__ = ["TASKS", "checked", "merged", "run_all"]

TASKS: dict[str, ModuleType] = {
    task.__name__.rsplit(".", 1)[-1]: task
    for task in (
        kernel_settings,
        director_table,
        firewall_chains,
        firewalld_peers,
        virtual_addresses,
        keepalived_weights,
        keepalived_config,
        systemd_dropin,
        pool_guard,
    )
}
"""The modules whose work can be done here, in the order in which it is done; the last one is of host_compare alone."""


class _Part:
    """A module as one of several sees it: its own options, all else the one module's."""

    def __init__(self, module: AnsibleModule, params: dict[str, Any]) -> None:
        self._module = module
        self.params = params

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def merged(parts: Mapping[str, Mapping[str, Any]], more: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Both, by module; where both have an option of a module that is a list, its lists one after the other."""
    result = {name: dict(options) for name, options in parts.items()}
    for name, options in more.items():
        have = result.setdefault(name, {})
        for option, value in options.items():
            have[option] = [*have[option], *value] if isinstance(have.get(option), list) else value
    return result


def checked(parts: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The options of each module with types and defaults, in the order of the work; TaskError names every fault."""
    faults = [f"{name} is none of {', '.join(TASKS)}" for name in parts if name not in TASKS]
    result: dict[str, dict[str, Any]] = {}
    for name, task in TASKS.items():
        if name in parts:
            validator = ArgumentSpecValidator(task.ARGUMENTS, required_if=getattr(task, "REQUIRED_IF", None))
            answer = validator.validate(dict(parts[name]))
            faults += [f"{name}: {message}" for message in answer.error_messages]
            result[name] = answer.validated_parameters
    if faults:
        raise TaskError("; ".join(faults))
    return result


def run_all(module: AnsibleModule, parts: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The results, by module. TaskError names the module whose work could not be done, and nothing after it is."""
    results: dict[str, dict[str, Any]] = {}
    for name, params in parts.items():
        try:
            results[name] = TASKS[name].run(_Part(module, params))
        except TaskError as error:
            raise TaskError(f"{name}: {error}", **error.facts) from error
    return results
