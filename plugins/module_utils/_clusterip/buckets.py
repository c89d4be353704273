# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which buckets a node is to serve after a run."""

from __future__ import annotations

from typing import Collection, Sequence, Tuple

__all__ = ["Buckets", "chosen", "wanted"]

Buckets = Tuple[int, ...]


def wanted(
    total: int,
    local: Collection[int],
    *,
    named: Sequence[int] | None = None,
    live: Collection[int] | None = None,
    had_local: Collection[int] = (),
    given: Collection[int] | None = None,
    by_hand: Collection[int] | None = None,
) -> Buckets:
    """Those that are named; else those that the node serves, so that no run undoes what a person or VRRP moved.

    ``local`` are served from boot. Where they change, what is new is added to what the node serves and what is gone is
    taken out. A kernel that serves nothing yet (``live`` is None) gets those that VRRP has given this node (``given``,
    None without the failover), else those that a person chose (``by_hand``, None without), else ``local``.
    """
    if named is not None:
        found = set(named)
    elif live is not None:
        found = _followed(live, local, had_local)
    else:
        found = set(next(some for some in (given, by_hand, local) if some is not None))
    return tuple(sorted(bucket for bucket in found if 1 <= bucket <= total))


def chosen(
    total: int,
    local: Collection[int],
    *,
    named: Sequence[int] | None = None,
    had: Collection[int] | None = None,
    had_local: Collection[int] = (),
) -> Buckets | None:
    """The buckets that a person has the node serve from boot, in place of ``local``; None without such a choice.

    ``named`` is the choice of this run. The one of before (``had``) stays, and follows ``local`` where that changes.
    With no ``local`` VRRP gives the buckets, and the choice is none any more.
    """
    if named is None and (had is None or not local):
        return None
    found = set(named) if named is not None else _followed(had or (), local, had_local)
    found = {bucket for bucket in found if 1 <= bucket <= total}
    return None if found == set(local) else tuple(sorted(found))


def _followed(has: Collection[int], local: Collection[int], had_local: Collection[int]) -> set[int]:
    return (set(has) - (set(had_local) - set(local))) | (set(local) - set(had_local))
