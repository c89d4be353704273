"""Nodes with a cluster IP, and clients, in network namespaces on one bridge: real packets, this machine's kernel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.model import ClusterIp, to_json

NODES = ("n1", "n2", "n3")
PORT, OTHER_PORT = 7007, 7008
VIP = {"ipv4": "10.77.200.9", "ipv6": "fd77::c8:9"}
PREFIX = {"ipv4": 16, "ipv6": 64}
# The first 32 bits differ in all but the last of these lists.
SOURCES = {
    "ipv4": tuple(f"10.77.{16 + number % 4}.{number}" for number in range(256)),
    "ipv6": tuple(f"fd77:{number * 257:x}::{number * 77 + 1:x}" for number in range(256)),
}
OF_ONE_NETWORK = tuple(f"fd78::{number:x}:{number * 77 + 1:x}" for number in range(64))
Answers = dict[str, list[str]]
"""Of each source address, who answered."""

_DRIVER = """
import json, sys
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip import ndp
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.backends.known import named
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.commands import run_command
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.model import from_json

order = json.load(sys.stdin)
if order["without_ndp"]:
    ndp.stands = lambda run, cluster_ip: True
    ndp.load = ndp.remove = lambda run, cluster_ip: None
    ndp.problem = lambda run: ""
    ndp.is_used = lambda run, interface, mac: False

def run(argv, stdin=""):
    absent = argv[0] in order["absent"]
    return (127, "", f"{argv[0]} is not installed") if absent else run_command(argv, stdin)

backend = named(order["backend"])
arguments = [from_json(item) if isinstance(item, dict) else item for item in order["arguments"]]
if order["function"] == "serve":
    arguments = [[(from_json(item), tuple(buckets)) for item, buckets in arguments[0]]]
try:
    print(json.dumps({"answer": getattr(backend, order["function"])(run, *arguments)}))
except BootError as exc:
    print(json.dumps({"fault": str(exc)}))
