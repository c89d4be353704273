# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which real servers of which directors an operator means by the name of a host, of a virtual service, or of both."""

from __future__ import annotations

import ipaddress
from collections import Counter
from typing import Any, Collection, Iterator, Mapping, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import ServiceKey
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.planned import kernel_port, sorry_endpoint

__all__ = ["rolling", "targets", "without_sorry_server"]

Plans = Mapping[str, Mapping[str, Any]]
_KEY = ("address", "port", "protocol", "fwmark", "family")


def targets(
    plans: Plans, host: str | None = None, service: str | None = None, leaving: Collection[str] = ()
) -> dict[str, Any]:
    """Return ``{"faults": [...], "directors": {director: {"manager", "servers": [...]}}}``.

    ``plans`` are those of all hosts. ``host`` is a real server's inventory name, or its address if it is outside the
    inventory; None: every real server of ``service``. Each of ``servers`` is what module director_weights takes:
    {"service", "key", "address", "port", "file", "weight", "label", "vips", "need"} and "tcp", the (address, port) of
    the real server that a director can look at. Directors that do not know the server, and those of ``leaving``, are
    not listed. With a fault there is no director.
    """
    directors = {name: plan["director"] for name, plan in plans.items() if plan.get("director") and name not in leaving}
    found = {
        name: {
            "manager": director["manager"],
            "servers": _entries(
                [
                    (one, server)
                    for one in director["services"]
                    for server in one["real_servers"]
                    if (host or service) and _is_meant(server, host) and service in (None, one["name"])
                ]
            ),
        }
        for name, director in directors.items()
    }
    known = {name: entry for name, entry in found.items() if entry["servers"]}
    faults = [] if known else list(_faults(plans, directors, host, service))
    return {"faults": faults, "directors": known}


def rolling(
    plans: Plans, hosts: Any = None, service: str | None = None, leaving: Collection[str] = ()
) -> dict[str, Any]:
    """Which real servers to work on one by one: ``{"faults": [...], "hosts": [...], "directors": [...]}``.

    ``hosts`` is a list of inventory names, or a text of them with commas; None: all hosts of ``service``. ``directors``
    are those of all services of these hosts: what is done there concerns more than ``service``.
    """
    if hosts is None:
        known = [name for name in plans if targets(plans, name, service, leaving)["directors"]] if service else []
        faults = list(targets(plans, None, service, leaving)["faults"])
        if not known and not faults:
            faults = [f"lvs_service: no real server of {service} is in the inventory, so nothing can be run there"]
        return {"faults": faults, "hosts": known, "directors": _directors(plans, known, leaving)}
    names = [name.strip() for name in hosts.split(",")] if isinstance(hosts, str) else list(hosts)
    each = {name: targets(plans, name, service, leaving) for name in names if name}
    faults = [fault for one in each.values() for fault in one["faults"]]
    faults += [
        f"lvs_hosts: {name} is outside the inventory, so nothing can be run there" for name in each if name not in plans
    ]
    if not each:
        faults = ["lvs_hosts: names no host; write inventory names, a list or with commas"]
    return {"faults": faults, "hosts": list(each), "directors": _directors(plans, each, leaving)}


def without_sorry_server(plans: Plans, directors: Collection[str], service: str) -> list[str]:
    """Those of the directors on which a virtual service of that name has no sorry server."""
    return [
        name
        for name in directors
        for one in plans[name]["director"]["services"]
        if one["name"] == service and not one.get("sorry_server")
    ]


def _directors(plans: Plans, hosts: Collection[str], leaving: Collection[str]) -> list[str]:
    """Those that know one of the hosts, in any service."""
    known = {director for name in hosts for director in targets(plans, name, None, leaving)["directors"]}
    return [name for name in plans if name in known]


def _is_meant(server: Mapping[str, Any], host: str | None) -> bool:
    if host is None or server["host"] == host:
        return True
    try:
        return ipaddress.ip_address(host) == ipaddress.ip_address(server["address"])
    except ValueError:
        return False


def _entries(meant: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Each with a label of its own, unless one weight file is for several."""
    files = {(_label(service, server), server["weight_file"]) for service, server in meant}
    times = Counter(label for label, _file in files)
    return [_entry(service, server, alone=times[_label(service, server)] == 1) for service, server in meant]


def _label(service: Mapping[str, Any], server: Mapping[str, Any]) -> str:
    return f"{server['host'] or server['address']} in {service['name']}"


def _entry(service: Mapping[str, Any], server: Mapping[str, Any], *, alone: bool) -> dict[str, Any]:
    key = {key: service[key] for key in _KEY if service.get(key) is not None}
    # Of a mark that somebody else sets nobody knows the addresses.
    vips = {match["address"] for match in service.get("match", [])} or {service.get("address")} - {None}
    return {
        "service": service["name"],
        "key": key,
        "address": server["address"],
        "port": kernel_port(service, server["forwarding"], server["port"]),
        "file": server["weight_file"],
        "weight": server["weight"],
        "label": _label(service, server) + ("" if alone else f" ({ServiceKey(**key)})"),
        "vips": sorted(vips),
        "tcp": [[server["address"], port] for port in _tcp_ports(service, server)],
        "need": max(1, (service.get("quorum") or 1) - (service.get("hysteresis") or 0)),
        "sorry": _sorry(service),
    }


def _sorry(service: Mapping[str, Any]) -> dict[str, Any] | None:
    """The service's sorry server as a destination; None where there is none, or a tunnel with settings of its own."""
    endpoint = sorry_endpoint(service)
    if endpoint is None or service["sorry_server"].get("tunnel"):
        return None
    forwarding = service["sorry_server"].get("forwarding", service["forwarding"])
    return {"address": endpoint[0], "port": endpoint[1], "forwarding": forwarding}


def _tcp_ports(service: Mapping[str, Any], server: Mapping[str, Any]) -> list[int]:
    """The ports of the real server on which clients of TCP end; of a range that a mark stands for, the first."""
    if service.get("protocol") == "tcp":
        return [server.get("port") or service["port"]] if server.get("port") or service["port"] else []
    found = {
        first for match in service.get("match", []) if match["protocol"] == "tcp" for first, _last in match["ports"]
    }
    return [server["port"]] if found and server.get("port") else sorted(found)


def _faults(plans: Plans, directors: Plans, host: str | None, service: str | None) -> Iterator[str]:
    """Why nothing is meant."""
    services = {one["name"]: one for director in directors.values() for one in director["services"]}
    names = ", ".join(sorted(services)) or "none"
    if host is None and service is None:
        yield "lvs_host is not given: say which real server, as -e lvs_host=NAME"
        return
    if service is not None and service not in services:
        yield f"lvs_service: {service} is no virtual service of this inventory; there are: {names}"
    if host is None:
        return
    serving = sorted(
        {server["host"] or server["address"] for one in services.values() for server in one["real_servers"]}
    )
    there = any(_is_meant(server, host) for one in services.values() for server in one["real_servers"])
    if not there and host in plans:
        yield f"lvs_host: {host} serves nothing: no virtual service names it, but {', '.join(serving)}"
    elif not there:
        yield (
            f"lvs_host: {host} is no host of this inventory, and no real server's address; those that serve are: "
            f"{', '.join(serving)}"
        )
    elif service in services:
        mine = sorted(
            name for name, one in services.items() if any(_is_meant(server, host) for server in one["real_servers"])
        )
        yield f"lvs_host: {host} does not serve {service}; it serves: {', '.join(mine)}"
