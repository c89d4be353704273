"""A stream of new connections from a client, to measure what a change or a power cut costs those who come meanwhile."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from itertools import pairwise
from types import TracebackType

from lab.lab import Lab


@dataclass(frozen=True)
class Answer:
    """One request: when it began and ended (the client's clock, seconds), and who answered ("" if nobody did)."""

    began: float
    ended: float
    by: str


class Stream:
    """Requests one after the other, each over a new connection that may take `timeout` seconds, until the block ends.

    A gap is measured to within the timeout; where no request may fail, it is to be longer than a busy machine's pauses.
    The last request is an answered one, so that a gap is whole: after the block, one is waited for, at most 10 seconds.
    """

    def __init__(self, lab: Lab, client: str, address: str, port: int, *, timeout: float) -> None:
        self.answers: list[Answer] = []
        self._command = lab.command(client, ["python3", "-u", "-c", SCRIPT, address, str(port), str(timeout)])

    def __enter__(self) -> Stream:
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        first = self._process.stdout.readline()
        assert first, "the stream of requests ended before it began"
        self._take(first)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        rest, _errors = self._process.communicate()  # closing its standard input ends it
        for line in rest.splitlines():
            self._take(line)

    def _take(self, line: str) -> None:
        began, ended, by = json.loads(line)
        self.answers.append(Answer(began, ended, by))

    @property
    def failed(self) -> int:
        return sum(not answer.by for answer in self.answers)

    @property
    def gap(self) -> float:
        """The longest time from the end of one answered request to the end of the next, in seconds."""
        ends = [answer.ended for answer in self.answers if answer.by]
        return max((later - earlier for earlier, later in pairwise(ends)), default=float("inf"))


SCRIPT = """
import http.client, json, select, sys, time
address, port, timeout = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
ended = None
while True:
    began, by = time.monotonic(), ""
    connection = http.client.HTTPConnection(address, port, timeout=timeout)
    try:
        connection.request("GET", "/")
        by = connection.getresponse().read(100).decode().split("\\n")[0]
    except OSError:
        pass
    finally:
        connection.close()
    print(json.dumps([began, time.monotonic(), by]))
    if ended is None and select.select([sys.stdin], [], [], 0)[0]:
        ended = time.monotonic()
    if ended is not None and (by or time.monotonic() > ended + 10):
        break
    time.sleep(0.01)
"""
