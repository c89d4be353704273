# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How clients reach a cluster IP where the kernel's target does not see to it: neighbours hear of the cluster MAC, and
frames to it are taken in.
"""

from __future__ import annotations

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip import arp, ndp
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.commands import Command, in_one_line, must
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.model import ClusterIp

__all__ = ["load", "problem", "remove", "stands"]

_DEV_MCAST = "/proc/net/dev_mcast"


def _is_joined(cluster_ip: ClusterIp) -> bool:
    """Whether a program told the interface to take in frames to the cluster MAC (dev_mc_seq_show() in the kernel).

    The kernel's own memberships do not count: they may end.
    """
    mac = cluster_ip.cluster_mac.replace(":", "")
    try:
        with open(_DEV_MCAST, encoding="ascii") as handle:
            lines = [line.split() for line in handle]
    except OSError as exc:
        raise BootError(f"cannot read {_DEV_MCAST}: {exc}") from exc
    return any(line[1] == cluster_ip.interface and line[4:5] == [mac] and int(line[3]) > 0 for line in lines)


def problem(run: Command, family: str) -> str:
    return ndp.problem(run) if family == "ipv6" else arp.problem(run)


def stands(run: Command, cluster_ip: ClusterIp) -> bool:
    if not _is_joined(cluster_ip):
        return False
    return ndp.stands(run, cluster_ip) if cluster_ip.family == "ipv6" else arp.stands(run, cluster_ip)


def load(run: Command, cluster_ip: ClusterIp) -> None:
    if cluster_ip.family == "ipv6":
        ndp.load(run, cluster_ip)
    else:
        arp.load(run, cluster_ip)
    if not _is_joined(cluster_ip):
        must(run, "ip", "maddr", "add", cluster_ip.cluster_mac, "dev", cluster_ip.interface)


def remove(run: Command, cluster_ip: ClusterIp) -> None:
    """Another VIP with the same cluster MAC keeps the interface listening to it."""
    mac, interface = cluster_ip.cluster_mac, cluster_ip.interface
    if cluster_ip.family == "ipv6":
        ndp.remove(run, cluster_ip)
    else:
        arp.remove(run, cluster_ip)
    if not _is_joined(cluster_ip) or arp.is_used(run, interface, mac) or ndp.is_used(run, interface, mac):
        return
    code, out, err = run(("ip", "maddr", "del", mac, "dev", interface))
    if code:
        raise BootError(f"ip maddr del {mac} dev {interface} failed with status {code}: {in_one_line(err or out)}")
