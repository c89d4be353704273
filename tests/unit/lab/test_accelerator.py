"""lab/accelerator.py: KVM is taken where a kernel boots with it, and tried once a boot of the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import accelerator

KERNEL = Path("/cache/stock-bookworm-1/vmlinuz")
# Stands for QEMU: says on the console what the kernel would, then does what the test wants.
QEMU = """\
#!/bin/sh
echo "$*" >> {log}
for word in "$@"; do case $word in file:*) console=${{word#file:}};; esac; done
{does}
"""


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with a KVM device; the file names each trial."""
    device = tmp_path / "kvm"
    device.touch()
    monkeypatch.setattr(accelerator, "DEVICE", device)
    monkeypatch.setattr(accelerator, "REMEMBERED", tmp_path / "run")
    monkeypatch.setattr(accelerator, "TRIAL_SECONDS", 5.0)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path / "log"


def qemu(log: Path, does: str) -> None:
    program = log.parent / "qemu-system-x86_64"
    program.write_text(QEMU.format(log=log, does=does))
    program.chmod(0o755)


def trials(log: Path) -> int:
    return len(log.read_text().splitlines()) if log.exists() else 0


def test_works(log: Path) -> None:
    qemu(log, 'echo "lab: trial passed" > "$console"')
    said: list[str] = []
    assert [accelerator.get(KERNEL, said.append) for _number in range(2)] == ["kvm", "kvm"]
    assert (trials(log), said) == (1, [])
    assert "lab_trial=1" in log.read_text()
    assert f"-kernel {KERNEL} -initrd /cache/stock-bookworm-1/initrd" in log.read_text()


@pytest.mark.parametrize(
    "does",
    [
        pytest.param("echo no such device >&2; exit 1", id="QEMU refuses"),
        pytest.param('echo "lab: trial passed" > "$console"; exit 1', id="QEMU dies"),
        pytest.param('echo "Kernel panic" > "$console"', id="the kernel dies"),
    ],
)
def test_does_not_work(log: Path, does: str) -> None:
    qemu(log, does)
    said: list[str] = []
    assert [accelerator.get(KERNEL, said.append) for _number in range(2)] == ["tcg", "tcg"]
    assert (trials(log), len(said)) == (1, 1)
    assert f"{accelerator.DEVICE} is there, but" in said[0]


def test_hangs(log: Path) -> None:
    qemu(log, "exec sleep 600")
    assert not accelerator.trial(KERNEL, "kvm", 0.5)


@pytest.mark.parametrize("left", ["", "kv"])
def test_half_a_note_is_none(log: Path, left: str) -> None:
    qemu(log, 'echo "lab: trial passed" > "$console"')
    note = log.parent / "run" / f"accelerator-{KERNEL.parent.name}"
    note.parent.mkdir()
    note.write_text(left)
    assert accelerator.get(KERNEL, lambda _text: None) == "kvm"
    assert (trials(log), note.read_text()) == (1, "kvm")


def test_another_kernel_is_another_trial(log: Path) -> None:
    qemu(log, 'echo "lab: trial passed" > "$console"')
    for kernel in (KERNEL, Path("/cache/stock-trixie-1/vmlinuz")):
        assert accelerator.get(kernel, print) == "kvm"
    assert trials(log) == 2


def test_no_device(log: Path) -> None:
    qemu(log, "exit 1")
    accelerator.DEVICE.unlink()
    assert accelerator.get(KERNEL, print) == "tcg"
    assert trials(log) == 0
