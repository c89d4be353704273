"""What is made once and kept: kernels and images, each in a folder whose name holds a digest of its recipe."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from lab import processes
from lab.errors import LabError

CACHE = Path(os.environ.get("LVS_LAB_CACHE") or "/var/cache/lvs-lab").absolute()


def digest(parts: Iterable[str | bytes]) -> str:
    """A short digest of a recipe."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(b"%d:%b" % (len(data), data))
    return whole.hexdigest()[:16]


def get(kind: str, key: str, make: Callable[[Path, Path], None], *, user: Path, say: Callable[[str], None]) -> Path:
    """The folder for this recipe. If it isn't there, `make(work, final)` fills `work`, which then becomes `final`.

    Two labs that want the same folder wait for each other. `user` is the lab's folder: as long as it exists, what it
    uses stays, also while its guests are off. Older recipes of the same kind that nobody uses go.
    """
    if re.search(r"[\s,:]", str(CACHE)):
        raise LabError(
            f"LVS_LAB_CACHE {CACHE}: no kernel finds a disk there; use a path without spaces, commas and colons"
        )
    final = CACHE / f"{kind}-{key}"
    CACHE.mkdir(parents=True, exist_ok=True, mode=0o755)
    with (CACHE / f".{kind}.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another lab that makes {kind}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        # The programs that `make` runs hold the lock too: if we are killed, it is free when the last of them has ended.
        os.set_inheritable(handle.fileno(), True)
        for rest in CACHE.glob(f".{kind}.new-*"):
            shutil.rmtree(rest)
        if not final.is_dir():
            work = Path(tempfile.mkdtemp(prefix=f".{kind}.new-", dir=CACHE))
            work.chmod(0o755)
            before = os.umask(0o022)  # whoever makes it first makes it for all
            try:
                make(work, final)
                work.rename(final)
            finally:
                os.umask(before)
                shutil.rmtree(work, ignore_errors=True)
        _note_user(final, user)
        _forget_older(kind, final)
    return final


def _note_user(folder: Path, user: Path) -> None:
    link = folder / "users" / digest([str(user)])
    link.parent.mkdir(exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(user)


def _forget_older(kind: str, newest: Path) -> None:
    older = [folder for folder in CACHE.glob(f"{kind}-*") if folder != newest]
    everyone = processes.snapshot() if older else []
    for folder in older:
        noted = (folder / "users").iterdir() if (folder / "users").is_dir() else ()
        named = any(f"{folder}/" in word for process in everyone for word in process.words)
        if not named and not any(link.exists() for link in noted):
            # First the name: half a folder must never be found under it.
            doomed = folder.rename(CACHE / f".{kind}.new-{folder.name}")
            shutil.rmtree(doomed)
