"""Run make targets or other parts, some of them side by side, stop when one fails, and say how long each took.

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
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
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


class Outcome(NamedTuple):
    """All parts, in the order in which they were named, and the seconds that it took to run them."""

    results: list[Result]
    seconds: float


def lanes_of(stage: str) -> list[list[str]]:
    """What one argument asks for, as `integration & lint unit`: lanes side by side, the parts of each in order."""
    return [lane.split() for lane in stage.split("&")]


def run_stages(
    stages: Iterable[str], run: Callable[[str], int], clock: Callable[[], float] = time.monotonic
) -> Outcome:
    """Run the stages in order, each with its lanes at the same time.

    After a failure, or an interruption by the user, what runs comes to its end and nothing begins.
    """
    over = threading.Event()

    def run_one(part: str) -> Result:
        if over.is_set():
            return Result(part, None, 0.0)
        start = clock()
        status = run(part)
        if status:
            over.set()
        return Result(part, status, clock() - start)

    def run_lane(parts: Sequence[str]) -> list[Result]:
        return [run_one(part) for part in parts]

    start = clock()
    results: list[Result] = []
    for lanes in map(lanes_of, stages):
        with ThreadPoolExecutor(len(lanes)) as pool:
            running = [pool.submit(run_lane, lane) for lane in lanes]
            try:
                for lane in running:
                    lane.result()
            except KeyboardInterrupt:
                # make, and what it runs, got the same signal.
                over.set()
        results += [result for lane in running for result in lane.result()]
    return Outcome(results, clock() - start)


def table(outcome: Outcome) -> str:
    """The results as lines of text, and how long all took: less than their sum where parts ran side by side."""
    width = max(len("total"), *(len(result.part) for result in outcome.results))
    lines = []
    for part, status, seconds in outcome.results:
        if status is None:
            lines.append(f"{part:<{width}}         -  not run")
        else:
            lines.append(f"{part:<{width}}  {seconds:7.1f} s  {'ok' if status == 0 else f'failed, status {status}'}")
    lines.append(f"{'total':<{width}}  {outcome.seconds:7.1f} s")
    return "\n".join(lines)


def exit_status(results: Sequence[Result]) -> int:
    """The status of the first part that failed; where none did, 0 if all ran, else 130: the user interrupted it."""
    failed = next((result.status for result in results if result.status), 0)
    return failed or (130 if any(result.status is None for result in results) else 0)


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


class Screen:
    """Where the output goes: as it comes for one part at a time, that of another as a whole when it has ended."""

    def __init__(self, to: IO[bytes]) -> None:
        self._to = to
        self._writing = threading.Lock()
        self._live = threading.Lock()

    def show(self, part: str, run: Callable[[Callable[[bytes], None]], int]) -> int:
        """Run a part, which gets what shows its output; its exit status."""
        title = f"\n==> {part}\n".encode()
        if self._live.acquire(blocking=False):
            try:
                self._write(title)
                return run(self._write)
            finally:
                self._live.release()
        self._write(f"\n==> {part} begins; what it says comes when it has ended\n".encode())
        kept = [title]
        try:
            return run(kept.append)
        finally:
            self._write(b"".join(kept))

    def _write(self, chunk: bytes) -> None:
        with self._writing:
            self._to.write(chunk)
            self._to.flush()


def pass_on(source: IO[bytes], take: Sequence[Callable[[bytes], None]]) -> None:
    """Give an output to all who take it, as it comes."""
    while chunk := os.read(source.fileno(), 65536):
        for one in take:
            one(chunk)


def run_command(words: Sequence[str], *take: Callable[[bytes], None]) -> int:
    """Run one command, and give its output to all who take it; its exit status."""
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdout
    reader = threading.Thread(target=pass_on, args=(process.stdout, take), daemon=True)
    reader.start()
    status = process.wait()
    reader.join(LEFTOVERS)
    return status


def run_and_tell(stages: Sequence[str], command: Callable[[str], Sequence[str]]) -> list[Result]:
    """Run the stages and print the table, whether they pass or not, and what those parts said that failed."""
    screen = Screen(sys.stdout.buffer)
    keepers: dict[str, Keeper] = {}

    def run(part: str) -> int:
        keeper = keepers[part] = Keeper()
        return screen.show(part, lambda show: run_command(command(part), show, keeper.take))

    outcome = run_stages(stages, run)
    print(f"\n{table(outcome)}", flush=True)
    for part in dict.fromkeys(result.part for result in outcome.results if result.status):
        print("\n".join([f"\n{part} said:", *keepers[part].summary()]), flush=True)
    return outcome.results


def make(target: str) -> list[str]:
    """The command for a part that is a target of the Makefile."""
    return ["make", "--no-print-directory", target]


def main(stages: Sequence[str]) -> int:
    """Run the named make targets; the status of the first that failed."""
    if not stages:
        print("usage: timed.py TARGET... (or 'TARGET... & TARGET...' for some side by side)", file=sys.stderr)
        return 2
    return exit_status(run_and_tell(stages, make))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
