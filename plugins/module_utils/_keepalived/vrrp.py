# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""VRRP instances and sync groups of a director's plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.actions import notify
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.keywords import Keyword, switch, words, write
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tracking import tracked
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tree import Node, TreeError, Value, from_options

__all__ = ["garp_groups", "instance", "sync_group"]

_STATES = ("master", "backup", "fault", "stop", "deleted", "any")
_WORDS = words(
    "state",
    "interface",
    "virtual_router_id",
    "version",
    "priority",
    "advert_int",
    "use_vmac",
    "vmac_xmit_base",
    "nopreempt",
    "preempt_delay",
    "dont_track_primary",
    "garp_master_delay",
    "garp_master_repeat",
    "garp_lower_prio_delay",
    "garp_lower_prio_repeat",
    "garp_master_refresh",
    "garp_master_refresh_repeat",
)
_UNICAST = (Keyword("source", "unicast_src_ip"), Keyword("ttl", "unicast_ttl"))
_AUTHENTICATION = words("auth_type", "auth_pass")
_SMTP_ALERT = switch("smtp_alert")
_GARP_GROUP = words("garp_interval", "gna_interval")


def sync_group(group: Mapping[str, Any], failover: str = "") -> Node:
    """Return the block of a sync group; ``failover``: the failover file that its instances follow through it."""
    where = f"vrrp_sync_group {group['name']}"
    nodes = [Node("group", (), tuple(Node(name) for name in group["group"])), *_followed(group, where, failover)]
    return Node("vrrp_sync_group", (group["name"],), tuple(nodes))


def instance(wanted: Mapping[str, Any], more: Sequence[Node] = (), failover: str = "") -> Node:
    """Return the block of a VRRP instance.

    ``more`` is what the director's form adds to it, ``failover`` the failover file that it follows by itself.
    """
    where = f"vrrp_instance {wanted['name']}"
    nodes = write(_WORDS, wanted, where) + _unicast(wanted.get("unicast"), where)
    authentication = wanted.get("authentication")
    if authentication:
        inside = write(_AUTHENTICATION, authentication, f"{where}.authentication")
        nodes.append(Node("authentication", (), tuple(inside)))
    for key in ("virtual_ipaddress", "virtual_ipaddress_excluded"):
        addresses = wanted.get(key)
        if addresses:
            nodes.append(Node(key, (), tuple(_address(item, f"{where}.{key}") for item in addresses)))
    for key in ("virtual_routes", "virtual_rules"):
        lines = wanted.get(key)
        if lines:
            nodes.append(Node(key, (), tuple(_line(text, f"{where}.{key}[{at}]") for at, text in enumerate(lines))))
    nodes += [*more, *_followed(wanted, where, failover)]
    return Node("vrrp_instance", (wanted["name"],), tuple(nodes))


def garp_groups(instances: Sequence[Mapping[str, Any]]) -> list[Node]:
    """Return the blocks that set the pause between two gratuitous ARPs (neighbour adverts).

    For keepalived it belongs to an interface, so instances that share one can't have two.
    """
    groups: dict[str, list[Node]] = {}
    for wanted in instances:
        where = f"vrrp_instance {wanted['name']}"
        nodes = write(_GARP_GROUP, wanted, where)
        if nodes and groups.setdefault(wanted["interface"], nodes) != nodes:
            raise TreeError(
                where,
                f"garp_interval and gna_interval differ from another instance's on the same "
                f"interface {wanted['interface']}, and keepalived has one pair for each interface",
            )
    return [Node("garp_group", (), (Node("interface", (name,)), *nodes)) for name, nodes in groups.items()]


def _followed(settings: Mapping[str, Any], where: str, failover: str) -> list[Node]:
    """Return what instances and sync groups end with: what they track, whom they tell, and the inventory's options."""
    return [
        *tracked(settings, where, failover),
        *notify(settings.get("notify"), _STATES, where),
        *write(_SMTP_ALERT, settings, where),
        *from_options(settings.get("options") or {}, where),
    ]


def _unicast(unicast: Mapping[str, Any] | None, where: str) -> list[Node]:
    if not unicast:
        return []
    nodes = write(_UNICAST, unicast, f"{where}.unicast")
    return [*nodes, Node("unicast_peer", (), tuple(Node(address) for address in unicast["peers"]))]


def _address(address: Mapping[str, Any], where: str) -> Node:
    """Write one address with all its words on one line, as keepalived wants it."""
    values: list[Value] = []
    for word in ("dev", "label"):
        if address.get(word):
            values += [word, address[word]]
    for node in from_options(address.get("options") or {}, where):
        if node.block is not None:
            raise TreeError(f"{where}.{node.name}", "an address takes no block")
        values += [node.name, *node.values]
    return Node(address["address"], tuple(values))


def _line(text: str, where: str) -> Node:
    """Take a route or a rule apart at its spaces."""
    name, *values = text.split() or [""]
    if not name:
        raise TreeError(where, "the line is empty")
    return Node(name, tuple(values))
