"""A load of new connections at a fixed rate from a client, to count what fails while something is changed or cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from lab.lab import Lab
from tests.support.teller import Teller

Target = tuple[str, int]


class Failure(NamedTuple):
    """One request that failed: its beginning in seconds after the first one's, where it went, and why."""

    began: float
    target: Target
    reason: str


class Load(Teller):
    """`rate` requests a second to the targets in turn, each over a new connection, until the block ends.

    A request fails on an error, a reset, an answer other than 200, or where its connection is not answered and closed
    within `timeout` seconds. The block begins when the first request has ended; at its end those that are open are
    waited for. Then `sent`, `answered`, `failed`, `rate` (what was achieved), `by` (target and first line of the page
    -> answers) and `gap` (the longest time in which every request that began failed, in seconds) tell of all of it.
    """

    called = "load's program"

    def __init__(
        self, lab: Lab, client: str, targets: Sequence[Target], *, rate: float = 200, timeout: float = 5
    ) -> None:
        self.sent = self.answered = 0
        self.rate = self.gap = 0.0
        self.failed: list[Failure] = []
        self.by: dict[tuple[Target, str], int] = {}
        self._targets = list(targets)
        super().__init__(lab, client, SCRIPT, {"targets": self._targets, "rate": rate, "timeout": timeout})

    def took(self, told: dict[str, Any]) -> None:
        self.sent, self.answered, self.rate, self.gap = (told[key] for key in ("sent", "answered", "rate", "gap"))
        self.failed = [Failure(began, self._targets[number], reason) for began, number, reason in told["failed"]]
        self.by = {(self._targets[number], server): count for number, server, count in told["by"]}


# One process and few system calls a request, because a guest is slow. Request n begins n / rate seconds after the first
# one. What is late, because this process did not run, is made up for at twice the rate and BURST at once: servers that
# a flood makes fail would be blamed on the change. When nobody answers, as many are open as rate and timeout make, and
# no more than SPARE beyond.
SCRIPT = r"""
import collections, errno, gc, json, os, resource, select, socket, sys, time

BURST, SPARE, LATE = 20, 50, 0.1
wanted = json.loads(sys.argv[1])
rate, timeout = wanted["rate"], wanted["timeout"]
targets = [(socket.AF_INET6 if ":" in address else socket.AF_INET, (address, port))
           for address, port in wanted["targets"]]
most = int(rate * timeout) + SPARE
_soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
gc.disable()

def run():
    clock, stream = time.monotonic, socket.SOCK_STREAM | socket.SOCK_NONBLOCK
    # Edges: one registration serves the connection's start, its data and its end.
    mask, ended = select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET, select.EPOLLRDHUP
    request = b"GET / HTTP/1.0\r\nConnection: close\r\n\r\n"
    poll = select.epoll()
    poll.register(0, select.EPOLLIN)
    opened = {}  # file descriptor -> [socket, began, target, what came, deadline]; oldest first
    by, failed, good = collections.Counter(), [], []
    sent, going, begun, allowed, start = 0, True, False, BURST, clock()
    last = start

    def fail(began, target, reason):
        failed.append((round(began - start, 3), target, reason))

    def gap():
        longest, first = 0, None
        ends = [(began, True) for began, _target, _reason in failed] + [(began, False) for began in good]
        for began, failing in sorted(ends):
            if failing and first is None:
                first = began
            if first is not None:
                longest = max(longest, began - first + failing / rate)
            if not failing:
                first = None
        return longest

    def tell():
        seconds = last - start + 1 / rate
        print(json.dumps({"sent": sent, "answered": sum(by.values()), "rate": sent / seconds, "failed": failed,
                          "gap": gap(),
                          "by": [(target, server, count) for (target, server), count in by.items()]}))

    expected = start
    while going or opened:
        now = clock()
        # While this process did not run, on a busy machine, nothing was asked of anybody.
        late = now - expected
        if late > LATE:
            for one in opened.values():
                one[4] += late
        wait = timeout
        if going:
            allowed = min(BURST, allowed + (now - last) * 2 * rate)
            last = now
            due = int((now - start) * rate) + 1 - sent
            for _ in range(min(due, most - len(opened), int(allowed))):
                allowed -= 1
                target = sent % len(targets)
                family, address = targets[target]
                sent += 1
                connection = socket.socket(family, stream)
                error = connection.connect_ex(address)
                if error in (0, errno.EINPROGRESS):
                    number = connection.fileno()
                    opened[number] = [connection, clock(), target, None, clock() + timeout]
                    poll.register(number, mask)
                else:
                    connection.close()
                    fail(now, target, errno.errorcode.get(error, str(error)))
            if len(opened) < most:
                wait = max(start + sent / rate - now, (1 - allowed) / (2 * rate))
        if opened:
            wait = min(wait, opened[next(iter(opened))][4] - now)
        expected = clock() + max(wait, 0)
        for number, events in poll.poll(max(wait, 0)):
            if number == 0:
                going = bool(os.read(0, 100))
                if going:
                    tell()
                else:
                    poll.unregister(0)
                continue
            one = opened[number]
            connection, began, target, data, _deadline = one
            reason = ""
            try:
                if data is None:
                    connection.send(request)
                    one[3] = b""
                    continue
                piece = connection.recv(65536)
                if piece:
                    one[3] = data = data + piece
                    if not events & ended:
                        continue
                    # Tells a reset from an end. After the end it is none: a server of little memory forgets connections
                    # that it has closed, and resets what the client's kernel still says in them.
                    if events & select.EPOLLERR:
                        connection.recv(1)
            except BlockingIOError:
                continue
            except OSError as error:
                reason = errno.errorcode.get(error.errno, str(error))
            del opened[number]
            connection.close()
            if not reason:
                head, _blank, body = data.partition(b"\r\n\r\n")
                if head[9:12] == b"200" and body:
                    by[target, body.partition(b"\n")[0].decode(errors="replace")] += 1
                    good.append(round(began - start, 3))
                    continue
                reason = head.partition(b"\r\n")[0].decode(errors="replace") or "closed without an answer"
            fail(began, target, reason)
        # By the time before the poll: what it brought was there in time, however late this process got to it.
        while opened and opened[next(iter(opened))][4] <= now:
            connection, began, target, data, _deadline = opened.pop(next(iter(opened)))
            connection.close()
            fail(began, target, "no connection in time" if data is None else "no answer in time")
        if not begun and (by or failed):
            begun = True
            tell()
    tell()

run()
"""
