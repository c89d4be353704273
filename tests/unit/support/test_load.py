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
        try:
            yield (address, listener.getsockname()[1])
        finally:
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


def wait_for_requests(load: Load, number: int) -> None:
    """Wait until so many have begun."""

    def begun() -> bool:
        load.snapshot()
        return load.sent >= number

    wait_until(begun, seconds=20, what=f"{number} requests")


def test_who_answered() -> None:
    other = replying(ANSWER.replace(b"web1", b"web2"))
    with server(replying(ANSWER)) as one, server(other) as two:
        with Load(LAB, "client", [one, two], rate=100) as load:
            wait_for_requests(load, 50)
            half = load.answered
            wait_for_requests(load, 100)
        assert load.failed == []
        assert 0 < half < load.answered
        assert load.answered == load.sent
        assert set(load.by) == {(one, "web1"), (two, "web2")}
        assert abs(load.by[one, "web1"] - load.by[two, "web2"]) <= 1


def one_of_three(measure: Callable[[], float], low: float, high: float) -> None:
    """Each would be in the range if this machine were not busy with other things now and then."""
    found: list[float] = []
    while not any(low <= one <= high for one in found):
        assert len(found) < 3, found
        found.append(measure())


def test_rate_is_kept() -> None:
    def rate() -> float:
        with server(replying(ANSWER)) as target, Load(LAB, "client", [target], rate=100) as load:
            wait_for_requests(load, 100)
        return load.rate

    one_of_three(rate, 95, 100.1)


def test_ipv6_and_an_answer_in_pieces() -> None:
    with server(in_pieces, socket.AF_INET6) as target, Load(LAB, "client", [target], rate=20) as load:
        wait_for_requests(load, 3)
    assert (load.failed, set(load.by)) == ([], {(target, "web1")})
    assert load.sent == load.answered


def test_a_reset_after_the_end_is_no_failure() -> None:
    with server(reset_after_the_end) as target, Load(LAB, "client", [target], rate=200) as load:
        wait_for_requests(load, 50)
    assert load.failed == []
    assert load.sent == load.answered


@pytest.mark.parametrize(
    ("answer", "timeout", "reason"),
    [
        (replying(b"HTTP/1.1 503 Service Unavailable\r\n\r\nweb1\n"), 5, "HTTP/1.1 503 Service Unavailable"),
        (replying(b""), 5, "closed without an answer"),
        (reset, 5, "ECONNRESET"),
        (lambda connection: wait(2), 0.4, "no answer in time"),
    ],
    ids=["status", "closed", "reset", "silent"],
)
def test_failure(answer: Callable[[socket.socket], None], timeout: float, reason: str) -> None:
    with server(answer) as target, Load(LAB, "client", [target], rate=10, timeout=timeout) as load:
        wait_for_requests(load, 5)
    assert load.sent == len(load.failed)
    assert (load.answered, load.by) == (0, {})
    assert {(failure.target, failure.reason) for failure in load.failed} == {(target, reason)}
    # None before its time, and where this machine is busy not all of them late.
    late = [began - number / 10 for number, began in enumerate(sorted(failure.began for failure in load.failed))]
    assert min(late) > -0.001
    assert min(late) < 0.1


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

    def gap() -> float:
        seen = 0

        def answer(connection: socket.socket) -> None:
            nonlocal seen
            seen += 1
            if 40 <= seen < 80 or seen % 4 == 2:
                reset(connection)
            else:
                replying(ANSWER)(connection)

        with server(answer) as target, Load(LAB, "client", [target], rate=100) as load:
            wait_until(lambda: seen >= 110, seconds=20, what="110 requests")
        return load.gap

    one_of_three(gap, 0.35, 0.45)
