"""A director for tests of a roll-out: a throw-away host with a process that counts signals in keepalived's place."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import HEADER
from tests.unit.plugins.netns import Host

RUN = "/run/lvs-cluster"
OUTCOME = f"{RUN}/keepalived-switch.json"
NOTE = f"{RUN}/keepalived-pending"
SECONDS = 20.0

TEXT = f"""{HEADER}

vrrp_instance VI_1 {{
    interface eth0
    virtual_router_id 51
    WORDS
    authentication {{
        auth_type PASS
        auth_pass PASSWORD
    }}
    virtual_ipaddress {{
        10.0.0.5/24
        10.0.0.6/24
    }}
}}
"""

# A signal may come while it speaks, which print does not bear.
KEEPALIVED = """
import os, signal, sys, time
def loaded(number, frame):
    moment = time.monotonic()
    os.write(1, b"%f %d\\n" % (moment, open(sys.argv[1]).read().count("simsim")))
signal.signal(signal.SIGHUP, loaded)
os.write(1, b"ready\\n")
while True:
    signal.pause()
"""
SENDER = """
import socket, sys, time
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind(("eth1", 0))
for line in sys.stdin:
    moment = time.monotonic()
    out.send(bytes.fromhex(line))
    print(moment, flush=True)
"""


def text(password: str = "sesame", words: str = "") -> str:
    return TEXT.replace("PASSWORD", password).replace("WORDS", words)


OLD, NEW = text(), text("simsim")


class Director:
    """A host with an interface whose other end the test sends adverts on, and a file that waits for its switch."""

    def __init__(self, host: Host, stack: contextlib.ExitStack) -> None:
        self.host = host
        self.stack = stack
        self.dest = host.folder / "keepalived.conf"
        self.next = host.folder / "keepalived.conf.lvs-cluster-next"
        self.saved = host.folder / "keepalived.conf.lvs-cluster-saved"
        for path, content in ((self.dest, OLD), (self.next, NEW)):
            path.write_text(content)
            path.chmod(0o640)
        host.run("mount", "-t", "tmpfs", "none", "/run")
        host.cable("eth0", "eth1")
        for name, address in (("eth0", "10.0.0.4/24"), ("eth1", "10.9.9.9/24")):
            host.run("ip", "address", "add", address, "dev", name)
        self._sender = self._start(sys.executable, "-c", SENDER)
        self.keepalived: subprocess.Popen[bytes] | None = None

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(self.host.argv(*words), stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.stack.enter_context(process)
        self.stack.callback(process.kill)
        return process

    def start(self) -> subprocess.Popen[bytes]:
        # A process is known by its program: Python's, by another name.
        program = self.host.programs / "keepalived"
        shutil.copy(os.path.realpath(sys.executable), program)
        self.keepalived = self._start(str(program), "-I", "-c", KEEPALIVED, str(self.dest))
        assert read(self.keepalived) == "ready"
        return self.keepalived

    def send(self, packet: bytes) -> float:
        """Send a packet from the other end of eth0; the moment before it, as the answer may come while it is sent."""
        version = packet[0] >> 4
        group = bytes.fromhex("01005e000012" if version == 4 else "333300000012")
        frame = group + bytes.fromhex("020000000001") + (b"\x08\x00" if version == 4 else b"\x86\xdd") + packet
        assert self._sender.stdin is not None
        self._sender.stdin.write(f"{frame.hex()}\n".encode())
        return float(read(self._sender))

    def loaded(self) -> tuple[float, bool]:
        """Wait for a signal: when it came, and whether the new file stood there then."""
        assert self.keepalived is not None
        moment, new = read(self.keepalived).split()
        return float(moment), new != "0"

    def signals(self) -> int:
        """How many signals came that nobody has waited for."""
        assert self.keepalived is not None
        assert self.keepalived.stdout is not None
        count = 0
        while select.select([self.keepalived.stdout], [], [], 0.1)[0]:
            self.keepalived.stdout.readline()
            count += 1
        return count

    def switch(self, state: str, **words: Any) -> dict[str, Any]:
        result = self.host.module("keepalived_switch", state=state, dest=str(self.dest), **words)
        print(result)
        return result

    def config(self, content: str, **words: Any) -> dict[str, Any]:
        self.host.program("tester", "#!/bin/sh\nexit 0\n")
        binary = str(self.host.programs / "tester")
        return self.host.module("keepalived_config", content=content, dest=str(self.dest), binary=binary, **words)

    def outcome(self) -> dict[str, Any]:
        return dict(json.loads(self.host.run("cat", OUTCOME)))

    def end_follower(self) -> None:
        with contextlib.suppress(AssertionError, ProcessLookupError):
            os.kill(self.outcome()["process"][0], signal.SIGKILL)


def read(process: subprocess.Popen[bytes]) -> str:
    """The next line. Nothing stays behind in a buffer, which select would not see."""
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], SECONDS)[0], "nothing came"
    return process.stdout.readline().decode().strip()


@contextlib.contextmanager
def a_director(folder: Path) -> Iterator[Director]:
    with contextlib.ExitStack() as stack:
        found = Director(stack.enter_context(Host(folder)), stack)
        stack.callback(found.end_follower)
        yield found
