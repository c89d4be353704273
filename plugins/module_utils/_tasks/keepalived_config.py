# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module keepalived_config does."""

from __future__ import annotations

import os
import pwd
from collections.abc import Sequence
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils import _store as store
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import colocated, install, owner, verdict
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.pending import joined
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import TaskError

_SYSTEM_DIRECTORIES = ["/usr/sbin", "/sbin"]


ARGUMENTS: dict[str, Any] = {
    "content": {"type": "str", "no_log": True},
    "dest": {"type": "path", "default": "/etc/keepalived/keepalived.conf"},
    "state": {"type": "str", "choices": ["present", "absent", "loaded"], "default": "present"},
    "staged": {"type": "bool", "default": False},
    "has_peers": {"type": "bool", "default": False},
    "copied": {"type": "bool", "default": False},
    "mode": {"type": "str", "default": "0640"},
    "owner": {"type": "str", "default": "root"},
    "binary": {"type": "str", "default": "keepalived"},
}
REQUIRED_IF = [("state", "present", ("content",))]


def run(module: AnsibleModule) -> dict[str, Any]:
    """Compare, and unless in check mode change: the result for exit_json."""
    dest, staged = module.params["dest"], module.params["staged"]
    try:
        outcome = _outcome(module)
        stop = module.params["state"] != "loaded" and _reads_other(module.params["copied"])
    except install.ConfigError as error:
        raise TaskError(str(error)) from error
    except OSError as error:
        raise TaskError(f"{dest} was not changed: {error}") from error
    changed = outcome.changed
    own = module.params["state"] == "present" and not staged
    if own and os.path.exists(dest) and not (changed and module.check_mode):
        changed = module.set_mode_if_different(dest, module.params["mode"], changed)
        changed = module.set_owner_if_different(dest, module.params["owner"], changed)
    result: dict[str, Any] = {
        "changed": changed,
        "tested": outcome.tested,
        "complaints": list(outcome.complaints),
        "saved": outcome.saved,
        "foreign": outcome.foreign,
        "staged": outcome.staged,
        "shared": outcome.shared,
        "shared_instances": list(outcome.instances),
        "restart": joined(outcome.restart, "the file that it reads") if stop else outcome.restart,
        "stop": stop,
        "pending": outcome.pending or stop,
        "msg": outcome.message,
    }
    if outcome.before or outcome.after:
        result["diff"] = {"before_header": dest, "after_header": dest, "before": outcome.before, "after": outcome.after}
    return result


def _outcome(module: AnsibleModule) -> install.Outcome:
    dest, check_mode = module.params["dest"], module.check_mode
    if module.params["state"] == "absent":
        return install.absent(dest, check_mode=check_mode)
    if module.params["state"] == "loaded":
        return install.loaded(dest, check_mode=check_mode)
    return install.present(
        module.params["content"],
        dest,
        binary=module.get_bin_path(module.params["binary"], opt_dirs=_SYSTEM_DIRECTORIES),
        run=_runner(module),
        owner=_owner(module),
        check_mode=check_mode,
        staged=module.params["staged"],
        has_peers=module.params["has_peers"],
    )


def _reads_other(copied: bool) -> bool:
    """Whether a keepalived runs that was started to read the file instead of the copy, or the other way round."""
    try:
        files = {one.file for one in owner.running()}
    except owner.UnreadableError:
        return False
    return bool(files) and (colocated.COPY in files) != copied


def _runner(module: AnsibleModule) -> install.Runner:
    # keepalived 2.3.3 reads for ever on some texts.
    timeout = module.get_bin_path("timeout")
    limit = [timeout, "--kill-after=5", str(verdict.LONGEST)] if timeout else []

    def run(argv: Sequence[str]) -> tuple[int, str]:
        status, out, err = module.run_command([*limit, *argv], environ_update={"LC_ALL": "C"})
        return status, out + err

    return run


def _owner(module: AnsibleModule) -> store.Owner:
    try:
        uid = pwd.getpwnam(module.params["owner"]).pw_uid
    except KeyError:
        raise TaskError(f"owner: there is no user {module.params['owner']} on this host") from None
    try:
        mode = int(module.params["mode"], 8)
    except ValueError:
        raise TaskError(f"mode: {module.params['mode']} is not an octal mode such as 0640") from None
    return store.Owner(mode=mode, uid=uid)
