# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on a director, as root, and prints what changes there: JSON lines, first all that there is, then each change.

Sent there by the event source `state`, so it lives with Python 3.8. It changes nothing and loads no kernel module. It
ends with whoever reads its lines, or with an error as its last line; the event source then starts another one.
"""

from __future__ import annotations

import json
import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import host
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.errors import IpvsError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import endpoint
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.netlink import WireError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.transport import Ipvs
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import dump, owner, wanted
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.conf import Block, read_blocks
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.process import Process, process

__all__ = ["Doors", "FollowError", "Journal", "Vrrp", "follow", "main", "sorry_servers", "table"]

STOPPED = "STOP"
"""The state of the instances of a keepalived that runs no more."""
_ALIVE_SECONDS = 5.0
_ANSWER_SECONDS = 10.0
# A reload of keepalived says when it begins, and not on all versions when it ends.
_RELOAD_SECONDS = 3.0
# A service that is taken away loses its servers first, and a keepalived that stops takes all away, one by one.
_SETTLE_SECONDS, _SETTLE_LOOKS = 0.1, 10
# A large table takes its time, and whoever listens waits for a sign of life.
_LONGEST_SETTLE = 3
# keepalived/vrrp/vrrp.c and vrrp_scheduler.c; a keepalived that logs to its standard output has the time before it.
_RELOADING = re.compile(r"(?:\A|: )Reloading\b")
_ENTERING = re.compile(r"(?:\A|: )\(([^()\s]+)\) Entering ([A-Z]+) STATE\b")
# What a process of root's named keepalived says: anybody may have a program of that name.
_MATCHES = ("_UID=0", "_COMM=keepalived")


class FollowError(Exception):
    """This director can't be followed; the message says why."""


def table() -> dict[str, dict[str, int]]:
    """Virtual service ("tcp 10.0.0.5:80") to real server ("192.168.0.12:80") to weight, of the kernel.

    Empty while the module ip_vs isn't loaded.
    """
    if not host.is_loaded():
        return {}
    with Ipvs() as kernel:
        found = kernel.table()
    return {
        str(key): {str(name): values.weight for name, values in entry.destinations.items()}
        for key, entry in found.items()
    }


