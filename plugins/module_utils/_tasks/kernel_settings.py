# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module kernel_settings does."""

from __future__ import annotations

import os
import tempfile
from typing import Any, Sequence

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._kernel import report
from ansible_collections.lvs.cluster.plugins.module_utils._kernel.host import Host, change, check_modules, read_facts
from ansible_collections.lvs.cluster.plugins.module_utils._kernel.plan import make_plan, parse_wanted
from ansible_collections.lvs.cluster.plugins.module_utils._kernel.sysctl_d import SettingsError
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import TaskError

ARGUMENTS: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "modules": {"type": "list", "elements": "str", "default": []},
    "sysctls": {"type": "dict", "default": {}},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def host_of(module: AnsibleModule) -> Host:
    """The machine that this module runs on."""

    def write(path: str, text: str, mode: int) -> None:
        handle, temporary = tempfile.mkstemp(dir=module.tmpdir)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.chmod(temporary, mode)
        module.atomic_move(temporary, path)
        os.chmod(path, mode)  # atomic_move keeps the mode that an existing file had

    def modprobe(arguments: Sequence[str]) -> tuple[int, str]:
        program = module.get_bin_path("modprobe", opt_dirs=["/sbin", "/usr/sbin"])
        if program is None:
            return 127, "modprobe is missing: install the package kmod"
        environment = {"LC_ALL": "C"}
        status, _out, error = module.run_command([program, *arguments], environ_update=environment)
        return status, error.strip()

    return Host(write, modprobe)


def run(module: AnsibleModule) -> dict[str, Any]:
    """Compare, and unless in check mode change: the result for exit_json."""
    try:
        return _bring(module)
    except (SettingsError, OSError) as exc:
        raise TaskError(str(exc)) from exc


def _bring(module: AnsibleModule) -> dict[str, Any]:
    params, host = module.params, host_of(module)
    present = params["state"] == "present"
    wanted = parse_wanted(params["name"], params["modules"] if present else [], params["sysctls"] if present else {})
    facts = read_facts(host, wanted)
    plan = make_plan(wanted, facts)
    if plan.load:
        check_modules(host, plan.load, module.check_mode)
    result = {
        "changed": report.is_change(facts, plan),
        "diff": report.diff(wanted, facts, plan),
        "restored": report.restored(plan),
        "left": report.left(plan),
    }
    for warning in plan.warnings:
        module.warn(warning)
    if result["changed"] and not module.check_mode:
        final = change(host, wanted, facts, plan)
        # Values of sysctls that came with a module are known only now.
        result["diff"] = report.diff(wanted, facts, final._replace(load=plan.load))
    return result
