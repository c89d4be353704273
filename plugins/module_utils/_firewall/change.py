# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of the module firewall_chains: compare, report, and where asked change, with a way back."""

from __future__ import annotations

from functools import partial
from typing import Any, Callable, Mapping, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._boot import files, loaders, systemd
from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import Command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import Placed
from ansible_collections.lvs.cluster.plugins.module_utils._firewall import active, install, kernel, options
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.model import (
    Chain,
    Listing,
    Place,
    Record,
    Target,
    config_of,
    lines_of,
    others_jumps,
    plan,
    record_to_json,
    snapshot,
    transaction,
)

__all__ = ["Situation", "compare", "diff", "perform"]


class Situation(NamedTuple):
    """What stands, what is wanted, and the transactions between them.

    given: every chain, for the files; wanted: those that this host needs now.
    """

    owner: str
    given: tuple[Chain, ...]
    wanted: tuple[Chain, ...]
    record: Record
    had: dict[str, Placed | None]
    files: dict[str, Placed | None]
    targets: dict[Place, dict[str, Target]]
    listings: dict[Place, Listing]
    texts: dict[Place, str]
    enabled: bool
    active: bool

    @property
    def inactive(self) -> list[str]:
        """Names of chains that this host does not need now."""
        return [chain.name for chain in self.given if chain not in self.wanted]

    @property
    def changed(self) -> bool:
        served = self.enabled and self.active if self.given else not self.enabled and not self.active
        recorded = {*self.record} == {chain.key for chain in self.wanted}
        placed = all(self.had[path] == placed for path, placed in self.files.items())
        return any(self.texts.values()) or not (served and recorded and placed)


def compare(run: Command, params: Mapping[str, Any], python: str, only_check: bool) -> Situation:
    """Reads everything and plans; changes nothing. BootError names every fault of options and host at once.

    only_check: a host that still lacks iptables, or the table, is no fault, and the table is not made to be looked at.
    """
    owner = params["name"]
    present = params["state"] == "present"
    given = options.parse_chains(owner, params["chains"] if present else [])
    placed = kernel.read_config(owner)
    if present and not params["purge"]:
        # In the order that the files have: another one would be a change.
        given = tuple({chain.key: chain for chain in (*placed, *given)}.values())
    wanted = active.active_chains(given)
    record = kernel.read_record(owner)
    known = [*placed, *(entry.chain for entry in record.values())]
    targets = plan(wanted, known, record)
    unread = {place for place in targets if only_check and kernel.is_unmade(run, place)}
    listings: dict[Place, Listing] = {}
    faults: list[str] = []
    for place in targets:
        try:
            listings[place] = {} if place in unread else kernel.read_table(run, place, targets[place])
        except BootError as exc:
            faults.append(str(exc))
    if not faults:
        faults = options.foreign_faults(wanted, known, listings, install.other_owners(owner))
        faults += [fault for place in targets for fault in _leftover_faults(place, listings[place], targets[place])]
    texts = {} if faults else {place: transaction(place[1], listings[place], targets[place]) for place in targets}
    checks = [kernel.check(run, place, text) for place, text in texts.items() if text and place not in unread]
    faults += [fault for fault in checks if fault is not None]
    if faults:
        raise BootError("; ".join(faults))
    return Situation(
        owner=owner,
        given=given,
        wanted=wanted,
        record=record,
        had={path: files.read_file(path) for path in install.paths(owner)},
        files=install.wanted_files(owner, config_of(given) if given else None, python, loaders.in_use(run)),
        targets=targets,
        listings=listings,
        texts=texts,
        enabled=systemd.is_enabled(run, install.service(owner), "rules of the firewall"),
        active=systemd.is_active(run, install.service(owner)),
    )


def _leftover_faults(place: Place, listing: Listing, targets: Mapping[str, Target]) -> list[str]:
    return [
        f"{kernel.PROGRAMS[place[0]]} -t {place[1]}: this rule of others leads to a chain that is to go: {rule}: "
        "remove the rule, or keep the chain"
        for rule in others_jumps(listing, targets)
    ]


# --- the report -------------------------------------------------------------------------------------------------


