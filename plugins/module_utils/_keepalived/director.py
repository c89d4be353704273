# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A director's plan as keepalived's configuration tree.

Keywords are those of keepalived.conf(5) of 2.2.7 and 2.3.3, in the modern word where there is an older one
(``lvs_sched`` for ``lb_algo``, ``lvs_method`` for ``lb_kind``, ``retry`` for ``nb_get_retry``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.checks import health_check
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tree import Node, TreeError, Value, from_options
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.weights import DIRECTORY

__all__ = ["tree"]

# What notify takes; keepalived's keyword is notify_ and the state.
_STATES = ("master", "backup", "fault", "stop")

# Keywords that run a program: with one of these keepalived wants script security (else -t ends with 6).
_RUNNING = frozenset(
    [
        "misc_path",
        "notify",
        "notify_backup",
        "notify_deleted",
        "notify_down",
        "notify_fault",
        "notify_master",
        "notify_master_rx_lower_pri",
        "notify_stop",
        "notify_up",
        "quorum_down",
        "quorum_up",
        "script",
        "shutdown_script",
        "startup_script",
    ]
)

_GLOBAL_WORDS = ("notification_email_from", "smtp_server", "smtp_connect_timeout", "router_id")
_VRRP_WORDS = ("state", "interface", "virtual_router_id", "priority", "advert_int")


def tree(director: Mapping[str, Any], weights_directory: str = DIRECTORY) -> list[Node]:
    """Return the nodes for a DIRECTOR plan: global_defs, track_files, sync groups, VRRP instances, virtual servers.

    The order is keepalived's need: a track_file must stand before the FILE_CHECK that uses it (it is looked up while
    the file is read). Raise TreeError where an ``options`` mapping or a script's argument cannot be written.
    """
    services: Sequence[Mapping[str, Any]] = director.get("services") or []
    instances = [_instance(item) for item in director.get("vrrp_instances") or []]
    groups = [_sync_group(item) for item in director.get("vrrp_sync_groups") or []]
    servers = [_virtual_server(service) for service in services]
    body = [*_track_files(services, weights_directory), *groups, *instances, *servers]
    return [_global_defs(director, runs_programs=_runs_programs(body)), *body]


def _global_defs(director: Mapping[str, Any], *, runs_programs: bool) -> Node:
    settings: dict[str, Any] = dict(director.get("global") or {})
    options = from_options(settings.pop("options", None) or {}, "global.options")
    nodes: list[Node] = []
    addresses = settings.pop("notification_email", None) or []
    if addresses:
        listed = [addresses] if isinstance(addresses, str) else addresses
        nodes.append(Node("notification_email", (), tuple(Node(address) for address in listed)))
    nodes += from_options({word: settings.pop(word, None) for word in _GLOBAL_WORDS}, "global")
    nodes += _sync_daemon(director.get("sync_daemon"))
    rest = from_options(settings, "global") + options
    if runs_programs or _runs_programs(rest):
        given = {node.name for node in rest}
        if "enable_script_security" not in given:
            nodes.append(Node("enable_script_security"))
        if "script_user" not in given:
            # As another user keepalived 2.2.5 and later ends its own test with a signal (143).
            nodes.append(Node("script_user", ("root",)))
    return Node("global_defs", (), tuple(nodes + rest))


def _sync_daemon(daemon: Mapping[str, Any] | None) -> list[Node]:
    if not daemon:
        return []
    values: list[Value] = [daemon["interface"]]
    if daemon.get("instance"):
        values.append(daemon["instance"])
    if daemon.get("id") is not None:
        values += ["id", daemon["id"]]
    return [Node("lvs_sync_daemon", tuple(values))]


def _track_files(services: Iterable[Mapping[str, Any]], directory: str) -> list[Node]:
    names = dict.fromkeys(server["weight_file"] for service in services for server in service["real_servers"])
    return [Node("track_file", (name,), (Node("file", (f"{directory}/{name}",)),)) for name in names]


def _sync_group(group: Mapping[str, Any]) -> Node:
    members = Node("group", (), tuple(Node(name) for name in group["group"]))
    where = f"vrrp_sync_group {group['name']}"
    nodes = [members, *_notify(group.get("notify"), where), *from_options(group.get("options") or {}, where)]
    return Node("vrrp_sync_group", (group["name"],), tuple(nodes))


def _instance(instance: Mapping[str, Any]) -> Node:
    where = f"vrrp_instance {instance['name']}"
    nodes = from_options({word: instance.get(word) for word in _VRRP_WORDS}, where)
    authentication = instance.get("authentication")
    if authentication:
        words = {word: authentication.get(word) for word in ("auth_type", "auth_pass")}
        nodes.append(Node("authentication", (), tuple(from_options(words, f"{where}.authentication"))))
    addresses = instance.get("virtual_ipaddress") or []
    if addresses:
        nodes.append(Node("virtual_ipaddress", (), tuple(_address(item, where) for item in addresses)))
    nodes += _notify(instance.get("notify"), where)
    nodes += from_options(instance.get("options") or {}, where)
    return Node("vrrp_instance", (instance["name"],), tuple(nodes))


def _address(address: Mapping[str, Any], where: str) -> Node:
    """Write one address with all its words on one line, as keepalived wants it."""
    values: list[Value] = []
    for word in ("dev", "label"):
        if address.get(word):
            values += [word, address[word]]
    for node in from_options(address.get("options") or {}, f"{where}.virtual_ipaddress"):
        if node.block is not None:
            raise TreeError(f"{where}.virtual_ipaddress.{node.name}", "an address takes no block")
        values += [node.name, *node.values]
    return Node(address["address"], tuple(values))


def _notify(notify: Mapping[str, Any] | None, where: str) -> list[Node]:
    nodes = []
    for state in _STATES:
        action = (notify or {}).get(state)
        if action:
            nodes.append(Node(f"notify_{state}", (_command(action, f"{where}.notify.{state}"),)))
    return nodes


def _command(action: Any, path: str) -> str:
    """Join a script and its arguments to the one text that keepalived splits again (lib/notify.c).

    That second split knows both quotes and backslashes; 2.2.7 undoes backslashes twice and 2.3.3 once. So an argument
    with a space is put in single quotes, and what would need a backslash is refused.
    """
    words = [action] if isinstance(action, str) else [action["script"], *(action.get("args") or [])]
    written = []
    for at, word in enumerate(words):
        text = str(word)
        if any(char in text for char in "'\"\\"):
            what = f"argument {at}" if at else "the script's path"
            raise TreeError(path, f"{what} holds a quote or a backslash, which keepalived's versions read differently")
        written.append(text if text and not any(char.isspace() for char in text) else f"'{text}'")
    return " ".join(written)


def _virtual_server(service: Mapping[str, Any]) -> Node:
    where = f"virtual_server {service['name']}"
    marked = service.get("fwmark") is not None
    head: tuple[Value, ...]
    head = ("fwmark", service["fwmark"]) if marked else (service["address"], service["port"])
    nodes: list[Node] = []
    if marked and service.get("family") == "ipv6":
        # A mark has no address to tell the family from; keepalived takes IPv4.
        nodes.append(Node("ip_family", ("inet6",)))
    words: dict[str, Any] = {
        "delay_loop": service.get("delay_loop"),
        "lvs_sched": service["scheduler"],
        "lvs_method": service["forwarding"].upper(),
        "persistence_timeout": service.get("persistence_timeout"),
        # With a mark keepalived complains about a protocol: what is marked decides.
        "protocol": None if marked else service["protocol"].upper(),
        "virtualhost": service.get("virtualhost"),
    }
    nodes += from_options(words, where)
    nodes += from_options(service.get("options") or {}, where)
    sorry = service.get("sorry_server")
    if sorry:
        nodes.append(Node("sorry_server", _endpoint(sorry, service["forwarding"], marked=marked)))
    nodes += [_real_server(server, service, marked=marked, where=where) for server in service["real_servers"]]
    return Node("virtual_server", head, tuple(nodes))


def _real_server(server: Mapping[str, Any], service: Mapping[str, Any], *, marked: bool, where: str) -> Node:
    path = f"{where}.real_server {server['address']}"
    forwarding = server.get("forwarding") or service["forwarding"]
    head = _endpoint(server, forwarding, marked=marked)
    nodes = [Node("weight", (server["weight"],))]
    if forwarding != service["forwarding"]:
        nodes.append(Node("lvs_method", (forwarding.upper(),)))
    nodes += from_options(server.get("options") or {}, path)
    # The weight of FILE_CHECK multiplies what the file holds; 1 makes the file's number the one that is added.
    words = {"track_file": server["weight_file"], "weight": 1}
    nodes.append(Node("FILE_CHECK", (), tuple(from_options(words, path))))
    # Without a port of the real server a check has none to go to unless it says so.
    port = server.get("port") if len(head) == 1 else None
    nodes += [health_check(check, path, port) for check in server.get("health_checks") or []]
    return Node("real_server", head, tuple(nodes))


def _endpoint(server: Mapping[str, Any], forwarding: str, *, marked: bool) -> tuple[Value, ...]:
    """Return address and port; no port for a mark without NAT, where keepalived complains about one."""
    port = server.get("port")
    if not port or (marked and forwarding != "nat"):
        return (server["address"],)
    return (server["address"], port)


def _runs_programs(nodes: Iterable[Node]) -> bool:
    return any(
        (node.name in _RUNNING and bool(node.values)) or (node.block is not None and _runs_programs(node.block))
        for node in nodes
    )
