# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module director_weights does."""

from __future__ import annotations

import json
import os
import re
from typing import Any, Iterator, Sequence

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import drain, host, task
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.errors import IpvsError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.operations import ADD, EDIT, Operation
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.session import Session
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.wire import Connections
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import weights
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.conf import UnreadableError
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.weight_files import WeightsError
from ansible_collections.lvs.cluster.plugins.module_utils._operator import overrides, targets
from ansible_collections.lvs.cluster.plugins.module_utils._operator.by_file import ByFile
from ansible_collections.lvs.cluster.plugins.module_utils._operator.by_table import ByTable
from ansible_collections.lvs.cluster.plugins.module_utils._operator.decide import (
    CHANGED,
    LEFT,
    RESTORED,
    Decision,
    decide,
)
from ansible_collections.lvs.cluster.plugins.module_utils._operator.standing import last_ones
from ansible_collections.lvs.cluster.plugins.module_utils._operator.targets import Target

SERVER: dict[str, Any] = {
    "key": {"type": "dict", "required": True, "no_log": False, "options": task.SERVICE_KEY_ARGUMENTS},
    "address": {"type": "str", "required": True},
    "port": {"type": "int"},
    "file": {"type": "str", "required": True},
    "weight": {"type": "int", "required": True},
    "label": {"type": "str", "default": ""},
    "vips": {"type": "list", "elements": "str", "default": []},
    "service": {"type": "str", "default": ""},
    "tcp": {"type": "list", "elements": "list", "default": []},
    "need": {"type": "int", "default": 1},
    "sorry": {
        "type": "dict",
        "options": {
            "address": {"type": "str", "required": True},
            "port": {"type": "int"},
            "forwarding": {"type": "str", "choices": ["nat", "dr", "tun"], "required": True},
        },
    },
}
ARGUMENTS: dict[str, Any] = {
    "manager": {"type": "str", "choices": ["keepalived", "static"], "required": True},
    "servers": {"type": "list", "elements": "dict", "required": True, "options": SERVER},
    "state": {"type": "str", "choices": [overrides.DRAINED, overrides.WEIGHTED, RESTORED], "required": True},
    "weight": {"type": "int"},
    "percent": {"type": "int"},
    "until": {"type": "str", "default": ""},
    "by": {"type": "str", "default": ""},
    "why": {"type": "str", "choices": ["", "drain", "weight", "maintenance", "rolling"], "default": ""},
    "last": {"type": "bool", "default": False},
    "wait": {"type": "int", "default": 0},
    "name": {"type": "str", "default": "lvs-director"},
    "directory": {"type": "path", "default": weights.DIRECTORY},
    "config_file": {"type": "path", "default": "/etc/keepalived/keepalived.conf"},
}
REQUIRED_IF = [("state", overrides.WEIGHTED, ("weight", "percent"), True)]

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_SETTLED_SECONDS = 10


def run(module: AnsibleModule) -> dict[str, Any]:
    """Decide, and unless in check mode change: the result for exit_json."""
    return task.work(module, _act)


def _act(module: AnsibleModule, session: Session) -> dict[str, Any]:
    params = module.params
    _check(params)
    wanted = targets.read(params["servers"])
    host.require_ipv6({one.server.key.family for one in wanted})
    try:
        return _bring(module, session, wanted)
    except (BootError, WeightsError, UnreadableError) as error:
        raise IpvsError(str(error)) from error


def _check(params: dict[str, Any]) -> None:
    if params["until"] and not _TIME.fullmatch(params["until"]):
        raise IpvsError(f"until: {params['until']!r} is not a time in UTC such as 2026-11-26T20:31:00Z")
    if params["weight"] is not None and not 0 <= params["weight"] < 2**31:
        raise IpvsError(f"weight: {params['weight']} is not a weight; write 0 to {2**31 - 1}")
    if params["percent"] is not None and not 1 <= params["percent"] <= 100:
        raise IpvsError(f"percent: {params['percent']} is not a part of the planned weight; write 1 to 100")
    if params["wait"] < 0:
        raise IpvsError(f"wait: {params['wait']} is below 0; write seconds")


def _override(params: dict[str, Any], target: Target) -> overrides.Override:
    weight = 0
    if params["state"] == overrides.WEIGHTED:
        part = target.weight * (params["percent"] or 0) // 100
        weight = params["weight"] if params["percent"] is None else max(min(1, target.weight), part)
    return overrides.Override(weight, overrides.now(), params["until"], params["by"], params["why"])


