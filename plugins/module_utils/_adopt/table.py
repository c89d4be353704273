# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's table as services of the inventory, and the table that a plan leads to."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._adopt.findings import OfHost
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.names import service_name
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.reading import fits
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import planned
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_services import (
    REAL_SERVER,
    SERVICE_SETTINGS,
)

__all__ = ["Key", "describe", "identity", "label", "normal", "of_plan", "of_table"]

Key = Tuple[Any, ...]

_NAMED_FLAGS = ("fallback", "port")
"""Flags that keepalived calls by the scheduler's name, too: sh-port."""

_SETTINGS: Mapping[str, Any] = {
    "scheduler": "wlc",
    "scheduler_flags": (),
    "one_packet": False,
    "persistence_timeout": 0,
    "persistence_netmask": "",
    "persistence_engine": "",
}
_DESTINATION: Mapping[str, Any] = {
    "weight": 1,
    "forwarding": "nat",
    "upper_threshold": 0,
    "lower_threshold": 0,
    "tunnel_type": "ipip",
    "tunnel_port": 0,
    "tunnel_checksum": "none",
}


def identity(service: Mapping[str, Any]) -> Key:
    """What the kernel tells services by."""
    if service.get("fwmark"):
        return (service.get("family", "ipv4"), service["fwmark"])
    family = "ipv6" if ":" in service["address"] else "ipv4"
    return (family, service.get("protocol", "tcp"), service["address"], service["port"])


def label(key: Key) -> str:
    if len(key) == 2:
        return f"firewall mark {key[1]}" + (" (ipv6)" if key[0] == "ipv6" else "")
    return f"{key[1]} {key[2]} port {key[3]}"


def of_table(services: Iterable[Mapping[str, Any]], *, unhealthy: bool, found: OfHost) -> list[dict[str, Any]]:
    """Services of the inventory from the kernel's table; one that can't be described is a fault.

    ``unhealthy``: keepalived is to have them, and nothing checks their real servers.
    """
    result = []
    for service in services:
        described = describe(service)
        if described is None:
            found.fault(
                "the IPVS table",
                f"{label(identity(service))} has no form in lvs_virtual_services: it needs a port from 1 to 65535, "
                "weights up to 65535, and a real server",
                "change it to one that has, such as a service on a firewall mark, or take it out",
            )
        else:
            result.append({**described, **({"health_checks": []} if unhealthy else {})})
    return result


def describe(service: Mapping[str, Any]) -> dict[str, Any] | None:
    """One service of the table as the inventory has it, None where it has no form there."""
    result: dict[str, Any] = {"name": service_name(service)}
    if service.get("fwmark"):
        result["fwmark"] = service["fwmark"]
        result.update({"family": "ipv6"} if service["family"] == "ipv6" else {})
    else:
        result.update({key: service[key] for key in ("address", "port", "protocol")})
    scheduler = service["scheduler"]
    result["scheduler"] = scheduler
    flags = [f"{scheduler}-{flag}" if flag in _NAMED_FLAGS else flag for flag in service["scheduler_flags"]]
    if flags:
        result["scheduler_flags"] = flags
    result.update({key: service[key] for key in list(_SETTINGS)[2:] if service.get(key)})
    methods = [one["forwarding"] for one in service["destinations"] if one["forwarding"] in ("nat", "dr", "tun")]
    # A real server on the director itself has "local", whatever it was added with.
    result["forwarding"] = max(sorted(set(methods)), key=methods.count) if methods else "dr"
    result["real_servers"] = [_real_server(one, service, result["forwarding"]) for one in service["destinations"]]
    known = all(fits(SERVICE_SETTINGS[key], one) is not None for key, one in result.items() if key in SERVICE_SETTINGS)
    fields = REAL_SERVER.fields
    known &= all(fits(fields[key], one) is not None for server in result["real_servers"] for key, one in server.items())
    return result if known and result["real_servers"] and service.get("port", 1) else None


def _real_server(one: Mapping[str, Any], service: Mapping[str, Any], forwarding: str) -> dict[str, Any]:
    server: dict[str, Any] = {"address": one["address"]}
    if one["port"] and one["port"] != service.get("port"):
        server["port"] = one["port"]
    server["weight"] = one["weight"]
    if one["forwarding"] not in (forwarding, "local"):
        server["forwarding"] = one["forwarding"]
    server.update({key: one[key] for key in ("upper_threshold", "lower_threshold") if one.get(key)})
    if one.get("tunnel_type", "ipip") != "ipip":
        tunnel = {"type": one["tunnel_type"], "port": one["tunnel_port"], "checksum": one["tunnel_checksum"]}
        server["tunnel"] = {key: value for key, value in tunnel.items() if value and value != "none"}
    return server


def of_plan(director: Mapping[str, Any]) -> dict[Key, dict[str, Any]]:
    """The table of a director's plan, each service with ``settings`` and ``destinations``."""
    return normal(planned.services(director))


def normal(services: Iterable[Mapping[str, Any]]) -> dict[Key, dict[str, Any]]:
    """Services by identity, with every setting written out."""
    result = {}
    for service in services:
        settings = {key: service.get(key) or default for key, default in _SETTINGS.items()}
        destinations = {}
        for one in service["destinations"]:
            values = {key: default if one.get(key) is None else one[key] for key, default in _DESTINATION.items()}
            destinations[(one["address"], one["port"] or 0)] = values
        settings["scheduler_flags"] = tuple(sorted(settings["scheduler_flags"]))
        result[identity(service)] = {"settings": settings, "destinations": destinations}
    return result
