"""Long downloads from a client, to see whether a change breaks what is under way."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from lab.lab import Lab


@dataclass(frozen=True)
class Download:
    """One download: who served it, the bytes that came, and what went wrong ("" if nothing did)."""

    by: str
    received: int
    error: str


class Downloads:
    """A number of downloads at once, each over a connection of its own, slowed down to last about `seconds`.

    With `sources`, each comes from one of these addresses of the client, in turn.

    The block begins when all have their first bytes. At its end `finished` waits for them all.
    """

    def __init__(
        self,
        lab: Lab,
        client: str,
        address: str,
        port: int,
        *,
        number: int,
        seconds: float,
        size: int,
        sources: Sequence[str] = (),
    ) -> None:
        self.size = size
        words = ["python3", "-u", "-c", SCRIPT, address, str(port), str(number), str(seconds), str(size), *sources]
        self._command = lab.command(client, words)

    def __enter__(self) -> Downloads:
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        first = self._process.stdout.readline()
        if first != "begun\n":
            self._process.communicate()
            raise AssertionError("not all downloads began")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._process.communicate()  # closing its standard input ends it, and the connections with it
        else:
            self.finished()

    def finished(self) -> list[Download]:
        """Wait for the end of all."""
        if not hasattr(self, "_results"):
            assert self._process.stdout is not None
            self._results = [Download(*one) for one in json.loads(self._process.stdout.readline())]
            self._process.communicate()
        return self._results


SCRIPT = """
import http.client, json, os, pathlib, sys, threading, time
address, port, number, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[5])
seconds = float(sys.argv[4])
PIECE = 16384
results, begun = [], threading.Barrier(number + 1)

def download(source):
    by, received, error = "", 0, ""
    connection = http.client.HTTPConnection(address, port, timeout=30, source_address=source)
    try:
        connection.request("GET", "/")
        by = connection.getresponse().read().decode().split("\\n")[0]
        connection.request("GET", "/large", headers={"Range": "bytes=0-%d" % (size - 1)})
        answer = connection.getresponse()
        received = len(answer.read(PIECE))
        start = time.monotonic()
        begun.wait()
        while True:
            piece = answer.read(PIECE)
            if not piece:
                break
            received += len(piece)
            # The pace of a slow client, not a wait for something.
            time.sleep(max(0, start + seconds * received / size - time.monotonic()))
    except Exception as problem:
        error = repr(problem)
        begun.abort()
    results.append((by, received, error))

def watch():
    sys.stdin.read()
    os._exit(1)

threading.Thread(target=watch, daemon=True).start()
sources = sys.argv[6:] or [""]
# Ports below those that the kernel gives out, in turn with the requests of tests/support/cluster.py. A director that
# sees one direction only takes a port of the last two minutes for its old connection, whose real server then has it.
kept = pathlib.Path("/run/next-source-port")
first = int(kept.read_text()) + 1 if kept.exists() else 10000
first = first if first + number < 32000 else 10000
kept.write_text(str(first + number))
threads = [
    threading.Thread(target=download, args=((sources[turn % len(sources)], first + turn),)) for turn in range(number)
]
for thread in threads:
    thread.start()
begun.wait()
print("begun")
for thread in threads:
    thread.join()
print(json.dumps(results), flush=True)
"""
