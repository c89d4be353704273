"""lab/stock.py: which modules the first file system has, and that it is an archive as the kernel reads it."""

from __future__ import annotations

import stat
import subprocess

from lab import stock

# Lines of Debian 12's and Debian 13's modules.dep.
BOOKWORM = """\
kernel/fs/ext4/ext4.ko: kernel/lib/crc16.ko kernel/fs/mbcache.ko kernel/fs/jbd2/jbd2.ko
kernel/fs/jbd2/jbd2.ko:
kernel/fs/mbcache.ko:
kernel/drivers/virtio/virtio_pci.ko: kernel/drivers/virtio/virtio.ko kernel/drivers/virtio/virtio_ring.ko
kernel/drivers/block/virtio_blk.ko: kernel/drivers/virtio/virtio.ko kernel/drivers/virtio/virtio_ring.ko
kernel/arch/x86/crypto/crc32c-intel.ko:
"""
TRIXIE = """\
kernel/fs/ext4/ext4.ko.xz: kernel/lib/crc16.ko.xz kernel/fs/jbd2/jbd2.ko.xz
kernel/drivers/block/virtio_blk.ko.xz:
"""


def test_each_module_comes_after_what_it_needs() -> None:
    assert stock.load_order(BOOKWORM, ("virtio_pci", "virtio_blk", "crc32c_intel", "ext4")) == [
        "kernel/drivers/virtio/virtio_ring.ko",
        "kernel/drivers/virtio/virtio.ko",
        "kernel/drivers/virtio/virtio_pci.ko",
        "kernel/drivers/block/virtio_blk.ko",
        "kernel/arch/x86/crypto/crc32c-intel.ko",
        "kernel/fs/jbd2/jbd2.ko",
        "kernel/fs/mbcache.ko",
        "kernel/lib/crc16.ko",
        "kernel/fs/ext4/ext4.ko",
    ]


def test_what_is_built_in_needs_no_module() -> None:
    assert stock.load_order(TRIXIE, ("virtio_pci", "virtio_blk", "ext4")) == [
        "kernel/drivers/block/virtio_blk.ko.xz",
        "kernel/fs/jbd2/jbd2.ko.xz",
        "kernel/lib/crc16.ko.xz",
        "kernel/fs/ext4/ext4.ko.xz",
    ]


FILES = [
    ("bin", stat.S_IFDIR | 0o755, b""),
    ("bin/one", stat.S_IFREG | 0o755, b"x" * 4097),
    ("empty", stat.S_IFREG | 0o644, b""),
    ("four", stat.S_IFREG | 0o644, b"1234"),
    ("link", stat.S_IFLNK | 0o777, b"bin/one"),
]


def test_archive() -> None:
    """The format's own rules: names and data each end on a multiple of four bytes, and TRAILER!!! is the last."""
    data, found = stock.archive(FILES), []
    while True:
        assert data[:6] == b"070701"
        fields = [int(data[place : place + 8], 16) for place in range(6, 110, 8)]
        mode, size, length = fields[1], fields[6], fields[11]
        name = data[110 : 110 + length - 1].decode()
        begin = (110 + length + 3) // 4 * 4
        if name == "TRAILER!!!":
            assert len(data) == begin
            break
        found.append((name, mode, data[begin : begin + size]))
        data = data[(begin + size + 3) // 4 * 4 :]
    assert found == FILES


def test_first_process_is_a_valid_script() -> None:
    assert stock.INIT.read_text().startswith("#!/bin/sh\n")
    subprocess.run(["sh", "-n", stock.INIT], check=True)
