# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tunnels to real servers: the setting as it is written, and the link that takes its packets in on the real server."""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Place

__all__ = ["LINKS", "PLAIN", "Link", "check_used", "normalised"]

PLAIN: Mapping[str, Any] = {"type": "ipip", "checksum": "none"}
"""The tunnel that IPVS makes where nothing is said."""

CHECKSUMS = {"ipip": ("none",), "gre": ("none", "csum"), "gue": ("none", "csum", "remcsum")}
"""What IPVS can send with each type; the module for the kernel's table refuses the rest, too."""


class Link(NamedTuple):
    """The device that unpacks tunneled packets and the kernel modules that bring it."""

    device: str
    modules: tuple[str, ...]


LINKS: Mapping[tuple[str, str], Link] = {
    ("ipip", "ipv4"): Link("tunl0", ("ipip",)),
    ("ipip", "ipv6"): Link("ip6tnl0", ("ip6_tunnel",)),
    # GUE is taken off by fou, and the packet within it is IPIP again.
    ("gue", "ipv4"): Link("tunl0", ("fou", "ipip")),
    ("gue", "ipv6"): Link("ip6tnl0", ("fou6", "ip6_tunnel")),
    ("gre", "ipv4"): Link("gre0", ("ip_gre",)),
    ("gre", "ipv6"): Link("ip6gre0", ("ip6_gre",)),
}
"""By the tunnel's type and the family of the real server's address: the device that each module makes by itself."""


def normalised(tunnel: Mapping[str, Any] | None, place: Place) -> dict[str, Any] | None:
    """The tunnel with its contradictions noted; None where it can't be told because a part of it is wrong."""
    if tunnel is None or tunnel["type"] is None or tunnel["checksum"] is None:
        return None
    kind, checksum = tunnel["type"], tunnel["checksum"]
    known = CHECKSUMS[kind]
    if kind == "gue" and "port" not in tunnel:
        place.key("port").fault(
            "is missing, and gue goes to a UDP port", "write the port on which the real server takes gue in"
        )
    if kind != "gue" and "port" in tunnel:
        place.key("port").fault(f"is for gue, and the tunnel is {kind}", "leave it out, or write type: gue")
    if checksum not in known:
        place.key("checksum").fault(f"is {checksum}, which {kind} does not have", f"write {' or '.join(known)}")
    return {key: tunnel[key] for key in ("type", "port", "checksum") if key in tunnel}


def check_used(service: Mapping[str, Any], forwarding: str | None, place: Place) -> None:
    """Note a tunnel that is written in a service none of whose real servers is reached by one.

    ``service`` is as it is written: a tunnel in the defaults waits for the services that want one.
    """
    entries = [entry for entry in service.get("real_servers") or [] if entry is not None]
    methods = {entry.get("forwarding", forwarding) for entry in entries}
    if "tunnel" in service and methods and not methods & {"tun", None}:
        place.key("tunnel").fault(
            f"is for forwarding tun, and the service has {', '.join(sorted(methods))}",
            "leave it out, or write forwarding: tun",
        )
