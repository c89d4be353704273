# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual servers of keepalived.conf as services of the inventory.

One that the vocabulary can't describe is written as it stands into lvs_keepalived_options, so that nothing of it is
lost: keepalived goes on with it, and this collection knows nothing of it.
"""

from __future__ import annotations

import ipaddress
from typing import Any, Mapping, NamedTuple, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._adopt.blocks import Item
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.checks import TYPES, health_check
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.names import service_name, usable
from ansible_collections.lvs.cluster.plugins.module_utils._adopt.reading import Context, Lines, NotOptions, fits
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import keywords
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import virtual_servers as writer
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.weights import DIRECTORY
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_services import (
    FLAGS,
    REAL_SERVER,
    SERVICE_SETTINGS,
)
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_words import MARK, PORT, TUNNEL

__all__ = ["Servers", "read_servers"]

_DEFAULT_TIMEOUT = 360
"""Seconds of a persistence_timeout without a number (IPVS_SVC_PERSISTENT_TIMEOUT)."""

_HOST_MASKS = ("255.255.255.255", "32", "128")
# The writer's own tables: what it writes is what is read here.
_SERVICE = (*keywords.words("delay_loop"), *writer._SERVICE)


class Servers(NamedTuple):
    """The services, and what is written as it stands."""

    services: list[dict[str, Any]]
    verbatim: list[Item]


class _Entry(NamedTuple):
    """What clients ask: an address and a port, or a mark."""

    address: str = ""
    port: int = 0
    fwmark: int = 0


class _NotDescribed(Exception):
    """What the vocabulary can't describe; the message says why."""


def read_servers(items: Sequence[Item], context: Context, weights: str = DIRECTORY) -> Servers:
    """All virtual servers of a configuration's top level. ``weights``: where files of ours are."""
    ours = {
        item.values[0]
        for item in items
        if item.name in ("track_file", "vrrp_track_file") and item.values
        for line in item.inside or ()
        if line.name == "file" and "".join(line.values).startswith(f"{weights}/")
    }
    groups: dict[str, list[Item]] = {}
    for item in items:
        if item.name == "virtual_server_group" and item.values:
            groups.setdefault(item.values[0], []).extend(item.inside or ())
    services: list[dict[str, Any]] = []
    verbatim: list[Item] = []
    used: set[str] = set()
    for item in items:
        if item.name != "virtual_server":
            continue
        try:
            services += _services(item, groups, ours, context)
        except (_NotDescribed, NotOptions) as error:
            context.found.leave(
                item.place,
                f"{item.text} is written as it stands into lvs_keepalived_options, because {error}",
                "describe it in lvs_virtual_services in another way; until then its real servers are not prepared, and "
                "can't be drained",
            )
            verbatim.append(item)
            used |= set(item.values[1:2]) if item.values[:1] == ("group",) else set()
    verbatim = [one for one in items if one.name == "virtual_server_group" and {*one.values[:1]} & used] + verbatim
    return Servers(_named(services), verbatim)


