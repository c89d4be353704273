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
import select
import socket
import struct
import sys
import time
from typing import Any, Callable, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._return_route.kernel import (
    CONFIG,
    SAVED,
    STATE_DIR,
    Command,
    execute,
    read_json,
    read_live,
    reconcile,
    remove_file,
    run_command,
    store_saved,
    to_json,
    write_file,
)
from ansible_collections.lvs.cluster.plugins.module_utils._return_route.model import RouteError, plan, wanted_of

ROLLBACK_DIR = STATE_DIR + "/return-route-rollback"
PENDING = ROLLBACK_DIR + "/pending.json"
UNDONE = STATE_DIR + "/return-route-undone.json"
SERVICE = "lvs-return-route.service"


def restore(snapshot: dict[str, Any], run: Command, in_service: bool = False) -> None:
    """Back to a snapshot: {"config": {}|None, "files": {path: {"text", "mode"}|None}, "enabled": bool}.

    text holds the bytes of the file, read as Latin-1, since JSON has no bytes and one of the files is a zip archive.
    The configuration comes first, because a running service reads it again before each of its repairs; then the
    routes, because they are what somebody waits for. Raises RouteError after having done all that could be done.
    """
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
            except RouteError as exc:
                errors.append(str(exc))
    run(("systemctl", "daemon-reload"))
    run(("systemctl", "enable" if snapshot["enabled"] else "disable", SERVICE))
    if not (in_service and snapshot["enabled"]):
        run(("systemctl", "--no-block", "restart" if snapshot["enabled"] else "stop", SERVICE))
    if errors:
        raise RouteError("; ".join(errors))


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
_NEWLINK, _NEWADDR, _DELADDR, _NEWROUTE, _DELROUTE, _DELRULE = 16, 20, 21, 24, 25, 33
_NLM_F_REPLACE = 0x100
SETTLE = {"policy": 0.2, "default": 1.0}  # default: ifupdown's own "ip route add default" must not find ours first
IDLE = 60.0  # a look without any event, should one have been lost
BETWEEN = 1.0  # where routes of others come and go all the time, a look costs some processes each
_CALM, _PATIENCE, _LONGEST = 30.0, 5, 60.0


def matters(data: bytes) -> bool:
    """Whether a notification can mean that something of ours is gone, or that it can be put back now."""
    offset = 0
    while offset + 16 <= len(data):
        length, kind, flags, _sequence, _port = struct.unpack_from("=IHHII", data, offset)
        if kind in (_NEWLINK, _NEWADDR, _DELADDR, _DELROUTE, _DELRULE):
            return True
        if kind == _NEWROUTE and flags & _NLM_F_REPLACE:
            return True
        if length < 16:
            return True  # cut short: better one look too many
        offset += (length + 3) & ~3
    return False


class Pace:
    """How long to wait before the next look. Seconds of a monotonic clock.

    A repair soon after another one is a strike; after some of them somebody else insists, and the waits double up to
    a minute. A repair that failed (its link is down) waits likewise, but an event still brings it forward.
    """

    def __init__(self, settle: float) -> None:
        self.settle = settle
        self.strikes = 0
        self.failures = 0
        self.last_repair = -_CALM

    def repaired(self, now: float) -> bool:
        """Counts a repair; True when this is where backing off begins."""
        self.strikes = self.strikes + 1 if now - self.last_repair < _CALM + self.after_event() else 1
        self.last_repair, self.failures = now, 0
        return self.strikes == _PATIENCE

    def after_event(self) -> float:
        over = self.strikes - _PATIENCE
        return self.settle if over < 0 else float(min(_LONGEST, 2.0 ** (over + 1)))

    def next_look(self, event: float, looked: float) -> float:
        """When to look after an event: soon after a quiet time, else a second after the last look."""
        return max(event + self.after_event(), looked + BETWEEN)

    def idle(self) -> float:
        return float(min(_LONGEST, 2.0 ** min(self.failures, 6))) if self.failures else IDLE


def log(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def notify(state: str) -> None:
    """sd_notify(3): tells systemd, if it asked to be told."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(state.encode(), "\0" + address[1:] if address[0] == "@" else address)


def look(pace: Pace, run: Command, said: list[str], now: float) -> None:
    """Reads the configuration and the kernel, and mends what is missing. said: the last complaint, not repeated."""
    try:
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
        pace.failures, said[:] = 0, []
    except (RouteError, OSError) as exc:
        pace.failures += 1
        if said != [str(exc)]:
            log(f"not possible now, will be tried again: {exc}")
            said[:] = [str(exc)]


def watch(run: Command) -> None:
    """The service: one look, then one after each burst of events, for ever."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0) as events:
        events.bind((0, _GROUPS))
        events.setblocking(False)
        pace = Pace(SETTLE["policy"])
        said: list[str] = []
        look(pace, run, said, time.monotonic())
        notify("READY=1")
        looked = time.monotonic()
        due = looked + pace.idle()
        while True:
            if time.monotonic() >= due:
                look(pace, run, said, time.monotonic())
                looked = time.monotonic()
                due = looked + pace.idle()
            ready, _writable, _odd = select.select([events], [], [], max(0.0, due - time.monotonic()))
            if ready and _drain(events):
                due = min(due, pace.next_look(time.monotonic(), looked))


def _drain(events: socket.socket) -> bool:
    found = False
    while True:
        try:
            found = matters(events.recv(65536)) or found
        except BlockingIOError:
            return found
        except OSError:
            found = True  # ENOBUFS: the kernel dropped some, they may have been ours


def run_service() -> None:
    pending = read_json(PENDING)
    if pending is not None and pending["boot_id"] != boot_id():
        rollback(run_command, in_service=True)  # the timer did not outlive the reboot
    watch(run_command)


COMMANDS: dict[str, Callable[[], object]] = {
    "run": run_service,
    "apply": lambda: reconcile(read_json(CONFIG), run_command),
    "remove": lambda: reconcile(None, run_command),
    "rollback": lambda: rollback(run_command),
}


def main(argv: Sequence[str]) -> int:
    if len(argv) != 2 or argv[1] not in COMMANDS:
        log("usage: return-route " + "|".join(COMMANDS))
        return 64
    try:
        COMMANDS[argv[1]]()
    except (RouteError, OSError) as exc:
        log(f"return-route {argv[1]}: {exc}")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv))
