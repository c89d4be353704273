"""Running programs: argument lists, the C locale, and errors that carry the output."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab.errors import LabError

# What the lab runs, and the Debian package that brings it. All of what builds kernels and images is asked for at once.
DEBIAN_PACKAGE = {
    "apt-ftparchive": "apt-utils",
    "chroot": "coreutils",
    "ip": "iproute2",
    "mkfs.ext4": "e2fsprogs",
    "mmdebstrap": "mmdebstrap",
    "nsenter": "util-linux",
    "patchelf": "patchelf",
    "setpriv": "util-linux",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "tcc": "tcc",
    "unshare": "util-linux",
}
BUILDERS = (
    "apt-ftparchive",
    "chroot",
    "mkfs.ext4",
    "mmdebstrap",
    "patchelf",
    "setpriv",
    "ssh-keygen",
    "tcc",
    "unshare",
)

# The same for what only some labs need.
EXTRA_PACKAGE = {"qemu-img": "qemu-utils", "qemu-system-x86_64": "qemu-system-x86"}

_SYSTEM = ("/usr/local/sbin", "/usr/sbin", "/sbin")

# linux/capability.h: the numbers of the bits
_CAPABILITIES = {"CAP_NET_ADMIN": 12, "CAP_SYS_ADMIN": 21}


def use_own_environment() -> None:
    """Let Ansible's programs be found that lie beside our Python, also when its environment isn't activated.

    And those of root, which the path of another user lacks that sudo took over.
    """
    path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    more = [str(Path(sys.executable).parent), *_SYSTEM]
    os.environ["PATH"] = os.pathsep.join(dict.fromkeys([*path, *more]))


def require(*programs: str) -> None:
    """Raise one LabError that names all missing programs and the commands that install them."""
    missing = [name for name in programs if shutil.which(name) is None]
    if not missing:
        return
    known = {**DEBIAN_PACKAGE, **EXTRA_PACKAGE}
    packages = sorted({known[name] for name in missing if name in known})
    remedies = [f"apt-get install --no-install-recommends {' '.join(packages)}"] if packages else []
    if any(name not in known for name in missing):
        remedies.append("make setup (then .venv/bin/python -m lab)")
    raise LabError(f"missing on this machine: {', '.join(missing)}; run: {' and '.join(remedies)}")


def require_root(argv: Sequence[str]) -> None:
    """Raise LabError unless we may make network namespaces and taps; `argv` is our command line after `-m lab`."""
    if os.geteuid() != 0:
        again = shlex.join([sys.executable, "-m", "lab", *argv])
        raise LabError(
            f'the lab needs root for its network namespace and taps; run: sudo -E -H env "PATH=$PATH" {again}'
        )
    match = re.search(r"^CapEff:\s*([0-9a-f]+)$", Path("/proc/self/status").read_text(), re.MULTILINE)
    held = int(match[1], 16) if match else -1
    lacking = [name for name, bit in _CAPABILITIES.items() if not held >> bit & 1]
    if lacking:
        raise LabError(
            f"root lacks {' and '.join(lacking)} here, as in a container; "
            "run it on the machine itself, or give the container all rights: docker run --privileged"
        )


def contained(*argv: str | os.PathLike[str]) -> list[str | os.PathLike[str]]:
    """The command line that runs a builder so that nothing is left of it, whenever it or we are killed.

    mmdebstrap mounts /proc and /sys into its tree; here that is in a mount namespace which ends with its last process.
    """
    namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    return ["setpriv", "--pdeathsig", "KILL", *namespaces, *argv]


def run(
    argv: Sequence[str | os.PathLike[str]],
    *,
    what: str = "",
    stdin: str | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run a program and return its standard output; LabError with its output where it fails."""
    words = [os.fspath(word) for word in argv]
    done = subprocess.run(
        words,
        check=False,
        capture_output=True,
        text=True,
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})},
        close_fds=False,  # the cache's lock, the one descriptor that is inheritable, belongs to its builders too
    )
    if done.returncode != 0:
        detail = (done.stdout + done.stderr).strip()
        raise LabError(f"{what or words[0]} failed with status {done.returncode}: {' '.join(words)}", detail=detail)
    return done.stdout
