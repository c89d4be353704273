# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module cluster_lock does."""

from __future__ import annotations

import os
import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._lock import file
from ansible_collections.lvs.cluster.plugins.module_utils._lock.model import (
    Holder,
    Lock,
    LockError,
    Taking,
    describe,
    holder_of,
    take,
    time_text,
)
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import TaskError

_REMEDY = "wait, or say lvs_lock_break=true if that run is gone"

ARGUMENTS: dict[str, Any] = {
    "state": {"type": "str", "choices": ["taken", "released", "looked"], "default": "taken"},
    "purpose": {"type": "str", "default": "a playbook"},
    "expires": {"type": "int", "default": 3600},
    "break_lock": {"type": "bool", "default": False},
    "path": {"type": "path", "default": file.PATH},
    "host": {"type": "str"},
    "holder": {"type": "dict"},
    "gone": {"type": "str", "default": ""},
}


def run(module: AnsibleModule) -> dict[str, Any]:
    """Take the lock, give it back or look at it: the result for exit_json."""
    params = module.params
    if params["expires"] < 1:
        raise TaskError(f"expires: {params['expires']} is no time to come: write seconds, 1 or more")
    try:
        me = holder_of(params["holder"])
    except ValueError:
        raise TaskError("holder: it is filled in by the action plugin: call this module from a playbook") from None
    path = params["path"]
    try:
        if params["state"] == "looked":
            return _told(file.read(path), me)
        if params["state"] == "released":
            return _release(path, me, module.check_mode)
        return _check(module, path, me) if module.check_mode else _take(module, path, me)
    except (BootError, LockError) as error:
        raise TaskError(f"{_host(module)}: {error}") from error
    except OSError as error:
        raise TaskError(f"{_host(module)}: {path} can't be read or written: {error.strerror or error}") from error


def _take(module: AnsibleModule, path: str, me: Holder) -> dict[str, Any]:
    with file.alone():
        try:
            present = file.read(path)
        except file.CorruptError as error:
            if not module.params["break_lock"]:
                raise
            module.warn(f"{_host(module)}: {error}: it is replaced now")
            present = None
        taking = _try(module, present, me)
        if taking.lock is not None:
            file.write(path, taking.lock)
    if taking.lock is None:
        raise _held(module, taking)
    if taking.taken_over is not None:
        module.warn(f"{describe(_host(module), taking.taken_over)}: that lock was taken over, because {taking.reason}")
    # To take it again only moves the time at which it expires.
    renewed = present is not None and present.holder.run == me.run
    return {**_told(taking.lock, me), "changed": not renewed, "taken_over": _shown(taking.taken_over)}


def _check(module: AnsibleModule, path: str, me: Holder) -> dict[str, Any]:
    """What a real run would find; it takes nothing and does not fail."""
    try:
        present = file.read(path)
    except file.CorruptError as error:
        broken = module.params["break_lock"]
        return {**_told(None, me), "changed": broken, "would_fail": "" if broken else f"{_host(module)}: {error}"}
    taking = _try(module, present, me)
    told = _told(present, me)
    return {
        **told,
        "changed": taking.lock is not None and not told["mine"],
        "taken_over": _shown(taking.taken_over),
        "would_fail": _refusal(module, taking),
    }


def _try(module: AnsibleModule, present: Lock | None, me: Holder) -> Taking:
    params = module.params
    return take(
        present,
        me,
        params["purpose"],
        params["expires"],
        int(time.time()),
        gone=params["gone"],
        broken=params["break_lock"],
    )


def _release(path: str, me: Holder, check: bool) -> dict[str, Any]:
    """Give one's own lock back; another run's stays."""
    present = file.read(path)
    if present is None or present.holder.run != me.run or check:
        return {**_told(present, me), "changed": present is not None and present.holder.run == me.run}
    with file.alone():
        present = file.read(path)
        changed = present is not None and present.holder.run == me.run
        if changed:
            file.remove(path)
            present = None
    return {**_told(present, me), "changed": changed}


def _told(lock: Lock | None, me: Holder) -> dict[str, Any]:
    return {
        "changed": False,
        "mine": lock is not None and lock.holder.run == me.run,
        "lock": _shown(lock),
        "expired": lock is not None and lock.expires <= int(time.time()),
        "taken_over": None,
        "would_fail": "",
    }


def _shown(lock: Lock | None) -> dict[str, Any] | None:
    if lock is None:
        return None
    times = {"since": time_text(lock.since), "expires": time_text(lock.expires)}
    return {"purpose": lock.purpose, **times, "holder": lock.holder._asdict()}


def _held(module: AnsibleModule, taking: Taking) -> TaskError:
    return TaskError(_refusal(module, taking), lock=_shown(taking.before))


def _refusal(module: AnsibleModule, taking: Taking) -> str:
    """What the second run is told; "" for a try that succeeds."""
    if taking.lock is not None or taking.before is None:
        return ""
    return f"{describe(_host(module), taking.before)}: {_REMEDY}"


def _host(module: AnsibleModule) -> str:
    return str(module.params["host"] or os.uname().nodename)
