# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user wrote and what this host says about it: the configuration of the agent, or every fault at once."""

from __future__ import annotations

import json
import re
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any, NamedTuple, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._return_route.model import MAIN

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,30}")
_RESERVED_TABLES = (0, 253, 254, 255)
ROUTE_KEYS = ("family", "source", "gateway", "interface", "table")
_FAMILY = {4: "ipv4", 6: "ipv6"}


class HostAddress(NamedTuple):
    """One address of this host, as in ``192.168.0.12/24``."""

    interface: str
    address: str
    network: str


def parse_addresses(text: str) -> tuple[list[HostAddress], set[str]]:
    """(addresses, names of all interfaces) from ``ip -j addr show``."""
    found, names = [], set()
    for link in json.loads(text or "[]"):
        names.add(link.get("ifname", ""))
        for item in link.get("addr_info", []):
            if item.get("local"):
                whole = ip_interface(f"{item['local']}/{item['prefixlen']}")
                found.append(HostAddress(link["ifname"], str(whole.ip), str(whole.network)))
    names.discard("")
    return found, names


def _route_faults(place: str, item: dict[str, Any]) -> list[str]:
    """Faults of one entry, which is put in canonical form in place."""
    zones = [key for key in ("source", "gateway", "network") if "%" in item[key]]
    if zones:
        return [f"{place}: {', '.join(zones)} has a zone: write the address without %, and its interface as interface"]
    try:
        source, gateway = ip_address(item["source"]), ip_address(item["gateway"])
        network = ip_network(item["network"])
    except ValueError as exc:
        return [f"{place}: {exc}: source and gateway are addresses, network is like 192.168.0.0/24"]
    item.update(source=str(source), gateway=str(gateway), network=str(network))
    faults = []
    odd = [key for key, value in (("source", source), ("gateway", gateway), ("network", network))
           if _FAMILY[value.version] != item["family"]]  # fmt: skip
    if odd:
        return [f"{place}: {', '.join(odd)} is not {item['family']}: all of one entry are of one family"]
    if source not in network:
        faults.append(f"{place}: source {source} is not in network {network}: name the network that source is in")
    if gateway.is_link_local:
        if not item["interface"]:
            faults.append(f"{place}: gateway {gateway} is link-local: name its interface")
    elif gateway not in network:
        faults.append(f"{place}: gateway {gateway} is not in network {network}: a gateway is on the source's network")
    if source == gateway:
        faults.append(f"{place}: source and gateway are the same address {source}: the gateway is the director's")
    return faults


def make_config(params: dict[str, Any], previous: dict[str, Any] | None) -> dict[str, Any]:
    """The agent's configuration from the module's options; BootError names every fault.

    previous: the configuration that stands. A gateway keeps the table that it has there, so that adding another one
    does not send anybody's packets through the wrong director for a moment. The form default has table MAIN.
    """
    faults = []
    base, priority, name = params["table_id"], params["rule_priority"], params["table_name"]
    if not _NAME.fullmatch(name) or name in ("main", "local", "default", "unspec", "all"):
        faults.append(f"table_name: {name!r} is no name for a table: a letter, then letters, digits, '_' or '-'")
    if not 1 <= priority <= 32764:
        faults.append(f"rule_priority: {priority} is outside 1 to 32764: ours come before the rule of main, 32766")
    if not 10 <= params["rollback_timeout"] <= 3600:
        faults.append(f"rollback_timeout: {params['rollback_timeout']} is outside 10 to 3600 seconds")
    routes = [dict(item) for item in params["routes"] or []]
    if not routes:
        faults.append("routes: empty: name at least one source and its gateway, or use state absent")
    seen: dict[tuple[str, str], tuple[str, str]] = {}
    for number, item in enumerate(routes):
        place = f"routes[{number}]"
        wrong = _route_faults(place, item)
        faults += wrong
        exit_ = (item["gateway"], item["interface"])
        key = (item["family"], item["source"] if params["form"] == "policy" else "")
        if not wrong and seen.setdefault(key, exit_) != exit_:
            what = f"source {item['source']}" if key[1] else f"the {item['family']} default route"
            faults.append(f"{place}: {what} has two gateways, {seen[key][0]} and {item['gateway']}: it can have one")
    if faults:
        raise BootError("; ".join(faults))
    tables = _tables(routes, base, previous) if params["form"] == "policy" else {}
    if any(table in _RESERVED_TABLES or not 1 <= table < 2**31 for table in tables.values()) or base == MAIN:
        raise BootError(
            f"table_id: {base}: the tables {sorted(tables.values())} are needed; 0 and 253 to 255 are taken"
        )
    for item in routes:
        item["table"] = tables.get((item["family"], item["gateway"], item["interface"]), MAIN)
    return {
        "form": params["form"],
        "rule_priority": priority,
        "table_id": base,
        "table_name": name,
        "routes": [{key: item[key] for key in ROUTE_KEYS} for item in routes],
    }


