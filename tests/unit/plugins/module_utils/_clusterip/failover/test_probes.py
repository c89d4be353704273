# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Health checks against real sockets on the loopback interface."""

from __future__ import annotations

import http.server
import queue
import socket
import threading
from collections.abc import Iterator

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.health import Check, Rhythm
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.probes import Monitors, probe


class _Pages(http.server.BaseHTTPRequestHandler):
    hosts: queue.Queue[str] = queue.Queue()

    def do_GET(self) -> None:
        self.hosts.put(self.headers["Host"])
        self.send_response(200 if self.path == "/up" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def web() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Pages) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture
def silent() -> Iterator[int]:
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_http(web: int) -> None:
    check = Check("http", "127.0.0.1", web, "/up")
    assert probe(check) == ""
    assert _Pages.hosts.get(timeout=5) == f"127.0.0.1:{web}"
    assert probe(check._replace(path="/none")) == "status 404"
    assert probe(check._replace(path="/none", status=(200, 404))) == ""
    assert probe(Check("tcp", "127.0.0.1", web)) == ""


@pytest.mark.parametrize("path", ["/prüfung", "/two words"])
def test_a_path_that_cannot_be_sent_is_a_bad_answer(web: int, path: str) -> None:
    """Its thread would end there, and the last answer count for ever."""
    assert probe(Check("http", "127.0.0.1", web, path)) != ""


def test_a_server_that_says_nothing(silent: int) -> None:
    check = Check("http", "127.0.0.1", silent, timeout=0.1)
    assert probe(check) == "timed out"
    assert probe(check._replace(type="tcp")) == ""


@pytest.mark.parametrize("kind", ["tcp", "http"])
def test_an_address_that_this_node_lacks(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it has none, another node would answer on the network; nothing is sent there."""
    monkeypatch.setattr(socket.socket, "connect", lambda self, address: pytest.fail(f"{address} was asked"))
    assert "Cannot assign requested address" in probe(Check(kind, "192.0.2.9", 80))


def test_no_server(silent: int) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = Check("tcp", "127.0.0.1", unused.getsockname()[1])
        assert "refused" in probe(closed)
        assert "refused" in probe(closed._replace(type="http"))


def test_each_check_has_its_own_thread_until_it_is_gone() -> None:
    answers: queue.Queue[tuple[Check, str]] = queue.Queue()
    release = threading.Event()
    quick, hung = Check("tcp", "10.0.0.9", 1), Check("tcp", "10.0.0.9", 2)

    def ask(check: Check) -> str:
        if check == hung:
            release.wait()
        return "bad"

    monitors = Monitors(lambda check, said: answers.put((check, said)), ask)
    monitors.change([quick, hung], Rhythm(0.01, 2, 2))
    assert [answers.get(timeout=5) for _number in range(3)] == [(quick, "bad")] * 3
    monitors.change([quick], Rhythm(0.01, 2, 2))
    release.set()
    assert [answers.get(timeout=5) for _number in range(3)] == [(quick, "bad")] * 3
    monitors.change([], Rhythm(0.01, 2, 2))
    threads = [thread for thread in threading.enumerate() if thread.name in (str(quick), str(hung))]
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()
