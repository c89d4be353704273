"""Guests as QEMU machines with Debian's own kernel, which has what User Mode Linux lacks: nf_tables above all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from lab import accelerator, stock
from lab.images import Image
from lab.machines import Machine, Nic
from lab.processes import Process, with_sessions
from lab.shell import require, run
from lab.uml import SUPERVISE

# tcg would keep up to 1 GiB of what it has translated.
_OPTIONS = {accelerator.KVM: "kvm", accelerator.TCG: "tcg,tb-size=128"}
# A User Mode Linux guest locks the image that it reads, in a way that QEMU takes for somebody who writes to it.
_UNLOCKED = "backing.driver=raw,backing.file.locking=off"


class Qemu:
    """One session of processes a guest, known by the copy-on-write file on its command line."""

    memory_mib = 320
    # Without KVM a guest takes a minute where it has a processor of its own, and several of them share ours.
    ready_seconds = 600.0

    def __init__(self, accelerate: Callable[[Path, Callable[[str], None]], str] = accelerator.get) -> None:
        self._accelerate = accelerate

    def kernel(self, image: Image, user: Path, say: Callable[[str], None]) -> Path:
        require("qemu-system-x86_64", "qemu-img")
        kernel = stock.get(image.release, user, say)
        self._accelerate(kernel, say)
        return kernel

    def prepare(self, machine: Machine) -> None:
        disk = machine.folder / "disk.qcow2"
        if not disk.exists():
            # Whole, or not there: half of one would be taken for a guest's disk.
            begun = disk.with_suffix(".new")
            run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", machine.image.disk, begun])
            begun.replace(disk)

    def command(self, machine: Machine) -> list[str]:
        kernel = machine.image.kernel
        accelerate = self._accelerate(kernel, lambda text: None)
        words = [
            *("console=ttyS0", "root=/dev/vda", "rw", "selinux=0", "panic=-1"),
            *("systemd.show_status=auto", "TERM=dumb"),
            *machine.kernel_arguments,
        ]
        return [
            *("sh", str(SUPERVISE), str(machine.console)),
            *("qemu-system-x86_64", "-name", machine.host),
            # No device that we don't name; and a reboot is the supervisor's work.
            *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
            *("-accel", _OPTIONS[accelerate], "-cpu", "max", "-m", f"{machine.memory_mib}M"),
            *("-kernel", str(kernel), "-initrd", str(kernel.with_name("initrd")), "-append", " ".join(words)),
            *("-chardev", f"file,id=console,path={machine.console},append=on", "-serial", "chardev:console"),
            # A power cut takes the guest's memory, not ours: what it has synced may still be on its way to our disk.
            *("-drive", f"file={machine.folder}/disk.qcow2,format=qcow2,if=virtio,cache=unsafe,{_UNLOCKED}"),
            *("-drive", f"file={machine.seed},format=raw,if=virtio,readonly=on"),
            *("-drive", f"file={kernel.with_name('modules')},format=raw,if=virtio,readonly=on"),
            *(word for number, nic in enumerate(machine.nics) for word in _card(number, nic)),
        ]

    def running(self, folder: Path, among: Sequence[Process]) -> list[int]:
        mark = f"file={folder}/"
        marked = [one for one in among if any(word.startswith(mark) and "/disk.qcow2," in word for word in one.words)]
        return with_sessions(marked, among)


def _card(number: int, nic: Nic) -> list[str]:
    tap = f"tap,id=nic{number},ifname={nic.tap},script=no,downscript=no"
    return ["-netdev", tap, "-device", f"virtio-net-pci,netdev=nic{number},mac={nic.mac},romfile="]
