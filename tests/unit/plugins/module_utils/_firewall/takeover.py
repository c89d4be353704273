"""A real server's connection through a director that forgets all connections, as one that takes over never knew them.

Run in a network namespace of its own, which is the director's; prints what happened.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

WORDS = json.loads(sys.argv[1])
KIND, LENGTH, FORWARDING = {
    "ipv4": (socket.AF_INET, "/24", "ip_forward"),
    "ipv6": (socket.AF_INET6, "/64", "conf/all/forwarding"),
}[WORDS["family"]]
CLONE_NEWNET = 0x40000000
NETLINK_NETFILTER = 12

_Found = TypeVar("_Found")


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def add(address: str, link: str) -> None:
    ip("addr", "add", address + LENGTH, "dev", link, *(["nodad"] if KIND == socket.AF_INET6 else []))
    ip("link", "set", link, "up")


class Neighbour(ThreadPoolExecutor):
    """A host on a wire to the director: a thread in a namespace of its own. Its sockets work in every thread."""

    def __init__(self, name: str, address: str, link: str) -> None:
        super().__init__(1, initializer=lambda: ctypes.CDLL(None).unshare(CLONE_NEWNET))
        thread = self.do(threading.get_native_id)
        place = f"/proc/{os.getpid()}/task/{thread}/ns/net"
        ip("link", "add", link, "type", "veth", "peer", "name", name, "netns", place)
        add(WORDS[link], link)
        self.do(add, address, name)
        self.do(ip, "route", "add", "default", "via", WORDS[link])

    def do(self, call: Callable[..., _Found], *arguments: Any) -> _Found:
        return self.submit(call, *arguments).result(15)


def listen(address: str) -> socket.socket:
    found = socket.create_server((address, 0), family=KIND)
    found.settimeout(10)
    return found


def connect(target: tuple[Any, ...], source: str = "") -> socket.socket:
    return socket.create_connection(target[:2], 10, (source, 0) if source else None)


def accept(server: socket.socket) -> tuple[socket.socket, tuple[Any, ...]]:
    found, address = server.accept()
    found.settimeout(10)
    return found, address


def attempt(call: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return call(*arguments)
    except OSError as error:
        return type(error).__name__


def forget() -> None:
    """Deletes every entry: IPCTNL_MSG_CT_DELETE without a tuple, see linux/netfilter/nfnetlink_conntrack.h."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as netlink:
        netlink.send(struct.pack("=IHHIIBBH", 20, 1 << 8 | 2, 5, 1, 0, 0, 0, 0))
        (error,) = struct.unpack_from("=i", netlink.recv(4096), 16)
    if error:
        raise OSError(-error, "the kernel deletes no connections")


def main() -> dict[str, Any]:
    ip("link", "set", "lo", "up")
    subprocess.run(WORDS["restore"], input=WORDS["rules"], text=True, check=True)
    Path(f"/proc/sys/net/{WORDS['family']}/{FORWARDING}").write_text("1")
    real_server = Neighbour("rs0", WORDS["real_server"], "inside")
    far = Neighbour("far0", WORDS["far"], "outside")
    add(WORDS["vip"], "outside")
    result: dict[str, Any] = {}

    server = far.do(listen, WORDS["far"])
    own = real_server.do(connect, server.getsockname())
    peer, address = accept(server)
    result["the far end sees"] = address[0]
    result["the port is kept"] = address[1] == own.getsockname()[1]

    forget()
    peer.sendall(b"to the real server")
    own.settimeout(0.5)  # longer than the far end takes to send again
    result["sent by the far end before"] = "something" if isinstance(attempt(own.recv, 100), bytes) else "nothing"
    own.settimeout(10)
    own.sendall(b"to the far end")
    got = attempt(lambda: [peer.recv(100).decode(), own.recv(100).decode()])
    result["afterwards"] = got

    local = listen(WORDS["vip"])
    caller = far.do(connect, local.getsockname())
    taken, _address = accept(local)
    caller.sendall(b"hello")
    result["a socket on the VIP"] = taken.recv(100).decode()
    closed = local.getsockname()
    local.close()
    result["a closed port of the VIP"] = attempt(far.do, connect, closed)

    with connect(server.getsockname(), WORDS["inside"]):
        result["the director's own"] = accept(server)[1][0]
    return result


if __name__ == "__main__":
    print(json.dumps(main()), flush=True)
    os._exit(0)  # the threads' namespaces end with them
