"""A cluster in the lab, as tests see it: commands on hosts, the kernel's table, playbook runs, power and cables."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testinfra.backend.base import BaseBackend, CommandResult
from testinfra.host import Host

from lab.lab import Lab

ROOT = Path(__file__).parents[2]
RECAP = re.compile(r"^(\S+)\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)


def wait_until(done: Callable[[], bool], *, seconds: float, what: str) -> float:
    """Poll until `done` says so and return the seconds it took; AssertionError after `seconds`."""
    began = time.monotonic()
    while not done():
        assert time.monotonic() - began < seconds, f"waited {seconds} s in vain: {what}"
        time.sleep(0.1)
    return time.monotonic() - began


@dataclass(frozen=True)
class Run:
    """What a playbook run said: exit status, all output, and (changed, unreachable, failed) for each host."""

    status: int
    output: str

    @property
    def recap(self) -> dict[str, tuple[int, int, int]]:
        return {host: (int(c), int(u), int(f)) for host, _ok, c, u, f in RECAP.findall(self.output)}

    @property
    def changed(self) -> dict[str, int]:
        return {host: counts[0] for host, counts in self.recap.items() if counts[0]}


class LabBackend(BaseBackend):
    """Testinfra's commands, sent over the lab's own shared SSH connections."""

    NAME = "lab"

    def __init__(self, lab: Lab, host: str) -> None:
        super().__init__(host)
        self._lab = lab

    def run(self, command: str, *args: str, **kwargs: Any) -> CommandResult:
        words = self._lab.command(self.hostname, ["sh", "-c", self.get_command(command, *args)])
        return self.run_local(shlex.join(words))


class Cluster:
    """One lab and the inventory that it was booted from."""

    def __init__(self, name: str, inventory: Path) -> None:
        self.inventory = inventory
        self.lab = Lab(name)

    def host(self, name: str) -> Host:
        """A testinfra host."""
        return Host(LabBackend(self.lab, name))

    def run(self, host: str, *argv: str, stdin: str | None = None, check: bool = True, seconds: float = 120) -> str:
        """Run a command on a host and return its standard output; an AssertionError with its output where it fails."""
        words = self.lab.command(host, list(argv))
        done = subprocess.run(words, input=stdin, capture_output=True, text=True, timeout=seconds, check=False)
        said = f"{host}: {shlex.join(argv)}: {done.returncode}\n{done.stdout}{done.stderr}"
        assert not check or done.returncode == 0, said
        return done.stdout

    def playbook(self, name: str, *arguments: str, inventory: Path | None = None) -> Run:
        """Run one of the collection's playbooks by its full name, against the twins."""
        words = [sys.executable, "-m", "lab", "run", "--name", self.lab.name, "-i", str(inventory or self.inventory)]
        words += ["--", "ansible-playbook", f"lvs.cluster.{name}", *arguments]
        environment = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0"}
        words = ["sh", "-c", 'exec "$@" 2>&1', "sh", *words]
        done = subprocess.run(
            words, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False
        )
        return Run(done.returncode, done.stdout)

    @contextmanager
    def without_power(self, host: str) -> Iterator[None]:
        """A power cut at the block's beginning; at its end the guest boots, whatever the block found."""
        self.lab.power(host, "off")
        try:
            yield
        finally:
            self.lab.power(host, "on")

    # -- what the kernel says

    def addresses(self, host: str) -> set[str]:
        """The IPv4 and IPv6 addresses of a host, without prefix lengths."""
        links = json.loads(self.run(host, "ip", "-j", "address", "show"))
        return {entry["local"] for link in links for entry in link["addr_info"]}

    def holders(self, address: str, hosts: tuple[str, ...] = ("lb1", "lb2")) -> list[str]:
        """Which of these hosts hold an address."""
        return [host for host in hosts if address in self.addresses(host)]

    def table(self, host: str) -> dict[str, dict[str, int]]:
        """The kernel's IPVS table: service ("TCP 10.0.0.5:80") -> destination -> weight."""
        services: dict[str, dict[str, int]] = {}
        service = ""
        for line in self.run(host, "ipvsadm", "-Ln").splitlines()[3:]:
            words = line.split()
            if words[0] == "->":
                services[service][words[1]] = int(words[3])
            else:
                service = " ".join(words[:2])
                services[service] = {}
        return services

    # -- traffic

    def serve(self, client: str, address: str, port: int, requests: int) -> dict[str, int]:
        """Send requests, each over a new connection, one after the other: first line of the page -> answers.

        A request without an answer counts under "failed". Each has a source port that no request of the last two
        minutes had: where a director sees one direction only, it would take it for the old connection for so long.
        """
        arguments = {"address": address, "port": port, "requests": requests}
        output = self.run(client, "python3", "-", json.dumps(arguments), stdin=COUNT, seconds=300)
        return {name: int(number) for name, number in json.loads(output).items()}


# A request of a guest's own program, for what is written after it.
ASK = """
import errno, http.client, json, pathlib, sys
# Below the ports that the kernel gives out, each in its turn.
kept = pathlib.Path("/run/next-source-port")

def ask(address, port):
    source = int(kept.read_text()) if kept.exists() else 10000
    while True:
        source = source + 1 if source < 32000 else 10000
        kept.write_text(str(source))
        connection = http.client.HTTPConnection(address, port, timeout=5, source_address=("", source))
        try:
            connection.request("GET", "/")
            return connection.getresponse().read(100).decode().split("\\n")[0]
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                return "failed"
        finally:
            connection.close()
"""
COUNT = f"""{ASK}
import collections
wanted = json.loads(sys.argv[1])
asked = (ask(wanted["address"], wanted["port"]) for number in range(wanted["requests"]))
print(json.dumps(collections.Counter(asked)))
"""


@contextmanager
def booted(name: str, inventory: Path, image: str = "full") -> Iterator[Cluster]:
    """The inventory's hosts in a lab that no other run of the tests has, until the block ends."""
    cluster = Cluster(f"{name}-{os.getpid()}", inventory)
    try:
        cluster.lab.up(str(inventory), image)
        yield cluster
    finally:
        cluster.lab.down()
