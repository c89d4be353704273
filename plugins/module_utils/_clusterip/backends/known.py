# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backends by their names. Imported in so many words, because a module on a host has only what it names."""

from __future__ import annotations

from typing import cast

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.backends import legacy, nftables, xt_cluster
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.backends.interface import Backend

__all__ = ["BY_NAME", "named"]

BY_NAME = {module.NAME: cast(Backend, module) for module in (legacy, xt_cluster, nftables)}


def named(name: str) -> Backend:
    """The backend of a cluster IP's field ``backend``."""
    if name not in BY_NAME:
        raise BootError(f"backend: {name!r} is none of {', '.join(BY_NAME)}")
    return BY_NAME[name]
