"""The kinds of machines by the names that users give them."""

from __future__ import annotations

from lab.machines import Hypervisor
from lab.qemu import Qemu
from lab.uml import UserModeLinux

KINDS: dict[str, Hypervisor] = {"uml": UserModeLinux(), "qemu": Qemu()}
