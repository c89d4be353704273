"""Guests as User Mode Linux: a kernel that is an ordinary process (kernel documentation: virt/uml)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lab import processes
from lab.machines import Machine


SUPERVISE = Path(__file__).parent / "supervise.sh"


class UserModeLinux:
    """One session of processes a guest, known by the copy-on-write file on its command line."""

    def command(self, machine: Machine) -> list[str]:
        nics = [
            f"vec{number}:transport=tap,ifname={nic.tap},mac={nic.mac},depth=64,gro=1"
            for number, nic in enumerate(machine.nics)
        ]
        return [
            *("sh", str(SUPERVISE), str(machine.console)),
            str(machine.image.kernel),
            f"{self._disk(machine.folder)}{machine.image.disk}",
            f"ubd1r={machine.seed}",
            *("root=/dev/ubda", "rw", "init=/lab-init", "selinux=0", "panic=-1", "noreboot"),
            f"mem={machine.memory_mib}M",
            f"umid={machine.host}",
            f"uml_dir={machine.folder}",
            *("con=null", "con0=fd:0,fd:1", "systemd.show_status=auto", "TERM=dumb"),
            *nics,
        ]

    def running(self, folder: Path, pids: Sequence[int]) -> list[int]:
        mark = self._disk(folder)
        lines = {pid: processes.command_line(pid) for pid in pids}
        leaders = {processes.session(p) for p, words in lines.items() if any(w.startswith(mark) for w in words)} - {0}
        return [pid for pid in pids if processes.session(pid) in leaders]

    @staticmethod
    def _disk(folder: Path) -> str:
        return f"ubd0={folder}/disk.cow,"
