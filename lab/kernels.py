"""The User Mode Linux kernels. Each release brings its own, from Debian's package `user-mode-linux`.

The kernel is a program that needs the C library of its release; so that library lies beside it in the cache, and the
program is told to use that one. What `xstate.c` mends lies there, too, and is preloaded: as a library that the program
needs, it would make a table longer that ld.so writes to, and Debian 13's patchelf moves that to read-only memory.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lab import cache
from lab.shell import BUILDERS, contained, require, run

LOADER = "ld-linux-x86-64.so.2"
XSTATE = Path(__file__).parent / "xstate.c"
# What is preloaded into the kernel, which finds it in the folder of its program.
PRELOADED = "xstate.so"


@dataclass(frozen=True)
class Kernel:
    """A kernel to boot: the program, the folder with its modules (named after its version)."""

    program: Path
    modules: Path


def get(release: str, user: Path, say: Callable[[str], None]) -> Kernel:
    """The kernel of a Debian release, fetched now if it isn't cached. `user` is the folder of the lab that wants it."""

    def make(work: Path, final: Path) -> None:
        require(*BUILDERS)
        say(f"fetching the kernel for {release} guests (once)")
        tree = work / "tree"
        run(
            contained("mmdebstrap", "--quiet", "--variant=extract", "--include=user-mode-linux", release, tree),
            what=f"fetching user-mode-linux of {release} from your Debian mirror",
        )
        shutil.copy(tree / "usr/bin/linux.uml", work / "linux")
        libraries = final / next(path for path in tree.rglob(LOADER) if not path.is_symlink()).parent.relative_to(work)
        # tcc, because of all C compilers it is the smallest by far.
        run(["tcc", "-shared", "-nostdlib", "-o", work / PRELOADED, XSTATE])
        path = f"{final}:{libraries}"
        run(["patchelf", "--set-interpreter", libraries / LOADER, "--set-rpath", path, work / "linux"])

    digest = cache.digest([release, Path(__file__).read_bytes(), XSTATE.read_bytes()])
    folder = cache.get(f"kernel-{release}", digest, make, user=user, say=say)
    (modules,) = (folder / "tree/usr/lib/uml/modules").iterdir()
    return Kernel(folder / "linux", modules)
