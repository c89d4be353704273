"""make setup: what the other targets need, on a Debian machine with nothing but git, make and python3.

Standard library only, because it runs before anything is installed. What is there already is left as it is: no package
is upgraded, an up-to-date .venv is not touched.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
# An installed copy of the collection has no tests, and needs only what the lab and the demo do.
CLONE = (ROOT / "tests").is_dir()
REQUIREMENTS = ROOT / ("requirements-dev.txt" if CLONE else "lab/requirements.txt")
# Written last: it says what the environment was made of, and that making it came to its end.
STAMP = VENV / "setup.stamp"

LAB_PACKAGES = (
    "apt-utils",  # apt-ftparchive: the lab's own package repository
    "arch-test",  # mmdebstrap asks it whether a foreign tree can run here
    "coreutils",
    "debian-archive-keyring",
    "e2fsprogs",  # mkfs.ext4 -d: a disk image from a folder, without a mount
    "iproute2",
    "mmdebstrap",
    "openssh-client",
    "patchelf",  # a release's User Mode Linux kernel is run with that release's C library
    "python3-venv",
    "tcc",  # what those kernels lack is built with it
    "util-linux",  # nsenter, setsid, setpriv, unshare
)
TEST_PACKAGES = (
    "chromium",  # tests open the status page in a real browser
    "chromium-driver",
    "iptables",  # both backends, for tests of firewall rules
    "keepalived",  # tests run two of them in namespaces of their own; it is never started on the machine
    "nftables",  # tests compare whole rulesets
    "systemd",  # systemd-analyze: tests ask it whether our units are valid
)
# What single commands need beyond that, by the word that they give this program.
MORE_PACKAGES = {
    "--eda": ("default-jre-headless",),  # make eda: ansible-rulebook's rules are run by Java
    "--qemu": (
        "qemu-system-x86",  # make test-qemu: guests with Debian's own kernel
        "qemu-utils",  # their copy-on-write disks
    ),
}
SYSTEM_PACKAGES = (*LAB_PACKAGES, *(TEST_PACKAGES if CLONE else ()))

# ansible-core 2.19 runs on these.
OLDEST, NEWEST = (3, 11), (3, 13)


class SetupError(Exception):
    """One line for the user: what is wrong and the command that mends it."""


def parse_installed(dpkg_output: str) -> set[str]:
    """The packages that `dpkg-query -W -f '${Package} ${db:Status-Status}\\n'` reports as installed."""
    pairs = (line.split() for line in dpkg_output.splitlines())
    return {words[0] for words in pairs if words[1:] == ["installed"]}


def missing_packages(wanted: Iterable[str]) -> list[str]:
    """Those of the wanted Debian packages that are not installed, sorted."""
    wanted = sorted(wanted)
    query = ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\\n", *wanted]
    try:
        # Exit status 1 only says that some name is unknown: exactly what is asked here.
        answer = subprocess.run(query, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        raise SetupError("this is no Debian machine (no dpkg-query); the lab needs Debian 12 or 13") from None
    installed = parse_installed(answer.stdout)
    return [name for name in wanted if name not in installed]


def privilege(*, uid: int, sudo: str | None, terminal: bool) -> list[str] | None:
    """The words before a command that needs root; None where there is no way to become root."""
    if uid == 0:
        return []
    if sudo is None:
        return None
    # Without a terminal sudo could only hang or fail on its question.
    return [sudo] if terminal else [sudo, "-n"]


def install_packages(names: Sequence[str]) -> None:
    """Install Debian packages, and upgrade none that is there."""
    install = ["apt-get", "install", "--yes", "--no-install-recommends", "--no-upgrade", *names]
    by_hand = f"apt-get update && {' '.join(install)}"
    prefix = privilege(uid=os.geteuid(), sudo=shutil.which("sudo"), terminal=sys.stdin.isatty())
    if prefix is None:
        raise SetupError(f"packages are missing and only root can install them; as root run: {by_hand}")
    say(f"installing Debian packages: {' '.join(names)}")
    for command in (["apt-get", "update", "--quiet"], install):
        if subprocess.run([*prefix, "env", "DEBIAN_FRONTEND=noninteractive", *command], check=False).returncode != 0:
            raise SetupError(f"packages are missing and could not be installed; as root run: {by_hand}")


def usable(python: str | Path) -> bool:
    """True if this interpreter runs and has a version that ansible-core accepts."""
    return probe(python, f"import sys; sys.exit(not {OLDEST} <= sys.version_info[:2] <= {NEWEST})")


def makes_venvs(python: str) -> bool:
    """True if .venv can be made with this interpreter: usable, with pip to put there, and not itself from a virtual
    environment, which may be the very one to be made."""
    return usable(python) and probe(python, "import sys, ensurepip, venv; sys.exit(sys.prefix != sys.base_prefix)")


def probe(python: str | Path, code: str) -> bool:
    """True if the interpreter is there and ends this code with status 0."""
    try:
        return subprocess.run([python, "-c", code], check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def choose_python(will_do: Callable[[str], bool]) -> str:
    """The interpreter for .venv: the user's own python3 if it will do, else what else is installed."""
    for name in ("python3", "python3.11", "python3.12", "python3.13", "/usr/bin/python3"):
        if will_do(name):
            return name
    span = f"{OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}"
    raise SetupError(f"no Python {span} with venv and ensurepip here; on Debian 12 run: apt-get install python3-venv")


