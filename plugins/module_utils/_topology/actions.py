# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keepalived runs at an event, in one form."""

from __future__ import annotations

from typing import Any, Mapping

__all__ = ["action", "notified"]


def action(written: Mapping[str, Any]) -> dict[str, Any]:
    """A script in plan form: ``script``, and ``args`` and ``user`` where they are given."""
    return {key: written[key] for key in ("script", "args", "user") if key == "script" or written.get(key)}


def notified(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The ``notify`` part of an instance or a sync group in plan form, empty where nothing is to be run."""
    states = {state: action(one) for state, one in (entry.get("notify") or {}).items() if one and "script" in one}
    return {"notify": states} if states else {}
