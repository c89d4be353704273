# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of the module return_route: compare, report, and where asked change, with a way back at each step."""

from __future__ import annotations

import os
from typing import Any, NamedTuple, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._boot import files, systemd
from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import Command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError, LockedError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import Placed
from ansible_collections.lvs.cluster.plugins.module_utils._return_route import agent, connection, install, options
from ansible_collections.lvs.cluster.plugins.module_utils._return_route.kernel import (
    CONFIG,
    SAVED,
    alone,
    ask,
    execute,
    read_live,
    store_saved,
)
from ansible_collections.lvs.cluster.plugins.module_utils._return_route.model import (
    FLAG,
    MAIN,
    PROTOCOL,
    Live,
    Op,
    Route,
    Rule,
    Spec,
    Wanted,
    fits,
    plan,
    wanted_of,
)

_FAMILIES = ("ipv4", "ipv6")


class Situation(NamedTuple):
    """What stands, what is wanted, and the steps between them."""

    previous: dict[str, Any] | None
    config: dict[str, Any] | None
    had: dict[str, Placed | None]
    files: dict[str, Placed | None]
    live: Live
    wanted: Wanted
    saved: dict[str, Spec]
    ops: list[Op]
    enabled: bool
    active: bool

    @property
    def changed(self) -> bool:
        served = self.enabled and self.active if self.config is not None else not self.enabled and not self.active
        return bool(self.ops) or self.had != self.files or not served


def compare(run: Command, params: dict[str, Any], python: str, only_check: bool) -> Situation:
    """Reads everything and plans; changes nothing. BootError names every fault of options and host at once.

    only_check: a host that still lacks the program ip is no fault, nothing of ours stands there.
    """
    previous = files.read_json(CONFIG)
    wanted_of(previous)
    config = options.make_config(params, previous) if params["state"] == "present" else None
    faults = _faults_here(run, config) if config is not None and not (only_check and not has_ip(run)) else []
    if faults:
        raise BootError("; ".join(faults))
    wanted, saved = wanted_of(config), files.read_json(SAVED) or {}
    # Without ip nothing of ours can be live; absent must work there too.
    live = read_live(run, _FAMILIES, True) if has_ip(run) else Live()
    return Situation(
        previous=previous,
        config=config,
        had={path: files.read_file(path) for path in install.PATHS},
        files=install.wanted_files(config, python),
        live=live,
        wanted=wanted,
        saved=saved,
        ops=plan(wanted, live, saved),
        enabled=systemd.is_enabled(run, agent.SERVICE, "the return route"),
        active=systemd.is_active(run, agent.SERVICE),
    )


def turns(situation: Situation) -> list[str]:
    """The gateways through which answers are to leave that leave through another one of ours now."""

    def gateways(config: dict[str, Any] | None) -> dict[tuple[str, str], str]:
        return {(item["family"], item["source"]): item["gateway"] for item in (config or {}).get("routes", ())}

    before = gateways(situation.previous)
    after = gateways(situation.config)
    return sorted({gateway for source, gateway in after.items() if before.get(source, gateway) != gateway})


def without(situation: Situation) -> list[str]:
    """The addresses that are to have a way back, and have none of ours now."""
    before, after = (
        {item["source"] for item in (config or {}).get("routes", ())}
        for config in (situation.previous, situation.config)
    )
    return sorted(after - before)


def has_ip(run: Command) -> bool:
    return run(("ip", "-V"))[0] == 0


def _faults_here(run: Command, config: dict[str, Any]) -> list[str]:
    if not has_ip(run):
        return ["the program ip is missing: install the package iproute2 (RHEL: iproute)"]
    addresses, interfaces = options.parse_addresses(ask(run, "-j", "addr", "show"))
    tables = {(item["family"], item["table"]) for item in config["routes"] if item["table"] != MAIN}
    dumps = {
        (family, table): ask(run, "-N", "-j", FLAG[family], "route", "show", "table", str(table))
        for family, table in sorted(tables)
    }
    return [
        *options.table_faults(options.table_names(config), install.read_table_files()),
        *options.host_faults(config, addresses, interfaces),
        *options.foreign_default_faults(config, dumps, PROTOCOL),
    ]


def moves_connection(run: Command, situation: Situation, given: str | None) -> bool:
    """Whether Ansible's own connection is answered another way after the change."""
    if not situation.ops:
        return False
    text = connection.find_connection(os.environ, os.getpid()) if given is None else given
    ends = connection.parse_connection(text)
    if ends is None:
        return False
    family = "ipv6" if ":" in ends.peer else "ipv4"
    main = connection.parse_main(family, ask(run, "-N", "-j", FLAG[family], "route", "show", "table", "main"))
    return connection.moves(ends, situation.live, situation.wanted, main, situation.saved)


# --- the report -------------------------------------------------------------------------------------------------


def _rule_text(rule: Rule, names: dict[int, str]) -> str:
    table = "main, its default route left out" if rule.main_first else names.get(rule.table, str(rule.table))
    return f"{rule.priority}: from {rule.source} lookup {table}"


def _route_text(route: Route, names: dict[int, str]) -> str:
    device = f" dev {route.interface}" if route.interface else ""
    return f"default via {route.gateway}{device} table {names.get(route.table, str(route.table))}"


