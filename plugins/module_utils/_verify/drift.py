# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A director's plan against the kernel's table: what is missing, what nobody planned, what has other values."""

from __future__ import annotations

import ipaddress
from typing import Any, Iterator, Mapping, NamedTuple, Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import planned
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import HOST_MASKS, Destination, Settings
from ansible_collections.lvs.cluster.plugins.module_utils._verify.checks import Check, bracketed
from ansible_collections.lvs.cluster.plugins.module_utils._verify.overrides import (
    Overrides,
    all_out,
    label,
    override_of,
    overrides_of,
    said,
)
from ansible_collections.lvs.cluster.plugins.module_utils._verify.placed import holds

__all__ = ["drift"]

Key = Tuple[Any, ...]
Place = Tuple[str, int]
KEEPALIVED = "keepalived"

_WORDS = {
    "scheduler": "the scheduler",
    "scheduler_flags": "the scheduler's flags",
    "one_packet": "one_packet",
    "persistence_timeout": "the persistence timeout",
    "persistence_netmask": "the persistence netmask",
    "persistence_engine": "the persistence engine",
    "forwarding": "the forwarding method",
    "upper_threshold": "the upper threshold",
    "lower_threshold": "the lower threshold",
    "tunnel_type": "the tunnel's type",
    "tunnel_port": "the tunnel's port",
    "tunnel_checksum": "the tunnel's checksum",
}
_OF_SERVER = ("forwarding", "upper_threshold", "lower_threshold")
_OF_TUNNEL = ("tunnel_type", "tunnel_port", "tunnel_checksum")


class _Server(NamedTuple):
    """A planned real server: its entry in the plan, and its options for the kernel."""

    plan: Mapping[str, Any]
    options: Mapping[str, Any]


def drift(host: str, cluster: str, director: Mapping[str, Any], status: Mapping[str, Any]) -> list[Check]:
    """One check for each virtual service, planned or found. ``status`` is what director_status returned on the host."""
    live = {_key(service): service for service in status["services"]}
    wanted = {_key(service): service for service in director["services"]}
    # It gets its services with the VIP.
    waits = director.get("colocated") == "handover" and not holds(status, director.get("witness", ""))
    checks = []
    for key, service in wanted.items():
        here = f"{service['name']} ({label(service)})"
        faults: list[str] = []
        notes: list[str] = []
        if waits:
            if key in live:
                faults.append(
                    f"{host}: {label(service)} is in the kernel's table, and with handover only the master has it"
                )
        elif key not in live:
            # As keepalived_state says it, so that it is told once.
            faults.append(f"{host}: {label(service)} is not in the kernel's table")
        else:
            _compare(_Pair(director, service, live[key], status), faults, notes)
            faults = [f"{host}: {here}: {text}" for text in faults]
            notes = [f"{host}: {here}: {text}" for text in notes]
        checks.append(Check(cluster, "table", f"{host}: {here}", tuple(faults), tuple(notes)))
    unplanned = [service for key, service in live.items() if key not in wanted]
    return checks + [_unplanned(host, cluster, director, label(service)) for service in unplanned]


def _unplanned(host: str, cluster: str, director: Mapping[str, Any], name: str) -> Check:
    text = f"{host}: {name} is in the kernel's table and not in the plan: added by hand, or by something else"
    if any(str(word).startswith("virtual_server") for word in director.get("options") or {}):
        return Check(
            cluster, "table", f"{host}: {name}", notes=(f"{text}, or by virtual_server of lvs_keepalived_options",)
        )
    return Check(cluster, "table", f"{host}: {name}", (text,))


def _key(service: Mapping[str, Any]) -> Key:
    family = service.get("family", "ipv4")
    if service.get("fwmark"):
        return (family, service["fwmark"])
    return (family, service["protocol"], ipaddress.ip_address(service["address"]), service["port"])


class _Pair(NamedTuple):
    """A planned service with the one in the table."""

    director: Mapping[str, Any]
    plan: Mapping[str, Any]
    live: Mapping[str, Any]
    status: Mapping[str, Any]

    @property
    def keepalived(self) -> bool:
        return bool(self.director["manager"] == KEEPALIVED)


def _compare(pair: _Pair, faults: list[str], notes: list[str]) -> None:
    (options,) = planned.services({"services": [pair.plan]})
    want, have = (_settings(one, pair.plan["family"]) for one in (options, pair.live))
    for name, value in want.items():
        if have[name] != value:
            faults.append(f"{_WORDS[name]} is {_shown(have[name])}, and the plan says {_shown(value)}")
    servers = {
        _place(one["address"], int(one["port"])): _Server(plan, one)
        for plan, one in zip(pair.plan["real_servers"], options["destinations"])
    }
    there = {_place(one["address"], one["port"]): one for one in pair.live["destinations"]}
    overrides = overrides_of(pair.status)
    sorry = _sorry(pair.plan)
    extra = [place for place in there if place not in servers]
    if sorry in extra:
        extra.remove(sorry)
        _judge_sorry(pair, servers, there, overrides, faults, notes)
        if not servers.keys() & there.keys():
            servers = {}
    elif len(servers) > 1 and not servers.keys() & there.keys() and not _all_out(pair, servers, overrides):
        why = "down by their health checks, or removed by hand" if pair.keepalived else "removed by hand"
        faults.append(f"none of its {len(servers)} real servers is in the table: {why}")
        servers = {}
    for place, server in servers.items():
        name = _named(server.plan)
        override = override_of(overrides, pair.plan, server.plan)
        if place in there:
            _compare_server(pair, server, there[place], overrides, faults, notes)
        elif pair.keepalived and override is not None and override["weight"] == 0:
            notes.append(f"{name} is {said(override)}, and not in the table: its health check fails")
        elif pair.keepalived:
            faults.append(f"{name} is not in the table: down or taken out by its health check, or removed by hand")
        else:
            faults.append(f"{name} is not in the table: removed by hand, or lvs.cluster.site has not run since it came")
    faults += [f"{bracketed(*place)} is in the table and not in the plan: added by hand" for place in extra]


