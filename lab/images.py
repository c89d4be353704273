"""Base images of guests, built once and cached under a key made of what went into them.

An image is one ext4 file; guests write to a copy-on-write file of their own beside it. `bare` holds systemd, sshd,
python3 and the lab's web server, nothing of LVS. `full` also holds the packages that the roles install, for where
installing is not what is tested. Next to the images lies the Debian repository that bare guests install from.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lab import cache, kernels
from lab.errors import LabError
from lab.networks import GATEWAY, REPOSITORY_PORT
from lab.shell import BUILDERS, contained, require, run

GUEST_FILES = Path(__file__).parent / "guest"
KINDS = ("bare", "full")

BASE_PACKAGES = (
    *("systemd", "systemd-sysv", "udev", "dbus", "openssh-server", "python3", "iproute2", "iputils-ping"),
    *("kmod", "procps", "ca-certificates", "netbase", "nginx-light"),
)
# Debian 13 has its defaults of sysctls in a package of their own, which systemd recommends: a machine that Debian's
# installer made filters by the reverse path (loosely), and lets every user ping.
SYSCTL_PACKAGES = {"trixie": ("linux-sysctl-defaults",)}
# What roles and playbooks install, and python3-apt, which Ansible's apt module fetches where it is missing.
OFFERED_PACKAGES = (
    "keepalived",
    "ipvsadm",
    "iptables",
    "arptables",
    "nftables",
    "ethtool",
    "tcpdump",
    "conntrack",
    "python3-apt",
)
# Real servers of more than web pages: health checks of mail and names ask these.
SERVER_PACKAGES = ("python3-aiosmtpd", "dnsmasq-base")
# Firewalls that a host may have: in no image, for tests to install.
FIREWALL_PACKAGES = ("ufw", "firewalld")
# A test of a cluster of small guests spends its time in these; none of them is what a load balancer needs.
MASKED_UNITS = (
    *("systemd-remount-fs.service", "kmod-static-nodes.service", "systemd-tmpfiles-setup-dev.service"),
    *("systemd-udev-trigger.service", "systemd-udev-settle.service", "systemd-logind.service"),
    *("dbus-org.freedesktop.login1.service", "modprobe@.service"),
    *(
        "e2scrub_reap.service",
        "e2scrub_all.timer",
        "apt-daily.timer",
        "apt-daily-upgrade.timer",
        "dpkg-db-backup.timer",
    ),
    *("fstrim.timer", "man-db.timer", "proc-sys-fs-binfmt_misc.automount", "systemd-binfmt.service"),
    *("dev-hugepages.mount", "dev-mqueue.mount", "sys-kernel-debug.mount", "sys-kernel-tracing.mount"),
    *("sys-kernel-config.mount", "sys-fs-fuse-connections.mount", "systemd-random-seed.service"),
    *("systemd-update-utmp.service", "systemd-update-utmp-runlevel.service", "systemd-journal-flush.service"),
    *("systemd-firstboot.service", "systemd-sysusers.service", "systemd-journal-catalog-update.service"),
    *("systemd-update-done.service", "systemd-pstore.service", "getty@.service", "console-getty.service"),
    *("systemd-machine-id-commit.service", "ldconfig.service", "systemd-boot-update.service"),
)
# Each generator is a process or two at every boot; these two serve what packages bring (init scripts) and the root.
KEPT_GENERATORS = ("systemd-fstab-generator", "systemd-sysv-generator")
SIZE = "3G"
LEGACY = "lab-legacy-iptables"
LAB_UNITS = ("lab-net.service", "lab-ready.service")
LARGE_FILE_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class Image:
    """One release's cached files: kernel, disk, repository, the key to log in, the host key that guests show."""

    release: str
    kernel: Path
    disk: Path
    repository: Path
    login_key: Path
    host_key: Path


def get(release: str, kind: str, user: Path, say: Callable[[str], None]) -> Image:
    """The image of a release, built now if it isn't cached. `user` is the folder of the lab that wants it."""
    if kind not in KINDS:
        raise LabError(f"no image kind {kind!r}; use {' or '.join(KINDS)}")
    kernel = kernels.get(release, user, say)

    def make(work: Path, final: Path) -> None:
        require(*BUILDERS)
        say(f"building the {kind} image for {release} (once; it stays in {final.parent})")
        _build(release, kind, kernel, work)

    key = recipe(release, kind, kernel.modules.name)
    folder = cache.get(f"image-{release}-{kind}", key, make, user=user, say=say)
    return stored(release, kernel.program, folder)


def recipe(release: str, kind: str, modules: str) -> str:
    """The digest of all that goes into an image; `modules` is the version of its kernel."""
    parts = [release, kind, modules, *base_packages(release), "|", *OFFERED_PACKAGES, "|", *MASKED_UNITS]
    parts += [*SERVER_PACKAGES, "|", *FIREWALL_PACKAGES]
    parts += [GATEWAY, str(REPOSITORY_PORT)]
    files = [path.read_bytes() for path in (*sorted(GUEST_FILES.iterdir()), Path(__file__))]
    return cache.digest([*parts, *files])


def base_packages(release: str) -> tuple[str, ...]:
    """What every image of a release holds, names of Debian packages."""
    return (*BASE_PACKAGES, *SYSCTL_PACKAGES.get(release, ()))


def stored(release: str, kernel: Path, folder: Path) -> Image:
    """The image whose files lie in this folder."""
    return Image(
        release, kernel, folder / "disk.ext4", folder / "repository", folder / "login_key", folder / "host_key"
    )


