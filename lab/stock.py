"""Debian's own kernels (linux-image-amd64), for machines that boot them: program, first file system, modules.

The image of a guest is the same for every kind of machine. What a stock kernel needs besides lies here: a small first
file system, because its disk drivers are modules, and a disk with all its modules.
"""

from __future__ import annotations

import lzma
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from lab import cache
from lab.shell import BUILDERS, contained, require, run

INIT = Path(__file__).parent / "initrd" / "init"
# The kernel, the programs of its first file system, and what depmod needs to read compressed modules.
PACKAGES = ("linux-image-amd64", "busybox-static", "liblzma5")
# What is needed until the root is there, and the network cards, which get their names before it. ext4 asks for
# crc32c by the name of the algorithm, so no list of dependencies has it.
DRIVERS = ("virtio_pci", "virtio_blk", "virtio_net", "crc32c_generic", "ext4")
MODULES_SIZE = "1G"
MERGED = ("bin", "sbin", "lib", "lib64")


def get(release: str, user: Path, say: Callable[[str], None]) -> Path:
    """The kernel of a Debian release, fetched now if it isn't cached; beside it lie its `initrd` and `modules`."""

    def make(work: Path, final: Path) -> None:
        require(*BUILDERS)
        say(f"fetching Debian's own kernel for {release} guests (once; it stays in {final.parent})")
        tree = work / "tree"
        run(
            contained("mmdebstrap", "--quiet", "--variant=extract", f"--include={','.join(PACKAGES)}", release, tree),
            what=f"fetching {', '.join(PACKAGES)} of {release} from your Debian mirror",
        )
        # Newer packages have everything below /usr and count on these links, which come with no package.
        for name in (name for name in MERGED if not (tree / name).exists()):
            (tree / name).symlink_to(f"usr/{name}")
        (modules,) = (tree / "lib/modules").iterdir()
        run(contained("chroot", tree, "depmod", modules.name), what=f"listing the modules of {modules.name}")
        shutil.copy(tree / "boot" / f"vmlinuz-{modules.name}", work / "vmlinuz")
        (work / "initrd").write_bytes(archive(_first_files(tree / "bin/busybox", modules)))
        options = ("-q", "-F", "-L", "modules", "-O", "^has_journal")
        run(["mkfs.ext4", *options, "-d", modules.parent, work / "modules", MODULES_SIZE])
        shutil.rmtree(tree)

    digest = cache.digest([release, Path(__file__).read_bytes(), INIT.read_bytes()])
    return cache.get(f"stock-{release}", digest, make, user=user, say=say) / "vmlinuz"


def _first_files(busybox: Path, modules: Path) -> Iterator[tuple[str, int, bytes]]:
    for folder in ("bin", "dev", "modules", "proc", "programs", "root", "sys"):
        yield folder, stat.S_IFDIR | 0o755, b""
    yield "init", stat.S_IFREG | 0o755, INIT.read_bytes()
    yield "bin/busybox", stat.S_IFREG | 0o755, busybox.read_bytes()
    yield "bin/sh", stat.S_IFLNK | 0o777, b"busybox"
    for number, path in enumerate(load_order((modules / "modules.dep").read_text(), DRIVERS)):
        data = (modules / path).read_bytes()
        name = f"modules/{number:02}-{Path(path).name.removesuffix('.xz')}"
        yield name, stat.S_IFREG | 0o644, lzma.decompress(data) if path.endswith(".xz") else data


def load_order(listing: str, drivers: Iterable[str]) -> list[str]:
    """The modules of these drivers and all that they need, each after what it needs; built-in ones are in no listing.

    `listing` is depmod's modules.dep, which names for each module all that it needs, the last to be loaded first.
    """
    needs: dict[str, tuple[str, list[str]]] = {}
    for line in listing.splitlines():
        path, _colon, needed = line.partition(":")
        needs[Path(path).name.split(".")[0].replace("-", "_")] = (path, needed.split())
    found = (needs[driver] for driver in drivers if driver in needs)
    return list(dict.fromkeys(path for module, needed in found for path in (*reversed(needed), module)))


def archive(files: Iterable[tuple[str, int, bytes]]) -> bytes:
    """A cpio archive as the kernel reads it (kernel documentation: early-userspace/buffer-format): name, mode, data."""
    parts = []
    for number, (name, mode, data) in enumerate((*files, ("TRAILER!!!", 0, b"")), start=1):
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
        header = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        parts += [_padded(header), _padded(data)]
    return b"".join(parts)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
