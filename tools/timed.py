"""Run make targets one after the other, stop at the first that fails, and end with how long each took.

After that comes what the failed one had to say, because many CI systems show the end of the output alone.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import IO, NamedTuple

# How pytest's summary and assertions begin, and what Ansible says of a failed task.
TELLING = ("FAILED ", "ERROR ", "E   ", "fatal: [", "[ERROR]: ")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# What is said again of a failure: so many lines, none longer and all together no longer than this.
LINES, LONGEST, ALL = 15, 200, 1500
# A part's end is the end of make. What it left running may hold its output open; for that nobody waits longer.
LEFTOVERS = 2.0


class Result(NamedTuple):
    """One part: its make target, its exit status (None: not run) and its seconds."""

    part: str
    status: int | None
    seconds: float


def run_parts(
    parts: Sequence[str], run: Callable[[str], int], clock: Callable[[], float] = time.monotonic
) -> list[Result]:
    """Run the parts in order; those after the first failure are in the result as not run."""
    results: list[Result] = []
    failed = False
    for part in parts:
        if failed:
            results.append(Result(part, None, 0.0))
            continue
        start = clock()
        status = run(part)
        results.append(Result(part, status, clock() - start))
        failed = status != 0
    return results


def table(results: Sequence[Result]) -> str:
    """The results as lines of text, with a sum."""
    width = max(len("total"), *(len(result.part) for result in results))
    lines = []
    for part, status, seconds in results:
        if status is None:
            lines.append(f"{part:<{width}}         -  not run")
        else:
            lines.append(f"{part:<{width}}  {seconds:7.1f} s  {'ok' if status == 0 else f'failed, status {status}'}")
    lines.append(f"{'total':<{width}}  {sum(result.seconds for result in results):7.1f} s")
    return "\n".join(lines)


def exit_status(results: Sequence[Result]) -> int:
    """The status of the part that failed, else 0."""
    return next((result.status for result in results if result.status), 0)


class Keeper:
    """Remembers the last lines of an output, and of those that tell of a failure, as it passes."""

    def __init__(self) -> None:
        self._telling: deque[str] = deque(maxlen=LINES)
        self._last: deque[str] = deque(maxlen=LINES)
        self._half = b""

    def take(self, chunk: bytes) -> None:
        """The next piece of the output, which need not end with a line."""
        *lines, self._half = (self._half + chunk).split(b"\n")
        for line in lines:
            self._keep(line)

    def summary(self) -> list[str]:
        """The lines that tell of a failure, else the last ones, as many as may be said again."""
        if self._half:
            self._keep(self._half)
            self._half = b""
        lines = list(self._telling or self._last)
        while sum(len(line) + 1 for line in lines) > ALL:
            del lines[0]
        return lines

    def _keep(self, raw: bytes) -> None:
        line = COLOURS.sub("", raw.decode(errors="replace")).rstrip()
        if line:
            short = line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
            self._last.append(short)
            if line.startswith(TELLING):
                self._telling.append(short)


def pass_on(source: IO[bytes], to: IO[bytes], take: Callable[[bytes], None]) -> None:
    """Copy an output as it comes, and let it be looked at."""
    while chunk := os.read(source.fileno(), 65536):
        to.write(chunk)
        to.flush()
        take(chunk)


def make(part: str, take: Callable[[bytes], None]) -> int:
    """Run one make target with its output shown; its exit status, 130 if the user interrupted it."""
    print(f"\n==> {part}", flush=True)
    command = ["make", "--no-print-directory", part]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdout
    reader = threading.Thread(target=pass_on, args=(process.stdout, sys.stdout.buffer, take), daemon=True)
    reader.start()
    try:
        status = process.wait()
    except KeyboardInterrupt:
        process.wait()
        status = 130
    reader.join(LEFTOVERS)
    return status


def main(parts: Sequence[str]) -> int:
    """Run the named make targets and print the table, whether they pass or not, and what a failed one said."""
    if not parts:
        print("usage: timed.py TARGET...", file=sys.stderr)
        return 2
    keeper = Keeper()

    def run(part: str) -> int:
        nonlocal keeper
        keeper = Keeper()
        return make(part, keeper.take)

    results = run_parts(parts, run)
    print(f"\n{table(results)}", flush=True)
    if exit_status(results):
        failed = next(result.part for result in results if result.status)
        print("\n".join([f"\n{failed} said:", *keeper.summary()]), flush=True)
    return exit_status(results)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