def read_instances(pid: int) -> dict[str, str]:
    """The state of each VRRP instance of the keepalived with this main process."""
    # By this name it is not taken for a keepalived that runs.
    asked = subprocess.run(
        [f"/proc/{pid}/exe", "--signum=JSON"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if asked.returncode != 0 or not asked.stdout.strip().isdecimal():
        raise FollowError(
            f"the keepalived that runs (process {pid}) does not know the signal JSON, so its state can't be read: "
            "install one that is built with --enable-json, as those of the distributions are"
        )
    found = dump.read(pid, int(asked.stdout), expected=_has_instances(), seconds=_ANSWER_SECONDS)
    return {name: str(instance["state"]) for name, instance in found.items()}


def _has_instances() -> bool:
    """Whether keepalived must have VRRP instances; so taken where its configuration can't be read."""
    try:
        configurations = owner.running()
        # One that does VRRP alone is not among them.
        blocks = (block for one in configurations for block in read_blocks(*one))
        return not configurations or any(block.words[0] == "vrrp_instance" for block in blocks)
    except owner.UnreadableError:
        return True


def read_setup() -> dict[str, Any]:
    """What keepalived's configuration says of services: {"vips": ..., "sorry": sorry_servers()}.

    ``vips`` has the VIPs of each VRRP instance ({"VI_1": ["10.0.0.5"]}). Where the configuration can't be read, no VIP
    is known, and ``sorry`` is None: that is not "no sorry server".
    """
    try:
        blocks = [block for one in owner.running() for block in read_blocks(*one)]
    except owner.UnreadableError:
        return {"vips": {}, "sorry": None}
    vips = {one.name: [vip.address for vip in one.addresses] for one in wanted.instances(blocks)}
    return {"vips": vips, "sorry": sorry_servers(blocks)}


def sorry_servers(blocks: Sequence[Block]) -> dict[str, str]:
    """Virtual service to its sorry server, where it has one; both are named as in table().

    One that is a real server of the same service, too, is left out: it is in the pool without being sorry.
    """
    services = wanted.virtual_services(blocks, lambda file: 0)
    return {
        str(key): endpoint(*sorry)
        for key, service in services.items()
        for sorry in service.sorry
        if sorry not in service.reals
    }


class Doors(NamedTuple):
    """What of the host is read, so that tests need no host."""

    table: Callable[[], dict[str, dict[str, int]]] = table
    find: Callable[[], int | None] = dump.find
    read: Callable[[int], dict[str, str]] = read_instances
    setup: Callable[[], dict[str, Any]] = read_setup
    process: Callable[[int], Process | None] = process
    lives: Callable[[Process], bool] = Process.lives
    clock: Callable[[], float] = time.monotonic


class Vrrp:
    """keepalived's VRRP instances: asked for when it has started or loads its configuration, else told by its log.

    To ask is a line in its log and a file with all instances, so it isn't done again and again.
    """

    def __init__(self, doors: Doors) -> None:
        self.instances: dict[str, str] = {}
        self._doors = doors
        self._process: Process | None = None
        self._read_at = 0.0
        self._again_at = float("inf")

    def look(self) -> bool:
        """See whether another keepalived runs, or none; True if the instances were read anew."""
        now = self._doors.clock()
        if self._process is not None and self._doors.lives(self._process) and now < self._again_at:
            return False
        pid = self._doors.find()
        found = None if pid is None else self._doors.process(pid)
        if found is None:
            was, self._process = self._process, None
            self.instances = dict.fromkeys(self.instances, STOPPED)
            self._read_at = now
            return was is not None
        try:
            self.instances = self._doors.read(found.pid)
        except (dump.DumpError, FollowError, OSError) as error:
            if self._doors.lives(found):
                raise FollowError(str(error)) from error
            return False  # it ended meanwhile, and the next look finds the next one
        self._process, self._read_at, self._again_at = found, now, float("inf")
        return True

    def note(self, stamp: float, message: str) -> tuple[str, str] | None:
        """Take a line of the log; the instance and the state that it enters, if it is about that.

        ``stamp``: when it was logged, in seconds on the clock of the doors.
        """
        if stamp < self._read_at:
            return None  # it is in what was read
        if _RELOADING.search(message):
            self._again_at = self._doors.clock() + _RELOAD_SECONDS
        found = _ENTERING.search(message)
        if not found:
            return None
        self.instances[found[1]] = found[2]
        return found[1], found[2]


class Journal:
    """What keepalived logs, from a moment (in seconds since 1970) on."""

    def __init__(self, since: float) -> None:
        # Only of this boot: those of another one have another monotonic clock.
        argv = ["journalctl", "--quiet", "--follow", "--no-tail", "--boot", f"--since=@{since:.6f}", "--output=json"]
        argv += ["--output-fields=MESSAGE", *_MATCHES]
        try:
            self._program = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        except OSError as error:
            raise FollowError(f"journalctl can't be started: {error.strerror}") from error
        self._rest = b""

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_error: object) -> None:
        self._program.kill()
        self._program.wait()
        if self._program.stdout is not None:
            self._program.stdout.close()

    def lines(self, seconds: float) -> Iterator[tuple[float, str]]:
        """Wait so long for lines: each with its time in seconds, as time.monotonic() has it.

        The time of day may be set back, and what keepalived says then would seem to be old.
        """
        if self._program.stdout is None:
            return
        handle = self._program.stdout.fileno()
        with selectors.DefaultSelector() as selector:
            selector.register(handle, selectors.EVENT_READ)
            if not selector.select(seconds):
                return
        read = os.read(handle, 1 << 16)
        if not read:
            raise FollowError(f"journalctl ended by itself, with status {self._program.wait()}")
        *whole, self._rest = (self._rest + read).split(b"\n")
        for line in whole:
            entry = json.loads(line)
            message = entry.get("MESSAGE")
            if isinstance(message, str):  # what is no text is a list of bytes
                yield int(entry["__MONOTONIC_TIMESTAMP"]) / 1e6, message


def follow(
    say: Callable[[dict[str, Any]], None],
    lines: Callable[[float], Iterator[tuple[float, str]]],
    interval: float,
    doors: Doors | None = None,
) -> None:
    """Say what there is, and from then on what changes; the table is read every ``interval`` seconds."""
    doors = doors or Doors()
    vrrp = Vrrp(doors)
    vrrp.look()
    pools = doors.table()
    say({"snapshot": {"instances": vrrp.instances, **doors.setup(), "services": pools}})
    said = time.monotonic()
    due = said + interval
    while True:
        for stamp, message in lines(max(0.0, min(due, said + _ALIVE_SECONDS) - time.monotonic())):
            entered = vrrp.note(stamp, message)
            if entered is not None:
                say({"instance": entered[0], "state": entered[1]})
        if time.monotonic() >= said + _ALIVE_SECONDS:
            # Without it nobody would notice that the other end is gone.
            say({"alive": True})
            said = time.monotonic()
        if time.monotonic() < due:
            continue
        due = time.monotonic() + interval
        if vrrp.look():
            say({"instances": vrrp.instances, **doors.setup()})
        present = _settled(pools, doors.table)
        changed = {
            service: present.get(service)
            for service in {**pools, **present}
            if present.get(service) != pools.get(service)
        }
        pools = present
        if changed:
            say({"services": changed})


def _settled(
    before: dict[str, dict[str, int]], read: Callable[[], dict[str, dict[str, int]]]
) -> dict[str, dict[str, int]]:
    """The table, read again while services that still stand go on losing servers; not often, nor for long."""
    until = time.monotonic() + _LONGEST_SETTLE
    present = read()
    for _look in range(_SETTLE_LOOKS):
        if time.monotonic() > until or not any(
            set(pool) - set(present.get(service, pool)) for service, pool in before.items()
        ):
            break
        time.sleep(_SETTLE_SECONDS)
        before, present = present, read()
    return present


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def _end(_number: int, _frame: object) -> None:
    raise SystemExit(0)


def main(interval: float) -> int:
    """Follow this host until nobody reads any more (0) or it can't be done (1)."""
    signal.signal(signal.SIGTERM, _end)
    try:
        try:
            host.require_privilege()
            with Journal(time.time()) as journal:
                follow(_say, journal.lines, interval)
        except BrokenPipeError:
            raise
        except (dump.DumpError, FollowError, IpvsError, WireError, OSError, LookupError, ValueError) as error:
            _say({"error": str(error) or type(error).__name__})
    except BrokenPipeError:
        # Else Python would try once more at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return 1
