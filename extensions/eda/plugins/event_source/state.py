# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An event source of Event-Driven Ansible: what changes on directors. Standard library only.

On each director a program of ours (_follow.py) prints what it sees; here that becomes events. ``python3 state.py``
prints that program, for a director that must not run whatever it is sent (docs/eda.md).
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import json
import logging
import os
import platform
import re
import signal
import sys
import tempfile
import zipfile
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

__all__ = ["Director", "Settings", "Target", "command", "main", "program"]

DOCUMENTATION = r"""
name: state
short_description: Follow the state changes of keepalived and IPVS on directors
version_added: 0.1.0
description:
  - Follows directors over SSH, or the host that it runs on, and makes an event of each change of a VRRP instance, a
    virtual service and a real server, and of each director that is lost and comes back.
  - VRRP is followed in keepalived's log, the real servers by reading the kernel's table again and again.
  - The directors need Python 3.8 or newer, systemd's journal and root; nothing is installed there, and nothing changed.
options:
  hosts:
    description:
      - The directors, as a list or as one text with commas. None is the host that the source runs on.
      - Each is a name for C(ssh), or a mapping with O(hosts[].name), O(hosts[].address), O(hosts[].user) and
        O(hosts[].port).
    type: list
    elements: raw
    default: []
    suboptions:
      name:
        description: The director's name in events. Its inventory name suits best.
        type: str
        required: true
      address:
        description: Where it is reached. Its name unless given.
        type: str
      user:
        description: Who logs in. What the configuration of C(ssh) says unless given.
        type: str
      port:
        description: The port of its SSH server.
        type: int
  become:
    description: Become root with C(sudo -n), because whoever logs in, or runs the source, isn't root.
    type: bool
    default: false
  python:
    description: The Python that runs on the directors.
    type: str
    default: python3
  interval:
    description: Seconds from one look at the kernel's table to the next, from 0.2 to 60.
    type: float
    default: 1
  ssh_args:
    description:
      - Further words for C(ssh), such as V(-i) and a file.
      - The key of a director must be known, and no password is asked for, whatever is written here.
    type: list
    elements: str
    default: []
  initial:
    description: Make events of what is there when a director is reached for the first time, too.
    type: bool
    default: false
author:
  - The lvs.cluster authors (@lvs-cluster)
"""

EXAMPLES = r"""
- name: Follow two directors
  hosts: all
  sources:
    - name: The directors
      lvs.cluster.state:
        hosts: [lb1, lb2]
        become: true
  rules:
    - name: Say who is master
      condition: event.type == "vrrp_state" and event.to == "MASTER"
      action:
        debug:
          msg: "{{ event.host }} is master of {{ event.instance }}"
"""

_LOG = logging.getLogger("lvs.cluster.state")

_UTILS = "ansible_collections/lvs/cluster/plugins/module_utils"
_MODULES = (
    *(f"_ipvs/{name}.py" for name in ("errors", "host", "model", "netlink", "operations", "transport", "wire")),
    *(f"_keepalived/{name}.py" for name in ("conf", "dump", "owner", "process", "program", "vrrp_states", "wanted")),
)
_PROGRAM = """\
# The follower of the event source lvs.cluster.state.
import base64, os, sys
handle = os.memfd_create("lvs-follow")
with os.fdopen(os.dup(handle), "wb") as archive:
    archive.write(base64.b64decode("{archive}"))
sys.path.insert(0, "/proc/self/fd/%d" % handle)
from lvs_follow import main
sys.exit(main({interval!r}))
"""

