# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the kernel takes the buckets of a cluster IP and drops the rest: a module for each way, with one interface."""

from __future__ import annotations

from typing import Protocol, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.commands import Command
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.model import ClusterIp

__all__ = ["Backend", "Wanted"]

Wanted = Sequence[Tuple[ClusterIp, Tuple[int, ...]]]
"""Cluster IPs, each with the buckets that this node is to serve."""


class Backend(Protocol):
    """What each of the modules offers. A fault of the host is a BootError."""

    NAME: str

    def problem(self, run: Command, family: str) -> str:
        """Why it does not work on this kernel, in one line; empty if it works. Leaves nothing behind."""

    def read(self, run: Command, cluster_ip: ClusterIp) -> tuple[int, ...] | None:
        """The buckets that the kernel serves now, sorted; None if anything of ours is missing or is otherwise."""

    def load(self, run: Command, cluster_ip: ClusterIp, buckets: Sequence[int]) -> None:
        """Makes or replaces what the kernel needs for this VIP; the address itself is not its business.

        Where the interface or the cluster MAC change, remove() with the old ones comes first.
        """

    def serve(self, run: Command, wanted: Wanted) -> None:
        """Changes the buckets alone, of VIPs of this backend, all in one transaction a family."""

    def remove(self, run: Command, cluster_ip: ClusterIp) -> None:
        """Takes away what is ours for this VIP; what is gone already is fine."""
