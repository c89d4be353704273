# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An entry of a service's match: the packets that get the service's mark."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, NamedTuple

__all__ = ["Packets", "packets"]


class Packets(NamedTuple):
    """The packets by what they ask for; ``ports`` are ranges in order, first and last."""

    address: str
    protocol: str
    ports: list[list[int]]

    @property
    def text(self) -> str:
        """In a message: ``tcp 10.0.0.6 port 80, 8000-8010``."""
        # All of them, however many: peers are compared by this.
        ports = ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in self.ports)
        return f"{self.protocol} {self.address} port {ports}"

    def meets(self, port: int, last: int) -> bool:
        """Whether a range has a port in common with these."""
        return any(port <= end and start <= last for start, end in self.ports)


def packets(match: Mapping[str, Any] | None) -> Packets | None:
    """The packets of an entry, None while a value of it is wrong or missing (its fault is noted)."""
    if match is None or not match.get("address") or not match["protocol"]:
        return None
    ports = match.get("ports", [match["port"]] if match.get("port") else None)
    return Packets(match["address"], match["protocol"], _ranges(ports)) if ports else None


def _ranges(ports: Iterable[int]) -> list[list[int]]:
    """The ports in order, neighbours merged: 443, 80, 81 is [[80, 81], [443, 443]]."""
    found: list[list[int]] = []
    for port in sorted(set(ports)):
        if found and found[-1][1] == port - 1:
            found[-1][1] = port
        else:
            found.append([port, port])
    return found
