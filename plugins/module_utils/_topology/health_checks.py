# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Health checks in one form: an HTTP check always has ``urls``, whichever form the inventory used."""

from __future__ import annotations

from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place

__all__ = ["normalised"]


def normalised(checks: list[dict[str, Any] | None] | None, place: Place) -> list[dict[str, Any]]:
    """The checks with ``path``, ``status_code`` and ``digest`` moved into a single entry of ``urls``.

    ``virtualhost`` stays with the check: there keepalived sends it for each url that has none of its own.
    """
    result = []
    for number, check in enumerate(checks or []):
        if check is None:
            continue
        of_url = {key: check[key] for key in ("path", "status_code", "digest") if key in check}
        rest = {key: value for key, value in check.items() if key not in of_url}
        if "path" in of_url:
            rest["urls"] = [of_url]
        elif "urls" in rest:
            for key in of_url:
                place.index(number).key(key).fault(
                    "stands beside urls, and each url has its own", f"write {key} in the entries of urls"
                )
        result.append(rest)
    return result
