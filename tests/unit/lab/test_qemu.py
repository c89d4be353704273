"""lab/qemu.py: a guest's command line, its disk, and which processes are its."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from lab import inventory
from lab.errors import LabError
from lab.images import stored
from lab.kinds import KINDS
from lab.machines import Machine, Nic
from lab.processes import Process
from lab.qemu import Qemu
from lab.uml import SUPERVISE

FOLDER = Path("/labs/a/guests/rs1")
NICS = (Nic("lab0", "02:00:00:00:00:01", "tap0-0", "lab-mgmt"), Nic("eth0", "02:00:00:00:00:02", "tap0-1", "net0"))
IMAGE = stored("bookworm", Path("/cache/stock/vmlinuz"), Path("/cache/image"))
DISK = f"file={FOLDER}/disk.qcow2,format=qcow2"


def command(*arguments: str, accelerator: str = "tcg") -> list[str]:
    machine = Machine("rs1", FOLDER, IMAGE, NICS, 320, arguments)
    return Qemu(lambda kernel, say: accelerator).command(machine)


def options(words: list[str], name: str) -> list[str]:
    return [value for option, value in itertools.pairwise(words) if option == name]


def kernel_words(*arguments: str) -> list[str]:
    (line,) = options(command(*arguments), "-append")
    return line.split()


def test_kinds_are_those_of_the_inventory() -> None:
    assert tuple(KINDS) == inventory.MACHINES


def test_command_line() -> None:
    words = command()
    assert words[:4] == ["sh", str(SUPERVISE), f"{FOLDER}/console.log", "qemu-system-x86_64"]
    assert options(words, "-accel") == ["tcg,tb-size=128"]
    assert options(command(accelerator="kvm"), "-accel") == ["kvm"]
    assert options(words, "-m") == ["320M"]
    assert (options(words, "-kernel"), options(words, "-initrd")) == (["/cache/stock/vmlinuz"], ["/cache/stock/initrd"])
    # The guest's first process knows them by their order.
    assert [drive.split(",")[0] for drive in options(words, "-drive")] == [
        f"file={FOLDER}/disk.qcow2",
        f"file={FOLDER}/seed.tar",
        "file=/cache/stock/modules",
    ]
    assert ["readonly=on" in drive for drive in options(words, "-drive")] == [False, True, True]


def test_a_card_for_each_tap() -> None:
    words = command()
    taps = [dict(pair.partition("=")[::2] for pair in card.split(",")) for card in options(words, "-netdev")]
    cards = [dict(pair.partition("=")[::2] for pair in card.split(",")) for card in options(words, "-device")]
    assert [(tap["ifname"], tap["script"], tap["downscript"]) for tap in taps] == [
        ("tap0-0", "no", "no"),
        ("tap0-1", "no", "no"),
    ]
    assert [(card["netdev"], card["mac"]) for card in cards] == [
        (tap["id"], nic.mac) for tap, nic in zip(taps, NICS, strict=True)
    ]


def test_nothing_listens_for_commands() -> None:
    """Who can write to a monitor can do anything; `power` needs none."""
    words = command()
    assert "-nodefaults" in words
    assert {"-monitor", "-qmp", "-vnc", "-spice", "-gdb"} & set(words) == set()


def test_arguments_of_the_inventory_come_last() -> None:
    assert kernel_words("ipv6.disable=1", "quiet") == [*kernel_words(), "ipv6.disable=1", "quiet"]


@pytest.mark.parametrize("word", [*kernel_words(), "lab_trial=1"])
def test_what_the_lab_sets_is_refused_from_the_inventory(word: str) -> None:
    name = re.split("[=:]", word)[0]
    variables = {"lvs_interfaces": {"eth0": "10.0.0.1/24"}, "lab_kernel_arguments": [word]}
    with pytest.raises(LabError) as caught:
        inventory.parse({"_meta": {"hostvars": {"h": variables}}, "ungrouped": {"hosts": ["h"]}})
    assert caught.value.detail == f"h: lab_kernel_arguments[0]: {name} is the lab's own to set; leave it out"


def test_a_guest_is_the_whole_session_of_its_machine() -> None:
    among = [
        Process(10, 10, 1, ("sh", "supervise.sh", "log", "qemu-system-x86_64", "-drive", DISK)),
        Process(11, 10, 1, ("qemu-system-x86_64", "-drive", DISK)),
        Process(20, 20, 1, ("qemu-system-x86_64", "-drive", DISK.replace("rs1", "rs10"))),
        Process(30, 30, 1, ("qemu-img", "info", f"{FOLDER}/disk.qcow2")),
        Process(40, 40, 1, ("linux", f"ubd0={FOLDER}/disk.cow,/cache/image/disk.ext4")),
    ]
    assert Qemu().running(FOLDER, among) == [10, 11]
    assert Qemu().running(Path("/labs/a"), among) == [10, 11, 20]
    assert Qemu().running(Path("/labs/b"), among) == []


def test_a_machine_without_qemu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(LabError) as caught:
        Qemu().kernel(IMAGE, FOLDER, print)
    assert str(caught.value) == (
        "missing on this machine: qemu-system-x86_64, qemu-img; "
        "run: apt-get install --no-install-recommends qemu-system-x86 qemu-utils"
    )


def test_a_disk_that_is_there_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = tmp_path / "disk.qcow2"
    disk.write_text("as it is")
    monkeypatch.setenv("PATH", "/nowhere")
    Qemu().prepare(Machine("rs1", tmp_path, IMAGE, NICS, 320))
    assert disk.read_text() == "as it is"


def test_half_a_disk_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "qemu-img"
    program.write_text('#!/bin/sh\nfor disk; do :; done; echo half > "$disk"; [ -e "$0.works" ]\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    machine = Machine("rs1", tmp_path, IMAGE, NICS, 320)
    with pytest.raises(LabError):
        Qemu().prepare(machine)
    assert not (tmp_path / "disk.qcow2").exists()
    (tmp_path / "qemu-img.works").touch()
    Qemu().prepare(machine)
    assert (tmp_path / "disk.qcow2").read_text() == "half\n"
    assert not (tmp_path / "disk.new").exists()