def _named(services: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The services, each with a name of its own: the one that a weight file of ours tells, if it is still free."""
    taken: set[str] = set()
    result = []
    for service in services:
        told, made = service.pop("told", ""), service_name(service)
        name = told if usable(told) and told not in taken else made
        number = 2
        while name in taken:
            name, number = f"{made}_{number}", number + 1
        taken.add(name)
        result.append({"name": name, **service})
    return result


def _services(item: Item, groups: Mapping[str, list[Item]], ours: set[str], context: Context) -> list[dict[str, Any]]:
    if item.inside is None:
        raise _NotDescribed("it has no block")
    grouped = item.values[:1] == ("group",)
    written = [one.words for one in groups.get("".join(item.values[1:2]), ())] if grouped else [item.values]
    entries = [entry for words in written for entry in _entries(words)]
    if not entries:
        raise _NotDescribed("it has no address")
    marked = any(entry.fwmark for entry in entries)
    body = _body(item, marked, ours, context)
    if not grouped:
        return [_identified(entries[0], body)] if len(entries) == 1 else [_identified(one, body) for one in entries]
    addresses = list(dict.fromkeys(entry.address for entry in entries))
    ports = list(dict.fromkeys(entry.port for entry in entries))
    name = item.values[1] if usable("".join(item.values[1:2])) else ""
    if not marked and len(addresses) * len(ports) == len(set(entries)):
        told = body["told"] or name
        many: dict[str, Any] = {"ports": ports} if len(ports) > 1 else {"port": ports[0]}
        same = {"address": addresses[0]} if len(addresses) == 1 else {"addresses": addresses}
        return [{**body, "told": told, **same, **many, "virtual_server_group": True}]
    context.found.note(
        item.place,
        f"the virtual_server_group {name} is no set of addresses that all have the same ports",
        "each of its entries is a service of its own, whose real servers are checked for themselves",
    )
    return [{**_identified(entry, body), "told": ""} for entry in entries]


def _identified(entry: _Entry, body: Mapping[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in body.items() if key != "family"}
    if entry.fwmark:
        family = {"family": "ipv6"} if body.get("family") == "ipv6" or _is_six(body) else {}
        return {"fwmark": entry.fwmark, **family, **{key: one for key, one in rest.items() if key != "protocol"}}
    return {"address": entry.address, "port": entry.port, **rest}


def _is_six(body: Mapping[str, Any]) -> bool:
    return any(":" in server["address"] for server in body["real_servers"][:1])


def _entries(words: Sequence[str]) -> list[_Entry]:
    """The entry of a line, several for a range of addresses."""
    if words[:1] == ("fwmark",):
        mark = fits(MARK, "".join(words[1:2]))
        if mark is None:
            raise _NotDescribed("its firewall mark is none")
        return [_Entry(fwmark=mark)]
    first, _dash, end = "".join(words[:1]).partition("-")
    port = fits(PORT, "".join(words[1:2]) or "0")
    if port is None:
        raise _NotDescribed("it has no port of its own, and a service of the inventory has one, or a firewall mark")
    try:
        start = ipaddress.ip_address(first)
        base = 16 if start.version == 6 else 10
        last = int(end, base) if end else int(start) & (0xFFFF if start.version == 6 else 0xFF)
        low = int(start) & (0xFFFF if start.version == 6 else 0xFF)
        return [_Entry(str(start + step), port) for step in range(max(last - low, 0) + 1)]
    except ValueError:
        raise _NotDescribed(f"{first} is no address") from None


def _body(item: Item, marked: bool, ours: set[str], context: Context) -> dict[str, Any]:
    """A service without what clients ask; ``told`` is the name that weight files of ours have for it."""
    lines = Lines(item.inside or (), context)
    fields = SERVICE_SETTINGS
    body: dict[str, Any] = {}
    servers = lines.all("real_server")
    family = lines.last("ip_family")
    if family and family.values[:1] == ("inet6",):
        body["family"] = "ipv6"
    protocol = lines.last("protocol")
    if not marked:
        body["protocol"] = "".join(protocol.values).lower() if protocol else "tcp"
    scheduler = lines.last("lvs_sched")
    body["scheduler"] = "".join(scheduler.values).lower() if scheduler else "wlc"
    for key in ("protocol", "scheduler"):
        if key in body and fits(fields[key], body[key]) is None:
            raise _NotDescribed(f"its {key} is {body[key]}")
    flags = [flag for flag in FLAGS if lines.all(flag)]
    if flags:
        body["scheduler_flags"] = flags
    if lines.all("ops"):
        body["one_packet"] = True
    method = lines.last("lvs_method")
    body["forwarding"], tunnel = _method(method.values if method else ("NAT",))
    if tunnel:
        body["tunnel"] = tunnel
    if any(not one.values and one.name == "persistence_timeout" for one in lines.rest):
        lines.all("persistence_timeout")
        body["persistence_timeout"] = _DEFAULT_TIMEOUT
    body.update(lines.settings(writer._PERSISTENCE, fields))
    mask = lines.last("persistence_granularity")
    if mask and "".join(mask.values) not in _HOST_MASKS:
        body["persistence_netmask"] = "".join(mask.values)
    body.update(lines.settings(_SERVICE, fields))
    for key in ("quorum_up", "quorum_down"):
        wanted = lines.action(key)
        if wanted is not None:
            body[key] = wanted
    _sorry(lines, body)
    read = [_real_server(one, body, ours, context) for one in servers]
    if not read:
        raise _NotDescribed("it has no real server")
    told = [one.pop("told") for one in read]
    body["told"] = next(filter(None, told), "")
    checks = [one.pop("health_checks") for one in read]
    if all(one == checks[0] for one in checks):
        body["health_checks"] = checks[0]
    else:
        read = [{**one, "health_checks": own} for one, own in zip(read, checks)]
    tunnels = [one.get("tunnel") for one in read]
    if body["forwarding"] == "tun" and tunnels[0] and all(one == tunnels[0] for one in tunnels):
        body["tunnel"] = tunnels[0]
        read = [{key: value for key, value in one.items() if key != "tunnel"} for one in read]
    return {**body, **lines.options(), "real_servers": read}


def _method(values: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """The forwarding method of a line, with its tunnel if that is not the plain one."""
    words = [word.lower() for word in values]
    if words[:1] not in (["nat"], ["dr"], ["tun"]):
        raise _NotDescribed(f"its forwarding method is {' '.join(values) or 'none'}")
    tunnel: dict[str, Any] = {}
    left = words[1:]
    while left:
        word = left.pop(0)
        if word in ("type", "port") and left:
            tunnel[word] = left.pop(0)
        elif word in ("nocsum", "csum", "remcsum"):
            tunnel["checksum"] = "none" if word == "nocsum" else word
    if not tunnel or tunnel.get("type", "ipip") == "ipip":
        return words[0], {}
    checked = fits(TUNNEL, tunnel)
    if checked is None:
        raise _NotDescribed("its tunnel is not known")
    return words[0], {
        key: one for key, one in checked.items() if one is not None and (key, one) != ("checksum", "none")
    }


def _sorry(lines: Lines, body: dict[str, Any]) -> None:
    line, inhibit, method = (lines.last(f"sorry_server{word}") for word in ("", "_inhibit", "_lvs_method"))
    if line is None:
        return
    sorry: dict[str, Any] = {"address": "".join(line.values[:1])}
    if line.values[1:]:
        sorry["port"] = line.values[1]
    if method:
        sorry["forwarding"], tunnel = _method(method.values)
        if sorry["forwarding"] == body["forwarding"]:
            del sorry["forwarding"]
        if tunnel:
            body.setdefault("tunnel", tunnel)
    if inhibit:
        sorry["inhibit"] = True
    checked = fits(SERVICE_SETTINGS["sorry_server"], sorry)
    if checked is None:
        raise _NotDescribed("its sorry server is none")
    body["sorry_server"] = checked


def _real_server(item: Item, body: Mapping[str, Any], ours: set[str], context: Context) -> dict[str, Any]:
    lines = Lines(item.inside or (), context)
    fields = REAL_SERVER.fields
    server: dict[str, Any] = {"address": fits(fields["address"], "".join(item.values[:1]))}
    if server["address"] is None:
        raise _NotDescribed(f"{item.text} names no address")
    port = int(item.values[1]) if "".join(item.values[1:2]).isdecimal() else 0
    if port:
        server["port"] = port
    weight = lines.last("weight")
    server["weight"] = fits(fields["weight"], "".join(weight.values) if weight else "1")
    if server["weight"] is None:
        raise _NotDescribed(f"the weight of {item.text} is not from 0 to 65535")
    method = lines.last("lvs_method")
    if method:
        forwarding, tunnel = _method(method.values)
        if forwarding != body["forwarding"]:
            server["forwarding"] = forwarding
        if tunnel:
            server["tunnel"] = tunnel
    server.update(lines.settings(writer._REAL_SERVER, fields))
    server.update(lines.notify(writer._STATES))
    server["told"] = _drop_ours(lines, server, ours)
    checks = []
    for one in [one for one in lines.rest if one.name in TYPES]:
        check = health_check(one, context)
        if check is None:
            context.found.note(
                one.place,
                f"the check {one.name} has no form in health_checks",
                "it is in options of its real server",
            )
        else:
            checks.append(check)
            lines.rest = [other for other in lines.rest if other is not one]
    return {**server, "health_checks": checks, **lines.options()}


def _drop_ours(lines: Lines, server: Mapping[str, Any], ours: set[str]) -> str:
    """Take the check of a weight file of ours away, and tell the service's name from the file's."""
    for item in [one for one in lines.rest if one.name == "FILE_CHECK"]:
        name = next(("".join(line.values) for line in item.inside or () if line.name == "track_file"), "")
        if name in ours:
            lines.rest = [other for other in lines.rest if other is not item]
            address = server["address"].replace(":", "-")
            # NAME_fwmark_1_…, NAME_group_… or NAME_VIP_tcp_80_…, and behind it the real server's address and port.
            head = name.rpartition(f"_{address}_")[0]
            for mark in ("_fwmark_", "_group", "_tcp_", "_udp_", "_sctp_"):
                before, there, _behind = head.rpartition(mark)
                if there:
                    return before if mark in ("_fwmark_", "_group") else before.rpartition("_")[0]
    return ""
