# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A director's table, now and at boot: weights decided, the table brought there, the files from which it comes back."""

from __future__ import annotations

import re
from typing import Any, Callable, Collection, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._boot import files, program, systemd
from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import Command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import Placed
from ansible_collections.lvs.cluster.plugins.module_utils._history import kept
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import boot, host, report, weights, whole
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.errors import IpvsError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import ServiceKey, Table
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.options import Options
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.ownership import StateFile
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.session import Session
from ansible_collections.lvs.cluster.plugins.module_utils._operator import overrides

__all__ = ["MAIN", "MODULES", "Names", "Request", "bring", "recorded"]

MODULES = (
    *("_keepalived.conf", "_keepalived.owner", "_keepalived.program", "_store"),
    *(f"_ipvs.{name}" for name in ("drain", "errors", "host", "model", "netlink", "operations", "options")),
    *(f"_ipvs.{name}" for name in ("ownership", "plan", "report", "session", "transport", "values", "whole", "wire")),
)
MAIN = boot.__name__.rpartition(".module_utils.")[2]
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}")


class Names(NamedTuple):
    """Where the parts of one owner are."""

    owner: str

    @property
    def config(self) -> str:
        """The table for boot, as ipvs_table's ``src`` has it."""
        return f"/etc/lvs-cluster/{self.owner}-table.json"

    @property
    def program(self) -> str:
        return f"{program.FOLDER}/{self.owner}-table"

    @property
    def service(self) -> str:
        return f"{self.owner}-table.service"

    @property
    def unit(self) -> str:
        return f"{systemd.FOLDER}/{self.service}"

    @property
    def state(self) -> str:
        """Which services are ours: ipvs_table's state file."""
        return f"{files.STATE_DIR}/{self.owner}-table.json"

    @property
    def zero(self) -> str:
        """The record of weights.py."""
        return f"{files.STATE_DIR}/{self.owner}-weights.json"

    @property
    def overrides(self) -> str:
        """What an operator has set."""
        return overrides.record_path(self.owner)


class Request(NamedTuple):
    """director_table's options."""

    name: str
    services: list[Any]
    unready: list[Any]
    drain_timeout: int
    purge: bool
    present: bool


def bring(
    session: Session, request: Request, run: Command, python: str, *, diff: bool, warn: Callable[[str], object]
) -> dict[str, Any]:
    """Bring the table and the files of one owner to what is asked: the module's result."""
    names, wanted = _read(request)
    # With the owner its state file goes, by which what would stay is known.
    purge = request.purge or not request.present
    zero = recorded(names)
    before = session.table()
    stale = _stale(before, wanted, StateFile(names.state).read())
    unready = {(one["address"], one["forwarding"]) for one in request.unready}
    given, moment = _set_by_operator(request.name), overrides.now()
    holding = {name: one for name, one in given.items() if not overrides.is_expired(one, moment)}
    # A weight 0 whose time has come was not a person's for good.
    ours = zero | {name for name in given if name not in holding}
    decision = weights.decide(before, wanted, unready, ours, {name: one.weight for name, one in holding.items()})
    kept = (names.config, names.program, names.unit, names.zero, names.overrides)
    had = {path: files.read_file(path) for path in kept}
    placed = _files(names, decision.table, python) if request.present else dict.fromkeys(had)
    if request.present:
        placed[names.zero] = _record(decision.zero)
        placed[names.overrides] = overrides.record_file(_kept(holding, wanted, unready))
    enabled = systemd.is_enabled(run, names.service, "the director's table")
    if not session.check:
        if request.present and placed[names.config] != had[names.config]:
            _keep_present(names.config, had[names.config])
        # Before the kernel has them: a run that is broken off must not make a person's out of our own zeros.
        _keep(names, zero | decision.zero)
    result = whole.bring(
        session,
        whole.Request(
            services=[report.entry_options(key, entry) for key, entry in decision.table.items()],
            purge=purge,
            drain_timeout=request.drain_timeout,
            state_file=names.state,
        ),
        diff=diff,
        warn=warn,
        # What the purge quiesces has its 0 from us, should this run be broken off before it deletes it.
        before_purge=lambda gone: _keep(names, zero | decision.zero | gone),
    )
    differs = placed != had
    if not session.check:
        _install(names, placed, had, run, enabled, request.present)
    if differs or enabled != request.present:
        result["changed"] = True
        if diff:
            _tell(result["diff"], names, had, placed, enabled, request.present)
    result["stale"] = [] if purge else stale
    result["held"] = [_label(name) for name in decision.held]
    result["drained"] = [_label(name) for name in decision.drained]
    return result


def _kept(holding: overrides.Record, wanted: Table, unready: weights.Unready) -> overrides.Record:
    """What an operator has set of what is still there; what was prepared is no longer held."""
    kept = {}
    for (key, name), one in holding.items():
        values = wanted[key].destinations.get(name) if key in wanted else None
        if values is not None:
            kept[key, name] = one._replace(held=one.held and (name.address, values.forwarding) in unready)
    return kept


