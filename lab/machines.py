"""What the lab asks of a virtual machine, whatever kind it is: User Mode Linux (uml.py) or QEMU (qemu.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lab.images import Image
from lab.processes import Process


@dataclass(frozen=True)
class Nic:
    """A virtual network card: its name in the guest, MAC, the tap and the bridge that it is plugged into."""

    name: str
    mac: str
    tap: str
    bridge: str


@dataclass(frozen=True)
class Machine:
    """A virtual machine to run: its folder holds its disk, its seed and its console's log."""

    host: str
    folder: Path
    image: Image
    nics: tuple[Nic, ...]
    memory_mib: int
    kernel_arguments: tuple[str, ...] = ()

    @property
    def console(self) -> Path:
        return self.folder / "console.log"

    @property
    def scratch(self) -> Path:
        """For what belongs to one run of the machine (sockets, process ids): emptied before each start."""
        return self.folder / "run"

    @property
    def seed(self) -> Path:
        return self.folder / "seed.tar"


class Hypervisor(Protocol):
    """A kind of machine: how much memory a guest has, within how many seconds it is ready on a busy machine."""

    memory_mib: int
    ready_seconds: float

    def kernel(self, image: Image, user: Path, say: Callable[[str], None]) -> Path:
        """The kernel that boots this image, fetched now if it isn't cached. `user` is the folder of the lab."""

    def prepare(self, machine: Machine) -> None:
        """Make what has to be in the machine's folder before it starts, and isn't."""

    def command(self, machine: Machine) -> list[str]:
        """The command line that boots the machine, to be run inside the lab's network namespace."""

    def running(self, folder: Path, among: Sequence[Process]) -> list[int]:
        """The ids of those processes that make up the machines in this folder; empty when all are off."""
