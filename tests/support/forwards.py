"""Requests that hosts send on to each other, captured where they leave, to see whether one is sent on twice."""

from __future__ import annotations

import collections
import os
import re
import subprocess
import tempfile
from collections.abc import Iterable
from types import TracebackType
from typing import IO

from lab.lab import Lab
from tests.support.cluster import wait_until

# The same identification, source with its port, and sequence number: the same packet.
# A packet that is sent again by the client has a new identification.
PACKET = re.compile(r"\bid (?P<id>\d+),.*\n\s+(?P<source>[0-9.]+) > \S+: Flags \[S\], .*?\bseq (?P<seq>\d+)")


class Forwards:
    """The first packets of connections to a VIP that leave these hosts while the block lasts.

    Afterwards `sent` counts them by host and `twice` has those that left more than once, which is a loop: with direct
    routing a packet leaves the one host that balances it, once, or none where that host serves it itself.
    """

    def __init__(self, lab: Lab, hosts: Iterable[str], interface: str, vip: str) -> None:
        self.sent: dict[str, int] = {}
        self.twice: list[tuple[str, ...]] = []
        words = ["tcpdump", "--immediate-mode", "-l", "-n", "-v", "-S", "-Q", "out", "-i", interface]
        words.append(f"dst host {vip} and tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn")
        self._commands = {host: lab.command(host, words) for host in hosts}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._outputs: dict[str, IO[bytes]] = {}

    def __enter__(self) -> Forwards:
        for host, command in self._commands.items():
            # A file: a pipe that nobody reads would fill up and stop the capture, and ssh may leave one open.
            self._outputs[host] = output = tempfile.TemporaryFile()
            self._processes[host] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
        for host in self._commands:
            wait_until(lambda h=host: "listening on" in self._read(h), seconds=20, what=f"the capture on {host}")  # type: ignore[misc]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        counts: collections.Counter[tuple[str, ...]] = collections.Counter()
        for host, process in self._processes.items():
            process.terminate()
            process.wait()
            found = [match.group("id", "source", "seq") for match in PACKET.finditer(self._read(host))]
            self._outputs[host].close()
            self.sent[host] = len(found)
            counts.update(found)
        self.twice = [packet for packet, number in counts.items() if number > 1]

    def _read(self, host: str) -> str:
        return os.pread(self._outputs[host].fileno(), 100_000_000, 0).decode(errors="replace")
