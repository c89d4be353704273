# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program of lvs-return-route.service: keeps a NAT real server's way back through its director.

It puts the rules and routes of CONFIG in place, listens to rtnetlink and puts back what was lost: a restart of
systemd-networkd deletes rules and routes that it does not know, and a link that goes down takes its routes along.
Commands: run (the service), apply, remove (live state only), rollback.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any, Callable, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import Command, run_command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import (
    STATE_DIR,
    read_json,
    remove_file,
    to_json,
    write_file,
)
from ansible_collections.lvs.cluster.plugins.module_utils._boot.watch import Pace, log, watch
from ansible_collections.lvs.cluster.plugins.module_utils._return_route.kernel import (
    CONFIG,
    SAVED,
    alone,
    execute,
    read_live,
    reconcile,
    store_saved,
)
from ansible_collections.lvs.cluster.plugins.module_utils._return_route.model import plan, wanted_of

ROLLBACK_DIR = STATE_DIR + "/return-route-rollback"
PENDING = ROLLBACK_DIR + "/pending.json"
UNDONE = STATE_DIR + "/return-route-undone.json"
SERVICE = "lvs-return-route.service"


def restore(snapshot: dict[str, Any], run: Command, in_service: bool = False) -> None:
    """Back to a snapshot: {"config": {}|None, "files": {path: {"text", "mode"}|None}, "enabled": bool}.

    text holds the bytes of the file, read as Latin-1, since JSON has no bytes and one of the files is a zip archive.
    The configuration comes first, because a running service reads it again before each of its repairs; then the
    routes, because they are what somebody waits for. It is done without the lock, too, where another process keeps it:
    nobody else would do it later. Raises BootError after having done all that could be done.
    """
    try:
        with alone():
            errors = _restored(snapshot, run)
    except (BootError, OSError) as exc:
        errors = [str(exc), *_restored(snapshot, run)]
    run(("systemctl", "daemon-reload"))
    run(("systemctl", "enable" if snapshot["enabled"] else "disable", SERVICE))
    if not (in_service and snapshot["enabled"]):
        run(("systemctl", "--no-block", "restart" if snapshot["enabled"] else "stop", SERVICE))
    if errors:
        raise BootError("; ".join(errors))


def _restored(snapshot: dict[str, Any], run: Command) -> list[str]:
    """Files and routes; what went wrong."""
    errors = []
    files = sorted(snapshot["files"].items(), key=lambda item: item[0] != CONFIG)
    for number, (path, kept) in enumerate(files):
        try:
            if kept is None:
                remove_file(path)
            else:
                write_file(path, kept["text"].encode("latin-1"), kept["mode"])
        except OSError as exc:
            errors.append(f"{path}: {exc}")
        if number == 0:
            try:
                reconcile(snapshot["config"], run)
            except BootError as exc:
                errors.append(str(exc))
    return errors


def boot_id() -> str:
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as handle:
        return handle.read().strip()


def drop_pending() -> None:
    """Forgets the snapshot and the copy of this program beside it."""
    if os.path.isdir(ROLLBACK_DIR):
        for name in os.listdir(ROLLBACK_DIR):
            os.unlink(os.path.join(ROLLBACK_DIR, name))
        os.rmdir(ROLLBACK_DIR)


def rollback(run: Command, in_service: bool = False) -> None:
    """Undoes a change that nobody confirmed. Leaves UNDONE behind, so that a late confirmation is refused."""
    snapshot = read_json(PENDING)
    if snapshot is None:
        return
    log("the change of the return route was not confirmed: back to the state before it")
    write_file(UNDONE, to_json({"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}))
    try:
        restore(snapshot, run, in_service)
    finally:
        drop_pending()


# --- the service ------------------------------------------------------------------------------------------------

# RTMGRP_* of linux/rtnetlink.h: link, addresses, routes and rules of both families.
_GROUPS = 0x1 | 0x10 | 0x40 | 0x80 | 0x100 | 0x400 | (1 << 18)
_NEWLINK, _NEWADDR, _DELADDR, _DELROUTE, _DELRULE = 16, 20, 21, 25, 33
KINDS = (_NEWLINK, _NEWADDR, _DELADDR, _DELROUTE, _DELRULE)
SETTLE = {"policy": 0.2, "default": 1.0}  # default: ifupdown's own "ip route add default" must not find ours first


def look(pace: Pace, run: Command, said: list[str], now: float) -> None:
    """Reads the configuration and the kernel, and mends what is missing. said: the last complaint, not repeated."""
    try:
        with alone():
            _mend(pace, run, now)
        pace.failures, said[:] = 0, []
    except (BootError, OSError) as exc:
        pace.failures += 1
        if said != [str(exc)]:
            log(f"not possible now, will be tried again: {exc}")
            said[:] = [str(exc)]


def _mend(pace: Pace, run: Command, now: float) -> None:
    config = read_json(CONFIG)
    if config is None:
        return  # being removed, or lost: no reason to take a route away
    wanted, saved = wanted_of(config), read_json(SAVED) or {}
    pace.settle = SETTLE.get(config["form"], 1.0)
    families = sorted({route.family for route in wanted.routes})
    ops = plan(wanted, read_live(run, families, config["form"] == "default"), saved)
    if ops:
        execute(ops, run, saved, store_saved)
        log("put back: " + "; ".join("ip " + " ".join(op.argv) for op in ops if op.argv))
        if pace.repaired(now):
            log("something deletes this again and again: from now on it is put back less and less often")


def run_service() -> None:
    pending = read_json(PENDING)
    if pending is not None and pending["boot_id"] != boot_id():
        rollback(run_command, in_service=True)  # the timer did not outlive the reboot
    pace = Pace(SETTLE["policy"])
    said: list[str] = []
    watch(lambda now: look(pace, run_command, said, now), pace, groups=_GROUPS, kinds=KINDS)


def _bring(config: Callable[[], dict[str, Any] | None]) -> None:
    with alone():
        reconcile(config(), run_command)


COMMANDS: dict[str, Callable[[], object]] = {
    "run": run_service,
    "apply": lambda: _bring(lambda: read_json(CONFIG)),
    "remove": lambda: _bring(lambda: None),
    "rollback": lambda: rollback(run_command),
}


def main(argv: Sequence[str]) -> int:
    if len(argv) != 2 or argv[1] not in COMMANDS:
        log("usage: return-route " + "|".join(COMMANDS))
        return 64
    try:
        COMMANDS[argv[1]]()
    except (BootError, OSError) as exc:
        log(f"return-route {argv[1]}: {exc}")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv))
