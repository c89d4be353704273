# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Firewall marks: which packets a director marks for its services, and what would take packets from one another."""

from __future__ import annotations

from typing import Any, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.inventory import Host
from ansible_collections.lvs.cluster.plugins.module_utils._topology.match import Packets
from ansible_collections.lvs.cluster.plugins.module_utils._topology.services import Service, label
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import listing

__all__ = ["plan_marks"]


class Marked(NamedTuple):
    """Packets that get a service's mark, and where that is written."""

    service: Service
    place: Place
    packets: Packets

    @property
    def mark(self) -> int:
        """The service's mark."""
        return int(self.service.plan["fwmark"])


def plan_marks(director: Host, services: list[Service]) -> dict[str, Any]:
    """The ``marks`` part of a director's plan; marks and matches that contradict are noted.

    A service on a mark without match is marked by somebody else: no rule, and its mark need not fit into the mask.
    """
    found = [one for service in services for one in _marked(service)]
    mask = (1 << max((one.mark.bit_length() for one in found), default=0)) - 1
    given = director.variables.get("lvs_mark_mask")
    if found and given is not None:
        mask = given
        _check_mask(mask, found)
    _check_one_mark(found)
    _check_other_services(found, services)
    rules = [{"mark": one.mark, "family": one.service.plan["family"], **one.packets._asdict()} for one in found]
    return {"mask": mask, "rules": rules}


def _marked(service: Service) -> list[Marked]:
    spot = service.place.key("match")
    found = enumerate(service.plan.get("match", ()))
    return [Marked(service, spot.index(number), Packets(**one)) for number, one in found if one is not None]


def _check_mask(mask: int, found: list[Marked]) -> None:
    for one in found:
        if one.mark & ~mask:
            one.service.place.key("fwmark").fault(
                f"{one.mark} has bits outside lvs_mark_mask ({mask:#x})",
                "choose a mark within the mask, or widen the mask",
            )


def _check_one_mark(found: list[Marked]) -> None:
    """A packet has one mark, so the later of two services would get nothing of what both match."""
    earlier: dict[tuple[str, str], list[Marked]] = {}
    for one in found:
        before = earlier.setdefault((one.packets.address, one.packets.protocol), [])
        for other in before:
            if other.service is not one.service and any(one.packets.meets(*ports) for ports in other.packets.ports):
                one.place.fault(
                    f"covers packets that {label(other.service.plan)} marks, and a packet has one mark",
                    "let each packet match one service",
                )
        before.append(one)


def _check_other_services(found: list[Marked], services: list[Service]) -> None:
    """The kernel looks for a service on a packet's mark before it looks at address and port."""
    plans: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for service in services:
        if "fwmark" not in service.plan:
            plans.setdefault((service.plan["address"], service.plan["protocol"]), []).append(service.plan)
    for one in found:
        address, protocol, _ports = one.packets
        lost: dict[str, list[str]] = {}
        for plan in plans.get((address, protocol), []):
            if one.packets.meets(plan["port"], plan["port"]):
                lost.setdefault(str(plan["name"]), []).append(str(plan["port"]))
        for name, ports in lost.items():
            one.place.fault(
                f"covers the packets of {name} ({protocol} {address} port {listing(ports)}): the kernel looks for the "
                "mark first",
                f"leave port {listing(ports)} out of match, or out of {name}",
            )