def _tables(routes: Sequence[dict[str, Any]], base: int, previous: dict[str, Any] | None) -> dict[tuple[str, ...], int]:
    """A table for each gateway, (family, gateway, interface) -> number; the families count apart, as in the kernel."""
    wanted = list(dict.fromkeys((item["family"], item["gateway"], item["interface"]) for item in routes))
    tables: dict[tuple[str, ...], int] = {}
    if previous is not None and previous["form"] == "policy" and previous["table_id"] == base:
        for item in previous["routes"]:
            key = (item["family"], item["gateway"], item["interface"])
            if key in wanted:
                tables[key] = item["table"]
    for key in wanted:
        taken = {number for other, number in tables.items() if other[0] == key[0]}
        tables.setdefault(key, next(number for number in range(base, base + len(wanted) + 1) if number not in taken))
    return tables


def table_names(config: dict[str, Any]) -> dict[int, str]:
    """Number -> name of the tables of a configuration: LVS, LVS1, ... by their distance from table_id."""
    if config["form"] != "policy":
        return {}
    base = config["table_id"]
    numbers = sorted({item["table"] for item in config["routes"]})
    return {number: config["table_name"] + (str(number - base) if number > base else "") for number in numbers}


def parse_table_names(text: str) -> list[tuple[int, str]]:
    """Entries of an rt_tables file (ip-route(8)); numbers may be hexadecimal. Unreadable lines say nothing."""
    found = []
    for line in text.splitlines():
        words = line.split("#", 1)[0].split()
        if len(words) >= 2:
            try:
                found.append((int(words[0], 0), words[1]))
            except ValueError:
                continue
    return found


def table_faults(names: dict[int, str], files: dict[str, str]) -> list[str]:
    """Tables whose number or name somebody else has given away. files: path -> text, ours not among them."""
    faults = []
    for path, text in sorted(files.items()):
        for number, name in parse_table_names(text):
            for our_number, our_name in names.items():
                if (number == our_number) != (name == our_name):
                    faults.append(
                        f"{path} has table {number} {name}, which clashes with {our_number} {our_name}: "
                        "choose another table_id and table_name, or remove that line"
                    )
    return faults


def host_faults(config: dict[str, Any], addresses: Sequence[HostAddress], interfaces: set[str]) -> list[str]:
    """What this host contradicts: interfaces, sources and gateways that are not there."""
    faults = []
    own = {item.address for item in addresses}
    for number, item in enumerate(config["routes"]):
        place, device, gateway = f"routes[{number}]", item["interface"], ip_address(item["gateway"])
        if device and device not in interfaces:
            there = ", ".join(sorted(interfaces))
            faults.append(f"{place}: interface {device} does not exist on this host; there are {there}")
            continue
        if item["source"] not in own:
            faults.append(
                f"{place}: source {item['source']} is no address of this host: give the host that address first"
            )
        if item["gateway"] in own:
            faults.append(f"{place}: gateway {gateway} is an address of this host: it must be the director's")
        near = [
            entry for entry in addresses if device in ("", entry.interface) and gateway in ip_network(entry.network)
        ]
        if not near and not gateway.is_link_local:
            where = f"interface {device}" if device else "any interface"
            faults.append(
                f"{place}: gateway {gateway} is in no network of {where} of this host: check address and netmask"
            )
    return faults


def foreign_default_faults(config: dict[str, Any], dumps: dict[tuple[str, int], str], protocol: int) -> list[str]:
    """Default routes of others in our tables that lead elsewhere.

    One that somebody wrote by hand to the same gateway may stay beside ours. dumps: (family, table) ->
    ``ip -N -j route show table N``.
    """
    faults = []
    for (family, table), text in sorted(dumps.items()):
        gateways = {item["gateway"] for item in config["routes"] if (item["family"], item["table"]) == (family, table)}
        for item in json.loads(text or "[]"):
            others = item.get("dst") == "default" and str(item.get("protocol", "")) != str(protocol)
            if others and {item.get("gateway")} != gateways:
                flag, via = "-6 " if family == "ipv6" else "", item.get("gateway", item.get("dev", "?"))
                faults.append(
                    f"routing table {table} already has a default route via {via} that is not ours: choose another "
                    f"table_id, or remove it with: ip {flag}route del default table {table}"
                )
    return faults
