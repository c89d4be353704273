# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which buckets a node is to serve after a run."""

from __future__ import annotations

from typing import Collection, Sequence, Tuple

__all__ = ["Buckets", "wanted"]

Buckets = Tuple[int, ...]


def wanted(
    total: int,
    local: Collection[int],
    *,
    named: Sequence[int] | None = None,
    live: Collection[int] | None = None,
    had_local: Collection[int] = (),
    given: Collection[int] | None = None,
) -> Buckets:
    """Those that are named; else those that the node serves, so that no run undoes what a person or VRRP moved.

    ``local`` are served from boot. Where they change, what is new is added to what the node serves and what is gone is
    taken out. A kernel that serves nothing yet (``live`` is None) gets those that VRRP has given this node (``given``,
    None without the failover), else ``local``.
    """
    if named is not None:
        found = set(named)
    elif live is not None:
        found = (set(live) - (set(had_local) - set(local))) | (set(local) - set(had_local))
    else:
        found = set(local if given is None else given)
    return tuple(sorted(bucket for bucket in found if 1 <= bucket <= total))
