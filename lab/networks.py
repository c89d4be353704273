"""The lab's networks: one network namespace, a bridge for each network, a tap for each NIC, a way in for Ansible."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.errors import LabError
from lab.shell import run

USUAL_STATE = Path("/var/lib/lvs-lab")
"""Where labs are without LVS_LAB_STATE."""

GATEWAY = "198.18.0.1"
PREFIX = 16
REPOSITORY_PORT = 8000
MANAGEMENT_BRIDGE = "lab-mgmt"
MANAGEMENT_NETWORK = "198.18.0.0/16"

# Nothing of the lab itself speaks IPv6 on the guests' networks, and it passes no packet from one of them to another.
_SETTINGS = """
file=/proc/sys/net/ipv6/conf/default/disable_ipv6
[ ! -e "$file" ] || echo 1 > "$file"  # not there where the machine has no IPv6
echo 0 > /proc/sys/net/ipv4/ip_forward
"""


class Namespace:
    """A network namespace of the lab's own. Deleting it deletes every bridge, tap and address in it."""

    def __init__(self, folder: Path) -> None:
        """`folder` is the lab's: with another LVS_LAB_STATE a lab of the same name has another namespace."""
        other = "" if folder.parent == USUAL_STATE else hashlib.sha256(bytes(folder.parent)).hexdigest()[:8]
        self.name = "-".join(filter(None, ("lvslab", folder.name, other)))
        self.path = Path("/run/netns") / self.name

    def inode(self) -> int:
        """What tells this namespace from others (`Process.network`); 0 when it isn't there."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return 0
        # An empty file with no namespace mounted on it is what a killed `ip netns add` leaves.
        return found.st_ino if found.st_dev != self.path.parent.stat().st_dev else 0

    def exists(self) -> bool:
        return self.inode() != 0

    def enter(self, *argv: str) -> list[str]:
        """The command line that runs argv inside the namespace."""
        return ["nsenter", f"--net={self.path}", "--", *argv]

    def ip(self, *words: str, stdin: str | None = None) -> str:
        return run(["ip", "-n", self.name, *words], stdin=stdin)

    def delete(self) -> bool:
        """Take the namespace away, or what a killed `ip netns add` left of one; True if there was anything."""
        if not self.path.exists():
            return False
        run(["ip", "netns", "delete", self.name])
        return True

    def wire(self, ports: Mapping[str, str]) -> None:
        """Make what is missing: the namespace, its bridges, a tap for each port (tap -> bridge); unwanted taps go.

        What is there stays as it is, a cable that was pulled out too. A guest's management port can talk to the lab,
        not to other guests.
        """
        if not Path("/dev/net/tun").exists():
            raise LabError("no /dev/net/tun on this machine, which guests' network cards need; run: modprobe tun")
        if not self.exists():
            self.delete()
            run(["ip", "netns", "add", self.name])
        run(self.enter("sh", "-c", _SETTINGS), what="setting up the lab's network namespace")
        self.ip("-batch", "-", stdin="".join(f"{line}\n" for line in missing(self.links(), ports)))

    def links(self) -> dict[str, dict[str, Any]]:
        """The namespace's interfaces by name, as `ip -json -details link` tells them."""
        if not self.exists():
            return {}
        return {link["ifname"]: link for link in json.loads(self.ip("-json", "-details", "link", "show"))}

    def plugged(self) -> set[str]:
        """The taps whose cable is in."""
        return {name for name, link in self.links().items() if "UP" in link["flags"]}

    def remove(self, prefix: str) -> None:
        """Delete the interfaces whose names begin so."""
        for name in self.links():
            if name.startswith(prefix):
                self.ip("link", "delete", name)

    def set_cable(self, tap: str, *, plugged: bool) -> None:
        """Plug a NIC's cable in or pull it out."""
        self.ip("link", "set", tap, "up" if plugged else "down")


def missing(present: Mapping[str, Mapping[str, Any]], ports: Mapping[str, str]) -> list[str]:
    """The lines of `ip -batch` that make the wanted ports (tap -> bridge) of the links that are there."""
    lines = ["link set lo up"]
    for bridge in (MANAGEMENT_BRIDGE, *sorted(set(ports.values()) - {MANAGEMENT_BRIDGE})):
        if bridge not in present:
            # No spanning tree (a port forwards at once) and no multicast snooping (a cluster MAC reaches every port).
            lines.append(f"link add name {bridge} type bridge stp_state 0 forward_delay 0 mcast_snooping 0")
        lines.append(f"link set {bridge} up")
    lines.append(f"address replace {GATEWAY}/{PREFIX} dev {MANAGEMENT_BRIDGE}")
    lines += [f"link delete {name}" for name in present if name.startswith("tap") and name not in ports]
    for tap, bridge in ports.items():
        if tap not in present:
            lines.append(f"tuntap add dev {tap} mode tap")
        # Both in one request: a tap that has its bridge was up, so if it is down now, its cable is out.
        if present.get(tap, {}).get("master") != bridge:
            lines.append(f"link set dev {tap} master {bridge} up")
        if bridge == MANAGEMENT_BRIDGE:
            lines.append(f"link set dev {tap} type bridge_slave isolated on")
    return lines


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
