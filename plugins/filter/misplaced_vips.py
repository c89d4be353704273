# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter `misplaced_vips`: the preflight of VIPs that the inventory says too little of."""

from __future__ import annotations

import json
from typing import Any, Callable, Iterable

from ansible_collections.lvs.cluster.plugins.module_utils._preflight import misplaced


def misplaced_vips(unchecked: Iterable[str], output: str) -> list[str]:
    """The faults of these VIPs, from the output of ``ip -json address show``."""
    return misplaced(unchecked, json.loads(output))


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"misplaced_vips": misplaced_vips}