def _judge_sorry(
    pair: _Pair,
    servers: Mapping[Place, _Server],
    there: Mapping[Place, Mapping[str, Any]],
    overrides: Overrides,
    faults: list[str],
    notes: list[str],
) -> None:
    """The sorry server is in the table: alone when nobody else can serve, or quiet beside the others."""
    place = _sorry(pair.plan)
    serving = [one for one in servers if one in there and there[one]["weight"] > 0]
    if place is None or (serving and there[place]["weight"] == 0):
        return
    if serving:
        faults.append(f"its sorry server {bracketed(*place)} is in the table beside real servers that serve")
        return
    text = f"its sorry server {bracketed(*place)} serves, because all its real servers are"
    if _all_out(pair, servers, overrides):
        notes.append(f"{text} drained or held back")
    else:
        faults.append(f"{text} down, taken out or drained")


def _all_out(pair: _Pair, servers: Mapping[Place, _Server], overrides: Overrides) -> bool:
    return all_out(overrides, pair.plan, [server.plan for server in servers.values()])


def _compare_server(
    pair: _Pair,
    server: _Server,
    live: Mapping[str, Any],
    overrides: Overrides,
    faults: list[str],
    notes: list[str],
) -> None:
    name = _named(server.plan)
    for option in (*_OF_SERVER, *(_OF_TUNNEL if live["forwarding"] == "tun" else ())):
        want = server.options.get(option, Destination._field_defaults[option])
        # The kernel calls a real server that is this host "local", whatever the method.
        if live.get(option, want) not in (want, "local"):
            faults.append(f"{_WORDS[option]} of {name} is {live[option]}, and the plan says {want}")
    override = override_of(overrides, pair.plan, server.plan)
    planned_weight = server.options.get("weight", 1)
    want, have = planned_weight if override is None else override["weight"], live["weight"]
    if override is not None:
        _judge_override(pair, name, override, have, faults, notes)
    elif have == want:
        return
    elif pair.keepalived and have == 0 and _inhibits(pair.plan, server.plan):
        faults.append(f"{name} has weight 0, and the plan says {want}: its health check failed (inhibit_on_failure)")
    elif pair.keepalived and planned.weight_moves(server.plan):
        notes.append(f"{name} has weight {have} by its health check; the plan says {want}")
    else:
        faults.append(f"the weight of {name} is {have}, and the plan says {want}: changed by hand")


def _judge_override(
    pair: _Pair, name: str, override: Mapping[str, Any], have: int, faults: list[str], notes: list[str]
) -> None:
    until, state = override.get("until"), override["state"]
    if state == "weighted" and until and until <= pair.status.get("now", ""):
        faults.append(f"{name} has a temporary weight of {override['weight']} that was to end at {until} and has not")
    elif have == override["weight"]:
        notes.append(f"{name} is {said(override)}")
    elif state == "drained" and not override.get("since"):
        # Which weight a number that a person wrote makes is not in what is told of it.
        notes.append(f"{name} has weight {have} by what a person wrote into its weight file")
    else:
        faults.append(f"{name} is {said(override)}, and its weight in the table is {have}")


def _settings(options: Mapping[str, Any], family: str) -> dict[str, Any]:
    """As values that can be compared, what is not there as its default."""
    found = {name: options.get(name, default) for name, default in Settings._field_defaults.items()}
    found["scheduler_flags"] = sorted(found["scheduler_flags"] or ())
    found["one_packet"] = bool(found["one_packet"])
    found["persistence_netmask"] = (
        _netmask(found["persistence_netmask"], family) if found["persistence_timeout"] else ""
    )
    return found


def _netmask(mask: Any, family: str) -> str:
    """As the kernel's side writes it; "" for the mask that tells every client apart."""
    text = str(mask or "").lstrip("/")
    if not text:
        return ""
    network = ipaddress.ip_network(f"{'::' if family == 'ipv6' else '0.0.0.0'}/{text}")
    plain = str(network.prefixlen if network.version == 6 else network.netmask)
    return "" if plain == HOST_MASKS[family] else plain


def _place(address: str, port: int) -> Place:
    return str(ipaddress.ip_address(address)), port


def _sorry(service: Mapping[str, Any]) -> Place | None:
    endpoint = planned.sorry_endpoint(service)
    return _place(*endpoint) if endpoint else None


def _named(server: Mapping[str, Any]) -> str:
    place = bracketed(server["address"], server["port"]) if server.get("port") else server["address"]
    return f"{server['host']} ({place})" if server.get("host") else str(place)


def _inhibits(service: Mapping[str, Any], server: Mapping[str, Any]) -> bool:
    return any(
        one.get("inhibit_on_failure") or "inhibit_on_failure" in (one.get("options") or {})
        for one in _both(service, server)
    )


def _both(service: Mapping[str, Any], server: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield service
    yield server


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value) if value != "" else "none"
