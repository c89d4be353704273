"""What a lab remembers between commands: who is who. What runs is not remembered but looked up."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lab.errors import LabError
from lab.inventory import MACHINES, Host, Interface, Route, Sysctl, write_private
from lab.networks import USUAL_STATE

# Empty is as if it were not set: the current folder is nobody's state.
STATE = Path(os.environ.get("LVS_LAB_STATE") or USUAL_STATE).absolute()

# unix(7): a socket's path has at most 107 characters; the longest of ours are in ssh.d, with 17 added by ssh.
_LONGEST_FOLDER = 107 - len("/ssh.d/255.255.255.255") - 17

FILE = "state.json"
# Tells a lab's folder from anything else that may have its name.
MARK = ".lab"


@dataclass
class Guest:
    """A host of the lab: its definition, its number (for its management address), the image of its disk, its kernel."""

    host: Host
    number: int
    image: str
    kernel: str


@dataclass
class State:
    """The lab's memory: what it was started with, its guests, and which bridge is which network."""

    inventory: str = ""
    kind: str = "bare"
    guests: dict[str, Guest] = field(default_factory=dict)
    bridges: dict[str, str] = field(default_factory=dict)
    machine: str = MACHINES[0]

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
        given = "LVS_LAB" if os.environ.get("LVS_LAB") == name else "--name"
        raise LabError(f"{given} {name}: use at most 30 of a-z, 0-9, _ and -, a letter or digit first")
    path = STATE / name
    if len(str(path)) > _LONGEST_FOLDER or re.search(r"[\s,:]", str(path)):
        raise LabError(
            f"the lab's folder {path} can't hold sockets and disks; set LVS_LAB_STATE to a path of at most "
            f"{_LONGEST_FOLDER - len(name) - 1} characters, without spaces, commas and colons"
        )
    return path


def claim(path: Path) -> None:
    """Make a lab's folder, unless it is there; LabError where it is somebody else's."""
    refuse_foreign(path)
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    (path / MARK).touch()


def refuse_foreign(path: Path) -> None:
    """LabError if something is there that no lab made."""
    ours = (MARK, FILE)  # labs from before there was a mark have their memory
    if path.is_dir() and any(path.iterdir()) and not any((path / name).exists() for name in ours):
        raise LabError(
            f"{path} is there and was made by no lab, so it stays as it is; give the lab another --name, "
            "or set LVS_LAB_STATE to a folder that is only for labs"
        )


def remove(path: Path) -> None:
    """Delete a lab's folder: its memory first, so that half a lab never looks like one, and its mark last."""
    refuse_foreign(path)
    (path / MARK).touch()
    forget(path)
    for entry in path.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != MARK:
            entry.unlink()
    shutil.rmtree(path)


def load(path: Path) -> State:
    """Read a lab's memory; a lab that never was has an empty one."""
    if not exists(path):
        return State()
    try:
        raw = json.loads((path / FILE).read_text())
        guests = {
            name: Guest(_host(body["host"]), body["number"], body["image"], body["kernel"])
            for name, body in raw["guests"].items()
        }
        # Labs from before there were several kinds of machines were of the first.
        return State(raw["inventory"], raw["kind"], guests, raw["bridges"], raw.get("machine", MACHINES[0]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LabError(
            f"{path / FILE} was written by another version of the lab; run: python -m lab down --name {path.name}"
        ) from error


def forget(path: Path) -> None:
    (path / FILE).unlink(missing_ok=True)


def exists(path: Path) -> bool:
    """Whether a lab remembers anything."""
    return (path / FILE).exists()


def save(path: Path, state: State) -> None:
    write_private(path / FILE, json.dumps(asdict(state), indent=1))


def _host(body: dict[str, Any]) -> Host:
    return Host(
        body["name"],
        body["release"],
        tuple(Interface(nic["name"], nic["network"], tuple(nic["addresses"])) for nic in body["interfaces"]),
        tuple(Route(route["to"], route["via"]) for route in body["routes"]),
        tuple(body["web_ports"]),
        # Not there in the memory of a lab from before these variables.
        tuple(Sysctl(sysctl["name"], sysctl["value"]) for sysctl in body.get("sysctls", [])),
        tuple(body.get("kernel_arguments", [])),
        body.get("machine", MACHINES[0]),
    )


@contextmanager
def lock(path: Path, say: Callable[[str], None]) -> Iterator[None]:
    """One command at a time changes a lab. The lock lies beside the folder, so that `down` can remove the folder."""
    STATE.mkdir(parents=True, exist_ok=True, mode=0o755)
    file = STATE / f".{path.name}.lock"
    while True:
        with file.open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say(f"waiting for another command on the lab {path.name}")
                fcntl.flock(handle, fcntl.LOCK_EX)
            # Whoever had it before us may have taken the file away; then others wait for a new one.
            if not _same(file, handle.fileno()):
                continue
            try:
                yield
            finally:
                if not path.exists():
                    file.unlink()
            return


def _same(file: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(file.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
