# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names for services that had none: the same at each adoption."""

from __future__ import annotations

import re
from typing import Any, Mapping

__all__ = ["service_name", "usable"]

_USABLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def usable(name: str) -> bool:
    """Whether the vocabulary takes a name."""
    return bool(_USABLE.fullmatch(name))


def service_name(service: Mapping[str, Any]) -> str:
    """By what clients ask: ``10.0.0.5_80``, ``10.0.0.5_53_udp``, ``mark_1``."""
    if service.get("fwmark"):
        return f"mark_{service['fwmark']}" + ("_ipv6" if service.get("family") == "ipv6" else "")
    address = service.get("address") or service["addresses"][0]
    port = service["port"] if "port" in service else service["ports"][0]
    protocol = service.get("protocol", "tcp")
    name = f"{address}_{port}" + (f"_{protocol}" if protocol != "tcp" else "")
    # A name begins with a letter or a digit, and ":" would part a path in some tools.
    return name.replace(":", "-") if not name.startswith(":") else f"0{name.replace(':', '-')}"