# The first value of an option counts for ssh, so nobody's ssh_args can undo these.
_SSH = ("ssh", "-T", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=10")
_SSH_ALIVE = ("-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3")
_LINE_BYTES = 1 << 26
_SILENCE_SECONDS = 30.0
# More than from one sign of life to the next.
_END_SECONDS = 10.0
_SHORTEST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
# A connection that lasted so long was a good one.
_GOOD_SECONDS = 60.0


class Queue(Protocol):
    """What ansible-rulebook hands over."""

    async def put(self, event: dict[str, Any]) -> None:
        """Take an event; it waits while too many are waiting."""


class Lost(Exception):
    """A director can't be followed at the moment; the message says why."""


# -- arguments


class Target(NamedTuple):
    """A director to follow; without an address it is the host that this runs on."""

    name: str
    address: str = ""
    user: str = ""
    port: int = 0


class Settings(NamedTuple):
    """The arguments of the source, checked."""

    targets: tuple[Target, ...]
    become: bool = False
    python: str = "python3"
    interval: float = 1.0
    ssh_args: tuple[str, ...] = ()
    initial: bool = False

    @classmethod
    def of(cls, args: Mapping[str, Any]) -> Settings:
        """From what stands in the rulebook, where anything may be a text. Raise ValueError for what makes no sense."""
        # ansible-rulebook itself adds the last one.
        given = {name: value for name, value in args.items() if value is not None and name != "eda_feedback_queue"}
        known = {"hosts", "become", "python", "interval", "ssh_args", "initial"}
        if set(given) - known:
            raise ValueError(f"unknown: {', '.join(sorted(set(given) - known))}; there are {', '.join(sorted(known))}")
        hosts = given.get("hosts", [])
        listed = [name.strip() for name in hosts.split(",")] if isinstance(hosts, str) else hosts
        if not isinstance(listed, list):
            raise ValueError(f"hosts: {hosts!r} is no list")
        targets = tuple(_target(one) for one in listed if one != "") or (Target(platform.node()),)
        names = [target.name for target in targets]
        if len(set(names)) < len(names):
            raise ValueError(f"hosts: one name is there twice: {', '.join(names)}")
        python = str(given.get("python", "python3"))
        if not re.fullmatch(r"[\w./+-]+", python) or python.startswith("-"):
            raise ValueError(f"python: {python!r} is no program's name or path")
        try:
            interval = float(given.get("interval", 1.0))
        except (TypeError, ValueError):
            interval = 0.0
        if not 0.2 <= interval <= 60:
            raise ValueError(f"interval: {given['interval']!r} is no number of seconds from 0.2 to 60")
        words = given.get("ssh_args", [])
        if not isinstance(words, list):
            raise ValueError(f"ssh_args: {words!r} is no list: write each word by itself")
        flags = {name: _flag(name, given.get(name, False)) for name in ("become", "initial")}
        return cls(targets, flags["become"], python, interval, tuple(map(str, words)), flags["initial"])


def _target(given: Any) -> Target:
    entry = given if isinstance(given, Mapping) else {"name": given}
    if set(entry) - {"name", "address", "user", "port"} or not entry.get("name"):
        raise ValueError(f"hosts: {given!r} is no name, and no mapping of name, address, user and port")
    name = str(entry["name"])
    address, user = str(entry.get("address") or name), str(entry.get("user") or "")
    for word in (address, user):
        if word.startswith("-") or re.search(r"\s", word):
            raise ValueError(f"hosts: {word!r} is no address and no user")
    port = str(entry.get("port") or 0)
    if not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"hosts: {name}: {entry['port']!r} is no port")
    return Target(name, address, user, int(port))


def _flag(name: str, value: Any) -> bool:
    words = {"true": True, "yes": True, "false": False, "no": False}
    try:
        return words[str(value).lower()]
    except KeyError:
        raise ValueError(f"{name}: {value!r} is neither true nor false") from None


# -- what is run on a director


def program(interval: float) -> str:
    """The follower with all that it imports, as one text for Python's standard input."""
    folder = Path(__file__).resolve().parent
    utils = folder.parents[3] / "plugins" / "module_utils"
    members = {f"{_UTILS}/{name}": (utils / name).read_bytes() for name in _MODULES}
    for name in list(members):
        for parent in Path(name).parents[:-1]:
            members.setdefault(f"{parent}/__init__.py", b"")
    members["lvs_follow.py"] = (folder / "_follow.py").read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in sorted(members):
            packed.writestr(zipfile.ZipInfo(name), members[name], zipfile.ZIP_DEFLATED)
    return _PROGRAM.format(archive=base64.b64encode(buffer.getvalue()).decode(), interval=interval)


