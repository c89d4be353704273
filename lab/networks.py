"""The lab's networks: one network namespace, a bridge for each network, a tap for each NIC, and a way in for Ansible."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from lab.errors import LabError
from lab.shell import run

GATEWAY = "198.18.0.1"
PREFIX = 16
REPOSITORY_PORT = 8000
MANAGEMENT_BRIDGE = "lab-mgmt"


class Namespace:
    """A network namespace of the lab's own. Deleting it deletes every bridge, tap and address in it."""

    def __init__(self, lab: str) -> None:
        self.name = f"lvslab-{lab}"
        self.path = Path("/run/netns") / self.name

    def exists(self) -> bool:
        return self.path.exists()

    def enter(self, *argv: str) -> list[str]:
        """The command line that runs argv inside the namespace."""
        return ["nsenter", f"--net={self.path}", "--", *argv]

    def ip(self, *words: str) -> str:
        return run(["ip", "-n", self.name, *words])

    def create(self) -> None:
        """Make the namespace with the management bridge that Ansible and the package repository use."""
        run(["ip", "netns", "add", self.name])
        self.ip("link", "set", "lo", "up")
        self._bridge(MANAGEMENT_BRIDGE)
        self.ip("address", "add", f"{GATEWAY}/{PREFIX}", "dev", MANAGEMENT_BRIDGE)

    def delete(self) -> None:
        run(["ip", "netns", "delete", self.name])

    def links(self) -> set[str]:
        """The names of all interfaces in the namespace."""
        lines = self.ip("-brief", "link", "show").splitlines()
        return {line.split()[0].split("@")[0] for line in lines}

    def add_bridges(self, names: Iterable[str]) -> None:
        present = self.links()
        for name in names:
            if name not in present:
                self._bridge(name)

    def _bridge(self, name: str) -> None:
        # No spanning tree (a port forwards at once) and no multicast snooping (a cluster MAC reaches every port).
        self.ip("link", "add", name, "type", "bridge", "stp_state", "0", "forward_delay", "0", "mcast_snooping", "0")
        # No IPv6 of the lab's own on networks that belong to the guests.
        run(self.enter("sh", "-c", 'echo 1 > "/proc/sys/net/ipv6/conf/$1/disable_ipv6"', "sh", name))
        self.ip("link", "set", name, "up")

    def add_taps(self, taps: Mapping[str, str]) -> None:
        """Make taps (tap -> bridge) that are not there. A guest's management port can talk to the lab, not to other guests."""
        present = self.links()
        for tap, bridge in taps.items():
            if tap in present:
                continue
            self.ip("tuntap", "add", "dev", tap, "mode", "tap")
            self.ip("link", "set", tap, "master", bridge, "up")
            if bridge == MANAGEMENT_BRIDGE:
                run(["bridge", "-n", self.name, "link", "set", "dev", tap, "isolated", "on"])

    def set_cable(self, tap: str, *, plugged: bool) -> None:
        """Plug a NIC's cable in or pull it out."""
        self.ip("link", "set", tap, "up" if plugged else "down")

    def processes(self) -> list[int]:
        """The ids of all processes inside: guests, the repository's server, commands of `run`, SSH connections."""
        if not self.exists():
            return []
        return [int(pid) for pid in run(["ip", "netns", "pids", self.name]).split()]


def mac(lab: str, host: str, interface: str) -> str:
    """A locally administered unicast MAC that is the same at every boot of this interface."""
    digest = hashlib.sha256(f"{lab}\0{host}\0{interface}".encode()).hexdigest()
    return "02:" + ":".join(digest[index : index + 2] for index in range(0, 10, 2))


def management_address(index: int) -> str:
    """The lab0 address of the guest with this number (0, 1, …)."""
    number = index + 10
    if number >= 2**16 - 1:
        raise LabError("more hosts than the lab's management network has addresses (65,000)")
    return f"198.18.{number // 256}.{number % 256}"
