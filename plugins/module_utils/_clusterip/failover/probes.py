# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Health checks as they are done: each in a thread of its own, because a server that hangs must delay nothing else."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from typing import Callable, Iterable

from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.health import Check, Rhythm

__all__ = ["Monitors", "probe"]

Report = Callable[[Check, str], None]


def probe(check: Check) -> str:
    """Asks once: "" if the server answered as it should, else what was wrong.

    The question comes from the address that it goes to, so where this node lacks the VIP it is not sent at all: on the
    network another node would answer it.
    """
    try:
        if check.type == "http":
            return _http(check)
        socket.create_connection((check.address, check.port), check.timeout, (check.address, 0)).close()
    except (OSError, ValueError, http.client.HTTPException) as exc:  # ValueError: what cannot be sent
        return str(exc) or type(exc).__name__
    return ""


def _http(check: Check) -> str:
    connection = http.client.HTTPConnection(check.address, check.port, check.timeout, (check.address, 0))
    try:
        connection.request("GET", check.path, headers={"Connection": "close", "User-Agent": "lvs-clusterip"})
        status = connection.getresponse().status
    finally:
        connection.close()
    return "" if status in check.status else f"status {status}"


class Monitors:
    """The threads of the present checks; ``report`` is called in them, with a check and what probe() said."""

    def __init__(self, report: Report, ask: Callable[[Check], str] = probe) -> None:
        self._report, self._ask = report, ask
        self._running: dict[tuple[Check, float], threading.Event] = {}

    def change(self, checks: Iterable[Check], rhythm: Rhythm) -> None:
        """Starts the threads of new checks; those of checks that are gone end after their present question."""
        wanted = {(check, rhythm.interval) for check in checks}
        for gone in set(self._running) - wanted:
            self._running.pop(gone).set()
        for new in sorted(wanted - set(self._running)):
            end = self._running[new] = threading.Event()
            threading.Thread(target=self._watch, args=(*new, end), name=str(new[0]), daemon=True).start()

    def _watch(self, check: Check, interval: float, end: threading.Event) -> None:
        while not end.is_set():
            begun = time.monotonic()
            said = self._ask(check)
            if not end.is_set():
                self._report(check, said)
            end.wait(max(0.0, begun + interval - time.monotonic()))
