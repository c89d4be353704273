# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a NAT real server's way back consists of, and the least steps from what stands to what is wanted: no I/O.

Everything of ours carries the routing protocol number PROTOCOL (ip-route(8), ip-rule(8)); nothing else is changed or
deleted, except that in the form ``default`` another's default route of our own metric gives way; its words are kept
and it comes back at the removal.
"""

from __future__ import annotations

from typing import Any, List, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError

PROTOCOL = 152  # no name in iproute2's rt_protos, not used by FRR, BIRD, keepalived or systemd
MAIN = 254
METRIC = {"ipv4": 0, "ipv6": 1}  # the strongest that can be asked for: in IPv6 the kernel reads 0 as 1024
# In a table of its own all default routes lead to one gateway. There ours stands beside another's, which a route of the
# same metric would replace.
BESIDE = PROTOCOL
FLAG = {"ipv4": "-4", "ipv6": "-6"}

Spec = List[str]


class Rule(NamedTuple):
    """A policy rule for packets of one source; ``main_first`` looks up main without its default route."""

    family: str
    source: str
    table: int
    priority: int
    main_first: bool


class Route(NamedTuple):
    """A default route; interface "" in a wanted route leaves the choice to the kernel."""

    family: str
    table: int
    gateway: str
    interface: str
    metric: int


class Default(NamedTuple):
    """A default route of the main table, anybody's; ``spec`` are the words that ``ip route replace`` takes."""

    route: Route
    ours: bool
    spec: tuple[str, ...]


class Wanted(NamedTuple):
    rules: tuple[Rule, ...] = ()
    routes: tuple[Route, ...] = ()


class Live(NamedTuple):
    """Our rules and routes, and every default route of the main table in the kernel's order."""

    rules: tuple[Rule, ...] = ()
    routes: tuple[Route, ...] = ()
    defaults: tuple[Default, ...] = ()


class Op(NamedTuple):
    """One step: arguments of ip (empty: none), what to record before it and what to forget after it."""

    argv: tuple[str, ...] = ()
    save: tuple[str, tuple[str, ...]] | None = None
    forget: str = ""
    fallback: tuple[str, ...] = ()


def wanted_of(config: dict[str, Any] | None) -> Wanted:
    """The rules and routes of a configuration; None wants nothing.

    config: {"form": "policy"|"default", "rule_priority": int, "routes": [{"family", "source", "gateway", "interface",
    "table": int}]}. A missing key raises BootError.
    """
    if config is None:
        return Wanted()
    rules: dict[Rule, None] = {}
    routes: dict[Route, None] = {}
    try:
        policy, priority = config["form"] == "policy", int(config["rule_priority"])
        for item in config["routes"]:
            family, table = item["family"], int(item["table"]) if policy else MAIN
            metric = BESIDE if policy else METRIC[family]
            routes[Route(family, table, item["gateway"], item["interface"], metric)] = None
            if policy:
                rules[Rule(family, item["source"], MAIN, priority, True)] = None
                rules[Rule(family, item["source"], table, priority + 1, False)] = None
    except (KeyError, TypeError, ValueError) as exc:
        raise BootError(f"the configuration is not what this program writes ({exc!r}): run the playbook again") from exc
    return Wanted(tuple(rules), tuple(routes))


def fits(want: Route, have: Route) -> bool:
    """Whether a live route does what the wanted one asks for."""
    return want._replace(interface=have.interface) == have and want.interface in ("", have.interface)


def _default_words(route: Route) -> tuple[str, ...]:
    device = ("dev", route.interface) if route.interface else ()
    where = ("table", str(route.table), "metric", str(route.metric), "proto", str(PROTOCOL))
    return ("default", "via", route.gateway, *device, *where)


def rule_words(rule: Rule) -> tuple[str, ...]:
    only = ("suppress_prefixlength", "0") if rule.main_first else ()
    where = ("from", rule.source, "lookup", str(rule.table), *only, "priority", str(rule.priority))
    return (*where, "protocol", str(PROTOCOL))


def _slot(route: Route) -> tuple[str, int, int]:
    return route.family, route.table, route.metric


def _route_ops(wanted: Wanted, live: Live) -> list[Op]:
    ops: list[Op] = []
    for route in wanted.routes:
        if route.table == MAIN:
            first = next((item for item in live.defaults if _slot(item.route) == _slot(route)), None)
            if first is not None and fits(route, first.route):
                continue  # ours, or another's that does the same
            save = (route.family, first.spec) if first is not None and not first.ours else None
        elif any(fits(route, have) for have in live.routes):
            continue
        else:
            save = None
        ops.append(Op((FLAG[route.family], "route", "replace", *_default_words(route)), save=save))
    return ops


def _stale_route_ops(wanted: Wanted, live: Live, saved: dict[str, Spec]) -> list[Op]:
    kept = {_slot(route) for route in wanted.routes}
    ops: list[Op] = []
    restored = set()
    for family in sorted(saved):
        slot = (family, MAIN, METRIC[family])
        if slot in kept:
            continue
        mine = next((route for route in live.routes if _slot(route) == slot), None)
        delete = (FLAG[family], "route", "del", *_default_words(mine)) if mine is not None else ()
        if any(_slot(item.route) == slot and not item.ours for item in live.defaults):
            ops.append(Op(delete, forget=family))  # its owner has put a new one there since
        else:
            ops.append(Op((FLAG[family], "route", "replace", *saved[family]), forget=family, fallback=delete))
        restored.add(slot)
    for route in live.routes:
        if _slot(route) not in kept and _slot(route) not in restored:
            ops.append(Op((FLAG[route.family], "route", "del", *_default_words(route))))
    return ops


def plan(wanted: Wanted, live: Live, saved: dict[str, Spec]) -> list[Op]:
    """The least steps from live to wanted: routes first, then rules, then what is no longer wanted.

    saved: the replaced default routes of others, by family. Nothing but ours is in a deleting step.
    """
    ops = _route_ops(wanted, live)
    for rule in wanted.rules:
        if rule not in live.rules:
            ops.append(Op((FLAG[rule.family], "rule", "add", *rule_words(rule))))
    for rule in live.rules:
        if rule not in wanted.rules:
            ops.append(Op((FLAG[rule.family], "rule", "del", *rule_words(rule))))
    return ops + _stale_route_ops(wanted, live, saved)
