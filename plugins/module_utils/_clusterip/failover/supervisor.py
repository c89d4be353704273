# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs keepalived for the buckets: what its VRRP instances become, the kernel serves.

One loop waits for the notify FIFO, for signals and for the health checks' threads. Whatever ends it, the buckets go
back first: a node that serves without VRRP would answer beside the one that took its place.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import selectors
import signal
import stat
import subprocess
import time
from collections import deque
from typing import Callable, Iterator, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import to_json, write_file
from ansible_collections.lvs.cluster.plugins.module_utils._boot.watch import log, notify
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover import choices
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.delivery import Delivery
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.health import Check, Health
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.probes import Monitors
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.settings import Places, Settings
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.states import Lines, States
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.model import ClusterIp

__all__ = ["Serve", "Supervisor"]

Serve = Callable[[Sequence[ClusterIp], Tuple[int, ...]], None]

PATIENCE = 10.0  # for keepalived to end; it waits a second for its VRRP process
_F_SETPIPE_SZ = 1031  # of linux/fcntl.h; Python has it from 3.10 on
_PIPE = 1 << 20  # keepalived drops what a full FIFO does not take


class Supervisor:
    """``read`` gives the settings, ``serve`` tells the kernel."""

    def __init__(self, places: Places, read: Callable[[], Settings], serve: Serve) -> None:
        self.places, self._read = places, read
        self.settings = read()
        self._health = Health(self.settings.checks, self.settings.rhythm)
        self._delivery = Delivery(lambda buckets: serve(self.settings.cluster_ips, buckets))
        self._states, self._lines = States(), Lines()
        self._answers: deque[tuple[Check, str]] = deque()
        self._monitors = Monitors(self._answer)
        self._signals: set[int] = set()
        self._wake = -1
        self._child: subprocess.Popen[bytes] | None = None
        self._started = self._stopping = self._reload_due = False
        self._kill = float("inf")
        self._said = ""
        self._written: dict[str, bytes] = {}

    def run(self) -> int:
        """Until SIGTERM (0) or until keepalived ends by itself (1)."""
        os.makedirs(self.places.run_dir, mode=0o755, exist_ok=True)
        # Without it keepalived would not look for the files in it.
        os.makedirs(self.places.choices_dir, mode=0o755, exist_ok=True)
        choices.mend(self.places)
        with contextlib.ExitStack() as stack:
            fifo = stack.enter_context(_fifo(self.places.fifo))
            woken = stack.enter_context(self._wakeups())
            selector = stack.enter_context(selectors.DefaultSelector())
            selector.register(fifo, selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            self._deliver()
            self._monitors.change(self.settings.checks, self.settings.rhythm)
            try:
                self._child = self._start()
                while self._child.poll() is None:
                    selector.select(self._timeout())
                    _drain(woken)
                    self._obey()
                    self._listen(fifo)
                    self._deliver()
                self._obey()
                if not self._stopping:
                    log(f"keepalived ended by itself, with status {self._child.returncode}: all buckets are given back")
            finally:
                self._end()
        return 0 if self._stopping and not self._delivery.trouble else 1

    def _start(self) -> subprocess.Popen[bytes]:
        """keepalived. It does not start its VRRP process again: that one's buckets would stay here meanwhile."""
        where = self.places.run_dir
        files = (
            "--use-file",
            self.settings.config,
            "--pid",
            f"{where}/keepalived.pid",
            "--vrrp_pid",
            f"{where}/vrrp.pid",
        )
        options = ("--dont-fork", "--dont-respawn", "--log-console", "--no-syslog", "--vrrp")
        environment = {name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"}
        try:
            # A service is no module, and has no run_command.
            return subprocess.Popen(  # pylint: disable=ansible-bad-function
                (self.settings.keepalived, *options, *files), stdin=subprocess.DEVNULL, env=environment
            )
        except OSError as exc:
            raise BootError(f"cannot start {self.settings.keepalived}: {exc}") from exc

    def _end(self) -> None:
        """No keepalived and no bucket, whatever happened."""
        if self._child is not None and self._child.poll() is None:
            self._child.kill()
            self._child.wait()
        self._states.clear()
        self._delivery.again()
        self._deliver()

    @contextlib.contextmanager
    def _wakeups(self) -> Iterator[int]:
        """A descriptor that is readable after a signal or an answer of a health check."""
        reading, self._wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        before = signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
        handlers = {number: signal.signal(number, lambda got, _frame: self._signals.add(got)) for number in numbers}
        try:
            yield reading
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(before)
            self._monitors.change((), self.settings.rhythm)
            # A thread may still want to write to the other end; the process ends soon.
            os.close(reading)

    def _answer(self, check: Check, said: str) -> None:
        self._answers.append((check, said))
        with contextlib.suppress(OSError):  # full: the loop is awake
            os.write(self._wake, b"\0")

    def _timeout(self) -> float | None:
        now = time.monotonic()
        due = min(self._kill, self._delivery.due(now))
        return None if due == float("inf") else max(0.0, due - now)

    def _obey(self) -> None:
        if self._child is None:
            return
        got, self._signals = self._signals, set()
        if got & {signal.SIGTERM, signal.SIGINT} and not self._stopping:
            notify("STOPPING=1")
            self._stopping, self._kill = True, time.monotonic() + PATIENCE
            self._child.terminate()
        elif self._stopping and time.monotonic() >= self._kill:
            log(f"keepalived did not end within {PATIENCE:g} seconds and is killed")
            self._kill = float("inf")
            self._child.kill()
        if signal.SIGHUP in got and not self._stopping:
            self._reload()

    def _reload(self) -> None:
        notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            self.settings = self._read()
        except BootError as exc:
            log(f"everything stays as it was: {exc}")
        else:
            self._health.change(self.settings.checks, self.settings.rhythm)
            self._monitors.change(self.settings.checks, self.settings.rhythm)
            self._delivery.again()
            self._deliver()
            self._reload_due = True
            self._pass_reload_on()
        if self._started:
            notify("READY=1")

    def _pass_reload_on(self) -> None:
        """keepalived ignores SIGHUP until it runs."""
        if self._started and self._reload_due and self._child is not None:
            self._child.send_signal(signal.SIGHUP)
            self._reload_due = False
            self._note_loaded()

    def _listen(self, fifo: int) -> None:
        """All that the FIFO and the health checks have, so that of several states only the last one counts."""
        for line in self._lines.feed(_drain(fifo)):
            if self._states.note(line) and not self._started:
                self._started = True
                self._note_loaded()
                notify("READY=1")
                self._pass_reload_on()
        while self._answers:
            check, said = self._answers.popleft()
            if self._health.note(check, not said):
                log(f"health check {check}: {said or 'good'}")

    def _deliver(self) -> None:
        """The kernel first; then the files: what keepalived tracks, and what others may read."""
        ours = [bucket for bucket in self._states.buckets if bucket <= self.settings.buckets]
        self._delivery.wanted = tuple(ours)
        self._delivery.step(time.monotonic())
        trouble = self._delivery.trouble
        if trouble and trouble != self._said:
            log(f"the kernel does not take the buckets {_named(self._delivery.wanted)}; trying again: {trouble}")
        self._said = trouble
        good = self._health.good and self._delivery.good(time.monotonic())
        # Replaced in one step, which keepalived 2.2.7 and 2.3.3 see (IN_MOVED_TO): a file that is being written may be
        # read while it is empty, and that is 0, which is good.
        self._write(self.places.health, b"0\n" if good else b"1\n")
        if not trouble:  # else the kernel has what it had
            self._write(self.places.buckets, to_json({"buckets": ours}))

    def _note_loaded(self) -> None:
        self._write(self.places.loaded, f"{self.settings.digest}\n".encode())

    def _write(self, path: str, data: bytes) -> None:
        if self._written.get(path) != data:
            write_file(path, data)
            self._written[path] = data


def _named(buckets: tuple[int, ...]) -> str:
    return ", ".join(map(str, buckets)) or "(none)"


@contextlib.contextmanager
def _fifo(path: str) -> Iterator[int]:
    """The FIFO, open for writing too: it has no end when keepalived closes it, as it does in a reload."""
    try:
        if not stat.S_ISFIFO(os.lstat(path).st_mode):
            os.unlink(path)
            os.mkfifo(path, 0o600)
    except FileNotFoundError:
        os.mkfifo(path, 0o600)
    descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    with contextlib.suppress(OSError):
        fcntl.fcntl(descriptor, _F_SETPIPE_SZ, _PIPE)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _drain(descriptor: int) -> bytes:
    """All that can be read now."""
    found = b""
    with contextlib.suppress(BlockingIOError):
        while True:
            found += os.read(descriptor, 65536)
    return found
