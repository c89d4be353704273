# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The supervisor as a process of its own, with real signals, a real FIFO, and a script in place of keepalived.

What the script does is what keepalived 2.2.7 and 2.3.3 do: they write to a FIFO that is there, say STOP when they are
told to end, and go on after SIGHUP. The other lines are written by the tests.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

_DRIVER = """
import json, os, sys
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.watch import log
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover import delivery, supervisor
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.settings import Places, read

folder = sys.argv[1]
supervisor.PATIENCE, delivery.RETRY = 0.5 if os.path.exists(folder + "/stubborn") else 30, 0.1

def serve(cluster_ips, buckets):
    with open(folder + "/served", "a") as served:
        served.write(json.dumps([[one.address for one in cluster_ips], buckets]) + "\\n")
    if buckets and os.path.exists(folder + "/refuse"):
        raise BootError("no such chain")

places = Places(folder + "/etc", folder + "/run", folder + "/choices")
try:
    sys.exit(supervisor.Supervisor(places, lambda: read(places), serve).run())
except BootError as exc:
    log(str(exc))
    sys.exit(1)
"""

_KEEPALIVED = """#!{python}
import os, signal, sys, time
folder = {folder!r}
def say(text):
    with open(folder + "/run/notify.fifo", "w") as fifo:
        fifo.write(text)
def note(text):
    with open(folder + "/keepalived", "a") as notes:
        notes.write(text + "\\n")
def stop(*_rest):
    if not os.path.exists(folder + "/stubborn"):
        note("stopped")
        say('INSTANCE "LVS_BUCKET_1" STOP 250\\n')
        os._exit(0)
signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGHUP, lambda *_rest: note("reloaded"))
note(f"started {{os.getpid()}} " + open(folder + "/run/health").read().strip() + " " + " ".join(sys.argv[1:]))
assert "NOTIFY_SOCKET" not in os.environ
say('INSTANCE "LVS_BUCKET_1" BACKUP 250\\n')
open(folder + "/spoken", "w").close()
while True:
    time.sleep(60)
"""


def cluster_ip(address: str) -> dict[str, Any]:
    data = {"address": address, "prefix": 24, "interface": "eth0", "total": 12, "backend": "nftables"}
    return {"cluster_ip": data, "local": []}