"""

_SERVER = """
import select, socket, sys
name, family, address, ports = sys.argv[1].encode(), *sys.argv[2:4], sys.argv[4].split(",")
kind = socket.AF_INET if family == "ipv4" else socket.AF_INET6
datagrams, streams = [], []
for port in map(int, ports):
    datagrams.append(socket.socket(kind, socket.SOCK_DGRAM))
    streams.append(socket.socket(kind, socket.SOCK_STREAM))
    streams[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    for each in (datagrams[-1], streams[-1]):
        each.bind((address, port))
    streams[-1].listen(512)
print("ready", flush=True)
while True:
    for ready in select.select([*datagrams, *streams], [], [])[0]:
        if ready in datagrams:
            ready.sendto(name, ready.recvfrom(65535)[1])
        else:
            with ready.accept()[0] as connection:
                connection.sendall(name)
"""

# Sends one request from each source at once, and collects all that comes back until nothing does for a while.
_CLIENT = """
import json, select, socket, sys, time
order = json.load(sys.stdin)
kind = socket.AF_INET if order["family"] == "ipv4" else socket.AF_INET6
stream = order["stream"]
waiting, found = {}, {source: [] for source in order["sources"]}
poller = select.poll()
for source in order["sources"]:
    each = socket.socket(kind, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
    each.setblocking(False)
    each.bind((source, order["source_port"]))
    each.connect_ex((order["address"], order["port"]))
    if not stream:
        each.send(b"x" * order["size"])
    waiting[each.fileno()] = (each, source)
    poller.register(each, select.POLLIN)
quiet = time.monotonic() + order["patience"]
missing = set(order["sources"])
while time.monotonic() < quiet:
    for number, _event in poller.poll(50):
        each, source = waiting[number]
        try:
            data = each.recv(100)
        except OSError as exc:
            found[source].append(f"({exc.strerror})")
            poller.unregister(each)
            continue
        if data:
            found[source].append(data.decode())
            missing.discard(source)
            if not missing:
                quiet = time.monotonic() + 0.5  # for a second answer
        elif stream:
            poller.unregister(each)
print(json.dumps(found))
"""


# Sends an ICMP message from each source, in IPv4 with the checksum of ICMP; counts the answers to an echo request.
_ICMP = """
import json, socket, struct, sys, time
order = json.load(sys.stdin)
four = order["family"] == "ipv4"
message = bytes.fromhex(order["message"])
if four:
    words = struct.unpack(f"!{len(message) // 2}H", message)
    total = sum(words) % 0xFFFF
    message = message[:2] + struct.pack("!H", 0xFFFF - total) + message[4:]
found = {}
for source in order["sources"]:
    kind = (socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) if four else (
        socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    with socket.socket(*kind) as each:
        each.bind((source, 0))
        each.settimeout(0.1)
        each.sendto(message, (order["address"], 0))
        found[source] = 0
        until = time.monotonic() + order["patience"]
        while time.monotonic() < until:
            try:
                data = each.recv(1000)
            except TimeoutError:
                continue
            if (data[20:] if four else data)[0] == (0 if four else 129):
                found[source] += 1
                until = min(until, time.monotonic() + 0.3)
print(json.dumps(found))
"""


def _checked(argv: Sequence[str], stdin: str = "", **more: Any) -> str:
    words: list[str] = list(argv)
    done: subprocess.CompletedProcess[str] = subprocess.run(
        words, input=stdin, capture_output=True, text=True, timeout=60, check=False, **more
    )
    assert done.returncode == 0, f"{' '.join(argv)[:200]}: {done.stderr or done.stdout}"
    return done.stdout


class Network:
    """Made by network(); its nodes have a server for each VIP."""

    def __init__(self, family: str, tag: str) -> None:
        self.family, self.tag = family, tag
        self.address = VIP[family]
        self.absent: list[str] = []  # programs that the backends are not to find

    def namespace(self, name: str) -> str:
        return f"lvs-cip-{self.tag}-{name}"

    def run(self, name: str, *argv: str, stdin: str = "") -> str:
        return _checked(("ip", "netns", "exec", self.namespace(name), *argv), stdin)

    def python(self, name: str, script: str, order: Any) -> Any:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        argv = ("ip", "netns", "exec", self.namespace(name), sys.executable, "-c", script)
        return json.loads(_checked(argv, json.dumps(order), env=environment))

    def backend(self, node: str, function: str, backend: str, *arguments: Any, without_ndp: bool = True) -> Any:
        """A function of a backend, called in the node's namespace. A BootError fails the test with its text.

        without_ndp: as if neighbour discovery were seen to, for a kernel that has not the actions for it.
        """
        order = {"backend": backend, "function": function, "without_ndp": without_ndp, "absent": self.absent}
        answer = self.python(node, _DRIVER, {**order, "arguments": [_plain(item) for item in arguments]})
        assert "fault" not in answer, answer["fault"]
        return answer["answer"]

    def load(self, cluster_ip: ClusterIp, shares: Mapping[str, Sequence[int]]) -> None:
        for node, buckets in shares.items():
            self.backend(node, "load", cluster_ip.backend, cluster_ip, buckets)

    def ask(self, sources: Sequence[str] = (), *, stream: bool = False, port: int = PORT, **more: Any) -> Answers:
        """One request from each source address: who answered."""
        order = {"family": self.family, "address": self.address, "port": port, "stream": stream, "size": 1}
        order |= {"sources": list(sources or SOURCES[self.family]), "source_port": 0, "patience": 5}
        answers: Answers = self.python("client", _CLIENT, {**order, **more})
        return answers

    def icmp(self, message: bytes, sources: Sequence[str], patience: float = 0.5) -> dict[str, int]:
        """Sends an ICMP message to the VIP: how many answers to an echo request came to each source."""
        order = {"family": self.family, "address": self.address, "message": message.hex(), "patience": patience}
        found: dict[str, int] = self.python("client", _ICMP, {**order, "sources": list(sources)})
        return found

    def standing(self, node: str) -> str:
        """All that a backend may leave: rules and chains, groups of the interface, filters."""
        commands = [
            *(("iptables-legacy-save",), ("ip6tables-legacy-save",)),
            *(("ip", "maddr", "show", "dev", "eth0"), ("tc", "qdisc", "show", "dev", "eth0")),
        ]
        legacy = "\n".join(_without_counters(self.run(node, *argv)) for argv in commands)
        return legacy + "\n" + _of_nft(self.run(node, "nft", "-j", "list", "ruleset"))


def _plain(item: Any) -> Any:
    if isinstance(item, ClusterIp):
        return to_json(item)
    return [_plain(each) for each in item] if isinstance(item, (list, tuple)) else item


def _of_nft(text: str) -> str:
    """All but tables and hooks of iptables (nft): it makes them even to list them, and they stay without rules."""
    found = []
    for item in json.loads(text)["nftables"]:
        kind, value = next(iter(item.items()))
        iptables = value.get("name") in ("filter", "mangle") if kind == "table" else "hook" in value
        if kind != "metainfo" and not (
            kind in ("table", "chain") and iptables and value.get("table") != "lvs_clusterip"
        ):
            found.append(json.dumps(value))
    return "\n".join(found)


def _without_counters(text: str) -> str:
    """A table without a rule does as much as none: a program that only lists may have made it."""
    lines = [line.split(" [")[0] for line in text.splitlines() if line and not line.startswith("#")]
    return "\n".join(line for line in lines if not line.startswith(("*", "COMMIT")) and not line.endswith(" ACCEPT"))


def only(answers: Answers) -> dict[str, str]:
    """Of each source the one node that answered it; fails where none or several did."""
    wrong = {source: names for source, names in answers.items() if len(names) != 1}
    assert not wrong, f"not answered exactly once: {dict(list(wrong.items())[:8])} ({len(wrong)} of {len(answers)})"
    return {source: names[0] for source, names in answers.items()}


def counted(answers: Answers) -> Counter[str]:
    return Counter(only(answers).values())


def _client_lines(family: str) -> list[str]:
    if family == "ipv4":
        return [f"address add {source}/{PREFIX[family]} dev eth0" for source in SOURCES[family]]
    sources = [f"address add {source}/128 dev eth0 nodad" for source in (*SOURCES[family], *OF_ONE_NETWORK)]
    return [*sources, f"route add {VIP[family]} dev eth0"]


def _node_lines(family: str) -> list[str]:
    add = f"address add {VIP[family]}/{PREFIX[family]} dev eth0"
    return [add] if family == "ipv4" else [f"{add} nodad", "route add fd00::/8 dev eth0"]


@contextmanager
def network(family: str, tag: str, ports: Sequence[int] = (PORT, OTHER_PORT)) -> Iterator[Network]:
    """A bridge, three nodes that have the VIP and a server, and a client with 256 addresses."""
    found = Network(family, f"{os.getpid()}-{tag}")
    names = ("bridge", "client", *NODES)
    servers: list[subprocess.Popen[str]] = []
    made = []
    try:
        for name in names:
            _checked(("ip", "netns", "add", found.namespace(name)))
            made.append(name)
        found.run("bridge", "ip", "link", "add", "br0", "up", "type", "bridge")
        for name in names[1:]:
            script = f"""
                ip link add eth0 type veth peer name {name} netns {found.namespace("bridge")}
                ip link set lo up
                sysctl -qw net.ipv6.conf.eth0.accept_dad=0 net.netfilter.nf_conntrack_tcp_loose=0
                ip link set eth0 up
            """
            found.run(name, "sh", "-ec", script)
            found.run("bridge", "ip", "link", "set", name, "up", "master", "br0")
        found.run("client", "ip", "-batch", "-", stdin="\n".join([*_client_lines(family), ""]))
        for name in NODES:
            for line in _node_lines(family):
                found.run(name, "ip", *line.split())
            argv = ("ip", "netns", "exec", found.namespace(name), sys.executable, "-c", _SERVER)
            arguments = (name, family, found.address, ",".join(map(str, ports)))
            servers.append(subprocess.Popen([*argv, *arguments], stdout=subprocess.PIPE, text=True))
            assert servers[-1].stdout is not None
            assert servers[-1].stdout.readline() == "ready\n"
        yield found
    finally:
        for server in servers:
            server.kill()
            server.wait()
            if server.stdout is not None:
                server.stdout.close()
        for name in made:
            _checked(("ip", "netns", "delete", found.namespace(name)))
