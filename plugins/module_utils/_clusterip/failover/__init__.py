# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The failover of buckets: VRRP decides which node serves which bucket, the kernel is told at once.

``program`` is what lvs-clusterip-failover.service runs. ``supervisor`` starts keepalived, hears from it through its
notify FIFO and from the health checks, and passes on what changed. ``states``, ``health`` and ``delivery`` decide
without any I/O of their own; ``probes`` asks the servers; ``settings`` reads the files. ``conf`` writes keepalived's
configuration, on the control node.
"""
