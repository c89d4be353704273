# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator has set in place of a real server's planned weight."""

from __future__ import annotations

from typing import Any, Iterable, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.planned import kernel_port
from ansible_collections.lvs.cluster.plugins.module_utils._verify.checks import bracketed

__all__ = ["Overrides", "all_out", "label", "override_of", "overrides_of", "said"]

Overrides = Mapping[str, Mapping[str, Any]]
"""By the name of the weight file, or by "tcp 10.0.0.5:80 -> 192.168.0.12:80" where there is none."""


def label(service: Mapping[str, Any]) -> str:
    """The service as the kernel's table has it: "tcp 10.0.0.5:80", "fwmark 1", "fwmark 1 (ipv6)"."""
    if service.get("fwmark"):
        return f"fwmark {service['fwmark']}" + (" (ipv6)" if service.get("family") == "ipv6" else "")
    return f"{service['protocol']} {bracketed(service['address'], service['port'])}"


def overrides_of(status: Mapping[str, Any]) -> Overrides:
    """From what director_status returned."""
    return {one["server"]: one for one in status.get("overrides") or []}


def override_of(
    overrides: Overrides, service: Mapping[str, Any], server: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    port = (
        kernel_port(service, server["forwarding"], server["port"]) if "forwarding" in server else server.get("port", 0)
    )
    name = f"{label(service)} -> {bracketed(server['address'], port)}"
    return overrides.get(server.get("weight_file", ""), overrides.get(name))


def all_out(overrides: Overrides, service: Mapping[str, Any], servers: Iterable[Mapping[str, Any]]) -> bool:
    """Whether an operator, or a run before their role was, keeps each of a service's real servers from serving."""
    found = [override_of(overrides, service, server) for server in servers]
    return all(one is not None and one["weight"] == 0 for one in found)


def said(override: Mapping[str, Any]) -> str:
    """``drained since 2026-03-01T10:00:00Z by anna``."""
    if override["state"] == "held":
        return "held back until lvs.cluster.site has prepared it"
    words = "drained" if override["state"] == "drained" else f"set to weight {override['weight']}"
    for key in ("since", "until", "by"):
        words += f" {key} {override[key]}" if override.get(key) else ""
    return words
