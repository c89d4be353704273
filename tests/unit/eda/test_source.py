"""The event source by its entry point, as ansible-rulebook calls it, with a program of the test's in ssh's place."""

from __future__ import annotations

import asyncio
import itertools
import os
import runpy
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).resolve().parents[3] / "extensions" / "eda" / "plugins" / "event_source" / "state.py"
SNAPSHOT = '{"snapshot":{"instances":{"VI_1":"%s"},"services":{"tcp 10.0.0.5:80":{"192.168.0.12:80":20}}}}'
SECONDS = 20

Main = Callable[[Any, dict[str, Any]], Coroutine[Any, Any, None]]


class Source:
    """The plugin, and the folder in which its ssh is."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        # ansible-rulebook loads it this way: it is no module, and imports nothing of this collection.
        self._names = runpy.run_path(str(FILE))
        self.main: Main = self._names["main"]
        self.set("_SHORTEST_PAUSE", 0.05)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def set(self, name: str, value: float) -> None:
        self.main.__globals__[name] = value

    def ssh(self, *lines: str) -> None:
        """What ssh does. Each of its runs counts up $run, and it takes its input as a Python would."""
        count = 'run=$(cat "$0.runs" 2>/dev/null || echo 0); run=$((run + 1)); echo $run > "$0.runs"'
        keep = 'echo "$*" > "$0.words"; echo $$ > "$0.pid"; cat > "$0.input"'
        file = self.folder / "ssh"
        file.write_text("\n".join(["#!/bin/sh", count, keep, *lines, ""]))
        file.chmod(0o755)

    def events(self, number: int, **args: Any) -> list[dict[str, Any]]:
        """The first events; then the source is cancelled."""

        async def run() -> list[dict[str, Any]]:
            queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
            task = asyncio.create_task(self.main(queue, args))
            try:
                async with asyncio.timeout(SECONDS):
                    return [await queue.get() for _each in range(number)]
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

        return asyncio.run(run())


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    return Source(tmp_path, monkeypatch)


def test_it_is_loaded_without_this_collection_on_the_path(source: Source) -> None:
    source.ssh(f"echo '{SNAPSHOT % 'BACKUP'}'", """echo '{"instance":"VI_1","state":"MASTER"}'""", "exec sleep 60")
    (event,) = source.events(1, hosts=["lb1"])
    assert event == {"type": "vrrp_state", "host": "lb1", "instance": "VI_1", "from": "BACKUP", "to": "MASTER"}
    text = (source.folder / "ssh.input").read_text()
    assert text.startswith("# The follower of")
    # What ssh hands to a shell there is these words with blanks between them.
    assert (source.folder / "ssh.words").read_text().split(" -- ")[1] == "lb1 python3 -IS -\n"


def test_ssh_ends_with_the_source(source: Source) -> None:
    source.ssh(f"echo '{SNAPSHOT % 'BACKUP'}'", "exec sleep 60")
    assert len(source.events(2, hosts=["lb1"], initial=True)) == 2
    with pytest.raises(ProcessLookupError):
        os.kill(int((source.folder / "ssh.pid").read_text()), 0)


def test_a_director_is_lost_with_what_ssh_said_last_and_back_with_what_changed(source: Source) -> None:
    source.ssh(
        "case $run in",
        f"1) echo '{SNAPSHOT % 'MASTER'}';;",
        "2) ;;",
        f"*) echo '{SNAPSHOT % 'BACKUP'}'; exec sleep 60;;",
        "esac",
        "echo a warning >&2; echo connection reset >&2; exit 255",
    )
    assert source.events(3, hosts=["lb1"]) == [
        {"type": "director", "host": "lb1", "change": "lost", "reason": "connection reset"},
        {"type": "director", "host": "lb1", "change": "back", "reason": ""},
        {"type": "vrrp_state", "host": "lb1", "instance": "VI_1", "from": "MASTER", "to": "BACKUP"},
    ]
    assert (source.folder / "ssh.runs").read_text() == "3\n"


def test_pauses_between_attempts_grow(source: Source) -> None:
    source.set("_SHORTEST_PAUSE", 0.2)
    source.ssh('date +%s.%N >> "$0.times"', f"[ $run -lt 5 ] || echo '{SNAPSHOT % 'BACKUP'}'")
    source.events(2, hosts=["lb1"])
    times = [float(line) for line in (source.folder / "ssh.times").read_text().split()]
    pauses = [after - before for before, after in itertools.pairwise(times)]
    assert [pause >= least for pause, least in zip(pauses, (0.2, 0.4, 0.8, 1.6), strict=True)] == [True] * 4


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["exec sleep 60"], "it said nothing for 0.5 seconds"),
        (["exec true"], "the connection ended"),
        (["echo Welcome to lb1", "exec sleep 60"], "what it says is not understood: b'Welcome to lb1"),
        (["""echo '{"snapshot":{}}'""", "exec sleep 60"], "what it says is not understood"),
        (["""echo '{"error":"ip_vs is odd"}'""", "exit 1"], "ip_vs is odd"),
    ],
)
def test_why_a_director_is_lost(source: Source, lines: list[str], reason: str) -> None:
    source.set("_SILENCE_SECONDS", 0.5 if "nothing" in reason else 20)
    source.ssh(*lines)
    (event,) = source.events(1, hosts=["lb1"])
    assert (event["change"], event["reason"][: len(reason)]) == ("lost", reason)


def test_without_ssh_it_says_so(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(source.folder))
    (event,) = source.events(1, hosts=["lb1"])
    assert event["reason"] == "ssh can't be started: No such file or directory"


def test_one_director_that_is_lost_keeps_no_other_from_being_followed(source: Source) -> None:
    source.ssh('case "$*" in *" lb1 "*) exit 255;; esac', f"echo '{SNAPSHOT % 'MASTER'}'", "exec sleep 60")
    events = source.events(3, hosts="lb1,lb2", initial=True)
    assert {(event["host"], event["type"]) for event in events} == {
        ("lb1", "director"),
        ("lb2", "vrrp_state"),
        ("lb2", "virtual_service"),
    }


def test_a_director_with_a_follower_of_its_own_reads_nothing(source: Source) -> None:
    """A forced command of an SSH key need not take the program that it is sent (docs/eda.md)."""
    source.ssh()
    (source.folder / "ssh").write_text(f"#!/bin/sh\nexec <&-\nexec echo '{SNAPSHOT % 'MASTER'}'\n")
    assert [event["type"] for event in source.events(2, hosts=["lb1"], initial=True)] == [
        "vrrp_state",
        "virtual_service",
    ]


def test_wrong_arguments_end_the_source(source: Source) -> None:
    with pytest.raises(ValueError, match="unknown: host"):
        asyncio.run(source.main(asyncio.Queue(), {"host": "lb1"}))
