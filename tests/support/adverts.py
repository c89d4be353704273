"""VRRP adverts on a network, captured by one of its hosts, to see who calls himself master, and when.

And how long a backup waits for them.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import yaml

from lab.lab import Lab

LINE = re.compile(
    r"^(?P<time>[0-9.]+) IP6? .*?(?P<source>[0-9a-f.:]+) > .*vrid (?P<router>\d+), prio (?P<priority>\d+)"
)
FILTER = "ip proto 112 or ip6 proto 112"


class Advert(NamedTuple):
    """One advert: the capturing host's clock in seconds, who sent it, for which virtual router, with what priority."""

    time: float
    source: str
    router: int
    priority: int


class Adverts:
    """The adverts that pass an interface while the block lasts."""

    def __init__(self, lab: Lab, host: str, interface: str) -> None:
        self.seen: list[Advert] = []
        words = ["tcpdump", "--immediate-mode", "-l", "-n", "-tt", "-i", interface, FILTER]
        self._command = lab.command(host, words)

    def __enter__(self) -> Adverts:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if line.startswith("listening on"):
                return self
        raise AssertionError("tcpdump did not begin to listen")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        output, _errors = self._process.communicate()
        self.seen = read(output)

    def masters(self, router: int) -> list[str]:
        """Who sent adverts for a virtual router, in order: a source again each time that it takes turns."""
        turns: list[str] = []
        for advert in self.seen:
            # A priority of 0 says goodbye.
            if advert.router == router and advert.priority and turns[-1:] != [advert.source]:
                turns.append(advert.source)
        return turns


def read(output: str) -> list[Advert]:
    found = []
    for line in output.splitlines():
        match = LINE.match(line)
        if match:
            time_, source, router, priority = match.group("time", "source", "router", "priority")
            found.append(Advert(float(time_), source, int(router), int(priority)))
    return found


def longest_gap(inventory: Path, backup: str) -> float:
    """The seconds without an answer that a power cut may cost until a backup serves.

    As long as it waits for an advert (docs/keepalived.md), and one for all else: a busy machine pauses.
    """
    variables = yaml.safe_load((inventory / "group_vars" / "directors" / "main.yml").read_text())
    instances = variables["lvs_vrrp_instances"]
    return 1 + max(float(3 * one["advert_int"] + (256 - one["priorities"][backup]) / 256) for one in instances)
