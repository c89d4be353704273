"""A program on a lab's host that goes on until its block ends, and tells what it saw in lines of JSON."""

from __future__ import annotations

import json
import subprocess
from types import TracebackType
from typing import Any, Self

from lab.lab import Lab


class Teller:
    """The block begins with the program's first line. It tells once more for each line on its standard input, and for
    the last time where that ends. What it tells goes to `took`.
    """

    called = "program"  # in a message

    def __init__(self, lab: Lab, host: str, script: str, wanted: dict[str, Any]) -> None:
        self._command = lab.command(host, ["python3", "-u", "-c", script, json.dumps(wanted)])

    def took(self, told: dict[str, Any]) -> None:
        """Keep what the program told."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        first = self._line()
        if not first:
            self._process.communicate()
        self._take(first)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        last, _errors = self._process.communicate()  # closing its standard input ends it
        if kind is None:
            self._take(last)

    def snapshot(self) -> None:
        """Bring everything up to now."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        self._take(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def _take(self, line: str) -> None:
        assert line, f"the {self.called} ended early"
        self.took(json.loads(line))
