# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the IPVS modules say when something can't be done; a module's main() turns it into fail_json."""

from __future__ import annotations

from typing import Any, Mapping

__all__ = ["IpvsError"]


class IpvsError(Exception):
    """One clear sentence, and what a caller may want beside it (`facts`, added to the module's result)."""

    def __init__(self, message: str, facts: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.facts = dict(facts or {})
