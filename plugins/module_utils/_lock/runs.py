# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which run of ansible-playbook this is, and whether another one of this control node has ended; it runs there.

A task's action runs in a child of ansible-playbook that was forked for it alone, so that the parent is what all tasks
of a run have in common.
"""

from __future__ import annotations

import os
import pwd
from typing import Any, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._lock.model import Holder

__all__ = ["has_ended", "this_run"]


def this_run(variables: Mapping[str, Any], pid: int, proc: str = "/proc") -> Holder:
    """The run whose ansible-playbook is the process ``pid``; ``variables`` are a task's."""
    controller = os.uname().nodename
    start, boot, namespace = _start(proc, pid) or "", _boot(proc), _namespace(proc)
    return Holder(
        run="/".join((controller, boot, namespace, str(pid), start)),
        user=_user(variables),
        controller=controller,
        pid=pid,
        start=start,
        boot=boot,
        namespace=namespace,
        job=_first(variables, "awx_job_id", "tower_job_id"),
    )


def has_ended(other: Holder, me: Holder, proc: str = "/proc") -> bool:
    """Whether that run's process is known to be gone. Nothing is known of other control nodes and containers."""
    place = (me.controller, me.boot, me.namespace)
    if (other.controller, other.boot, other.namespace) != place or not all(place) or not other.start:
        return False
    try:
        os.kill(other.pid, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        pass  # another user's
    start = _start(proc, other.pid)
    # Where other users' processes are hidden nothing can be told.
    return start is not None and start != other.start


def _start(proc: str, pid: int) -> str | None:
    """When a process began, in ticks since the boot; "ended" for one that only its parent has not noticed yet."""
    try:
        with open(f"{proc}/{pid}/stat", encoding="utf-8", errors="surrogateescape") as stream:
            # The name stands in brackets and may hold anything.
            fields = stream.read().rpartition(")")[2].split()
    except OSError:
        return None
    return "ended" if fields[0] in ("Z", "X") else fields[19]


def _boot(proc: str) -> str:
    try:
        with open(f"{proc}/sys/kernel/random/boot_id", encoding="ascii") as stream:
            return stream.read().strip()
    except OSError:
        return ""


def _namespace(proc: str) -> str:
    try:
        status = os.stat(f"{proc}/self/ns/pid")
    except OSError:
        return ""
    return f"{status.st_dev}:{status.st_ino}"


def _user(variables: Mapping[str, Any]) -> str:
    name = _first(variables, "awx_user_name", "tower_user_name")
    if not name and os.geteuid() == 0:
        name = os.environ.get("SUDO_USER", "")
    if name:
        return name
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"user {os.geteuid()}"


def _first(variables: Mapping[str, Any], *names: str) -> str:
    """The value of the first of these variables that has one."""
    return next((str(variables[name]) for name in names if variables.get(name) not in (None, "")), "")
