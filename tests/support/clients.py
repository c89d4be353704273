"""Many clients of a cluster IP: one machine with many addresses, which asks from each of them again and again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from lab.lab import Lab
from tests.support.cluster import Cluster
from tests.support.teller import Teller

NUMBER = 256
IPV4 = tuple(f"10.0.1.{last}" for last in range(NUMBER))
# Each in a network of its own: of an IPv6 address xt_cluster looks at the first 32 bits.
IPV6 = tuple(f"fd00:{last:x}::1" for last in range(1, NUMBER + 1))


def give_addresses(cluster: Cluster, host: str, interface: str) -> None:
    """Give a host all the addresses, if it has not got them."""
    if IPV4[-1] in cluster.addresses(host):
        return
    lines = [f"address add {address}/16 dev {interface}" for address in IPV4]
    cluster.run(host, "ip", "-batch", "-", stdin="\n".join(lines) + "\n")


def give_ipv6_addresses(cluster: Cluster, host: str, interface: str, addresses: Sequence[str] = IPV6) -> None:
    """The same with IPv6; who is to answer needs a route to fd00::/8."""
    if addresses[-1] in cluster.addresses(host):
        return
    lines = [f"address add {address}/8 dev {interface} nodad" for address in addresses]
    cluster.run(host, "ip", "-batch", "-", stdin="\n".join(lines) + "\n")


class Answer(NamedTuple):
    """One answer: when it was asked for and when it came, in seconds after the block began, to whom, and from whom."""

    asked: float
    came: float
    client: str
    node: str


class Double(NamedTuple):
    """Two nodes spoke on one connection: when it was opened, the client, its port, and the packets (kind, MAC)."""

    when: float
    client: str
    port: int
    first: str
    second: str


class Clients(Teller):
    """Every client asks over a new connection, `pause` seconds after its last one ended, until the block ends.

    One that is not answered within `patience` seconds gives up and asks again at once, with half of that patience from
    then on, so that a long gap is measured in smaller steps. The block begins when each client has ended a connection,
    well or not. Then, or after snapshot(), there are:

    answers: all of them, oldest first. failures: when, which client, and why. doubles: where two nodes answered the
    same connection, as seen on the wire by their MACs (SYN-ACKs and resets).
    """

    called = "clients' program"

    def __init__(
        self,
        lab: Lab,
        host: str,
        interface: str,
        vip: str,
        port: int,
        *,
        clients: Sequence[str] = IPV4,
        pause: float = 1.0,
        patience: float = 0.5,
    ) -> None:
        self.clients = tuple(clients)
        self.answers: list[Answer] = []
        self.failures: list[tuple[float, str, str]] = []
        self.doubles: list[Double] = []
        self.now = 0.0
        wanted = {"interface": interface, "vip": vip, "port": port, "clients": self.clients, "pause": pause}
        super().__init__(lab, host, SCRIPT, {**wanted, "patience": patience})

    def took(self, told: dict[str, Any]) -> None:
        self.now = told["now"]
        self.answers += [
            Answer(asked, came, self.clients[client], node) for asked, came, client, node in told["answers"]
        ]
        self.failures += [(when, self.clients[client], why) for when, client, why in told["failures"]]
        self.doubles += [Double(*double) for double in told["doubles"]]

    # -- what follows

    def doubles_since(self, when: float) -> list[Double]:
        return [double for double in self.doubles if double.when > when]

    def owners(self, since: float = 0.0) -> dict[str, set[str]]:
        """Client -> the nodes that answered what it asked from then on."""
        found: dict[str, set[str]] = {client: set() for client in self.clients}
        for answer in self.answers:
            if answer.asked >= since:
                found[answer.client].add(answer.node)
        return found

    def owner(self, since: float = 0.0) -> dict[str, str]:
        """Client -> its one node; AssertionError if one has none or several."""
        found = self.owners(since)
        wrong = {client: sorted(nodes) for client, nodes in found.items() if len(nodes) != 1}
        assert not wrong, f"{len(wrong)} clients have not exactly one node: {dict(list(wrong.items())[:5])}"
        return {client: next(iter(nodes)) for client, nodes in found.items()}

    def shares(self, since: float = 0.0) -> Counter[str]:
        """Node -> number of clients."""
        return Counter(self.owner(since).values())

    def gaps(self, begin: float = 0.0, end: float = float("inf")) -> dict[str, float]:
        """Client -> the longest time in which it got no answer although it asked, in seconds.

        From the beginning of the first request that failed, to the next answer, or until now where none came.
        """
        events = [(when, client, False) for when, client, _why in self.failures]
        events += [(answer.came, answer.client, True) for answer in self.answers]
        longest = dict.fromkeys(self.clients, 0.0)
        waiting: dict[str, float] = {}
        for when, client, answered in sorted(events):
            if answered:
                since = waiting.pop(client, None)
                if since is not None:
                    longest[client] = max(longest[client], when - since)
            elif begin <= when <= end:
                waiting.setdefault(client, when)
        for client, since in waiting.items():
            longest[client] = max(longest[client], self.now - since)
        return longest


# Few system calls a request, because a guest is slow. The failures' time is when the attempt began. The packet filter
# takes TCP segments from the VIP's port with SYN or RST only: who answers a connection, by the sender's MAC.
SCRIPT = r"""
import errno, gc, heapq, json, os, resource, select, socket, struct, sys, time

wanted = json.loads(sys.argv[1])
clients, vip, port = wanted["clients"], wanted["vip"], wanted["port"]
pause, patience = wanted["pause"], wanted["patience"]
family = socket.AF_INET6 if ":" in vip else socket.AF_INET
_soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
gc.disable()