def require_a_place(venv: Path) -> None:
    """SetupError where .venv is missing and can't be made, as in a collection that root has installed for all."""
    tree = venv.parent
    if not venv.exists() and not os.access(tree, os.W_OK):
        copy = f"cp -r {shlex.quote(str(tree))} lvs-cluster && make -C lvs-cluster demo"
        raise SetupError(f"{tree} is read-only here, and .venv must go into it; make a copy: {copy}")


def fingerprint(requirements: str, venv: Path) -> str:
    """What .venv is made of; its path counts, because the scripts in it name their interpreter by path."""
    return hashlib.sha256(f"{venv}\n{requirements}".encode()).hexdigest()


def make_venv() -> bool:
    """Bring .venv to what the requirements say; False if it was so already."""
    wanted = fingerprint(REQUIREMENTS.read_text(), VENV)
    made_of = STAMP.read_text().strip() if STAMP.exists() else ""
    python = VENV / "bin" / "python"
    works = usable(python)
    if works and made_of == wanted:
        return False
    if not works or not runs_here(VENV):
        chosen = choose_python(makes_venvs)
        say(f"making .venv with {chosen}")
        run([chosen, "-m", "venv", "--clear", VENV], "the virtual environment could not be made; run: rm -r .venv")
    say(f"installing what {REQUIREMENTS.relative_to(ROOT)} lists into .venv")
    again = f"{python} -m pip install -r {REQUIREMENTS}"
    run([python, "-m", "pip", "install", "-qq", "-r", REQUIREMENTS], f"pip failed; see above, then run: {again}")
    STAMP.write_text(wanted + "\n")
    return True


def runs_here(venv: Path) -> bool:
    """False if this environment was made at another path, as in a copied tree: its scripts would call that one."""
    pip = venv / "bin" / "pip"
    return pip.exists() and str(venv) in pip.read_text().partition("\n")[0]


def run(command: Sequence[str | Path], complaint: str) -> None:
    """Run a command with its output shown; SetupError with the complaint if it fails."""
    if subprocess.run(command, check=False).returncode != 0:
        raise SetupError(complaint)


def link_collection(collections: Path) -> bool:
    """Make the working tree the collection lvs.cluster below this folder; False if it was so already."""
    link = collections / "ansible_collections" / "lvs" / "cluster"
    target = "../../../.."
    if link.is_symlink() and os.readlink(link) == target:
        return False
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(target)
    return True


def say(text: str) -> None:
    """Print one line of progress."""
    print(f"setup: {text}", flush=True)


def main() -> int:
    """Do what is not done yet; 0 when everything is there."""
    start = time.monotonic()
    try:
        require_a_place(VENV)
        more = [name for word, names in MORE_PACKAGES.items() if word in sys.argv[1:] for name in names]
        missing = missing_packages((*SYSTEM_PACKAGES, *more))
        if missing:
            install_packages(missing)
        venv = make_venv()
        linked = link_collection(VENV / "collections")
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    state = "done" if missing or venv or linked else "everything is there"
    say(f"{state} ({time.monotonic() - start:.1f} s)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
