"""Running programs: argument lists, the C locale, and errors that carry the output."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence

from lab.errors import LabError

DEBIAN_PACKAGE = {
    "patchelf": "patchelf",
    "mmdebstrap": "mmdebstrap",
    "mkfs.ext4": "e2fsprogs",
    "ip": "iproute2",
    "bridge": "iproute2",
    "nsenter": "util-linux",
    "setsid": "util-linux",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "apt-ftparchive": "apt-utils",
    "chroot": "coreutils",
    "ansible-inventory": "",
}


def require(*programs: str) -> None:
    """Raise one LabError that names all missing programs and the command that installs them."""
    missing = [name for name in programs if shutil.which(name) is None]
    if not missing:
        return
    packages = sorted({DEBIAN_PACKAGE[name] for name in missing if DEBIAN_PACKAGE[name]})
    remedy = f"apt-get install {' '.join(packages)}" if packages else "make setup, then use .venv/bin"
    raise LabError(f"missing on this machine: {', '.join(missing)}; run: {remedy}")


def require_root() -> None:
    """Raise LabError unless we may make network namespaces and tap devices."""
    if os.geteuid() != 0:
        raise LabError("the lab needs root for its network namespace and taps; run the same command with: sudo -E")


def run(
    argv: Sequence[str | os.PathLike[str]],
    *,
    what: str = "",
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> str:
    """Run a program and return its standard output; LabError with its output where it fails."""
    words = [os.fspath(word) for word in argv]
    try:
        done = subprocess.run(
            words,
            check=False,
            capture_output=True,
            text=True,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})},
            timeout=timeout,
        )
    except subprocess.TimeoutExpired as expired:
        raise LabError(f"{what or words[0]}: no end after {expired.timeout:.0f} s: {' '.join(words)}") from expired
    if done.returncode != 0:
        detail = (done.stdout + done.stderr).strip()
        raise LabError(f"{what or words[0]} failed with status {done.returncode}: {' '.join(words)}", detail=detail)
    return done.stdout
