# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a client is: what to ask the directors, and what they said, in the inventory's own names. No I/O."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = ["lines", "query", "report"]

_ALL = [[1, 65535]]


def query(plans: Mapping[str, Mapping[str, Any]], client: str, service: str) -> dict[str, Any]:
    """What to ask for: ``faults``, ``client``, the ``directors`` to ask, ``services`` and ``netmasks``.

    ``services`` and ``netmasks`` are as ipvs_connections takes them; no services are all. A service with a mark that
    the inventory does not describe (``match``) leaves its connections out: they do not tell the mark.
    """
    faults = []
    try:
        network = str(ipaddress.ip_network(client, strict=False)) if client else ""
    except ValueError:
        network = ""
        faults.append(f"lvs_client: {client!r} is no address and no network; write one such as 203.0.113.7")
    if not client:
        faults.append("lvs_client is missing: name a client's address, or a network such as 203.0.113.0/24")
    directors = {name: one["director"] for name, one in sorted(plans.items()) if one.get("director")}
    if not directors:
        faults.append("lvs_client: this inventory has no director to ask")
    named = sorted({one["name"] for director in directors.values() for one in director["services"]})
    if service and service not in named:
        faults.append(f"lvs_service: {service} is no virtual service; there are {', '.join(named) or 'none'}")
    asked: list[dict[str, Any]] = []
    netmasks: set[str] = set()
    for director in directors.values():
        for one in director["services"]:
            netmasks.update([str(one["persistence_netmask"])] if one.get("persistence_netmask") else [])
            if service and one["name"] == service:
                asked += [entry for entry in _entries(one) if entry not in asked]
    having = [name for name, one in directors.items() if not service or service in {s["name"] for s in one["services"]}]
    return {
        "faults": faults,
        "client": network,
        "directors": having,
        "services": asked,
        "netmasks": sorted(netmasks),
    }


def _entries(service: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A service of a plan, as ipvs_connections takes it."""
    if "fwmark" not in service:
        ports = [[service["port"], service["port"]]] if service["port"] else []
        return [{"address": service["address"], "protocol": service["protocol"], "ports": ports}]
    return [{"fwmark": service["fwmark"]}, *(dict(one) for one in service.get("match") or [])]


def report(answers: Mapping[str, Mapping[str, Any]], plans: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What the directors (name to the result of ipvs_connections, or a failure) said, put together.

    Returns ``connections`` and ``templates``, each entry once with ``service``, ``host`` (the real server's inventory
    name, "" for none), ``expires``, the longest of all, and ``directors``, who knows it; ``total``, the most that one
    director has; ``asked``, the directors that answered; ``unasked``, director to why.
    """
    unasked = {name: str(one.get("msg") or "no answer") for name, one in answers.items() if "total" not in one}
    asked = {name: one for name, one in answers.items() if name not in unasked}
    directors = {name: plans[name]["director"] for name in asked}
    return {
        "connections": _together(asked, directors, "connections"),
        "templates": _together(asked, directors, "templates"),
        "total": max((one["total"] for one in asked.values()), default=0),
        "templates_total": max((one["templates_total"] for one in asked.values()), default=0),
        "asked": sorted(asked),
        "unasked": unasked,
    }


def _together(
    answers: Mapping[str, Mapping[str, Any]], directors: Mapping[str, Mapping[str, Any]], key: str
) -> list[dict[str, Any]]:
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for director, answer in answers.items():
        for one in answer[key]:
            # The state on a backup is what it was told last, so it does not part two entries.
            same = tuple(value for name, value in one.items() if name not in ("state", "expires"))
            entry = found.setdefault(same, {**one, **_named(one, directors[director]), "directors": []})
            entry["directors"].append(director)
            if one["expires"] > entry["expires"]:
                entry.update(expires=one["expires"], state=one["state"])
    return sorted(found.values(), key=lambda one: (one["client"], one["client_port"], one["address"], one["port"]))


def _named(one: Mapping[str, Any], director: Mapping[str, Any]) -> dict[str, str]:
    """The inventory's names of an entry's virtual service and real server, "" where it has none."""
    service = next((each for each in director["services"] if _is_of(each, one)), None)
    pools: Iterable[Mapping[str, Any]] = [service] if service else director["services"]
    servers = [server for pool in pools for server in pool["real_servers"] if server["address"] == one["server"]]
    return {
        "service": service["name"] if service else "",
        "host": next((server["host"] for server in servers if server.get("host")), ""),
    }


def _is_of(service: Mapping[str, Any], one: Mapping[str, Any]) -> bool:
    if one.get("fwmark"):
        return bool(service.get("fwmark") == one["fwmark"])
    return any(
        entry.get("address") == one["address"]
        and entry["protocol"] == one["protocol"]
        and (not one["port"] or any(low <= one["port"] <= high for low, high in entry["ports"] or _ALL))
        for entry in _entries(service)
        if "protocol" in entry
    )


def lines(found: Mapping[str, Any], client: str) -> list[str]:
    """The report as a table for people."""
    head = ("client", "virtual service", "real server", "state", "seconds left", "known on")
    rows = [_row(one, template=False) for one in found["connections"]]
    rows += [_row(one, template=True) for one in found["templates"]]
    shown = _table(head, rows) if rows else _nothing(found, client)
    for key, total in (("connections", "total"), ("templates", "templates_total")):
        if found[total] > len(found[key]):
            shown.append(f"{len(found[key])} of {found[total]} {key} are shown; name a smaller network or lvs_service")
    return shown + [f"{name} could not be asked: {said}" for name, said in sorted(found["unasked"].items())]


def _nothing(found: Mapping[str, Any], client: str) -> list[str]:
    if not found["asked"]:
        return []
    return [f"no director {'that could be asked ' if found['unasked'] else ''}knows a connection of {client}"]


def _row(one: Mapping[str, Any], *, template: bool) -> tuple[str, ...]:
    where = (
        f"mark {one['fwmark']}" if one.get("fwmark") else f"{one['protocol']} {_endpoint(one['address'], one['port'])}"
    )
    return (
        one["client"] if template else _endpoint(one["client"], one["client_port"]),
        f"{one['service']} ({where})" if one["service"] else where,
        f"{one['host']} ({_endpoint(one['server'], one['server_port'])})"
        if one["host"]
        else _endpoint(one["server"], one["server_port"]),
        "persistent" if template else one["state"],
        str(one["expires"]),
        ", ".join(one["directors"]),
    )


def _endpoint(address: str, port: int) -> str:
    return f"[{address}]:{port or '*'}" if ":" in address else f"{address}:{port or '*'}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in (head, *rows)]
