# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Virtual services and real servers of a director's plan."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.actions import action, notify
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.checks import health_check
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.keywords import Keyword, switch, words, write
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tree import Node, TreeError, Value, from_options

__all__ = ["virtual_servers"]

_PERSISTENCE = words("persistence_timeout", "persistence_engine")
_SERVICE = (
    *words("virtualhost", "retry", "delay_before_retry", "warmup", "quorum", "hysteresis"),
    *words("alpha", "omega", "inhibit_on_failure", "ha_suspend"),
    *switch("smtp_alert"),
)
_REAL_SERVER = (
    Keyword("upper_threshold", "uthreshold"),
    Keyword("lower_threshold", "lthreshold"),
    *switch("inhibit_on_failure", "alpha", "smtp_alert"),
    *words("delay_loop", "retry", "delay_before_retry", "warmup", "virtualhost"),
)
_STATES = ("up", "down")


def virtual_servers(services: Iterable[Mapping[str, Any]]) -> list[Node]:
    """Return the virtual servers; services of one virtual_server_group become a group and one virtual server."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    whole: list[Sequence[Mapping[str, Any]]] = []
    for service in services:
        name = service.get("virtual_server_group")
        if name is None:
            whole.append((service,))
        elif name in groups:
            groups[name].append(service)
        else:
            whole.append(groups.setdefault(name, [service]))
    nodes: list[Node] = []
    for members in whole:
        service = members[0]
        group = service.get("virtual_server_group")
        if group is not None:
            entries = tuple(Node(member["address"], (member["port"],)) for member in members)
            nodes.append(Node("virtual_server_group", (group,), entries))
            nodes.append(_virtual_server(service, ("group", group)))
        elif service.get("fwmark") is not None:
            nodes.append(_virtual_server(service, ("fwmark", service["fwmark"]), marked=True))
        else:
            nodes.append(_virtual_server(service, (service["address"], service["port"])))
    return nodes


def _virtual_server(service: Mapping[str, Any], head: tuple[Value, ...], *, marked: bool = False) -> Node:
    where = f"virtual_server {service['name']}"
    nodes: list[Node] = []
    if marked and service.get("family") == "ipv6":
        # A mark has no address to tell the family from; keepalived takes IPv4.
        nodes.append(Node("ip_family", ("inet6",)))
    elif marked and any(":" in str(server["address"]) for server in service["real_servers"]):
        # Or that of the real servers, where all of them are ends of tunnels (vs_end_handler).
        nodes.append(Node("ip_family", ("inet",)))
    if service.get("delay_loop") is not None:
        nodes.append(Node("delay_loop", (service["delay_loop"],)))
    # keepalived takes sh-port and the like only behind the scheduler that has them.
    nodes.append(Node("lvs_sched", (service["scheduler"],)))
    nodes += [Node(flag) for flag in service.get("scheduler_flags") or ()]
    if service.get("one_packet"):
        nodes.append(Node("ops"))
    nodes.append(Node("lvs_method", (service["forwarding"].upper(),)))
    nodes += write(_PERSISTENCE, service, where)
    if service.get("persistence_netmask") is not None:
        mask = _netmask(service["persistence_netmask"], service.get("family"), where)
        nodes.append(Node("persistence_granularity", (mask,)))
    if not marked:
        # With a mark keepalived complains about a protocol: what is marked decides.
        nodes.append(Node("protocol", (service["protocol"].upper(),)))
    nodes += write(_SERVICE, service, where)
    for key in ("quorum_up", "quorum_down"):
        nodes += action(key, service.get(key), f"{where}.{key}")
    nodes += from_options(service.get("options") or {}, where)
    if service.get("sorry_server"):
        nodes += _sorry_server(service["sorry_server"], service["forwarding"], marked=marked)
    watched = _Watched()
    nodes += [_real_server(server, service, watched, marked=marked, where=where) for server in service["real_servers"]]
    return Node("virtual_server", head, tuple(nodes))


class _Watched:
    """The health checks of a service: most real servers have those of the one before."""

    def __init__(self) -> None:
        self._wanted: tuple[Any, int | None] | None = None
        self._nodes: list[Node] = []

    def checks(self, wanted: Sequence[Mapping[str, Any]], path: str, port: int | None) -> list[Node]:
        if self._wanted != (wanted, port):
            self._nodes = [health_check(check, path, port) for check in wanted]
            self._wanted = (wanted, port)
        return self._nodes


def _sorry_server(server: Mapping[str, Any], forwarding: str, *, marked: bool) -> list[Node]:
    """Return the sorry server; its own words stand behind it."""
    method = server.get("forwarding") or forwarding
    nodes = [Node("sorry_server", _endpoint(server, method, marked=marked))]
    if server.get("inhibit"):
        nodes.append(Node("sorry_server_inhibit"))
    if method != forwarding or _is_tunnel(server):
        nodes.append(Node("sorry_server_lvs_method", _method(method, server)))
    return nodes


def _real_server(
    server: Mapping[str, Any], service: Mapping[str, Any], watched: _Watched, *, marked: bool, where: str
) -> Node:
    path = f"{where}.real_server {server['address']}"
    forwarding = server.get("forwarding") or service["forwarding"]
    head = _endpoint(server, forwarding, marked=marked)
    nodes = [Node("weight", (server["weight"],))]
    if forwarding != service["forwarding"] or _is_tunnel(server):
        nodes.append(Node("lvs_method", _method(forwarding, server)))
    nodes += write(_REAL_SERVER, server, path)
    nodes += notify(server.get("notify"), _STATES, path)
    nodes += from_options(server.get("options") or {}, path)
    # The weight of FILE_CHECK multiplies what the file holds; 1 makes the file's number the one that is added.
    nodes.append(Node("FILE_CHECK", (), (Node("track_file", (server["weight_file"],)), Node("weight", (1,)))))
    # Without a port of the real server a check has none to go to unless it says so.
    port = server.get("port") if len(head) == 1 else None
    nodes += watched.checks(server.get("health_checks") or (), path, port)
    return Node("real_server", head, tuple(nodes))


def _endpoint(server: Mapping[str, Any], forwarding: str, *, marked: bool) -> tuple[Value, ...]:
    """Return address and port; no port for a mark without NAT, where keepalived complains about one."""
    port = server.get("port")
    if not port or (marked and forwarding != "nat"):
        return (server["address"],)
    return (server["address"], port)


def _is_tunnel(server: Mapping[str, Any]) -> bool:
    """Tell whether a server is behind another tunnel than plain IPIP, which TUN alone means."""
    return bool((server.get("tunnel") or {}).get("type", "ipip") != "ipip")


def _method(forwarding: str, server: Mapping[str, Any]) -> tuple[Value, ...]:
    if forwarding != "tun" or not _is_tunnel(server):
        return (forwarding.upper(),)
    tunnel = server["tunnel"]
    values: list[Value] = ["TUN", "type", tunnel["type"]]
    if tunnel.get("port") is not None:
        values += ["port", tunnel["port"]]
    if tunnel.get("checksum", "none") != "none":
        values.append(tunnel["checksum"])
    return tuple(values)


def _netmask(mask: Any, family: str | None, where: str) -> Value:
    """Return what keepalived wants: the length of the prefix with IPv6, the mask itself with IPv4."""
    text = str(mask).lstrip("/")
    try:
        network = ipaddress.ip_network(f"{'::' if family == 'ipv6' else '0.0.0.0'}/{text}")
    except ValueError:
        raise TreeError(f"{where}.persistence_netmask", "is neither a mask nor the length of a prefix") from None
    return network.prefixlen if network.version == 6 else str(network.netmask)
