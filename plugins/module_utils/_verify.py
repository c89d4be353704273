# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judging what virtual services answered: who served how many requests, against the weights that the plan gives."""

from __future__ import annotations

import json
from typing import Any, Iterable, Iterator, Mapping, NamedTuple, Sequence

__all__ = ["report", "targets", "unprepared"]

ASKED_OF_A_RANGE = 10
"""Ports; a mark is often for most of the 65535."""

HEADINGS = ("SERVICE", "VIP", "SERVED BY", "REQUESTS", "SHARE", "BY WEIGHT")


class Target(NamedTuple):
    """One address and port that clients ask, and the virtual service behind it."""

    name: str
    address: str
    port: int
    service: Mapping[str, Any]


def targets_of(plans: Mapping[str, Mapping[str, Any]]) -> list[Target]:
    """Each TCP address and port of each virtual service once, in the order of the plan; peers have the same ones."""
    found: dict[tuple[str, int], Target] = {}
    for plan in plans.values():
        for service in (plan.get("director") or {}).get("services", []):
            for address, port in _endpoints(service):
                several = len({match["address"] for match in service.get("match", [])}) > 1
                where = f" {_bracketed(address)}:{port}" if several else f":{port}"
                found.setdefault((address, port), Target(f"{service['name']}{where}", address, port, service))
    return list(found.values())


def _endpoints(service: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """What a TCP client can ask: the service's own address and port, or those that its firewall mark matches."""
    if service.get("protocol") == "tcp" and service.get("address"):
        yield service["address"], service["port"]
    for match in service.get("match", []):
        if match["protocol"] == "tcp":
            for first, last in match["ports"]:
                for port in range(first, min(last, first + ASKED_OF_A_RANGE - 1) + 1):
                    yield match["address"], port


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def targets(plans: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What `http_probe` is to ask: name ("intranet:80"), address, port, and the virtual host of the service if any."""
    return [
        {"name": one.name, "address": one.address, "port": one.port, "host": one.service.get("virtualhost")}
        for one in targets_of(plans)
    ]


def unprepared(results: Iterable[Mapping[str, Any]], host: str) -> list[str]:
    """What would have to be changed on a real server, from the results of its roles' modules in check mode."""
    return [
        f"{host}: is not as its plan says; a run of lvs.cluster.site would do this: {_would(result)}"
        for result in results
        if result.get("changed")
    ]


def _would(result: Mapping[str, Any]) -> str:
    if result.get("steps"):
        return "; ".join(result["steps"])
    sides = result.get("diff") or {}
    return " -> ".join(json.dumps(sides.get(side), sort_keys=True) for side in ("before", "after"))


def report(
    results: Sequence[Mapping[str, Any]],
    plans: Mapping[str, Mapping[str, Any]],
    tolerance: float = 0.1,
    differences: Sequence[str] = (),
) -> dict[str, list[str]]:
    """Judge one probe's results (`http_probe`'s `results`).

    Returns `table`, lines of text, and `faults`: what hosts differ in (`differences`, from `unprepared`), a service
    that left requests without an answer, one whose shares are further from the weights than `tolerance` (a part of the
    requests, at least two requests), a persistent service that sent one client to several real servers, one that
    another host of the inventory answered for. Shares are judged only where the pages name the real servers.
    """
    asked = {one.name: one for one in targets_of(plans)}
    rows: list[Sequence[str]] = [HEADINGS]
    faults: list[str] = list(differences)
    for result in results:
        target = asked[result["name"]]
        service = target.service
        vip = f"{_bracketed(target.address)}:{target.port}"
        shares = _shares(service, result["by"])
        faults += _faults(result, service, shares, tolerance)
        faults += [
            f"{result['name']}: {name} answered {result['by'][name]} requests and is no real server of it; "
            "it may be the sorry server of a service whose real servers are all down"
            for name in sorted(_strangers(service, result["by"]) & plans.keys())
        ]
        names = sorted({*result["by"], *shares})
        for name in names:
            served = result["by"].get(name, 0)
            expected = "-" if service.get("persistence_timeout") or not shares else _percent(shares[name])
            rows.append(
                (result["name"], vip, name, str(served), _percent(served / max(result["answered"], 1)), expected)
            )
        if not names:
            rows.append((result["name"], vip, "nobody", "0", "-", "-"))
    faults += _parted(results, asked)
    return {"table": _lines(rows), "faults": faults}


def _parted(results: Sequence[Mapping[str, Any]], asked: Mapping[str, Target]) -> list[str]:
    """Persistent services on a firewall mark that sent one client to different real servers on different ports."""
    served: dict[str, dict[str, list[str]]] = {}
    for result in results:
        service = asked[result["name"]].service
        if "fwmark" in service and service.get("persistence_timeout") and len(result["by"]) == 1:
            served.setdefault(service["name"], {}).setdefault(next(iter(result["by"])), []).append(result["name"])
    return [
        f"{name}: persistent on one firewall mark, but one client was sent to "
        + " and ".join(f"{server} ({', '.join(targets)})" for server, targets in sorted(by.items()))
        for name, by in served.items()
        if len(by) > 1
    ]


def _strangers(service: Mapping[str, Any], by: Mapping[str, int]) -> set[str]:
    return set(by) - {server["host"] or server["address"] for server in service["real_servers"]}


def _shares(service: Mapping[str, Any], by: Mapping[str, int]) -> dict[str, float]:
    """The share that each real server's weight gives it; empty where the pages name somebody else."""
    weights: dict[str, int] = {}
    for server in service["real_servers"]:
        name = server["host"] or server["address"]
        weights[name] = weights.get(name, 0) + server["weight"]
    whole = sum(weights.values())
    if not whole or _strangers(service, by):
        return {}
    return {name: weight / whole for name, weight in weights.items()}


def _faults(
    result: Mapping[str, Any], service: Mapping[str, Any], shares: Mapping[str, float], tolerance: float
) -> list[str]:
    name, answered, by = result["name"], result["answered"], result["by"]
    sent = answered + sum(result["failures"].values())
    faults = [
        f"{name}: {number} of {sent} requests had no answer: {reason}"
        for reason, number in sorted(result["failures"].items())
    ]
    if service.get("persistence_timeout"):
        if len(by) > 1:
            faults.append(f"{name}: persistent, but one client was sent to {' and '.join(sorted(by))}")
        return faults
    allowed = max(2.0, tolerance * answered)
    for server, share in shares.items():
        expected = share * answered
        if answered > 1 and abs(by.get(server, 0) - expected) > allowed:
            faults.append(
                f"{name}: {server} served {by.get(server, 0)} of {answered} requests, its weight gives it "
                f"{expected:.0f}; it may be down, held back or drained"
            )
    return faults


def _percent(part: float) -> str:
    return f"{100 * part:.0f} %"


def _lines(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
