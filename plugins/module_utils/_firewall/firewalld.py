# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rich rules of an owner in firewalld, running and permanent: compare, report, and where asked change.

What an owner added is recorded, so exactly that goes again: a rule that was there before stays somebody else's.
"""

from __future__ import annotations

from typing import Iterable, NamedTuple, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import Command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import (
    STATE_DIR,
    read_json,
    remove_empty_folders,
    remove_file,
    to_json,
    write_file,
)
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.peers import RichRule

__all__ = ["Entry", "Situation", "compare", "diff", "perform", "record_path"]

_CLIENT = ("firewall-cmd",)
_OFFLINE = ("firewall-offline-cmd",)
_MISSING, _STOPPED, _FAILED, _NO_ZONE, _BAD_ZONE = 127, 252, 251, 2, 112
_RUNTIME, _PERMANENT = "runtime", "permanent"


class Entry(NamedTuple):
    """A rule of a zone in one of the two configurations, "runtime" or "permanent"."""

    zone: str
    where: str
    rule: str


class Situation(NamedTuple):
    """What is ours, and what is to change."""

    owner: str
    active: bool
    offline: bool
    record: tuple[Entry, ...]
    add: tuple[Entry, ...]
    remove: tuple[Entry, ...]
    after: tuple[Entry, ...]

    @property
    def changed(self) -> bool:
        return bool(self.add or self.remove or set(self.record) != set(self.after))


def record_path(owner: str) -> str:
    return f"{STATE_DIR}/{owner}-firewalld.json"


def _read_record(owner: str) -> tuple[Entry, ...]:
    path = record_path(owner)
    try:
        return tuple(Entry(*entry) for entry in (read_json(path) or {}).get("rules", ()))
    except TypeError as exc:
        raise BootError(f"{path} is not what we wrote ({exc}): move it away and run the playbook again") from exc


def _write_record(owner: str, entries: Iterable[Entry]) -> None:
    rules = [list(entry) for entry in sorted(set(entries))]
    if rules:
        write_file(record_path(owner), to_json({"rules": rules}))
    else:
        remove_file(record_path(owner))
        remove_empty_folders()


# --- reading ----------------------------------------------------------------------------------------------------


def compare(run: Command, owner: str, rules: Sequence[RichRule], absent: bool) -> Situation:
    """Reads everything and plans; changes nothing."""
    record = _read_record(owner)
    code, out, err = run((*_CLIENT, "--state"))
    if code == _FAILED:
        raise BootError(
            "firewalld runs, but could not load its configuration: mend that first, see journalctl -u firewalld"
        )
    if code not in (0, _MISSING, _STOPPED):
        raise BootError(f"firewall-cmd --state failed with status {code}: {err or out.strip()}")
    if code:
        return _inactive(run, owner, record, absent, code == _MISSING)
    zones = _Zones(run, _CLIENT)
    wanted = [] if absent else list(_entries(run, rules))
    add = tuple(entry for entry in wanted if not zones.has(entry))
    stale = [entry for entry in record if entry not in wanted]
    return Situation(
        owner=owner,
        active=True,
        offline=False,
        record=record,
        add=add,
        remove=tuple(entry for entry in stale if zones.has(entry)),
        after=(*(entry for entry in record if entry in wanted), *add),
    )


def _inactive(run: Command, owner: str, record: tuple[Entry, ...], absent: bool, missing: bool) -> Situation:
    """Nothing is done where firewalld does not run, but what we left in its files goes when it should."""
    remove: tuple[Entry, ...] = ()
    if absent and not missing:
        zones = _Zones(run, _OFFLINE)
        remove = tuple(entry for entry in record if entry.where == _PERMANENT and zones.has(entry))
    return Situation(owner, False, True, record, (), remove, () if absent else record)


def _entries(run: Command, rules: Iterable[RichRule]) -> Iterable[Entry]:
    zones: dict[str | None, str] = {}
    found: dict[Entry, None] = {}
    for interface, rule in rules:
        if interface not in zones:
            zones[interface] = _zone_of(run, interface)
        for where in (_RUNTIME, _PERMANENT):
            found[Entry(zones[interface], where, rule)] = None
    return found


def _zone_of(run: Command, interface: str | None) -> str:
    """The zone that packets from an interface meet."""
    if interface is not None:
        code, out, err = run((*_CLIENT, f"--get-zone-of-interface={interface}"))
        if code == 0:
            return out.strip()
        if code != _NO_ZONE:
            raise BootError(f"firewall-cmd cannot tell the zone of {interface} (status {code}): {err or out.strip()}")
    return _asked(run, (*_CLIENT, "--get-default-zone")).strip()


def _asked(run: Command, argv: Sequence[str]) -> str:
    code, out, err = run(argv)
    if code:
        raise BootError(f"{' '.join(argv)} failed with status {code}: {err or out.strip()}")
    return out


class _Zones:
    """The rich rules of zones; each list is read once."""

    def __init__(self, run: Command, client: tuple[str, ...]) -> None:
        self._run = run
        self._client = client
        self._rules: dict[tuple[str, str], list[str] | None] = {}

    def has(self, entry: Entry) -> bool:
        """Asked once more for a rule that the list lacks: the words of a version of firewalld may be other ones."""
        zone = entry.zone, entry.where
        if zone not in self._rules:
            self._rules[zone] = self._list(entry)
        rules = self._rules[zone]
        if rules is None:
            return False
        return entry.rule in rules or self._run(_argv(self._client, entry, "query"))[0] == 0

    def _list(self, entry: Entry) -> list[str] | None:
        """None: there is no such zone (any more)."""
        argv = (*_zone_argv(self._client, entry), "--list-rich-rules")
        code, out, err = self._run(argv)
        if code == _BAD_ZONE:
            return None
        if code:
            raise BootError(f"{' '.join(argv)} failed with status {code}: {err or out.strip()}")
        return [line.strip() for line in out.splitlines()]


def _zone_argv(client: tuple[str, ...], entry: Entry) -> tuple[str, ...]:
    permanent = ("--permanent",) if entry.where == _PERMANENT and client == _CLIENT else ()
    return (*client, *permanent, f"--zone={entry.zone}")


def _argv(client: tuple[str, ...], entry: Entry, verb: str) -> tuple[str, ...]:
    return (*_zone_argv(client, entry), f"--{verb}-rich-rule={entry.rule}")


# --- the report and the change ----------------------------------------------------------------------------------


def diff(situation: Situation) -> dict[str, str]:
    """{"before": ..., "after": ...}: lines with the rules that go and those that come."""
    return {"before": _lines(situation.remove), "after": _lines(situation.add)}


def _lines(entries: Iterable[Entry]) -> str:
    return "".join(f"zone {entry.zone}, {entry.where}: {entry.rule}\n" for entry in sorted(entries))


def perform(run: Command, situation: Situation) -> None:
    """Makes the change; what fails half-way is undone at once, and BootError says so."""
    owner, client = situation.owner, _OFFLINE if situation.offline else _CLIENT
    done: list[tuple[Entry, str]] = []
    try:
        # The record first: if this host goes down now, it says which rules are ours.
        _write_record(owner, [*situation.record, *situation.add])
        for entry, verb in [*((e, "add") for e in situation.add), *((e, "remove") for e in situation.remove)]:
            _asked(run, _argv(client, entry, verb))
            done.append((entry, "remove" if verb == "add" else "add"))
        _write_record(owner, situation.after)
    except (BootError, OSError) as exc:
        faults = _undo(run, client, situation, done)
        outcome = f"undoing it failed, too: {'; '.join(faults)}" if faults else "what this run had changed was put back"
        raise BootError(f"{exc}; {outcome}") from exc


def _undo(run: Command, client: tuple[str, ...], situation: Situation, done: Iterable[tuple[Entry, str]]) -> list[str]:
    """Does all that can be done and returns what could not; rules that stay are kept in the record."""
    faults, left = [], []
    for entry, verb in reversed([*done]):
        try:
            _asked(run, _argv(client, entry, verb))
        except BootError as exc:
            faults.append(str(exc))
            left += [entry] if verb == "remove" else []
    try:
        _write_record(situation.owner, [*situation.record, *left])
    except OSError as exc:
        faults.append(str(exc))
    return faults