class Node:
    """A supervisor's folder and process."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.process = folder, None
        (folder / "etc").mkdir()
        program = folder / "keepalived.py"
        program.write_text(_KEEPALIVED.format(python=sys.executable, folder=str(folder)))
        program.chmod(0o755)
        self.settings: dict[str, Any] = {
            "buckets": 12,
            "keepalived": str(program),
            "config": "/etc/keepalived.conf",
            "checks": [],
            "interval": 0.05,
            "fall": 2,
            "rise": 2,
        }
        self.write("10.0.0.9", cluster_ip("10.0.0.9"))

    process: subprocess.Popen[str] | None

    def write(self, name: str, data: Any) -> None:
        (self.folder / "etc" / f"{name}.json").write_text(json.dumps(data))

    def start(self, **environment: str) -> None:
        self.write("failover", self.settings)
        paths = os.pathsep.join(path for path in sys.path if path)
        self.process = subprocess.Popen(
            [sys.executable, "-c", _DRIVER, str(self.folder)],
            env={**os.environ, "PYTHONPATH": paths, **environment},
            stderr=subprocess.PIPE,
            text=True,
        )

    def started(self, **environment: str) -> None:
        self.start(**environment)
        # What a test says in its place must come after its own first words.
        self.wait((self.folder / "spoken").exists, "keepalived is started")
        self.wait(lambda: self.served() != [], "the kernel is told")

    def notes(self) -> list[str]:
        return self._lines("keepalived")

    def keepalived(self) -> int:
        return int(self.notes()[0].split()[1])

    def served(self) -> list[list[Any]]:
        return [json.loads(line) for line in self._lines("served")]

    def buckets(self) -> list[int]:
        return list(self.served()[-1][1])

    def health(self) -> str:
        return (self.folder / "run" / "health").read_text()

    def _lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []

    def say(self, *states: str) -> None:
        """In one write, as from one keepalived that did all of it before the supervisor looked."""
        text = "".join('INSTANCE "LVS_BUCKET_{}" {} 250\n'.format(*state.split()) for state in states)
        with open(self.folder / "run" / "notify.fifo", "w") as fifo:
            fifo.write(text)

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def wait(self, true: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + 10
        while not true():
            assert time.monotonic() < deadline, f"after 10 seconds it is not so that {what}"
            time.sleep(0.01)

    def end(self) -> tuple[int, str]:
        """Exit status and what it complained of."""
        assert self.process is not None
        _out, complaints = self.process.communicate(timeout=10)
        return self.process.returncode, complaints


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    found = Node(tmp_path)
    yield found
    if found.process is not None and found.process.poll() is None:
        found.process.kill()
        if found.notes():  # it has the supervisor's standard error open
            with contextlib.suppress(ProcessLookupError):
                os.kill(found.keepalived(), signal.SIGKILL)
        found.process.communicate()


def test_what_vrrp_gives_is_served_and_given_back_at_the_end(node: Node) -> None:
    node.started()
    run = node.folder / "run"
    assert node.served() == [[["10.0.0.9"], []]]
    assert node.notes()[0].split(" ", 2)[2] == (
        "0 --dont-fork --dont-respawn --log-console --no-syslog --vrrp --use-file /etc/keepalived.conf "
        f"--pid {run}/keepalived.pid --vrrp_pid {run}/vrrp.pid"
    )
    assert (node.folder / "choices").is_dir()  # keepalived is to watch it
    fifo = os.stat(run / "notify.fifo")
    assert (stat.S_ISFIFO(fifo.st_mode), stat.S_IMODE(fifo.st_mode)) == (True, 0o600)
    node.say("1 MASTER", "2 MASTER", "7 MASTER", "2 BACKUP", "13 MASTER")
    node.wait(lambda: node.buckets() == [1, 7], "buckets 1 and 7 are served")
    node.say("1 MASTER_RX_LOWER_PRI")
    node.say("7 FAULT")
    node.wait(lambda: node.buckets() == [1], "only bucket 1 is served")
    assert [buckets for _addresses, buckets in node.served()] == [[], [1, 7], [1]]
    node.wait(lambda: json.loads((run / "buckets.json").read_text()) == {"buckets": [1]}, "the file says so")
    node.signal(signal.SIGTERM)
    assert node.end() == (0, "")
    assert node.notes()[1:] == ["stopped"]
    assert node.buckets() == []
    assert json.loads((run / "buckets.json").read_text()) == {"buckets": []}


def test_half_a_line_waits_for_its_other_half(node: Node) -> None:
    node.started()
    with open(node.folder / "run" / "notify.fifo", "w") as fifo:
        fifo.write('INSTANCE "LVS_BUCKET_3" MASTER 250\nINSTANCE "LVS_BUCKET_1')
    node.wait(lambda: node.buckets() == [3], "bucket 3 is served")
    with open(node.folder / "run" / "notify.fifo", "w") as fifo:
        fifo.write('1" MASTER 250\n')
    node.wait(lambda: node.buckets() == [3, 11], "bucket 11 is served")


def test_without_keepalived_no_bucket(node: Node) -> None:
    node.started()
    node.say("1 MASTER", "2 MASTER")
    node.wait(lambda: node.buckets() == [1, 2], "buckets are served")
    os.kill(node.keepalived(), signal.SIGKILL)
    status, said = node.end()
    assert status == 1
    assert "keepalived ended by itself, with status -9" in said
    assert node.buckets() == []


def test_a_keepalived_that_cannot_be_started(node: Node) -> None:
    node.settings["keepalived"] = str(node.folder / "none")
    node.start()
    status, said = node.end()
    assert (status, node.buckets()) == (1, [])
    assert said.startswith(f"cannot start {node.folder}/none: ")


def test_a_keepalived_that_does_not_end_is_killed(node: Node) -> None:
    (node.folder / "stubborn").touch()
    node.started()
    node.say("1 MASTER")
    node.wait(lambda: node.buckets() == [1], "bucket 1 is served")
    node.signal(signal.SIGTERM)
    status, said = node.end()
    assert (status, node.buckets()) == (0, [])
    assert "is killed" in said


def test_systemd_is_told(node: Node, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(10)
        node.started(NOTIFY_SOCKET=str(tmp_path / "notify"))
        assert systemd.recv(1000) == b"READY=1"
        node.signal(signal.SIGHUP)
        assert systemd.recv(1000).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
        assert systemd.recv(1000) == b"READY=1"
        node.signal(signal.SIGTERM)
        assert systemd.recv(1000) == b"STOPPING=1"


def test_a_reload_serves_what_is_served_at_the_new_cluster_ips(node: Node) -> None:
    node.started()
    node.say("1 MASTER")
    node.wait(lambda: node.buckets() == [1], "bucket 1 is served")
    node.write("10.0.0.8", cluster_ip("10.0.0.8"))
    node.signal(signal.SIGHUP)
    node.wait(lambda: node.served()[-1] == [["10.0.0.8", "10.0.0.9"], [1]], "it is served at both addresses")
    node.wait(lambda: node.notes()[1:] == ["reloaded"], "keepalived reads its configuration again")


def test_a_configuration_that_cannot_be_read_changes_nothing(node: Node) -> None:
    node.started()
    node.say("1 MASTER")
    node.wait(lambda: node.buckets() == [1], "bucket 1 is served")
    (node.folder / "etc" / "10.0.0.8.json").write_text("half a file")
    node.signal(signal.SIGHUP)
    node.say("2 MASTER")
    node.wait(lambda: node.served()[-1] == [["10.0.0.9"], [1, 2]], "the old cluster IP has what VRRP gives")
    node.signal(signal.SIGTERM)
    status, said = node.end()
    assert status == 0
    assert said.startswith("everything stays as it was: cannot read ")
    assert node.notes()[1:] == ["stopped"]


def test_a_kernel_that_refuses_makes_the_node_bad_until_it_agrees(node: Node) -> None:
    node.started()
    assert node.health() == "0\n"
    (node.folder / "refuse").touch()
    node.say("1 MASTER")
    node.wait(lambda: node.health() == "1\n", "the node is bad")
    given = node.folder / "run" / "buckets.json"
    assert json.loads(given.read_text()) == {"buckets": []}  # what the kernel has
    node.wait(lambda: len(node.served()) >= 4, "the kernel is asked again")
    (node.folder / "refuse").unlink()
    node.wait(lambda: node.health() == "0\n", "the node is good")
    assert node.buckets() == [1]
    node.wait(lambda: json.loads(given.read_text()) == {"buckets": [1]}, "the file says so")
    node.signal(signal.SIGTERM)
    assert node.end() == (0, "the kernel does not take the buckets 1; trying again: no such chain\n")


def test_no_bucket_before_the_server_runs_and_none_after_it(node: Node) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        address, port = server.getsockname()
        node.settings["checks"] = [{"type": "tcp", "address": address, "port": port, "timeout": 1.0}]
        node.started()
        assert node.notes()[0].split()[2] == "1"
        assert node.health() == "1\n"
        server.listen()
        node.wait(lambda: node.health() == "0\n", "the node is good")
    node.wait(lambda: node.health() == "1\n", "the node is bad")
    node.signal(signal.SIGTERM)
    status, said = node.end()
    assert status == 0
    name = f"health check tcp {address}:{port}"
    assert said == f"{name}: good\n{name}: [Errno 111] Connection refused\n"


def test_a_server_that_hangs_delays_nothing(node: Node) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address, port = silent.getsockname()
        node.settings["checks"] = [{"type": "http", "address": address, "port": port, "timeout": 60.0}]
        node.started()
        silent.settimeout(10)
        connection, _peer = silent.accept()
        with connection:
            node.say("1 MASTER")
            node.wait(lambda: node.buckets() == [1], "bucket 1 is served")
            node.signal(signal.SIGTERM)
            assert node.end() == (0, "")
    assert node.health() == "1\n"
