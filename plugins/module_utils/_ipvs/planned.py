# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A director's plan in the words of the IPVS modules' options."""

from __future__ import annotations

from typing import Any, Collection, Mapping

__all__ = ["kernel_port", "services", "sorry_endpoint", "unready", "weight_moves"]

_KEYS = (
    "address",
    "port",
    "protocol",
    "fwmark",
    "family",
    "scheduler",
    "one_packet",
    "persistence_timeout",
    "persistence_netmask",
    "persistence_engine",
)
_DESTINATION_KEYS = ("address", "port", "weight", "forwarding", "upper_threshold", "lower_threshold")


def services(director: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The plan's virtual services, each with its real servers as destinations."""
    return [
        {
            **{key: service[key] for key in _KEYS if key in service},
            **_flags(service),
            **service.get("options", {}),
            "destinations": [_destination(service, server) for server in service["real_servers"]],
        }
        for service in director["services"]
    ]


def _flags(service: Mapping[str, Any]) -> dict[str, list[str]]:
    """The scheduler's flags; the plan has keepalived's words (``sh-port``), the modules have ipvsadm's (``port``)."""
    if "scheduler_flags" not in service:
        return {}
    before = f"{service['scheduler']}-"
    flags = service["scheduler_flags"]
    return {"scheduler_flags": [flag[len(before) :] if flag.startswith(before) else flag for flag in flags]}


def kernel_port(service: Mapping[str, Any], forwarding: str, port: int) -> int:
    """The port of a destination in the kernel's table; ``port`` is the plan's, which checks use, too.

    Direct routing and tunnels map no ports: the kernel has the service's, and 0 with a firewall mark.
    """
    if forwarding == "nat":
        return int(port or 0)
    return 0 if "fwmark" in service else int(service["port"])


def sorry_endpoint(service: Mapping[str, Any]) -> tuple[str, int] | None:
    """Address and port in the kernel's table of a planned service's sorry server; None where it has none."""
    sorry = service.get("sorry_server")
    if not sorry:
        return None
    return sorry["address"], kernel_port(service, sorry.get("forwarding", service["forwarding"]), sorry["port"])


def weight_moves(server: Mapping[str, Any]) -> bool:
    """Whether a health check changes the weight of a planned real server: misc_dynamic, or a file with a weight."""
    known = any(
        check.get("dynamic") if check["type"] == "misc" else check["type"] == "file" and check.get("weight")
        for check in server.get("health_checks") or ()
    )
    return known or bool({"MISC_CHECK", "FILE_CHECK"} & (server.get("options") or {}).keys())


def _destination(service: Mapping[str, Any], server: Mapping[str, Any]) -> dict[str, Any]:
    tunnel = {f"tunnel_{key}": value for key, value in server.get("tunnel", {}).items()}
    named = {key: server[key] for key in _DESTINATION_KEYS if key in server}
    named["port"] = kernel_port(service, server["forwarding"], server["port"])
    return {**named, **tunnel, **server.get("options", {})}


def unready(director: Mapping[str, Any], prepared: Mapping[str, Collection[str]]) -> list[dict[str, str]]:
    """Address and forwarding method of each host that its role did not prepare for that method in this run.

    ``prepared`` names the hosts that are, by forwarding method. A machine outside the inventory counts as prepared,
    because nobody else will say so.
    """
    found = {
        (server["address"], server["forwarding"])
        for service in director["services"]
        for server in service["real_servers"]
        if server["host"] is not None and server["host"] not in prepared.get(server["forwarding"], ())
    }
    return [{"address": address, "forwarding": forwarding} for address, forwarding in sorted(found)]
