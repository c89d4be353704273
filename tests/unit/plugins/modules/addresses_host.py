"""A throw-away host for tests of virtual_addresses, and its service as systemd would run it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.unit.plugins.netns import Host

NAME = "lvs-real-server-dr"
PROGRAM = f"/usr/local/lib/lvs-cluster/{NAME}-addresses"
SERVICE = f"{NAME}-addresses.service"
RECORD = f"/var/lib/lvs-cluster/{NAME}-addresses.json"
ARP = "net.ipv4.conf.all.arp_ignore"
FOUR, SIX = ({"address": text, "interface": "lo"} for text in ("10.0.0.6/32", "fd00::6/128"))
ABSENT: dict[str, Any] = {"name": NAME, "state": "absent"}


@contextmanager
def a_host(folder: Path) -> Iterator[Host]:
    """eth0 has an address and a neighbour, br0 is down."""
    with Host(folder) as found:
        script = """
            ip link add br0 type bridge
            ip address add 10.0.0.2/24 dev eth0
            echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore
        """
        found.cable("eth0", "wire")
        found.run("sh", "-ec", script)
        yield found


def standing(host: Host) -> str:
    """Links that are up, and addresses, without what the kernel gives a link by itself."""
    lines = host.run("ip", "-o", "address", "show").splitlines()
    # Not their flags: whether there is a carrier comes some time later.
    links = [line.split()[1] for line in host.run("ip", "-o", "link", "show", "up").splitlines()]
    shown = [" ".join(line.split()[1:]).partition(" valid_lft")[0] for line in lines if "scope link" not in line]
    return "\n".join([*links, *shown])


def eventually(host: Host, what: Callable[[str], bool]) -> None:
    """Wait longer than a busy machine needs. Without an event a service looks a minute later."""
    begun = time.monotonic()
    while not what(standing(host)):
        assert time.monotonic() - begun < 20, standing(host)
        time.sleep(0.05)


@contextmanager
def service(host: Host) -> Iterator[tuple[Path, int]]:
    """The agent as systemd would run it, ready; gives its log and its process number (nsenter becomes the program)."""
    log = host.folder / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready, log.open("w") as stream:
        # Not an abstract name: those belong to a network namespace.
        address = host.folder / "notify"
        address.unlink(missing_ok=True)
        ready.bind(str(address))
        ready.settimeout(10)
        process = subprocess.Popen(
            host.argv("env", f"NOTIFY_SOCKET={address}", sys.executable, "-IS", PROGRAM, "run"), stderr=stream
        )
        try:
            assert ready.recv(100) == b"READY=1"
        except BaseException:
            process.kill()
            process.wait()
            raise
    try:
        yield log, process.pid
    finally:
        process.terminate()
        process.wait()
