"""Labs for tests: the command line as a user types it, with names and a state folder of the test run's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from lab import processes
from lab.networks import Namespace
from lab.processes import Process

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / "tests" / "output" / "lab"


class LabCommand:
    """`python -m lab` for one lab."""

    def __init__(self, name: str, states: Path, hosts: dict[str, Any]) -> None:
        self.name = name
        self.states = states
        self.folder = states / name
        self.namespace = Namespace(self.folder).name
        self.inventory = states / f"{name}.yml"
        self.inventory.write_text(yaml.safe_dump(hosts))

    def start(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        """Start a command and don't wait for it."""
        environment = {**os.environ, "LVS_LAB": self.name, "LVS_LAB_STATE": str(self.states), "LVS_LAB_IMAGE": "bare"}
        return subprocess.Popen(
            # Whoever started these tests in the background made them, and so their children, deaf to interruptions.
            ["env", "--default-signal=INT", sys.executable, "-m", "lab", *words],
            cwd=ROOT,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **{"stdin": subprocess.DEVNULL, **options},
        )

    def __call__(self, *words: str, status: int = 0, stdin: str = "") -> str:
        """Run a command that ends with `status`: its standard output, or its standard error where status isn't 0."""
        with self.start(*words, stdin=subprocess.PIPE) as process:
            output, errors = process.communicate(stdin, timeout=300)
        assert process.returncode == status, f"lab {words}: {process.returncode}\n{output}{errors}"
        return errors if status else output

    def up(self) -> str:
        return self("up", "-i", str(self.inventory))

    def on(self, host: str, *argv: str) -> str:
        """What a command on a host prints."""
        return self("exec", host, "--", *argv)

    def succeeds(self, host: str, *argv: str) -> bool:
        with self.start("exec", host, "--", *argv) as process:
            process.communicate(timeout=60)
        return process.returncode == 0

    def boot_id(self, host: str) -> str:
        return self.on(host, "cat", "/proc/sys/kernel/random/boot_id")

    def processes(self) -> list[Process]:
        """Whatever names the lab's folder in its arguments, anywhere on the machine."""
        return [p for p in processes.snapshot() if any(str(self.folder) in word for word in p.words)]

    def power(self, host: str) -> list[int]:
        """The process that supervises a host's kernel: one while the host is on."""
        console = f"{self.folder}/guests/{host}/console.log"
        return [p.pid for p in self.processes() if p.words[0] == "sh" and console in p.words]

    def leftovers(self) -> list[str]:
        """What is there of the lab on this machine; nothing after `down`."""
        mounts = [line for line in Path("/proc/self/mounts").read_text().splitlines() if self.namespace in line]
        files = [self.folder, self.states / f".{self.name}.lock", Path("/run/netns") / self.namespace]
        return [
            *(f"process {process.pid}: {' '.join(process.words)}" for process in self.processes()),
            *(f"mount {line}" for line in mounts),
            *(f"file {path}" for path in files if path.exists()),
        ]

    def keep_logs(self) -> None:
        """Copy every console's log to where it outlives the lab."""
        for log in (*self.folder.glob("guests/*/console.log"), *self.folder.glob("*.log")):
            kept = LOGS / self.name / log.relative_to(self.folder)
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(log, kept)


def wait(done: Any, what: str, deadline: float = 60) -> None:
    processes.wait_until(done, deadline=deadline, what=what, every=0.2)
