# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module keepalived_table does."""

from __future__ import annotations

import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils import _store as store
from ansible_collections.lvs.cluster.plugins.module_utils._history import entries, kept
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import host, report, task
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import plan as table_plan
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.errors import IpvsError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import Table
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.operations import Operation
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.session import Session
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import weights
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.conf import Block, UnreadableError, read_text
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.reloaded import undone
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.wanted import has_sync_daemon, virtual_services

__all__ = ["ARGUMENTS", "run"]

ARGUMENTS: dict[str, Any] = {"config": {"type": "path", "default": "/etc/keepalived/keepalived.conf"}}
_ATTEMPTS = 5


def run(module: AnsibleModule) -> dict[str, Any]:
    """Compare, and unless in check mode change: the result for exit_json."""
    return task.work(module, _act)


def _act(module: AnsibleModule, session: Session) -> dict[str, Any]:
    config = module.params["config"]
    present = store.read_text(config)
    texts = [] if present is None else _before(config, present)
    try:
        after = _blocks(present or "")
        before = [_blocks(text) for text in texts]
    except UnreadableError as error:
        return {"changed": False, "corrected": [], "msg": f"nothing was compared: {error}"}
    table = session.table()
    done = _bring(session, before, after, table)
    stopped = _stop_daemons(session, any(map(has_sync_daemon, before)) and not has_sync_daemon(after))
    corrected = [f"{one.verb} {one}" for one in done] + [f"stop the sync daemon {role}" for role in stopped]
    return {
        "changed": bool(corrected),
        "corrected": corrected,
        "msg": "keepalived left this undone" if corrected else "the table has followed the configuration",
        "diff": report.diff(table, table_plan.apply(table, done)),
    }


def _before(config: str, present: str) -> list[str]:
    """What stood there before: the newest that is kept, and what a rollback has put back, which is not kept twice."""
    file = os.path.basename(config)
    of_file = [one for one in entries.of_file(kept.listed(), file) if one.digest != entries.digest(present)]
    again = [one for one in of_file[1:] if one.digest in kept.restored(file)]
    return [text for text in map(kept.read, [*of_file[:1], *again]) if text is not None]


def _blocks(text: str) -> list[Block]:
    return read_text(text, os.uname().nodename.split(".")[0])


def _number(path: str) -> int:
    return weights.number_of(store.read_text(path) or "") or 0


def _bring(session: Session, before: list[list[Block]], after: list[Block], table: Table) -> list[Operation]:
    """keepalived may be at work meanwhile, so what it does first is read and planned again."""
    wanted = virtual_services(after, _number)
    former = [virtual_services(one, _number) for one in before] or [{}]
    done: dict[Any, Operation] = {}
    for _attempt in range(_ATTEMPTS):
        operations = {
            (one.service, one.destination): one for old in reversed(former) for one in undone(old, wanted, table)
        }
        done.update(operations)
        if session.check or not operations or session.send(list(operations.values())):
            break
        table = session.table()
    else:
        raise IpvsError(f"keepalived or another process changed the table {_ATTEMPTS} times meanwhile; run this again")
    return list(done.values())


def _stop_daemons(session: Session, gone: bool) -> list[str]:
    found = session.kernel.daemons() if gone and host.is_loaded() else {}
    if not session.check:
        for daemon in found.values():
            session.kernel.stop_daemon(daemon)
    return sorted(found)
