"""What QEMU computes with: KVM where it really works, else tcg, which is slow and works everywhere.

That /dev/kvm is there tells little: inside another virtual machine it may exist and still not boot a stock kernel. So
it is tried, with the kernel and the first file system of the guests.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from lab.inventory import write_private

KVM, TCG = "kvm", "tcg"
DEVICE = Path("/dev/kvm")
PASSED = "lab: trial passed"
TRIAL_SECONDS = 10.0  # it takes one or two

# The answer is good until the machine boots again, which empties this folder.
REMEMBERED = Path("/run/lvs-lab")


def get(kernel: Path, say: Callable[[str], None]) -> str:
    """KVM or TCG, by trying unless it has been tried since this machine booted."""
    if not os.access(DEVICE, os.R_OK | os.W_OK):
        return TCG
    note = REMEMBERED / f"accelerator-{kernel.parent.name}"
    known = note.read_text() if note.exists() else ""
    if known in (KVM, TCG):
        return known
    works = trial(kernel, KVM)
    REMEMBERED.mkdir(exist_ok=True, mode=0o755)
    write_private(note, KVM if works else TCG)
    if not works:
        say(f"{DEVICE} is there, but Debian's own kernel doesn't boot with it: guests run without, and are slow")
    return KVM if works else TCG


def trial(kernel: Path, accelerator: str, seconds: float = TRIAL_SECONDS) -> bool:
    """Whether the kernel comes to the end of its first file system's work, and reboots, within these seconds."""
    with tempfile.TemporaryDirectory() as folder:
        console = Path(folder) / "console"
        words = [
            *("qemu-system-x86_64", "-accel", accelerator, "-cpu", "max", "-m", "256"),
            *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", f"file:{console}"),
            *("-kernel", str(kernel), "-initrd", str(kernel.with_name("initrd"))),
            *("-append", "console=ttyS0 panic=-1 lab_trial=1"),
        ]
        try:
            subprocess.run(words, check=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return False
        return PASSED in console.read_text(errors="replace")