def command(settings: Settings, target: Target) -> list[str]:
    """The words that run Python on a director. A shell there reads the last of them, and none has anything to quote."""
    become = ["sudo", "-n"] if settings.become else []
    if not target.address:
        return [*become, settings.python, "-IS", "-"]
    user = ["-l", target.user] if target.user else []
    port = ["-p", str(target.port)] if target.port else []
    where = [*_SSH, *_SSH_ALIVE, *user, *port, *settings.ssh_args, "--", target.address]
    return [*where, *become, settings.python, "-IS", "-"]


# -- from what is said to events

Event = dict[str, Any]


class Director:
    """What is known of a director, over all its connections. No I/O."""

    def __init__(self, name: str, *, initial: bool = False) -> None:
        self.name = name
        self._instances: dict[str, str] = {}
        self._services: dict[str, dict[str, int]] = {}
        self._vips: Mapping[str, list[str]] = {}
        self._sorry: Mapping[str, str] | None = None
        self._known = initial
        self._lost = False

    def take(self, said: Mapping[str, Any]) -> list[Event]:
        """The events of one line. Raise Lost where it tells of an error, LookupError and the like for nonsense."""
        if "error" in said:
            raise Lost(str(said["error"]))
        if "snapshot" in said:
            return list(self._snapshot(said["snapshot"]))
        if "instance" in said:
            return list(self._enter({said["instance"]: said["state"]}))
        if "instances" in said:
            self._set_up(said)
            return list(self._enter({**dict.fromkeys(self._instances), **said["instances"]}))
        if "services" in said:
            return list(self._change(said["services"]))
        if "alive" in said:
            return []
        raise LookupError(f"a line of no known kind: {', '.join(said)}")

    def lose(self, reason: str) -> list[Event]:
        """It is not followed any more; only the first of several in a row is an event."""
        was, self._lost = self._lost, True
        return [] if was else [self._event("director", change="lost", reason=reason)]

    def _set_up(self, said: Mapping[str, Any]) -> None:
        """Take what keepalived's configuration says; a program from before it was told says neither."""
        self._vips, self._sorry = said.get("vips") or {}, said.get("sorry")

    def _snapshot(self, said: Mapping[str, Any]) -> Iterator[Event]:
        if self._lost:
            self._lost = False
            yield self._event("director", change="back", reason="")
        self._set_up(said)
        events = [
            *self._enter({**dict.fromkeys(self._instances), **said["instances"]}),
            *self._change({**dict.fromkeys(self._services), **said["services"]}),
        ]
        yield from events if self._known else ()
        self._known = True

    def _enter(self, states: Mapping[str, str | None]) -> Iterator[Event]:
        for name, state in states.items():
            before = self._instances.pop(name, None)
            if state is not None:
                self._instances[name] = state
            if state != before:
                yield self._event("vrrp_state", instance=name, **{"from": before, "to": state})

    def _change(self, pools: Mapping[str, Mapping[str, int] | None]) -> Iterator[Event]:
        for service, pool in pools.items():
            before = self._services.pop(service, None)
            if pool is not None:
                self._services[service] = dict(pool)
            if before is None or pool is None:
                # Its real servers come and go with it, which says nothing about them.
                if before is not pool:
                    change = "removed" if pool is None else "added"
                    yield self._event("virtual_service", service=service, change=change, active=self._active(service))
                continue
            sorry = (self._sorry or {}).get(service, "")
            # With inhibit it stays in the pool, and has weight 0 while it doesn't serve.
            serves = None if self._sorry is None else pool.get(sorry, 0) > 0
            for server in {**before, **pool}:
                weights = {"from": before.get(server), "to": pool.get(server)}
                if weights["from"] != weights["to"] and server != sorry:
                    yield self._server(service, server, weights, serves)

    def _server(self, service: str, server: str, weights: Mapping[str, int | None], sorry: bool | None) -> Event:
        change = "added" if weights["from"] is None else "removed" if weights["to"] is None else "weight"
        where = {"service": service, "real_server": server, "address": _address(server)}
        active = self._active(service)
        return self._event("real_server", **where, change=change, **weights, active=active, sorry_serves=sorry)

    def _active(self, service: str) -> bool:
        """Whether clients may reach a service here: it is master of the VIP's instance, or has none.

        Where the VIP's instance is not known, as with a firewall mark, any counts.
        """
        address = _address(service.partition(" ")[2])
        states = [state for name, state in self._instances.items() if address in self._vips.get(name, ())]
        return not self._instances or "MASTER" in (states or self._instances.values())

    def _event(self, kind: str, **more: Any) -> Event:
        return {"type": kind, "host": self.name, **more}


