# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the keepalived of this host does now, and whether it could serve: VRRP instances and virtual services."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import ServiceKey
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import dump, owner
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.conf import read_blocks
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.install import Runner
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.vrrp_states import instance_problems

__all__ = ["Host", "Runner", "State", "StateError", "UnsupportedError", "look", "wait"]

_ANSWER_SECONDS = 10.0
_LOOK_AGAIN_SECONDS = 1.0
_VERSION = re.compile(r"Keepalived v(\d[\w.-]*)")


class StateError(Exception):
    """keepalived runs and its state can't be read now."""


class UnsupportedError(StateError):
    """It can't be read by waiting either."""


@dataclass(frozen=True)
class State:
    """What was found. ``problems``: why this director could not serve, [] if it could."""

    running: bool
    pid: int | None = None
    version: str = ""
    instances: dict[str, dict[str, Any]] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def result(self) -> dict[str, Any]:
        return {
            "running": self.running,
            "pid": self.pid,
            "version": self.version,
            "instances": self.instances,
            "missing": list(self.missing),
            "healthy": not self.problems,
            "problems": list(self.problems),
        }


@dataclass
class Host:
    """The doors to a host: ``run`` starts a program, ``table`` reads the keys of the kernel's table."""

    run: Runner
    table: Callable[[], Collection[ServiceKey]]
    proc: str = "/proc"
    root: int = 0
    """Who must own what keepalived wrote."""
    waiting: dump.Waiting = field(default_factory=dump.Waiting)
    _programs: dict[int, tuple[int, str]] = field(default_factory=dict)

    def program(self, pid: int) -> tuple[int, str]:
        """The number of its signal JSON, and its version; asked of the program that runs, once."""
        if pid not in self._programs:
            # The program that runs, also where a new package has replaced its file.
            binary = f"{self.proc}/{pid}/exe"
            status, said = self.run([binary, "--signum=JSON"])
            if status != 0 or not said.strip().isdecimal():
                raise UnsupportedError(
                    f"the keepalived that runs (process {pid}) does not know the signal JSON (--signum=JSON: exit "
                    f"status {status}), so its state can't be read: install one that is built with --enable-json, as "
                    "those of the distributions are"
                )
            _status, told = self.run([binary, "--version"])
            version = _VERSION.search(told)
            self._programs[pid] = (int(said), version[1] if version else "")
        return self._programs[pid]


def look(host: Host, wanted: Iterable[str], seconds: float = _ANSWER_SECONDS) -> State:
    """Read the state once. Raise StateError where keepalived runs and can't be asked."""
    try:
        pid = dump.find(host.proc)
        if pid is None:
            return State(running=False, problems=("keepalived does not run",))
        number, version = host.program(pid)
        servers, unread, expected = _configuration(host)
        instances = dump.read(
            pid, number, expected=expected, seconds=seconds, owner=host.root, proc=host.proc, waiting=host.waiting
        )
    except dump.DumpError as error:
        raise StateError(str(error)) from error
    except OSError as error:
        raise StateError(
            f"keepalived could not be asked: {error.filename or 'its process'}: {error.strerror}"
        ) from error
    missing = tuple(map(str, _missing(servers, host.table))) if servers else ()
    problems = [*instance_problems(instances, wanted), *(f"{one} is not in the kernel's table" for one in missing)]
    return State(True, pid, version, instances, missing, tuple(problems + unread))


def wait(host: Host, wanted: Sequence[str], seconds: float) -> State:
    """Read it until nothing is wrong, for so many seconds; whatever is wrong then is returned.

    Raise StateError if the last that was said is that it can't be read.
    """
    clock, pause, _kill = host.waiting
    deadline = clock() + seconds
    while True:
        left = deadline - clock()
        failed: StateError | None = None
        try:
            state = look(host, wanted, min(_ANSWER_SECONDS, max(left, 1.0)))
            if not state.problems:
                return state
        except UnsupportedError:
            raise
        except StateError as error:
            failed = error
        left = deadline - clock()
        if left <= 0:
            if failed is not None:
                raise failed
            return state
        pause(min(_LOOK_AGAIN_SECONDS, left))


def _configuration(host: Host) -> tuple[list[owner.VirtualServer], list[str], bool]:
    """The virtual servers of its configuration, what of it can't be read, and whether it has VRRP instances."""
    try:
        configurations = owner.running(host.proc)
        servers = [server for one in configurations for server in owner.virtual_servers(one)]
        # One that does VRRP alone is not among them.
        blocks = [block for one in configurations for block in read_blocks(*one)]
        return servers, [], not configurations or any(block.words[0] == "vrrp_instance" for block in blocks)
    except owner.UnreadableError as error:
        return [], [f"which virtual services belong in the kernel's table is not known: {error}"], True


def _missing(servers: Iterable[owner.VirtualServer], table: Callable[[], Collection[ServiceKey]]) -> list[ServiceKey]:
    present = table()
    wanted = dict.fromkeys(key for server in servers for key in _keys(server))
    return [key for key in wanted if key not in present]


def _keys(server: owner.VirtualServer) -> Iterator[ServiceKey]:
    """The services of the kernel that a virtual server is: one for each address of a range."""
    if server.fwmark:
        yield ServiceKey(server.family, fwmark=server.fwmark)
        return
    family = socket.AF_INET6 if server.family == "ipv6" else socket.AF_INET
    first, last = ipaddress.ip_address(server.first), ipaddress.ip_address(server.last)
    for number in range(int(first), int(last) + 1):
        # As the kernel's side of this collection writes it, which differs for some addresses of IPv6.
        address = socket.inet_ntop(family, number.to_bytes(len(first.packed), "big"))
        yield ServiceKey(server.family, server.protocol, address, server.port)
