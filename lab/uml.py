"""Guests as User Mode Linux: a kernel that is an ordinary process (kernel documentation: virt/uml)."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from lab.errors import LabError
from lab.images import Image
from lab.kernels import PRELOADED
from lab.machines import Machine
from lab.processes import Process, with_sessions

SUPERVISE = Path(__file__).parent / "supervise.sh"


MEMORY = Path("/dev/shm")
"""Where the kernel keeps a guest's memory, unless TMPDIR, TMP or TEMP names another tmpfs (arch/um/os-Linux/mem.c)."""


def require_memory(folder: Path, mebibytes: int) -> None:
    """LabError where a guest could not keep its memory in this folder: it would end while it boots."""
    if any(os.environ.get(name) for name in ("TMPDIR", "TMP", "TEMP")) or not folder.is_dir():
        return
    found = os.statvfs(folder)
    room = found.f_bavail * found.f_frsize // (1 << 20)
    why = "is mounted noexec" if found.f_flag & os.ST_NOEXEC else f"has {room} MiB left" if room < mebibytes else ""
    if why:
        raise LabError(
            f"guests keep their memory in {folder}, which {why}, and each needs {mebibytes} MiB that may be executed: "
            f"mount -o remount,exec,size=4G {folder}; in a container of Docker's: --tmpfs {folder}:exec,size=4g"
        )


class UserModeLinux:
    """One session of processes a guest, known by the copy-on-write file on its command line."""

    memory_mib = 256
    ready_seconds = 120.0

    def kernel(self, image: Image, user: Path, say: Callable[[str], None]) -> Path:
        require_memory(MEMORY, self.memory_mib)
        return image.kernel

    def prepare(self, machine: Machine) -> None:
        """The kernel makes its copy-on-write file itself."""

    def command(self, machine: Machine) -> list[str]:
        nics = [
            f"vec{number}:transport=tap,ifname={nic.tap},mac={nic.mac},depth=64,gro=1"
            for number, nic in enumerate(machine.nics)
        ]
        return [
            *("sh", str(SUPERVISE), str(machine.console)),
            *("env", f"LD_PRELOAD={PRELOADED}"),
            str(machine.image.kernel),
            f"ubd0={machine.folder}/disk.cow,{machine.image.disk}",
            f"ubd1r={machine.seed}",
            *("root=/dev/ubda", "rw", "init=/lab-init", "selinux=0", "panic=-1", "noreboot"),
            f"mem={machine.memory_mib}M",
            f"umid={machine.host}",
            f"uml_dir={machine.scratch}",
            *("con=null", "con0=fd:0,fd:1", "systemd.show_status=auto", "TERM=dumb"),
            *nics,
            *machine.kernel_arguments,
        ]

    def running(self, folder: Path, among: Sequence[Process]) -> list[int]:
        mark = f"ubd0={folder}/"
        marked = [one for one in among if any(word.startswith(mark) and "/disk.cow," in word for word in one.words)]
        return with_sessions(marked, among)
