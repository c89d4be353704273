"""ansible-rulebook with the rulebook that is shipped, as a user runs it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.cluster import ROOT, wait_until

__all__ = ["Output", "running"]

# Where `make eda` puts it: its pins are not those of .venv.
PROGRAMS = ROOT / "build" / "venv-eda" / "bin"


def program() -> str:
    """Its path; without it the test is skipped, but not where Java alone is missing."""
    found = shutil.which("ansible-rulebook", path=f"{PROGRAMS}:{os.environ['PATH']}")
    if found is None:
        pytest.skip("ansible-rulebook is not installed: make eda installs it")
    if shutil.which("java") is None:
        pytest.fail("ansible-rulebook needs Java 17 or newer, which make eda installs")
    return found


class Output:
    """What it printed until now."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for line in stream:
                self._lines.append(line)

    @property
    def text(self) -> str:
        return "".join(self._lines)

    def until(self, words: str, seconds: float, after: str = "") -> None:
        """Wait until it has printed these words, behind others."""

        def is_there() -> bool:
            if self._process.poll() is not None:
                raise AssertionError(f"ansible-rulebook ended with {self._process.returncode}:\n{self.text}")
            return words in (self.text.partition(after)[2] if after else self.text)

        try:
            wait_until(is_there, seconds=seconds, what=words)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.text}") from None

    def join(self) -> None:
        self._reader.join()


@contextmanager
def running(folder: Path, inventory: Path, variables: dict[str, Any]) -> Iterator[Output]:
    """Run lvs.cluster.lvs; a program ``ssh`` in ``folder`` is what the source calls."""
    rulebook = program()
    argv = [rulebook, "--rulebook", "lvs.cluster.lvs", "--inventory", str(inventory)]
    (folder / "variables.json").write_text(json.dumps(variables))
    environment = {
        **os.environ,
        "PATH": f"{folder}:{os.path.dirname(rulebook)}:{os.environ['PATH']}",
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".venv" / "collections"),
        "ANSIBLE_NOCOLOR": "1",
        "LC_ALL": "C.UTF-8",
        "TMPDIR": str(folder),
    }
    # Its playbooks have sessions of their own; a process namespace ends with all that is in it.
    alone = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    process = subprocess.Popen(
        [*alone, *argv, "--vars", str(folder / "variables.json")],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    output = Output(process)
    try:
        yield output
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        output.join()
