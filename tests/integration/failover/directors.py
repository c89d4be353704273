# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two directors with a real keepalived each, in namespaces of their own and linked by two networks; root makes them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.unit.plugins.netns import Host

__all__ = ["INTERVAL", "LONGEST", "NAMES", "Director", "linked", "until"]

NAMES = ("lb1", "lb2")
# VRRP 3 counts hundredths: a takeover takes a second.
INTERVAL = 0.25
LONGEST = 40.0


class Director(Host):
    """A host with two networks and keepalived."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(folder)
        self.name = name
        self.keepalived: subprocess.Popen[bytes] | None = None
        self.log = folder / "keepalived.log"

    def start(self, text: str) -> None:
        """Write the configuration, have keepalived test it as the role does, and start it."""
        self.run("mkdir", "-p", "/etc/keepalived", "/var/lib/lvs-cluster/weights")
        (self.folder / "etc" / "keepalived" / "keepalived.conf").write_text(text)
        assert self.run("keepalived", "-t") == ""
        run = self.folder / "run"
        run.mkdir(exist_ok=True)
        files = ["--pid", str(run / "main.pid"), "--vrrp_pid", str(run / "vrrp.pid")]
        argv = self.argv("env", f"TMPDIR={run}", "keepalived", "--vrrp", "--dont-fork", "--log-console", "-D", *files)
        with self.log.open("wb") as stream:
            self.keepalived = subprocess.Popen(argv, stdout=stream, stderr=stream, cwd=self.folder)

    def stop(self) -> None:
        if self.keepalived is None:
            return
        self.keepalived.terminate()
        try:
            self.keepalived.wait(10)
        except subprocess.TimeoutExpired:
            self.keepalived.kill()
            self.keepalived.wait()
        self.keepalived = None

    def reload(self) -> None:
        os.kill(int((self.folder / "run" / "main.pid").read_text()), signal.SIGHUP)

    def states(self) -> dict[str, str]:
        found = self.module("keepalived_state")
        return {name: one["state"] for name, one in found.get("instances", {}).items()}

    def effective(self) -> set[int]:
        return {one["effective_priority"] for one in self.module("keepalived_state")["instances"].values()}


@contextmanager
def linked(folder: Path, text: Callable[[str], str]) -> Iterator[tuple[Director, Director]]:
    """The two of them with the configurations that ``text`` gives for their names; lb1 is master."""
    assert shutil.which("keepalived", path="/usr/sbin:/sbin"), "apt-get install keepalived"
    first, second = (Director(folder / name, name) for name in NAMES)
    with first, second:
        for number in range(2):
            ends = [first.pid, "type", "veth", "peer", f"eth{number}", "netns", second.pid]
            subprocess.run(["ip", "link", "add", f"eth{number}", "netns", *ends], check=True)
            for place, one in enumerate((first, second), 2):
                one.run("ip", "address", "add", f"10.9.{number}.{place}/24", "dev", f"eth{number}")
                one.run("ip", "link", "set", f"eth{number}", "up")
        try:
            for one, state in ((first, "MASTER"), (second, "BACKUP")):
                one.start(text(one.name))
                until(one, state)
            yield first, second
        finally:
            first.stop()
            second.stop()


def until(director: Director, state: str) -> float:
    """Wait until all instances have the state; how long it took."""
    begin = time.monotonic()
    while True:
        seen = director.states()
        if set(seen.values()) == {state} and len(seen) == 2:
            return time.monotonic() - begin
        log = director.log.read_text()
        assert time.monotonic() - begin < LONGEST, f"{director.name}: {seen} instead of {state}\n{log}"
        time.sleep(0.1)
