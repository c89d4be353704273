# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine's side of the return route: what ip prints, the files of ours, and the steps taken."""

from __future__ import annotations

import json
import os
from typing import Any, Callable, ContextManager, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._boot import alone as locks
from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import Command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import (
    STATE_DIR,
    read_json,
    remove_file,
    to_json,
    write_file,
)
from ansible_collections.lvs.cluster.plugins.module_utils._return_route.model import (
    FLAG,
    MAIN,
    PROTOCOL,
    Default,
    Live,
    Op,
    Route,
    Rule,
    Spec,
    plan,
    wanted_of,
)

CONFIG = "/etc/lvs-cluster/return-route.json"
SAVED = STATE_DIR + "/return-route-saved.json"

# Words of `ip route show` that tell a state and are no part of the route's definition.
_STATE_WORDS = {"linkdown", "dead", "offload", "rt_offload", "offload_failed", "rt_offload_failed", "trap", "rt_trap"}


def alone() -> ContextManager[None]:
    """Keeps a run and the service from changing rules and routes at the same time. Waits for the other one."""
    return locks.alone("return-route")


def parse_rules(family: str, text: str) -> list[Rule]:
    """Our rules from ``ip -N -j rule show``."""
    found = []
    for item in json.loads(text or "[]"):
        if str(item.get("protocol", "")) == str(PROTOCOL):
            main_first = item.get("suppress_prefixlen") == 0
            found.append(Rule(family, item["src"], int(item["table"]), int(item["priority"]), main_first))
    return found


def parse_own_routes(family: str, text: str) -> list[Route]:
    """Our default routes from ``ip -N -j route show table all proto 152`` (which leaves the protocol out)."""
    return [
        Route(family, int(item.get("table", MAIN)), item.get("gateway", ""), item.get("dev", ""), item.get("metric", 0))
        for item in json.loads(text or "[]")
        if item.get("dst") == "default"
    ]


def parse_defaults(family: str, structured: str, lines: str) -> list[Default]:
    """Default routes of main from ``ip -N -j`` and ``ip -N -o route show table main exact default``.

    Both are needed: JSON drops the ``lock`` of a metric, and only the text can be given back to ip word for word.
    """
    items, texts = json.loads(structured or "[]"), [line for line in lines.splitlines() if line.strip()]
    if len(items) != len(texts):
        raise BootError("the default routes changed while they were read: try again")
    found = []
    for item, line in zip(items, texts):
        route = Route(family, MAIN, item.get("gateway", ""), item.get("dev", ""), item.get("metric", 0))
        words = tuple(word for word in line.replace("\\", " ").split() if word not in _STATE_WORDS)
        found.append(Default(route, str(item.get("protocol", "")) == str(PROTOCOL), words))
    return found


def ask(run: Command, *argv: str) -> str:
    """Standard output of ip; BootError with the command and its complaint if it failed."""
    code, out, err = run(("ip", *argv))
    if code == 0:
        return out
    if "FIB table does not exist" in err:
        return "[]" if "-j" in argv else ""
    raise BootError(f"ip {' '.join(argv)} failed with status {code}: {err}")


def read_live(run: Command, families: Sequence[str], with_defaults: bool) -> Live:
    """What stands in the kernel now; a family that the kernel lacks has nothing."""
    rules: list[Rule] = []
    routes: list[Route] = []
    defaults: list[Default] = []
    for family in families:
        if family == "ipv6" and not os.path.exists("/proc/sys/net/ipv6"):
            continue
        flag = FLAG[family]
        rules += parse_rules(family, ask(run, "-N", "-j", flag, "rule", "show"))
        own = ("route", "show", "table", "all", "proto", str(PROTOCOL))
        routes += parse_own_routes(family, ask(run, "-N", "-j", flag, *own))
        if with_defaults:
            show = (flag, "route", "show", "table", "main", "exact", "default")
            defaults += parse_defaults(family, ask(run, "-N", "-j", *show), ask(run, "-N", "-o", *show))
    return Live(tuple(rules), tuple(routes), tuple(defaults))


def execute(
    ops: Sequence[Op], run: Command, saved: dict[str, Spec], store: Callable[[dict[str, Spec]], None]
) -> list[str]:
    """Takes the steps; deletions only if all that comes before them succeeded. Returns warnings.

    saved is changed in place and given to store before a route of others is replaced. Raises BootError with every
    complaint at once. A route of others that cannot come back (its interface is gone) is a warning: ours goes all the
    same, or it could never be removed.
    """
    errors: list[str] = []
    warnings: list[str] = []
    for op in ops:
        deleting = "del" in op.argv[:3]
        if errors and (deleting or op.forget):
            continue
        if op.save is not None and saved.get(op.save[0]) != list(op.save[1]):
            saved[op.save[0]] = list(op.save[1])
            store(saved)
        code, _out, err = run(("ip", *op.argv)) if op.argv else (0, "", "")
        gone = deleting and ("No such process" in err or "No such file" in err)
        there = "rule" in op.argv[:2] and "File exists" in err
        if code and op.forget and not deleting:
            warnings.append(f"the recorded default route did not come back: ip {' '.join(op.argv)}: {err}")
            if op.fallback:
                run(("ip", *op.fallback))
        elif code and not gone and not there:
            errors.append(f"ip {' '.join(op.argv)}: {err}")
        if op.forget and op.forget in saved and not errors:
            del saved[op.forget]
            store(saved)
    if errors:
        raise BootError("; ".join(errors))
    return warnings


def store_saved(saved: dict[str, Spec]) -> None:
    if saved:
        write_file(SAVED, to_json(saved))
    else:
        remove_file(SAVED)


def reconcile(config: dict[str, Any] | None, run: Command) -> list[str]:
    """Brings the kernel to a configuration (None: nothing of ours), for who is alone(); returns warnings."""
    wanted, saved = wanted_of(config), read_json(SAVED) or {}
    ops = plan(wanted, read_live(run, ("ipv4", "ipv6"), True), saved)
    return execute(ops, run, saved, store_saved)
