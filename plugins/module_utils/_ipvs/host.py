# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the IPVS modules must know of the host: privilege, network namespace, whether ip_vs is loaded, IPv6."""

from __future__ import annotations

import ctypes
import errno
import os
from typing import Iterable

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.errors import IpvsError

__all__ = [
    "enter_namespace",
    "expires_quiescent_templates",
    "has_module",
    "is_loaded",
    "require_ipv6",
    "require_privilege",
]

_CAP_NET_ADMIN = 12
_CLONE_NEWNET = 0x40000000
_EVERY_USER = "0 0 4294967295"


def require_privilege(status: str = "/proc/self/status", uid_map: str = "/proc/self/uid_map") -> None:
    """IpvsError unless the kernel will listen: CAP_NET_ADMIN in the initial user namespace, for reading too."""
    try:
        with open(uid_map, encoding="ascii") as stream:
            mapped = " ".join(stream.read().split())
    except FileNotFoundError:  # a kernel without user namespaces
        mapped = _EVERY_USER
    if mapped != _EVERY_USER:
        raise IpvsError(
            "this process is in a user namespace (an unprivileged container?), and IPVS listens to the host's own root "
            "only; run the task on the host"
        )
    with open(status, encoding="ascii", errors="replace") as stream:
        effective = next((line.split()[1] for line in stream if line.startswith("CapEff:")), "0")
    if not int(effective, 16) >> _CAP_NET_ADMIN & 1:
        raise IpvsError(
            "the user of this task has no CAP_NET_ADMIN, which IPVS wants for reading too; use become: true"
        )


def is_loaded() -> bool:
    """Whether the kernel has IPVS now. While it hasn't, its table is empty."""
    return os.path.exists("/proc/net/ip_vs")


def has_module(name: str) -> bool:
    """Whether a kernel module is loaded or built in."""
    if os.path.isdir(f"/sys/module/{name}"):
        return True
    try:
        with open(f"/lib/modules/{os.uname().release}/modules.builtin", encoding="utf-8") as stream:
            return any(line.endswith(f"/{name}.ko\n") for line in stream)
    except OSError:
        return False


def expires_quiescent_templates() -> bool:
    """Whether persistent clients leave a destination whose weight is 0 (kernel documentation: ipvs-sysctl)."""
    with open("/proc/sys/net/ipv4/vs/expire_quiescent_template", encoding="ascii") as stream:
        return stream.read().strip() == "1"


def require_ipv6(families: Iterable[str], switch: str = "/proc/sys/net/ipv6") -> None:
    """IpvsError if IPv6 is wanted and the kernel was booted without it."""
    if "ipv6" in families and not os.path.isdir(switch):
        raise IpvsError(
            "IPv6 is off in this kernel (ipv6.disable=1, or built without); switch it on, or use IPv4 services"
        )


def enter_namespace(name: str) -> None:
    """Move this process into the network namespace NAME of ip-netns(8)."""
    if not name or "/" in name or "\0" in name or name in (".", "..") or len(name) > 255:
        raise IpvsError(f"namespace: {name!r} is no name; write one that ip netns list shows")
    try:
        descriptor = os.open(f"/run/netns/{name}", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise IpvsError(f"namespace: there is no network namespace {name} on this host; see ip netns list") from None
    except OSError as error:
        raise IpvsError(f"namespace: {name} can't be opened: {error.strerror}; use become: true") from error
    try:
        # os.setns came with Python 3.12.
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(descriptor, _CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            advice = "use become: true" if number == errno.EPERM else "it is no network namespace"
            raise IpvsError(f"namespace: {name} can't be entered: {os.strerror(number)}; {advice}")
    finally:
        os.close(descriptor)
