"""A fresh Debian tree on this machine, as debootstrap makes one: to commands in it, a machine just installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lab import shell

# What README asks of a machine. Debian's minimal system has apt, and the certificates are what pip trusts.
PACKAGES = ("ca-certificates", "git", "make", "python3")
# How this machine reaches packages is its owner's affair; the tree is told the same.
SETTINGS = ("PIP_", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# What runs in a tree sees its own /proc and /run, so networks that it names are not the machine's; all ends with it.
# Its root is a mount, as a machine's is: unshare, which the lab calls, wants that.
INSIDE = """
set -e
tree=$1; shift
mount --bind "$tree" "$tree"
mount --rbind /dev "$tree/dev"
mount --rbind /sys "$tree/sys"
mount -t proc proc "$tree/proc"
mount -t tmpfs tmpfs "$tree/run"
chroot "$tree" "$@" && status=0 || status=$?
exit "$status"
"""


@dataclass(frozen=True)
class Tree:
    """The folder that is its root."""

    root: Path

    def run(self, command: str, *, folder: str, seconds: float) -> str:
        """Run a command line as root in a folder of the tree, which must end well: all that it printed."""
        kept = [f"{name}={value}" for name, value in os.environ.items() if name.startswith(SETTINGS)]
        login = ["env", "-i", "HOME=/root", f"PATH={PATH}", *kept, "sh", "-c", f"cd {folder} && {command}"]
        done = subprocess.run(
            shell.contained("bash", "-c", INSIDE, "bash", self.root, *login),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=seconds, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}"
        return done.stdout

    def files(self, folder: str) -> set[str]:
        """The names in a folder of the tree; none where it isn't there."""
        place = self.root / folder.lstrip("/")
        return {path.name for path in place.iterdir()} if place.is_dir() else set()


def make(release: str, root: Path) -> Tree:
    """A minimal system of this release with what README asks for, and this machine's way to packages."""
    words = ["--variant=minbase", f"--include={','.join(PACKAGES)}", release, str(root)]
    shell.run(shell.contained("mmdebstrap", *words), what=f"making a {release} tree")
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    for settings in Path("/etc/apt/apt.conf.d").iterdir():
        if "Acquire::" in settings.read_text():
            shutil.copy(settings, root / "etc/apt/apt.conf.d")
    for certificate in Path("/usr/local/share/ca-certificates").glob("*.crt"):
        shutil.copy(certificate, root / "usr/local/share/ca-certificates")
    shell.run(shell.contained("chroot", root, "update-ca-certificates"))
    return Tree(root)
