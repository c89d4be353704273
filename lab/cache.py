"""What is made once and kept: kernels and images, each in a folder whose name holds a digest of its recipe."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from lab import processes

CACHE = Path(os.environ.get("LVS_LAB_CACHE", "/var/cache/lvs-lab"))


def digest(parts: Iterable[str | bytes]) -> str:
    """A short digest of a recipe."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update((part.encode() if isinstance(part, str) else part) + b"\0")
    return whole.hexdigest()[:16]


def get(kind: str, key: str, make: Callable[[Path, Path], None]) -> Path:
    """The folder for this recipe. If it isn't there, `make(work, final)` fills `work`, which then becomes `final`.

    Two labs that want the same folder wait for each other; older recipes of the same kind go, unless one is in use.
    """
    final = CACHE / f"{kind}-{key}"
    if final.is_dir():
        return final
    CACHE.mkdir(parents=True, exist_ok=True, mode=0o755)
    with (CACHE / f".{kind}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not final.is_dir():
            for rest in CACHE.glob(f".{kind}.new-*"):  # of a build that was killed
                shutil.rmtree(rest)
            work = Path(tempfile.mkdtemp(prefix=f".{kind}.new-", dir=CACHE))
            work.chmod(0o755)
            try:
                make(work, final)
                work.rename(final)
            finally:
                shutil.rmtree(work, ignore_errors=True)
            for older in CACHE.glob(f"{kind}-*"):
                if older != final and not _in_use(older):
                    shutil.rmtree(older)
    return final


def _in_use(folder: Path) -> bool:
    mark = f"{folder}/"
    return any(mark in word for pid in processes.everyone() for word in processes.command_line(pid))
