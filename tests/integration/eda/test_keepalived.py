"""The event source beside two real keepalived with a real journal each, in namespaces of their own; no lab.

The source's ssh enters the namespaces and has a shell there read its words, as an SSH server would.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lvs.cluster.extensions.eda.plugins.event_source import state
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.director import tree
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import render
from tests.integration.failover.directors import INTERVAL, Director, linked, until

PRIORITIES = {"lb1": 200, "lb2": 150}
NAMES = ("VI_0", "VI_1")
SECONDS = 30.0
JOURNALD = "[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=no\nForwardToWall=no\n"
# The journal has its sockets in /run, and keepalived its standard output, which systemd-cat makes a way to it.
START_JOURNAL = "mount -t tmpfs none /run && mkdir -p /run/systemd/journal && exec /lib/systemd/systemd-journald"
KEEPALIVED = '#!/bin/sh\nexec systemd-cat --identifier=keepalived /usr/sbin/keepalived "$@"\n'
SSH = """#!/bin/sh
while [ "$1" != -- ]; do shift; done
case $2 in lb1) pid={lb1};; lb2) pid={lb2};; esac
echo $$ > "$0.$2"
shift 2
exec nsenter -t $pid -n -m -r env -i PATH=/usr/bin:/usr/sbin:/bin:/sbin bash -c "$*"
"""


def text(director: str, names: tuple[str, ...] = NAMES) -> str:
    instances = [
        {
            "name": name,
            "state": "BACKUP",
            "interface": f"eth{number}",
            "virtual_router_id": 51 + number,
            "version": 3,
            "advert_int": INTERVAL,
            "priority": PRIORITIES[director],
            "virtual_ipaddress": [{"address": f"10.9.{number}.5/24", "dev": f"eth{number}"}],
        }
        for number, name in enumerate(names)
    ]
    return render(tree({"global": {"router_id": director}, "vrrp_instances": instances, "vrrp_sync_groups": []}))


def journal(director: Director) -> subprocess.Popen[bytes]:
    """systemd's journal on a host that has none; the machine's own is not touched."""
    (director.folder / "etc" / "systemd").mkdir(exist_ok=True)
    (director.folder / "etc" / "systemd" / "journald.conf").write_text(JOURNALD)
    (director.folder / "etc" / "systemd" / "journald.conf").chmod(0o644)
    director.program("keepalived", KEEPALIVED)
    started = subprocess.Popen(director.argv("sh", "-ec", START_JOURNAL), stderr=subprocess.DEVNULL)
    director.run("sh", "-c", "until [ -S /run/systemd/journal/stdout ]; do :; done")
    return started


@pytest.fixture(scope="module")
def directors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Director, Director]]:
    """lb1, which is master of both instances, and lb2; each logs to its journal."""
    with ExitStack() as stack:
        pair = stack.enter_context(linked(tmp_path_factory.mktemp("eda"), text))
        for one in pair:
            one.stop()
            stack.callback(_end, journal(one))
        for one, wanted in zip(pair, ("MASTER", "BACKUP"), strict=True):
            one.start(text(one.name))
            until(one, wanted)
        yield pair


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(10)


class Events:
    """What the source said, in its order."""

    def __init__(self, queue: asyncio.Queue[dict[str, Any]]) -> None:
        self._queue = queue
        self.seen: list[dict[str, Any]] = []

    def states(self, host: str, instance: str) -> list[str | None]:
        return [
            event["to"]
            for event in self.seen
            if (event["type"], event["host"], event.get("instance")) == ("vrrp_state", host, instance)
        ]

    async def until(self, done: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(SECONDS):
                while not done():
                    self.seen.append(await self._queue.get())
        except TimeoutError:
            raise AssertionError(f"it did not come to this in {SECONDS} s: {self.seen}") from None


def following(
    folder: Path,
    directors: tuple[Director, Director],
    monkeypatch: pytest.MonkeyPatch,
    work: Callable[[Events], Awaitable[None]],
    **args: Any,
) -> Events:
    """Work while the source follows both directors, from when it knows them."""
    ssh = folder / "ssh"
    ssh.write_text(SSH.format(**{one.name: one.pid for one in directors}))
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    async def run() -> Events:
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        events = Events(queue)
        options = {"hosts": ["lb1", "lb2"], "interval": 0.2, "initial": True, **args}
        task = asyncio.create_task(state.main(queue, options))
        try:
            await events.until(lambda: len(events.seen) == 4)
            assert {(one["host"], one["instance"], one["from"], one["to"]) for one in events.seen} == {
                *(("lb1", name, None, "MASTER") for name in NAMES),
                *(("lb2", name, None, "BACKUP") for name in NAMES),
            }
            events.seen.clear()
            await work(events)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return events

    return asyncio.run(run())


def test_a_takeover_and_back(
    directors: tuple[Director, Director], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _second = directors

    async def work(events: Events) -> None:
        await asyncio.to_thread(first.stop)
        await events.until(lambda: all(events.states("lb2", name) == ["MASTER"] for name in NAMES))
        await events.until(lambda: all(events.states("lb1", name) == ["STOP"] for name in NAMES))
        await asyncio.to_thread(first.start, text("lb1"))
        await events.until(lambda: all(events.states("lb2", name) == ["MASTER", "BACKUP"] for name in NAMES))
        await events.until(lambda: all(events.states("lb1", name)[-1] == "MASTER" for name in NAMES))

    events = following(tmp_path, directors, monkeypatch, work)
    assert {event["type"] for event in events.seen} == {"vrrp_state"}


def test_what_comes_and_goes_between_two_looks_is_told(
    directors: tuple[Director, Director], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """VRRP is followed in the log: with a minute between two looks nothing else could tell of this."""
    first, _second = directors

    async def work(events: Events) -> None:
        # Down and up at once: keepalived does not wait for anything to say FAULT and BACKUP.
        first.run("sh", "-ec", "ip link set eth0 down; ip link set eth0 up")
        await events.until(lambda: events.states("lb1", "VI_0")[-1:] == ["MASTER"])

    events = following(tmp_path, directors, monkeypatch, work, interval=60)
    assert events.states("lb1", "VI_0") == ["FAULT", "BACKUP", "MASTER"]
    assert events.states("lb1", "VI_1") == []


def test_an_instance_that_a_reload_takes_away(
    directors: tuple[Director, Director], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = directors
    conf = first.folder / "etc" / "keepalived" / "keepalived.conf"

    async def work(events: Events) -> None:
        conf.write_text(text("lb1", NAMES[:1]))
        first.reload()
        await events.until(lambda: events.states("lb1", "VI_1") == [None])
        conf.write_text(text("lb1"))
        first.reload()
        await events.until(lambda: events.states("lb1", "VI_1")[-1] == "MASTER")
        await events.until(lambda: events.states("lb2", "VI_1") == ["MASTER", "BACKUP"])

    events = following(tmp_path, directors, monkeypatch, work)
    assert events.states("lb1", "VI_0") == []
    until(second, "BACKUP")


def test_a_connection_that_breaks(
    directors: tuple[Director, Director], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def of_directors(events: Events) -> list[tuple[str, str]]:
        return [(one["host"], one["change"]) for one in events.seen if one["type"] == "director"]

    async def work(events: Events) -> None:
        os.kill(int((tmp_path / "ssh.lb2").read_text()), signal.SIGKILL)
        await events.until(lambda: of_directors(events) == [("lb2", "lost"), ("lb2", "back")])

    events = following(tmp_path, directors, monkeypatch, work)
    assert len(events.seen) == 2


def test_a_program_that_was_put_there_is_the_same(
    directors: tuple[Director, Director], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As docs/eda.md has it for a key that may run this one program alone."""
    printed = subprocess.run([sys.executable, state.__file__, "0.2"], check=True, capture_output=True, text=True).stdout
    program = tmp_path / "follow.py"
    program.write_text(printed)
    monkeypatch.setattr(f"{__name__}.SSH", SSH.replace('bash -c "$*"', f"/usr/bin/python3 -IS {program}"))

    async def work(_events: Events) -> None:
        pass  # what they say first is enough

    following(tmp_path, directors, monkeypatch, work)
