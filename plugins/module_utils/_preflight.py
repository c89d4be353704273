# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the inventory could not tell and a host's own addresses can."""

from __future__ import annotations

import ipaddress
from typing import Any, Iterable, Mapping

__all__ = ["misplaced"]


def misplaced(unchecked: Iterable[str], links: Iterable[Mapping[str, Any]]) -> list[str]:
    """What is wrong with VIPs on this host, as texts.

    ``unchecked`` is the plan's list of ``ADDRESS/LENGTH dev INTERFACE``, ``links`` the list that
    ``ip -json address show`` prints (ip-address(8)). A VIP that an interface holds already gives it no network, else a
    running director would always be right.
    """
    held = {link["ifname"]: link["addr_info"] for link in links}
    faults = []
    for text in unchecked:
        address, _dev, device = text.split(" ", 2)
        vip = ipaddress.ip_interface(address)
        if device not in held:
            faults.append(f"there is no interface {device} for the VIP {vip}; it has {', '.join(sorted(held))}")
            continue
        own = [ipaddress.ip_interface(f"{entry['local']}/{entry['prefixlen']}") for entry in held[device]]
        if not any(vip.ip in one.network for one in own if one.ip != vip.ip):
            near = ", ".join(map(str, own)) or "no address"
            faults.append(
                f"the VIP {vip} is in no network of its interface {device} ({near}); "
                "correct the address, or write dev: the interface it belongs to; "
                f"if routers send it here, write {{address: {vip.ip}/{vip.max_prefixlen}, dev: {device}}}"
            )
    return faults
