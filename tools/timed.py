"""Run make targets one after the other, stop at the first that fails, and end with how long each took."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple


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


def make(part: str) -> int:
    """Run one make target with its output shown; its exit status, 130 if the user interrupted it."""
    print(f"\n==> {part}", flush=True)
    try:
        return subprocess.run(["make", "--no-print-directory", part], check=False).returncode
    except KeyboardInterrupt:
        return 130


def main(parts: Sequence[str]) -> int:
    """Run the named make targets and print the table, whether they pass or not."""
    if not parts:
        print("usage: timed.py TARGET...", file=sys.stderr)
        return 2
    results = run_parts(parts, make)
    print(f"\n{table(results)}", flush=True)
    return exit_status(results)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