LD, JEQ, JSET, RET = 0x30, 0x15, 0x45, 0x06
def steps():
    if family == socket.AF_INET:
        yield from ((LD, 0, 0, 23), (JEQ, 0, 5, 6), (0xb1, 0, 0, 14), (0x50, 0, 0, 14 + 13), (JSET, 0, 2, 6))
    else:
        yield from ((LD, 0, 0, 20), (JEQ, 0, 4, 6), (LD, 0, 0, 54 + 13), (JSET, 0, 2, 6))
    yield from ((RET, 0, 0, 128), (RET, 0, 0, 0), (RET, 0, 0, 0), (RET, 0, 0, 0))
program = b"".join(struct.pack("HBBI", *step) for step in steps())
import ctypes
buffer = ctypes.create_string_buffer(program)
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
wire.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HL", len(program) // 8, ctypes.addressof(buffer)))
wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
wire.bind((wanted["interface"], 0x0800 if family == socket.AF_INET else 0x86dd))
wire.setblocking(False)
ours = socket.inet_pton(family, vip)

LATE = 0.1
IMPATIENT = patience / 2  # who was not answered
REQUEST = b"GET / HTTP/1.0\r\nConnection: close\r\n\r\n"
clock = time.monotonic
start = clock()
answers, failures, doubles, seen, born = [], [], [], {}, {}
opened = {}      # descriptor -> [socket, began, client, data, deadline]
due = [(start + number * min(pause, 1) / len(clients), number) for number in range(len(clients))]
heapq.heapify(due)
ended, unanswered = set(), set()
poll = select.epoll()
poll.register(0, select.EPOLLIN)
poll.register(wire.fileno(), select.EPOLLIN)

def listen():
    while True:
        try:
            frame = wire.recv(200)
        except BlockingIOError:
            return
        if family == socket.AF_INET:
            source, to, begin = frame[26:30], frame[30:34], 14 + (frame[14] & 15) * 4
        else:
            source, to, begin = frame[22:38], frame[38:54], 54
        if source != ours or frame[begin:begin + 2] != port.to_bytes(2, "big"):
            continue
        key = to + frame[begin + 2:begin + 4]
        this = ("reset " if frame[begin + 13] & 4 else "SYN-ACK ") + frame[6:12].hex(":")
        before = seen.get(key, this)
        # A node that was left with half a connection says so again seconds later: what counts is when it was opened.
        if before[-17:] != this[-17:] and key in born:
            client_port = int.from_bytes(frame[begin + 2:begin + 4], "big")
            doubles.append((round(born[key] - start, 3), socket.inet_ntop(family, to), client_port, before, this))
        seen[key] = this

def end(number, now, why=None, node=None):
    connection, began, client, _data, _deadline = opened.pop(number)
    connection.close()
    ended.add(client)
    if why is None:
        unanswered.discard(client)
        answers.append((round(began - start, 3), round(now - start, 3), client, node))
        heapq.heappush(due, (now + pause, client))
    else:
        unanswered.add(client)
        failures.append((round(began - start, 3), client, why))
        heapq.heappush(due, (max(now, began + 0.05), client))

def tell():
    print(json.dumps({"now": round(clock() - start, 3), "answers": answers, "failures": failures, "doubles": doubles}))
    answers.clear(), failures.clear(), doubles.clear()

told, going, expected = False, True, start
while going or opened:
    now = clock()
    # While this process did not run, on a busy machine, nothing was asked of anybody.
    late = now - expected
    if late > LATE:
        for one in opened.values():
            one[4] += late
    while going and due and due[0][0] <= now:
        _when, client = heapq.heappop(due)
        connection = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        connection.setsockopt(socket.SOL_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
        connection.bind((clients[client], 0))
        error = connection.connect_ex((vip, port))
        address, client_port = connection.getsockname()[:2]
        key = socket.inet_pton(family, address) + client_port.to_bytes(2, "big")
        born[key] = now
        seen.pop(key, None)
        deadline = now + (IMPATIENT if client in unanswered else patience)
        opened[connection.fileno()] = [connection, now, client, None, deadline]
        if error not in (0, errno.EINPROGRESS):
            end(connection.fileno(), now, errno.errorcode.get(error, str(error)))
        else:
            poll.register(connection.fileno(), select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET)
    wait = 0.5
    if going and due:
        wait = min(wait, max(0, due[0][0] - clock()))
    if opened:
        wait = min(wait, max(0, min(one[4] for one in opened.values()) - clock()))
    expected = clock() + wait
    for number, events in poll.poll(wait):
        if number == 0:
            going = bool(os.read(0, 100))
            if going:
                tell()
            else:
                poll.unregister(0)
        elif number == wire.fileno():
            listen()
        elif number in opened:
            one = opened[number]
            try:
                if one[3] is None:
                    one[0].send(REQUEST)
                    one[3] = b""
                    continue
                piece = one[0].recv(65536)
                one[3] += piece
                if piece and not events & select.EPOLLRDHUP:
                    continue
            except BlockingIOError:
                continue
            except OSError as error:
                end(number, clock(), errno.errorcode.get(error.errno, str(error)))
                continue
            head, _blank, body = one[3].partition(b"\r\n\r\n")
            if head[9:12] == b"200" and body:
                end(number, clock(), node=body.partition(b"\n")[0].decode(errors="replace"))
            else:
                end(number, clock(), "closed without an answer")
    now = clock()
    for number in [number for number, one in opened.items() if one[4] <= now]:
        end(number, now, "no connection in time" if opened[number][3] is None else "no answer in time")
    if not told and len(ended) == len(clients):
        told = True
        tell()
listen()
tell()
"""