def _build(release: str, kind: str, kernel: kernels.Kernel, work: Path) -> None:
    tree = work / "tree"
    for key in ("login_key", "host_key"):
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"lvs lab {key}", "-f", work / key])
    _bootstrap(release, tree)
    _offer(tree, work / "repository")
    if kind == "full":
        run(_install(tree, *OFFERED_PACKAGES, *SERVER_PACKAGES), what="installing packages into the image", env=_APT)
    _adapt(tree, release, work)
    shutil.copytree(kernel.modules, tree / "lib/modules" / kernel.modules.name, symlinks=True)
    run(["mkfs.ext4", "-q", "-F", "-L", "lab", "-d", tree, work / "disk.ext4", SIZE])
    shutil.rmtree(tree)


_APT = {"DEBIAN_FRONTEND": "noninteractive"}


def _install(tree: Path, *words: str) -> list[str | os.PathLike[str]]:
    return contained("chroot", tree, "apt-get", "install", "--yes", "--no-install-recommends", *words)


def _bootstrap(release: str, tree: Path) -> None:
    run(
        contained(
            "mmdebstrap",
            "--variant=minbase",
            "--skip=cleanup/apt",
            f"--include={','.join(base_packages(release))}",
            release,
            tree,
        ),
        what=f"making a {release} system (packages come from your Debian mirror)",
    )


def _offer(tree: Path, repository: Path) -> None:
    """Download what roles install, with all that bare guests lack for it, into a repository of our own."""
    run(
        _install(tree, "--download-only", *OFFERED_PACKAGES, *SERVER_PACKAGES, *FIREWALL_PACKAGES),
        what="downloading packages for the lab's repository",
        env=_APT,
    )
    repository.mkdir(mode=0o755)
    for package in sorted((tree / "var/cache/apt/archives").glob("*.deb")):
        shutil.copy(package, repository / package.name.replace("%3a", "_"))
    # apt asks for these two; the lab's sources line says that the repository is trusted, so it needs no signature.
    index = run(["sh", "-c", 'cd "$1" && apt-ftparchive packages .', "sh", repository])
    (repository / "Packages").write_text(index)
    (repository / "Release").write_text(run(["sh", "-c", 'cd "$1" && apt-ftparchive release .', "sh", repository]))


def _adapt(tree: Path, release: str, keys: Path) -> None:
    """Make the tree a guest's: our init, units and keys in; the maker's apt settings, caches and lists out."""
    for unit in MASKED_UNITS:
        _link(tree / "etc/systemd/system" / unit, "/dev/null")
    for generator in (tree / "usr/lib/systemd/system-generators").iterdir():
        if generator.name not in KEPT_GENERATORS:
            _link(tree / "etc/systemd/system-generators" / generator.name, "/dev/null")
    for unit in ("nginx.service", "keepalived.service", "ipvsadm.service", "nftables.service"):
        (tree / "etc/systemd/system/multi-user.target.wants" / unit).unlink(missing_ok=True)
    _link(tree / "etc/systemd/system/default.target", "/lib/systemd/system/multi-user.target")
    for unit in ("systemd-networkd.service", *LAB_UNITS):
        _link(tree / "etc/systemd/system/multi-user.target.wants" / unit, f"/lib/systemd/system/{unit}")
    _link(tree / "etc/systemd/system/network-online.target.wants/systemd-networkd-wait-online.service",
          "/lib/systemd/system/systemd-networkd-wait-online.service")  # fmt: skip
    for unit in LAB_UNITS:
        _put(tree / "lib/systemd/system" / unit, (GUEST_FILES / unit).read_text())
    for program in ("lab-init", LEGACY):
        _put(tree / program, (GUEST_FILES / program).read_text(), mode=0o755)
    # A hole: it costs no disk and takes as long to download as any other file of its size.
    (tree / "srv/lab").mkdir(parents=True)
    (tree / "srv/lab/large").touch()
    os.truncate(tree / "srv/lab/large", LARGE_FILE_BYTES)
    # What the health check of an old and common example asks for.
    _put(tree / "srv/lab/icons/unknown.gif", "GIF89a")
    _put(tree / "etc/fstab", "/dev/ubda / ext4 defaults 0 0\n")
    _put(tree / "etc/hosts", "127.0.0.1 localhost\n::1 localhost\n")
    _put(tree / "etc/resolv.conf", "")  # the maker's name servers are out of reach
    _put(tree / "etc/apt/sources.list", f"deb [trusted=yes] http://{GATEWAY}:{REPOSITORY_PORT}/{release} ./\n")
    for folder in ("etc/apt/sources.list.d", "etc/apt/apt.conf.d", "var/lib/apt/lists", "var/cache/apt"):
        shutil.rmtree(tree / folder, ignore_errors=True)
        (tree / folder).mkdir(parents=True)
    # A full guest has iptables already, a bare one gets it some day.
    run(contained("chroot", tree, f"/{LEGACY}"), what="choosing the legacy iptables")
    _put(tree / "etc/apt/apt.conf.d/lab", f'DPkg::Post-Invoke {{"/{LEGACY}";}};\n')
    for stray in (tree / "etc/ssh").glob("ssh_host_*"):
        stray.unlink()
    shutil.copy(keys / "host_key", tree / "etc/ssh/ssh_host_ed25519_key")
    shutil.copy(keys / "host_key.pub", tree / "etc/ssh/ssh_host_ed25519_key.pub")
    _put(tree / "root/.ssh/authorized_keys", (keys / "login_key.pub").read_text(), mode=0o600)
    (tree / "root/.ssh").chmod(0o700)


def _put(path: Path, text: str, *, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # never through a link, which would point out of the tree
    path.write_text(text)
    path.chmod(mode)


def _link(path: Path, target: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(target)
