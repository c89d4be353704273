# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action `keepalived_scripts`: finds and reads the scripts on the control node, and hands them to the module."""

from __future__ import annotations

import base64
import os
from typing import Any, Iterable, Iterator, Mapping, Sequence

from ansible import context
from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.lvs.cluster.plugins.module_utils._control_files import candidates, find, folders_of
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.installed_scripts import name_fault

_BINARY = b"\0"


class ActionModule(ActionBase):
    """Nothing is sent before every script was found and read."""

    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        if "contents" in arguments:
            raise AnsibleActionFail("contents is not for playbooks: name the scripts in scripts")
        contents = {} if arguments.get("state") == "absent" else self._contents(arguments, task_vars or {})
        if arguments.get("state") == "found":
            result.update(changed=False)
            return result
        arguments["contents"] = contents
        module = self._execute_module(
            module_name="lvs.cluster.keepalived_scripts", module_args=arguments, task_vars=task_vars
        )
        result.update(module)
        return result

    def _contents(self, arguments: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, str]:
        scripts = arguments.get("scripts") or []
        if isinstance(scripts, str) or not isinstance(scripts, Sequence):
            raise AnsibleActionFail(f"scripts: {scripts!r} is no list of scripts")
        names = list(dict.fromkeys(map(str, scripts)))
        folders = folders_of(task_vars, context.CLIARGS.get("args") or ())
        found = {name: find(name, folders) for name in names}
        faults = [*_name_faults(names), *(_missing(name, folders) for name in names if not found[name])]
        if faults:
            raise AnsibleActionFail("; ".join(faults))
        texts = {name: self._read(str(found[name])) for name in names}
        wrong = [f"{found[name]} can't be run: its first line does not begin with #!" for name in names
                 if not _can_run(texts[name])]  # fmt: skip
        if wrong:
            raise AnsibleActionFail("; ".join(wrong))
        return {os.path.basename(name): base64.b64encode(text).decode("ascii") for name, text in texts.items()}

    def _read(self, path: str) -> bytes:
        try:
            real = self._loader.get_real_file(path)
            try:
                with open(real, "rb") as stream:
                    return stream.read()
            finally:
                self._loader.cleanup_tmp_file(real)
        except (AnsibleError, OSError) as error:
            raise AnsibleActionFail(f"{path} can't be read: {error}") from error


def _missing(name: str, folders: Sequence[str]) -> str:
    places = ", ".join(candidates(name, folders))
    return (
        f"the script {name} is not on the control node: looked for {places or 'nothing, there is no folder to look in'}"
    )


def _name_faults(names: Iterable[str]) -> Iterator[str]:
    taken: dict[str, str] = {}
    for name in names:
        base = os.path.basename(name)
        if os.path.isabs(name):
            yield f"the script {name} has an absolute path, so it is one of the director's own: leave it out here"
        elif name_fault(base):
            yield f"the script {name}: {name_fault(base)}"
        elif base in taken:
            yield f"the scripts {taken[base]} and {name} would be one file: rename one of them"
        taken.setdefault(base, name)


def _can_run(text: bytes) -> bool:
    """keepalived starts it without a shell, so that a text needs its interpreter's name."""
    return text.startswith(b"#!") or _BINARY in text[:4096]
