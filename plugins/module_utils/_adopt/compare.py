# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a plan leads to the table that is there."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._adopt.findings import OfHost
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.table import Key, label, normal, of_plan
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.planned import (
    kernel_port,
    sorry_endpoint,
    weight_moves,
)

__all__ = ["compare"]

_REMEDY = "make the table and the configuration alike on the director, then adopt again"
_DOWN = "it is as keepalived would have it; nothing is to be done here"


def compare(
    director: Mapping[str, Any], table: Mapping[str, Any], verbatim: Callable[[Mapping[str, Any]], bool], found: OfHost
) -> None:
    """Note each difference as a fault, unless it is one that keepalived makes of a real server's health.

    ``verbatim``: whether a service of the table stands in lvs_keepalived_options as it was written.
    """
    live_services = [one for one in table["services"] if not verbatim(one)]
    live, wanted = normal(live_services), of_plan(director)
    checked = director["manager"] == "keepalived"
    for key in live.keys() - wanted.keys():
        found.fault("the IPVS table", f"has {label(key)}, and the variables don't", _REMEDY)
    plans = {_key(service): service for service in director["services"]}
    for key, want in wanted.items():
        service = plans[key]
        if key in live:
            _settings(key, live[key]["settings"], want["settings"], found)
            _destinations(key, live[key]["destinations"], want["destinations"], service, checked, found)
        elif checked and (service.get("ha_suspend") or director.get("colocated") == "handover"):
            found.note("the IPVS table", f"{label(key)} is not there at the moment", _DOWN)
        else:
            found.fault("the IPVS table", f"lacks {label(key)}, which the variables have", _REMEDY)


def _key(service: Mapping[str, Any]) -> Key:
    if "fwmark" in service:
        return (service["family"], service["fwmark"])
    return (service["family"], service["protocol"], service["address"], service["port"])


def _settings(key: Key, live: Mapping[str, Any], want: Mapping[str, Any], found: OfHost) -> None:
    for name, value in want.items():
        if live[name] != value:
            found.fault(
                "the IPVS table",
                f"{label(key)} has {name} {live[name] or 'none'}, and the variables have {value or 'none'}",
                _REMEDY,
            )


def _destinations(
    key: Key,
    live: Mapping[Key, Mapping[str, Any]],
    want: Mapping[Key, Mapping[str, Any]],
    service: Mapping[str, Any],
    checked: bool,
    found: OfHost,
) -> None:
    sorry = sorry_endpoint(service)
    for place in live.keys() - want.keys():
        words = f"{label(key)} has the real server {place[0]} port {place[1]}"
        if checked and place == sorry:
            found.note("the IPVS table", f"{words}, its sorry server", _DOWN)
        else:
            found.fault("the IPVS table", f"{words}, and the variables don't", _REMEDY)
    servers = {
        (one["address"], kernel_port(service, one["forwarding"], one["port"])): one for one in service["real_servers"]
    }
    for place, values in want.items():
        words = f"{label(key)} with the real server {place[0]} port {place[1]}"
        server = servers.get(place, {})
        if place not in live:
            if checked and server.get("health_checks"):
                found.note("the IPVS table", f"{words}: it is not there, so its health check fails", _DOWN)
            else:
                found.fault("the IPVS table", f"lacks {words}", _REMEDY)
            continue
        for name, value in values.items():
            there = live[place].get(name, value)
            if there == value or (name == "forwarding" and there == "local"):
                continue
            if checked and name == "weight" and weight_moves(server):
                found.note("the IPVS table", f"{words} has weight {there} by its health check, and {value} else", _DOWN)
            elif checked and name == "weight" and there == 0:
                found.note("the IPVS table", f"{words} has weight 0 in place of {value}", _zero(server, service))
            else:
                found.fault("the IPVS table", f"{words} has {name} {there}, and the variables have {value}", _REMEDY)


def _zero(server: Mapping[str, Any], service: Mapping[str, Any]) -> str:
    if server.get("inhibit_on_failure") or service.get("inhibit_on_failure"):
        return _DOWN
    return (
        "if somebody drained it by hand, drain it anew by its weight file once site.yml has run, because a reload of "
        "keepalived may give the weight back"
    )