def _address(endpoint: str) -> str:
    """The address of "10.0.0.5:80" and "[fd00::5]:80"; of what has no port, such as a firewall mark, none."""
    return endpoint.rpartition(":")[0].strip("[]")


# -- following


async def main(queue: Queue, args: dict[str, Any]) -> None:
    """Put events on the queue until cancelled."""
    settings = Settings.of(args)
    text = program(settings.interval).encode()
    async with asyncio.TaskGroup() as group:
        for target in settings.targets:
            group.create_task(_follow(queue, settings, target, text))


async def _follow(queue: Queue, settings: Settings, target: Target, text: bytes) -> None:
    """One director, for ever: whenever it is lost, again after a pause that grows."""
    director = Director(target.name, initial=settings.initial)
    clock = asyncio.get_running_loop().time
    pause = _SHORTEST_PAUSE
    while True:
        began = clock()
        try:
            await _listen(queue, command(settings, target), text, director)
        except Lost as error:
            for event in director.lose(str(error)):
                _LOG.warning("%s is not followed: %s", target.name, error)
                await queue.put(event)
        if clock() - began >= _GOOD_SECONDS:
            pause = _SHORTEST_PAUSE
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


async def _listen(queue: Queue, argv: list[str], text: bytes, director: Director) -> None:
    """Run the follower and make events of what it says. Raise Lost when it ends, and it always ends."""
    async with _pipe() as answers, _pipe() as errors:
        try:
            with tempfile.TemporaryFile() as file:
                file.write(text)
                file.seek(0)
                follower = await asyncio.create_subprocess_exec(
                    *argv, stdin=file, stdout=answers.writing, stderr=errors.writing
                )
        except OSError as error:
            raise Lost(f"{argv[0]} can't be started: {error.strerror}") from error
        finally:
            os.close(answers.writing)
            os.close(errors.writing)
        complaints: deque[str] = deque(maxlen=1)
        collecting = asyncio.create_task(_collect(errors.reader, complaints))
        try:
            while line := await _line(answers.reader):
                for event in _events(director, line):
                    await queue.put(event)
            await asyncio.wait([collecting], timeout=_END_SECONDS)
            raise Lost(complaints[0] if complaints else "the connection ended")
        finally:
            collecting.cancel()
            # What runs by sudo can't be killed by everybody; it ends when nobody reads what it says.
            answers.transport.close()
            errors.transport.close()
            await _end(follower)


class _Pipe(NamedTuple):
    """A pipe: what is read of it, and the end to write to, which the reader closes."""

    reader: asyncio.StreamReader
    transport: asyncio.ReadTransport
    writing: int


@contextlib.asynccontextmanager
async def _pipe() -> AsyncIterator[_Pipe]:
    reader = asyncio.StreamReader(limit=_LINE_BYTES)
    reading, writing = os.pipe()
    transport, _protocol = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(reading, "rb", buffering=0)
    )
    try:
        yield _Pipe(reader, transport, writing)
    finally:
        transport.close()


def _events(director: Director, line: bytes) -> list[Event]:
    try:
        return director.take(json.loads(line))
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise Lost(f"what it says is not understood: {line[:200]!r}: {error}") from error


async def _line(stream: asyncio.StreamReader) -> bytes:
    """The next line; none at the end. The follower says something every few seconds."""
    try:
        async with asyncio.timeout(_SILENCE_SECONDS):
            return await stream.readline()
    except TimeoutError:
        raise Lost(f"it said nothing for {_SILENCE_SECONDS:g} seconds") from None
    except ValueError as error:
        raise Lost(f"it said a line of more than {_LINE_BYTES} bytes") from error


async def _collect(stream: asyncio.StreamReader, into: deque[str]) -> None:
    while line := await stream.read(1 << 16):
        into.extend(line.decode(errors="replace").strip().splitlines())


async def _end(follower: asyncio.subprocess.Process) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            follower.send_signal(number)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_END_SECONDS):
                await follower.wait()
                return


if __name__ == "__main__":
    sys.stdout.write(program(float(sys.argv[1]) if sys.argv[1:] else 1.0))