def _stale(present: Table, wanted: Table, ours: Collection[ServiceKey]) -> list[str]:
    """What of ours is there and not wanted."""
    services = [str(key) for key in present if key in ours and key not in wanted]
    return services + [
        _label((key, name))
        for key, entry in wanted.items()
        for name in (present[key].destinations if key in present else ())
        if name not in entry.destinations
    ]


def _label(name: weights.Name) -> str:
    return f"{name[0]} -> {name[1]}"


def _read(request: Request) -> tuple[Names, Table]:
    """The options as values; an IpvsError tells all that is wrong with them."""
    options = Options()
    if not _NAME.fullmatch(request.name):
        options.fault("name", f"{request.name!r} is no file name", "write small letters, digits, - and _")
    if request.drain_timeout < 0:
        options.fault("drain_timeout", f"{request.drain_timeout} is below 0", "write seconds")
    wanted = options.table(request.services if request.present else [])
    options.finish()
    host.require_ipv6({key.family for key in wanted})
    return Names(request.name), wanted


# -- files


def unit_text(names: Names, python: str) -> str:
    """The service: before the network is up, so that no VIP is ever there without the table behind it."""
    return f"""{files.HEADER}
[Unit]
Description=Virtual services of an LVS director
DefaultDependencies=no
RequiresMountsFor=/etc/lvs-cluster {program.FOLDER}
After=systemd-modules-load.service systemd-sysctl.service
Before=network-pre.target shutdown.target
Wants=network-pre.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={python} -IS {names.program} {names.config}
NoNewPrivileges=yes

[Install]
WantedBy=multi-user.target
"""


def _files(names: Names, table: Table, python: str) -> dict[str, Placed | None]:
    services = [report.entry_options(key, table[key]) for key in sorted(table)]
    return {
        names.config: Placed(files.to_json({"services": services})),
        names.program: Placed(program.archive(python, MAIN, MODULES), 0o755),
        names.unit: Placed(unit_text(names, python).encode()),
    }


def _install(
    names: Names,
    placed: dict[str, Placed | None],
    had: dict[str, Placed | None],
    run: Command,
    enabled: bool,
    present: bool,
) -> None:
    if not present and had[names.unit] is not None:
        systemd.stop(run, names.service)
    # The record was written again while this ran.
    files.place(placed, {**had, names.zero: files.read_file(names.zero)})
    if placed[names.unit] != had[names.unit]:
        systemd.reload_units(run)
    if present and not enabled:
        systemd.systemctl(run, "enable", "--quiet", names.service)
    if not present:
        files.remove_file(names.state)
        kept.forget(names.config)
        files.remove_empty_folders()


def _tell(
    told: dict[str, str],
    names: Names,
    had: dict[str, Placed | None],
    placed: dict[str, Placed | None],
    enabled: bool,
    present: bool,
) -> None:
    """Add the files and the service, where they differ, to a diff."""
    for path in placed:
        if had[path] != placed[path]:
            told["before"] += f"{path}: {'absent' if had[path] is None else 'present'}\n"
            told["after"] += f"{path}: {'absent' if placed[path] is None else 'as managed'}\n"
    if enabled != present:
        told["before"] += f"{names.service}: {'enabled' if enabled else 'not enabled'}\n"
        told["after"] += f"{names.service}: {'enabled' if present else 'not enabled'}\n"


def _keep_present(path: str, had: Placed | None) -> None:
    """Keep the table for boot that is to be replaced."""
    try:
        kept.keep(path, None if had is None else had.data.decode("utf-8", "surrogateescape"))
    except OSError as error:
        raise IpvsError(
            f"{path} was not changed: what it replaces can't be kept in {kept.FOLDER} ({error.strerror}): free some "
            "space there, or mend that, and run again"
        ) from error


# -- the record of weights


def recorded(names: Names) -> frozenset[weights.Name]:
    """Those whose weight 0 is ours."""
    try:
        content = files.read_json(names.zero)
        return frozenset() if content is None else weights.names_from_json(content["zero"])
    except (BootError, KeyError, TypeError, ValueError) as error:
        raise IpvsError(
            f"{names.zero} can't be read ({error}), so nobody knows which weights a person has set to 0; mend it, or "
            "remove it, which takes every weight 0 as a person's"
        ) from error


def _set_by_operator(owner: str) -> overrides.Record:
    try:
        return overrides.read_record(owner)
    except BootError as error:
        raise IpvsError(str(error)) from error


def _record(names: frozenset[weights.Name]) -> Placed | None:
    return Placed(files.to_json({"zero": weights.names_to_json(names)}), 0o600) if names else None


def _keep(names: Names, zero: frozenset[weights.Name]) -> None:
    files.place({names.zero: _record(zero)}, {names.zero: files.read_file(names.zero)})
