# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judging what virtual services and cluster IPs answered: who served how many requests, against the weights."""

from __future__ import annotations

from typing import Any, Callable, Iterator, Mapping, Sequence, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.planned import weight_moves
from ansible_collections.lvs.cluster.plugins.module_utils._verify.checks import (
    Check,
    Plans,
    bracketed,
    listing,
    unknown,
)
from ansible_collections.lvs.cluster.plugins.module_utils._verify.overrides import Overrides, all_out, override_of
from ansible_collections.lvs.cluster.plugins.module_utils._verify.targets import Target, targets_of

__all__ = ["HEADINGS", "Row", "judge"]

HEADINGS = ("SERVICE", "VIP", "SERVED BY", "REQUESTS", "SHARE", "BY WEIGHT")
Row = Tuple[str, ...]

NOT_HTTP = "(not HTTP)"
"""How `http_probe` counts answers of servers that do not speak it."""
_BY_WEIGHT = ("wlc", "wrr")
_EQUALLY = ("lc", "rr")
"""Schedulers that give all real servers the same that have a weight. With others one client says nothing of shares."""


def judge(
    probes: Mapping[str, Mapping[str, Any]],
    plans: Plans,
    tolerance: float,
    overrides: Callable[[str], Overrides],
) -> tuple[list[Row], list[Check]]:
    """``probes`` are the results of `http_probe` by the host that asked, failed ones too.

    Returns rows for a table, and the checks. Faults: a target that left requests without an answer, one that
    answered partly by HTTP, one whose shares are further from the weights than ``tolerance`` (a part of the requests,
    at least two requests), a persistent service that sent one client to several real servers, one that another host of
    the inventory answered for. Shares are judged only where the pages name the real servers, over what all hosts asked.
    ``overrides``: of a cluster.
    """
    answers: dict[str, dict[str, Mapping[str, Any]]] = {}
    for prober, result in probes.items():
        for one in result.get("results") or []:
            answers.setdefault(one["name"], {})[prober] = one
    rows: list[Row] = []
    checks = [
        Check("", "requests", prober, (f"{prober}: no request was sent from it: {unknown(result)}",))
        for prober, result in probes.items()
        if unknown(result)
    ]
    for target in targets_of(plans):
        if target.name in answers:
            more, check = _judge_target(target, answers[target.name], plans, tolerance, overrides(target.cluster))
            rows += more
            checks.append(check)
    return rows, [*checks, *_parted(answers, plans)]


def _judge_target(
    target: Target, answers: Mapping[str, Mapping[str, Any]], plans: Plans, tolerance: float, overrides: Overrides
) -> tuple[list[Row], Check]:
    name, by, failures = target.name, _added(answers, "by"), _added(answers, "failures")
    answered = sum(by.values())
    sent = answered + sum(failures.values())
    sorry = not target.nodes and _is_closed(target.service, overrides)
    faults: list[str] = []
    notes: list[str] = []
    for why, number in sorted(failures.items()):
        # So says a page for the time of maintenance.
        in_time = sorry and why.startswith("status 5")
        (notes if in_time else faults).append(f"{name}: {number} of {sent} requests had no answer: {why}")
    if by.get(NOT_HTTP, answered) < answered:
        faults.append(f"{name}: {by[NOT_HTTP]} of {answered} answers were not HTTP, and the others were")
    if target.nodes:
        shares: dict[str, float] = {}
        faults += _node_faults(target, answers, plans)
    else:
        shares = _shares(target.service, by, overrides)
        faults += _service_faults(target, answers, shares, tolerance)
        for stranger in sorted(_strangers(target.service, by) & plans.keys()):
            text = f"{name}: {stranger} answered {by[stranger]} requests and is no real server of it; "
            if sorry:
                notes.append(f"{text}all of those are drained or held back, so it is the sorry server")
            else:
                faults.append(f"{text}it may be the sorry server of a service whose real servers are all down")
    vip = bracketed(target.address, target.port)
    judged = _is_judged(target.service)
    rows: list[Row] = []
    for server in sorted({*by, *shares}):
        served = by.get(server, 0)
        wanted = _percent(shares[server]) if judged and shares else "-"
        rows.append((name, vip, server, str(served), _percent(served / max(answered, 1)), wanted))
    return rows or [(name, vip, "nobody", "0", "-", "-")], Check(
        target.cluster, "requests", name, tuple(faults), tuple(notes)
    )