def diff(situation: Situation) -> dict[str, Any]:
    """{"before": {...}, "after": {...}}: lines of iptables -S for each family and table, files and service, where they
    differ. A rule that iptables has not printed yet is shown as it is given."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for place, text in situation.texts.items():
        if text:
            targets = situation.targets[place]
            have = snapshot(situation.listings[place], targets)
            before[" ".join(place)] = _lines(have)
            after[" ".join(place)] = _lines(_guessed(situation, place))
    for path, placed in situation.files.items():
        if placed != situation.had[path]:
            before.setdefault("files", {})[path] = _state(situation.had[path], placed)
            after.setdefault("files", {})[path] = _state(placed, situation.had[path])
    service = [_service(situation.enabled, situation.active), _service(*[bool(situation.given)] * 2)]
    if service[0] != service[1]:
        before["service"], after["service"] = service
    return {"before": before, "after": after}


def _lines(targets: Mapping[str, Target]) -> list[str]:
    return [line for name, target in targets.items() for line in lines_of(name, target)]


def _guessed(situation: Situation, place: Place) -> dict[str, Target]:
    """The targets, with the rules that stay the same in the words that iptables printed for them."""
    found = {}
    for name, target in situation.targets[place].items():
        entry = situation.record.get((*place, name))
        if target.rules is not None and entry is not None and len(entry.lines) == len(entry.chain.rules):
            words = dict(zip(entry.chain.rules, entry.lines))
            (chain,) = [chain for chain in situation.wanted if chain.key == (*place, name)]
            target = target._replace(rules=tuple(words.get(rule, text) for rule, text in zip(chain.rules, target.send)))
        found[name] = target
    return found


def _state(placed: Placed | None, other: Placed | None) -> str:
    if placed is None:
        return "absent"
    return "present" if other is None else f"{len(placed.data)} bytes, mode {placed.mode:04o}"


def _service(enabled: bool, active: bool) -> str:
    return f"{'enabled' if enabled else 'not enabled'}, {'active' if active else 'not active'}"


# --- the change -------------------------------------------------------------------------------------------------


def perform(run: Command, situation: Situation) -> None:
    """Makes the change; what fails half-way is undone at once, and BootError says so."""
    try:
        if situation.given:
            _put(run, situation)
        else:
            _take_away(run, situation)
    except (BootError, OSError) as exc:
        faults = _put_back(run, situation)
        outcome = (
            f"putting back the state before this run failed, too: {'; '.join(faults)}"
            if faults
            else ("the state before this run was put back")
        )
        raise BootError(f"{exc}; {outcome}") from exc


def _put(run: Command, situation: Situation) -> None:
    # Files first: if this host goes down now, they say which chains are ours.
    owner = situation.owner
    with kernel.alone():
        files.place(situation.files, situation.had)
        listings = {place: kernel.push(run, place, targets) for place, targets in situation.targets.items()}
        record = files.to_json(record_to_json(kernel.printed(situation.wanted, listings)))
        files.place({kernel.record_path(owner): Placed(record)}, situation.had)
    # Starting the service waits for its own look, which needs this lock.
    differs = {path for path, placed in situation.files.items() if situation.had[path] != placed}
    systemd.start(
        run,
        install.service(owner),
        unit_changed=install.unit_path(owner) in differs,
        program_changed=install.agent_path(owner) in differs,
    )


def _take_away(run: Command, situation: Situation) -> None:
    # The record goes last: if this host goes down now, it says which chains are ours.
    owner, had = situation.owner, dict(situation.had)
    unit = had[install.unit_path(owner)]
    with kernel.alone():
        files.place({kernel.config_path(owner): None}, had)
        had[kernel.config_path(owner)] = None
        for place, targets in situation.targets.items():
            kernel.push(run, place, targets)
    if unit is not None:
        systemd.stop(run, install.service(owner))
    files.place(dict.fromkeys(had), had)
    if unit is not None:
        systemd.reload_units(run)
    files.remove_empty_folders()


def _put_back(run: Command, situation: Situation) -> list[str]:
    """Does all that can be done and returns what could not."""
    faults: list[str] = []

    def attempt(step: Callable[[], object]) -> None:
        try:
            step()
        except (BootError, OSError) as exc:
            faults.append(str(exc))

    service = install.service(situation.owner)
    if not situation.enabled:
        run(("systemctl", "disable", "--now", "--quiet", service))
    attempt(lambda: _put_back_rules(run, situation, attempt))
    attempt(files.remove_empty_folders)
    attempt(lambda: systemd.reload_units(run))
    if situation.enabled:
        attempt(lambda: systemd.systemctl(run, "enable", "--quiet", service))
    if situation.active:
        attempt(lambda: systemd.systemctl(run, "start", service))
    return faults


def _put_back_rules(run: Command, situation: Situation, attempt: Callable[[Callable[[], object]], None]) -> None:
    with kernel.alone():
        # Files first: what the service puts back from now on is what was there before.
        attempt(lambda: files.place(situation.had, {path: files.read_file(path) for path in situation.had}))
        for place, targets in situation.targets.items():
            attempt(partial(kernel.push, run, place, snapshot(situation.listings[place], targets)))
