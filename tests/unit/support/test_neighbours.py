"""tests/support/neighbours.py: who answers for an address. The guests are network namespaces."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from tests.support.cluster import Cluster
from tests.support.neighbours import mac_of, only_that_mac_answers
from tests.unit.plugins.netns import Host

ADDRESSES = ("10.0.0.6", "fd00:10::6")
SERVER = """
import http.server, socket
class Server(http.server.HTTPServer):
    address_family = socket.AF_INET6
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"rs1\\n")
server = Server(("::", 80), Page)
print("ready", flush=True)
server.serve_forever()
"""


class Here:
    def __init__(self, **hosts: Host) -> None:
        self.hosts = hosts

    def run(self, host: str, *argv: str, stdin: str = "") -> str:
        words = self.hosts[host].argv(*argv)
        return subprocess.run(words, input=stdin, stdout=subprocess.PIPE, text=True, check=True).stdout


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A client and a server that has the addresses."""
    with Host(tmp_path / "client") as client, Host(tmp_path / "server") as server:
        for host, number in ((client, 1), (server, 6)):
            host.run("mount", "-t", "tmpfs", "none", "/run")
            if host is client:
                host.run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", server.pid)
            host.run("ip", "link", "set", "eth0", "up")
            host.run("ip", "address", "add", f"10.0.0.{number}/24", "dev", "eth0")
            host.run("ip", "address", "add", f"fd00:10::{number}/64", "dev", "eth0", "nodad")
        with subprocess.Popen(server.argv(sys.executable, "-c", SERVER), stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield cast(Cluster, Here(client=client, server=server))
            process.kill()


@pytest.mark.parametrize("address", ADDRESSES)
def test_who_answers_is_asked_anew_each_time(cluster: Cluster, address: str) -> None:
    stale = ("lladdr", "02:00:00:00:00:99", "dev", "eth0", "nud", "stale")
    cluster.run("client", "ip", "neigh", "replace", address, *stale)
    only_that_mac_answers(cluster, address, mac_of(cluster, "server", "eth0"), ["rs1", "rs2"])


@pytest.mark.parametrize(("owner", "servers"), [("client", ["rs1"]), ("server", ["rs2"])], ids=["mac", "page"])
def test_another_one_is_noticed(cluster: Cluster, owner: str, servers: list[str]) -> None:
    with pytest.raises(AssertionError):
        only_that_mac_answers(cluster, ADDRESSES[0], mac_of(cluster, owner, "eth0"), servers)