def _file_states(files: dict[str, Placed | None], others: dict[str, Placed | None]) -> dict[str, str]:
    return {
        path: "absent"
        if placed is None
        else "present"
        if others[path] is None
        else f"{len(placed.data)} bytes, mode {placed.mode:04o}"
        for path, placed in files.items()
        if placed != others[path]
    }


def _routes_after(situation: Situation) -> list[Route]:
    kept = [have for have in situation.live.routes if any(fits(want, have) for want in situation.wanted.routes)]
    words = {op.argv for op in situation.ops}
    new = [
        want
        for want in situation.wanted.routes
        if any(argv[:3] == (FLAG[want.family], "route", "replace") and want.gateway in argv for argv in words)
        and not any(fits(want, have) for have in kept)
    ]
    return kept + new


def diff(situation: Situation) -> dict[str, Any]:
    """{"before": {...}, "after": {...}} with form, rules, routes, files and service, each only where it differs."""
    names = {MAIN: "main"}
    for config in (situation.previous, situation.config):
        if config is not None:
            names.update(options.table_names(config))
    replaced = [" ".join(op.save[1]) + " (of others)" for op in situation.ops if op.save is not None]
    back = restored(situation)
    sides = {
        "before": {
            "form": situation.previous["form"] if situation.previous else None,
            "rules": sorted(_rule_text(rule, names) for rule in situation.live.rules),
            "routes": sorted(_route_text(route, names) for route in situation.live.routes) + replaced,
            "files": _file_states(situation.had, situation.files),
            "service": _service_text(situation.enabled, situation.active),
        },
        "after": {
            "form": situation.config["form"] if situation.config else None,
            "rules": sorted(_rule_text(rule, names) for rule in situation.wanted.rules),
            "routes": sorted(_route_text(route, names) for route in _routes_after(situation))
            + [f"{text} (of others)" for text in back],
            "files": _file_states(situation.files, situation.had),
            "service": _service_text(*([situation.config is not None] * 2)),
        },
    }
    differing = [key for key in sides["before"] if sides["before"][key] != sides["after"][key]]
    return {side: {key: model[key] for key in differing} for side, model in sides.items()}


def _service_text(enabled: bool, active: bool) -> str:
    return f"{'enabled' if enabled else 'not enabled'}, {'running' if active else 'not running'}"


def restored(situation: Situation) -> list[str]:
    """Default routes of others that come back, in the words of ip."""
    return [" ".join(op.argv[3:]) for op in situation.ops if op.forget and "replace" in op.argv]


# --- the change -------------------------------------------------------------------------------------------------


def perform(run: Command, situation: Situation, python: str, rollback_after: int | None) -> list[str]:
    """Makes the change; returns warnings. rollback_after: seconds until it is undone if nobody confirms it, or None.

    What fails half-way is undone at once, and BootError says so.
    """
    was_armed = install.armed()
    if not was_armed:
        agent.drop_pending()  # of before a reboot: the service would go back to that
    kept = install.snapshot(situation.previous, situation.had, situation.enabled)
    if rollback_after is not None:
        install.need_timer(run)
    install.forget_undone()
    if rollback_after is not None:
        install.arm(run, kept, python, rollback_after)
    try:
        if situation.config is None:
            return _take_away(run, situation)
        return _put(run, situation)
    except (BootError, OSError) as exc:
        outcome = "nothing was changed" if isinstance(exc, LockedError) else _put_back(run, kept)
        if rollback_after is not None and not was_armed:
            install.disarm(run)
        raise BootError(f"{exc}; {outcome}") from exc


def _put_back(run: Command, kept: dict[str, Any]) -> str:
    try:
        agent.restore(kept, run)
    except (BootError, OSError) as exc:
        return f"putting back the state before this run failed, too: {exc}"
    return "the state before this run was put back"


def _put(run: Command, situation: Situation) -> list[str]:
    # Files first: the running service reads the configuration before each repair and must not mend the old state.
    with alone():
        files.place(situation.files, situation.had)
        warnings = _step(run, _planned_again(run, situation))
    differs = {path for path in install.PATHS if situation.had[path] != situation.files[path]}
    systemd.start(run, agent.SERVICE, unit_changed=install.UNIT in differs, program_changed=install.AGENT in differs)
    return warnings


def _take_away(run: Command, situation: Situation) -> list[str]:
    with alone():
        files.place({CONFIG: None}, situation.had)
        warnings = _step(run, _planned_again(run, situation))
    if situation.had[install.UNIT] is not None:
        systemd.stop(run, agent.SERVICE)
    files.place(situation.files, {**situation.had, CONFIG: None})
    if situation.had[install.UNIT] is not None:
        systemd.reload_units(run)
    files.remove_empty_folders()
    return warnings


def _planned_again(run: Command, situation: Situation) -> Situation:
    """The steps from what stands while nobody else changes it: the service may have mended and recorded something."""
    saved = files.read_json(SAVED) or {}
    live = read_live(run, _FAMILIES, True) if has_ip(run) else Live()
    return situation._replace(live=live, saved=saved, ops=plan(situation.wanted, live, saved))


def _step(run: Command, situation: Situation) -> list[str]:
    if not situation.ops:
        return []
    warnings = execute(situation.ops, run, situation.saved, store_saved)
    missing: Sequence[Op] = plan(situation.wanted, read_live(run, _FAMILIES, True), situation.saved)
    if missing:
        steps = "; ".join("ip " + " ".join(op.argv) for op in missing)
        raise BootError(f"somebody else changes the same rules or routes at this moment, still missing: {steps}")
    return warnings
