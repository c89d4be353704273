"""What a lab remembers between commands: who is who. What runs is not remembered but looked up."""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lab.errors import LabError
from lab.inventory import Host, Interface, Route, write_private

STATE = Path(os.environ.get("LVS_LAB_STATE", "/var/lib/lvs-lab"))


@dataclass
class Guest:
    """A host of the lab: its definition, its number (which gives its management address), the image it was born from, its kernel."""

    host: Host
    number: int
    image: str
    kernel: str


@dataclass
class State:
    """The lab's memory: the inventory that it was started with, its guests, and which bridge is which network."""

    inventory: str = ""
    kind: str = "bare"
    guests: dict[str, Guest] = field(default_factory=dict)
    bridges: dict[str, str] = field(default_factory=dict)

    def bridge(self, network: str) -> str:
        """The bridge of a network; a new network gets the next free one."""
        if network not in self.bridges:
            self.bridges[network] = f"net{len(self.bridges)}"
        return self.bridges[network]

    def free_number(self) -> int:
        taken = {guest.number for guest in self.guests.values()}
        return next(number for number in range(len(taken) + 1) if number not in taken)


def folder(name: str) -> Path:
    """Where a lab of this name keeps its files."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,29}", name):
        raise LabError(f"--name {name}: use at most 30 of a-z, 0-9, _ and -")
    return STATE / name


def load(path: Path) -> State:
    """Read a lab's memory; a lab that never was has an empty one."""
    file = path / "state.json"
    if not file.exists():
        return State()
    raw = json.loads(file.read_text())
    guests = {
        name: Guest(_host(body["host"]), body["number"], body["image"], body["kernel"])
        for name, body in raw["guests"].items()
    }
    return State(raw["inventory"], raw["kind"], guests, raw["bridges"])


def save(path: Path, state: State) -> None:
    write_private(path / "state.json", json.dumps(asdict(state), indent=1))


def _host(raw: dict[str, object]) -> Host:
    body = json.loads(json.dumps(raw))
    return Host(
        body["name"],
        body["release"],
        tuple(Interface(nic["name"], nic["network"], tuple(nic["addresses"])) for nic in body["interfaces"]),
        tuple(Route(route["to"], route["via"]) for route in body["routes"]),
        tuple(body["web_ports"]),
    )


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """One command at a time changes a lab. The lock lies beside the folder, so that `down` can remove the folder."""
    STATE.mkdir(parents=True, exist_ok=True, mode=0o755)
    with (STATE / f".{path.name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
