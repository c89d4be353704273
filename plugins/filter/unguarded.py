# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters `unguarded` and `leading_director`: what the states of VRRP mean for a change of directors."""

from __future__ import annotations

from typing import Any, Callable

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.takeover import leading_director, unguarded


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"leading_director": leading_director, "unguarded": unguarded}
