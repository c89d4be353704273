"""tests/support/load.py: what it calls a failure, and that it keeps its rate. The guest is this machine."""

from __future__ import annotations

import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, cast

import pytest

from lab.lab import Lab
from tests.support.cluster import wait_until
from tests.support.load import Load, Target

ANSWER = b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\nweb1\nmore\n"


class Here:
    def command(self, host: str, argv: list[str]) -> list[str]:
        assert (host, argv[0]) == ("client", "python3")
        return [sys.executable, *argv[1:]]


LAB = cast(Lab, Here())


@contextmanager
def server(answer: Callable[[socket.socket], None], family: int = socket.AF_INET) -> Iterator[Target]:
    """A server that does this with each connection, and ends it."""
    address = "::1" if family == socket.AF_INET6 else "127.0.0.1"
    with socket.create_server((address, 0), family=family, backlog=500) as listener:

        def serve() -> None:
            while True:
                try:
                    connection = listener.accept()[0]
                except OSError:
                    return
                with connection:
                    answer(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield (address, listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def replying(text: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        assert connection.recv(1000).endswith(b"\r\n\r\n")
        connection.sendall(text)

    return answer


def reset(connection: socket.socket) -> None:
    """After a whole answer: a reset is none."""
    replying(ANSWER)(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def reset_after_the_end(connection: socket.socket) -> None:
    """As by a server that has closed the connection and has no memory of it."""
    replying(ANSWER)(connection)
    connection.shutdown(socket.SHUT_WR)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def in_pieces(connection: socket.socket) -> None:
    connection.recv(1000)
    for piece in (ANSWER[:20], ANSWER[20:35], ANSWER[35:]):
        connection.sendall(piece)
        threading.Event().wait(0.005)


def wait(seconds: float) -> None:
    threading.Event().wait(seconds)


def test_rate_and_who_answered() -> None:
    other = replying(ANSWER.replace(b"web1", b"web2"))
    with server(replying(ANSWER)) as one, server(other) as two:
        with Load(LAB, "client", [one, two], rate=100) as load:
            wait(0.5)
            load.snapshot()
            half = load.answered
            wait(0.5)
        assert load.failed == []
        assert 20 <= half <= load.answered - 20
        assert load.answered == load.sent
        assert load.rate == pytest.approx(100, abs=5)
        assert set(load.by) == {(one, "web1"), (two, "web2")}
        assert abs(load.by[one, "web1"] - load.by[two, "web2"]) <= 1


def test_ipv6_and_an_answer_in_pieces() -> None:
    with server(in_pieces, socket.AF_INET6) as target, Load(LAB, "client", [target], rate=20) as load:
        wait(0.2)
    assert (load.failed, set(load.by)) == ([], {(target, "web1")})
    assert load.sent == load.answered >= 3


def test_a_reset_after_the_end_is_no_failure() -> None:
    with server(reset_after_the_end) as target, Load(LAB, "client", [target], rate=200) as load:
        wait(0.5)
    assert load.failed == []
    assert load.sent == load.answered >= 50


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (replying(b"HTTP/1.1 503 Service Unavailable\r\n\r\nweb1\n"), "HTTP/1.1 503 Service Unavailable"),
        (replying(b""), "closed without an answer"),
        (reset, "ECONNRESET"),
        (lambda connection: wait(0.5), "no answer in time"),
    ],
    ids=["status", "closed", "reset", "silent"],
)
def test_failure(answer: Callable[[socket.socket], None], reason: str) -> None:
    with server(answer) as target, Load(LAB, "client", [target], rate=10, timeout=0.4) as load:
        wait(0.2)
    assert load.sent == len(load.failed) >= 2
    assert (load.answered, load.by) == (0, {})
    assert {(failure.target, failure.reason) for failure in load.failed} == {(target, reason)}
    begins = [failure.began for failure in load.failed]
    assert begins[0] == pytest.approx(0, abs=0.1)
    assert begins[1] - begins[0] == pytest.approx(0.1, abs=0.08)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        target = closed.getsockname()
    with Load(LAB, "client", [target], rate=100) as load:
        pass
    assert {failure.reason for failure in load.failed} == {"ECONNREFUSED"}


def test_open_requests_are_waited_for() -> None:
    def late(connection: socket.socket) -> None:
        wait(0.3)
        replying(ANSWER)(connection)

    with ExitStack() as stack:
        target = stack.enter_context(server(late))
        with Load(LAB, "client", [target], rate=4) as load:
            pass
    assert (load.failed, load.answered) == ([], load.sent)


def test_a_program_that_ends_early_is_told() -> None:
    gone: Any = Here()
    gone.command = lambda host, argv: [sys.executable, "-c", ""]
    with pytest.raises(AssertionError, match="the load's program ended early"), Load(gone, "client", [("::1", 80)]):
        pass


def test_gap_is_the_longest_time_without_an_answer() -> None:
    """Of 100 requests a second the ones that begin in 0.4 s have no answer, and single ones before and after."""
    seen = 0

    def answer(connection: socket.socket) -> None:
        nonlocal seen
        seen += 1
        if 40 <= seen < 80 or seen in (10, 20, 90):
            reset(connection)
        else:
            replying(ANSWER)(connection)

    with server(answer) as target, Load(LAB, "client", [target], rate=100) as load:
        wait_until(lambda: seen >= 110, seconds=10, what="110 requests")
    assert load.gap == pytest.approx(0.4, abs=0.1)