def _bring(module: AnsibleModule, session: Session, wanted: Sequence[Target]) -> dict[str, Any]:
    params = module.params
    by_file = params["manager"] == "keepalived"
    keeper: ByFile | ByTable = (
        ByFile(params["directory"], params["config_file"], os.uname().nodename.split(".")[0])
        if by_file
        else ByTable(session, params["name"])
    )
    known = [one for one in wanted if keeper.knows(one)]
    decisions = [
        (
            one,
            decide(
                params["state"],
                keeper.override(one),
                keeper.is_held(one),
                _override(params, one),
                params["why"],
                warms_up=params["percent"] is not None,
            ),
        )
        for one in known
    ]
    changes = [(one, decision) for one, decision in decisions if decision.outcome == CHANGED]
    lowered = [(one.server, decision.override.weight) for one, decision in changes if decision.override]
    last = [] if params["last"] else last_ones(session.table(), lowered)
    if last:
        few = ", or too few for its quorum" if max(server.need for server, _weight in lowered) > 1 else ""
        raise IpvsError(
            f"{', '.join(last)}: nobody else serves there{few}, so nothing was changed; say lvs_last=true if the "
            "clients shall find no server"
        )
    if changes and not session.check:
        leaving = [one for one, decision in changes if decision.override and not decision.override.weight]
        if by_file:
            _open_sorry_servers(session, leaving)
        keeper.write(changes)
    if by_file and not session.check:
        # Also those of an earlier run: a file alone keeps nobody away.
        _settle(session, [one for one, decision in decisions if decision.override and not decision.override.weight])
    active = _holds(module, {vip for one in wanted for vip in one.vips})
    if by_file and params["wait"] and params["state"] != overrides.DRAINED and active and not session.check:
        _serve(session, [one for one, decision in decisions if _is_to_serve(one, decision)], params["wait"])
    result = {
        "changed": bool(changes),
        "servers": [_told(one, decision) for one, decision in decisions],
        "unknown": [keeper.missing(one) for one in wanted if not keeper.knows(one)],
        "active_director": active,
        "connections": Connections(0, 0, 0)._asdict(),
        "progress": [],
    }
    if module._diff:
        result["diff"] = {
            side: "".join(f"{one.server.label}: {getattr(decision, side)}\n" for one, decision in changes)
            for side in ("before", "after")
        }
    if params["state"] == overrides.DRAINED and not session.check:
        ended = drain.wait(lambda: _connections(session, known), timeout=params["wait"], inactive=False)
        result["connections"] = ended.last._asdict()
        result["progress"] = ended.progress
    return result


def _told(target: Target, decision: Decision) -> dict[str, Any]:
    given = decision.override
    return {
        "label": target.server.label,
        "outcome": decision.outcome,
        "before": decision.before,
        "after": decision.after,
        "weight": target.weight if given is None else given.weight,
        "since": "" if given is None else given.since,
        "until": "" if given is None else given.until,
        "by": "" if given is None else given.by,
    }


def _connections(session: Session, servers: Sequence[Target]) -> Connections:
    """Those of the servers together; a service that this director does not have has none."""
    active = inactive = persistent = 0
    table = session.table()
    for key in {one.server.key for one in servers} & table.keys():
        names = {one.server.name for one in servers if one.server.key == key}
        for name, figures in session.kernel.connections(key).items():
            if name in names:
                active += figures.active
                inactive += figures.inactive
                persistent += figures.persistent
    return Connections(active, inactive, persistent)


def _open_sorry_servers(session: Session, leaving: Sequence[Target]) -> None:
    """Give the sorry server weight 1 where the last real servers go.

    keepalived gives them weight 0 first and puts the sorry server in then, so that a client could find nobody in
    between. It takes what is in the table for its own (netlink's EEXIST), and removes it when real servers serve again.
    """
    table = session.table()
    last = set(last_ones(table, [(one.server, 0) for one in leaving]))
    opened = {}
    for one in leaving:
        if one.sorry and one.server.label in last:
            (name, values), key = one.sorry, one.server.key
            present = table[key].destinations.get(name)
            if present is None:
                opened[key] = Operation(ADD, key, None, name, values)
            elif not present.weight:
                opened[key] = Operation(EDIT, key, None, name, present._replace(weight=1))
    session.carry_out(list(opened.values()))


def _settle(session: Session, servers: Sequence[Target]) -> None:
    """Wait until keepalived has given them weight 0; it reads the file as soon as it changes."""
    names = _other_than(session, servers, _SETTLED_SECONDS, serving=False)
    if names:
        raise IpvsError(
            f"{names}: the weight file says drained, and after {_SETTLED_SECONDS} seconds the kernel's table still has "
            "a weight; see whether keepalived runs with the configuration of lvs.cluster.site"
        )


def _is_to_serve(target: Target, decision: Decision) -> bool:
    given = decision.override
    return decision.outcome != LEFT and bool(target.weight if given is None else given.weight)


def _serve(session: Session, servers: Sequence[Target], seconds: int) -> None:
    """Wait until keepalived's health checks have put them into the table, or given them their weight there."""
    names = _other_than(session, servers, seconds, serving=True)
    if names:
        raise IpvsError(
            f"{names}: the weight is given back, and after {seconds} seconds keepalived still sends nobody there; see "
            "what the health check finds on the real server, and whether the service's quorum is reached"
        )


def _other_than(session: Session, servers: Sequence[Target], seconds: int, *, serving: bool) -> str:
    """Wait until all of them serve in the table, or none does; the labels of those that are otherwise in the end.

    A service that is not in the table, as on a node without a table while another is active, counts as right.
    """

    def others() -> Iterator[Target]:
        table = session.table()
        for one in servers:
            if one.server.key in table:
                values = table[one.server.key].destinations.get(one.server.name)
                if (values is not None and values.weight > 0) != serving:
                    yield one

    def left() -> Connections:
        return Connections(sum(1 for _one in others()), 0, 0)

    if drain.wait(left, timeout=seconds, inactive=False).done:
        return ""
    return ", ".join(one.server.label for one in others())


def _holds(module: AnsibleModule, vips: set[str]) -> bool:
    """Whether one of the addresses is on this host, so that its packets come here."""
    status, out, _err = module.run_command(["ip", "-json", "address", "show"])
    if status != 0:
        return True
    here = {entry.get("local") for link in json.loads(out or "[]") for entry in link.get("addr_info", ())}
    return bool(here & vips)