def _is_closed(service: Mapping[str, Any], overrides: Overrides) -> bool:
    """Whether an operator has left the service to its sorry server."""
    return bool(service.get("sorry_server")) and all_out(overrides, service, service["real_servers"])


def _added(answers: Mapping[str, Mapping[str, Any]], key: str) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in answers.values():
        for name, number in one[key].items():
            total[name] = total.get(name, 0) + number
    return total


def _node_faults(target: Target, answers: Mapping[str, Mapping[str, Any]], plans: Plans) -> Iterator[str]:
    for prober, one in answers.items():
        for stranger in sorted((set(one["by"]) & plans.keys()) - set(target.nodes)):
            yield f"{target.name}: {stranger} answered {prober} and is no node of {target.cluster}"
        served = sorted(set(one["by"]) & set(target.nodes))
        if target.one_node and len(served) > 1:
            yield f"{target.name}: the one client {prober} was answered by {listing(served)}"


def _is_judged(service: Mapping[str, Any]) -> bool:
    """Whether one client's requests are shared as the weights say."""
    scheduler = service.get("scheduler", _BY_WEIGHT[0])
    return scheduler in (*_BY_WEIGHT, *_EQUALLY) and not service.get("persistence_timeout")


def _name(server: Mapping[str, Any]) -> str:
    return str(server["host"] or server["address"])


def _strangers(service: Mapping[str, Any], by: Mapping[str, int]) -> set[str]:
    return set(by) - {_name(server) for server in service["real_servers"]}


def _shares(service: Mapping[str, Any], by: Mapping[str, int], overrides: Overrides) -> dict[str, float]:
    """The share that each real server's weight gives it; empty where the pages name somebody else, or weights move."""
    weights: dict[str, int] = {}
    equal = service.get("scheduler") in _EQUALLY
    for server in service["real_servers"]:
        override = override_of(overrides, service, server)
        weight = server["weight"] if override is None else override["weight"]
        weights[_name(server)] = weights.get(_name(server), 0) + (min(weight, 1) if equal else weight)
    whole = sum(weights.values())
    if not whole or _strangers(service, by) or any(map(weight_moves, service["real_servers"])):
        return {}
    return {name: weight / whole for name, weight in weights.items()}


def _service_faults(
    target: Target, answers: Mapping[str, Mapping[str, Any]], shares: Mapping[str, float], tolerance: float
) -> Iterator[str]:
    if target.service.get("persistence_timeout"):
        for prober, one in answers.items():
            # A page that names nobody says nothing: it may be another one at each port, or at each request.
            served = sorted(set(one["by"]) - _strangers(target.service, one["by"]))
            if len(served) > 1:
                which = f"the client {prober}" if len(answers) > 1 else "one client"
                yield f"{target.name}: persistent, but {which} was sent to {' and '.join(served)}"
        return
    by = _added(answers, "by")
    answered = sum(by.values())
    if not _is_judged(target.service) or answered < 2:
        return
    # Each host that asks may begin the round anew.
    allowed = max(2.0 * len(answers), tolerance * answered)
    for server, share in shares.items():
        expected = share * answered
        if abs(by.get(server, 0) - expected) > allowed:
            yield (
                f"{target.name}: {server} served {by.get(server, 0)} of {answered} requests, its weight gives it "
                f"{expected:.0f}; it may be down, held back or drained"
            )


def _parted(answers: Mapping[str, Mapping[str, Mapping[str, Any]]], plans: Plans) -> list[Check]:
    """Persistent services on a firewall mark that sent one client to different real servers on different ports."""
    served: dict[tuple[str, str, str], dict[str, list[str]]] = {}
    for target in targets_of(plans):
        service = target.service
        if "fwmark" in service and service.get("persistence_timeout"):
            for prober, one in answers.get(target.name, {}).items():
                if len(one["by"]) == 1 and not _strangers(service, one["by"]):
                    place = served.setdefault((target.cluster, service["name"], prober), {})
                    place.setdefault(next(iter(one["by"])), []).append(target.name)
    return [
        Check(cluster, "requests", name, (_parted_text(name, by),))
        for (cluster, name, _prober), by in served.items()
        if len(by) > 1
    ]


def _parted_text(name: str, by: Mapping[str, Sequence[str]]) -> str:
    where = " and ".join(f"{server} ({', '.join(targets)})" for server, targets in sorted(by.items()))
    return f"{name}: persistent on one firewall mark, but one client was sent to {where}"


def _percent(part: float) -> str:
    return f"{100 * part:.0f} %"
