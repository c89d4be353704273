# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of the module virtual_addresses: compare, report, and where asked change, with a way back."""

from __future__ import annotations

from typing import Any, Callable, Collection, Mapping, NamedTuple, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._addresses import announce, install, options
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.kernel import (
    alone,
    config_path,
    execute,
    read_live,
    read_record,
    read_sysctl,
    store_record,
    undo,
)
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.model import (
    LATER,
    NEEDS,
    Address,
    Live,
    Plan,
    Record,
    Step,
    Wanted,
    config_of,
    find_behind,
    key_of,
    plan,
    wanted_of,
)
from ansible_collections.lvs.cluster.plugins.module_utils._boot import files, systemd
from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import Command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError

Files = Mapping[str, "files.Placed | None"]


class Situation(NamedTuple):
    """What stands, what is wanted, and the steps between them. boot: what the service keeps; None: nothing."""

    name: str
    previous: Wanted | None
    boot: Wanted | None
    stale: list[str]
    had: Files
    files: Files
    live: Live
    wanted: Wanted
    record: Record
    plan: Plan
    enabled: bool
    active: bool

    @property
    def changed(self) -> bool:
        served = self.enabled and self.active if self.boot is not None else not self.enabled and not self.active
        return bool(self.steps or self.plan.forget) or self.had != self.files or not served

    @property
    def steps(self) -> list[Step]:
        return [*self.plan.first, *self.plan.then]


def compare(run: Command, params: Mapping[str, Any], python: str, only_check: bool) -> Situation:
    """Reads everything and plans; changes nothing. BootError names every fault of options and host at once.

    only_check: what tasks before this one would have made or set is no fault.
    """
    name = params["name"]
    faults = options.name_faults(name)
    if faults:
        raise BootError(faults[0])  # without a name there are no files to look at
    present, purge = params["state"] == "present", params["purge"]
    wanted, faults = options.parse(params) if present else (Wanted(), [])
    saved = files.read_json(config_path(name))
    previous = None if saved is None else wanted_of(saved)
    record = read_record(name)
    kept = _kept(wanted, previous or Wanted(), record) if not purge else Wanted()
    has_ip = run(("ip", "-V"))[0] == 0
    if not has_ip and present and not only_check:
        raise BootError("; ".join([*faults, "the program ip is missing: install the package iproute2 (RHEL: iproute)"]))
    # Without ip nothing of ours can be live; absent must work there too.
    live = read_live(run, wanted, record) if has_ip else Live()
    later: Collection[str] = LATER if only_check else ()
    # In check mode VRRP has not moved anything yet.
    places = wanted.moves_to | (previous or Wanted()).moves_to if only_check else wanted.moves_to | kept.moves_to
    asked = wanted._replace(moves_to=places)
    ips = {item.ip for item in wanted.addresses}
    beside = tuple(item for item in kept.addresses if item.ip in ips and item in live.addresses)
    planned = asked._replace(addresses=wanted.addresses + beside)
    found = plan(planned, live, record, purge=purge, assume=later if has_ip else {*LATER, "interface"})
    faults += [item.text for item in found.obstacles]
    if not any(item.kind == NEEDS for item in found.obstacles):
        faults += _unknown_sysctls(wanted, live, only_check)
    if faults:
        raise BootError("; ".join(dict.fromkeys(faults)))
    boot = _for_boot(wanted._replace(behind=find_behind(asked, live, record)), kept)
    return Situation(
        name=name,
        previous=previous,
        boot=boot,
        stale=[*_texts(kept), *_places(wanted.addresses, kept)],
        had={path: files.read_file(path) for path in install.paths(name)},
        files=install.wanted_files(name, None if boot is None else config_of(boot), python),
        live=live,
        wanted=wanted,
        record=record,
        plan=found,
        enabled=systemd.is_enabled(run, install.service(name), "a virtual address"),
        active=systemd.is_active(run, install.service(name)),
    )


def _unknown_sysctls(wanted: Wanted, live: Live, only_check: bool) -> list[str]:
    missing = [path for path in wanted.needs if live.sysctls.get(path, read_sysctl(path)) is None]
    if only_check:  # those of a link come with the link
        missing = [path for path in missing if not set(wanted.links) & set(path.split("/"))]
    return [f"needs: {key_of(path)} is no number that this host has: check how it is written" for path in missing]


def _kept(wanted: Wanted, previous: Wanted, record: Record) -> Wanted:
    """What is ours and no longer wanted, and stays for now. An address that moves does not stay, save from one link to
    another: until the director is changed, its packets come through the old one.

    VRRP has addresses where it put them until the director is changed, too, which comes after its real servers.
    """
    links = {*wanted.links, *previous.links, *record.links}
    places: dict[str, set[str]] = {}
    for item in wanted.addresses:
        places.setdefault(item.ip, set()).add(item.interface)

    def stays(item: Address) -> bool:
        there = places.get(item.ip, set())
        return not there or (item.interface not in there and {item.interface, *there} <= links)

    return Wanted(
        addresses=tuple(filter(stays, dict.fromkeys([*previous.addresses, *sorted(record.addresses)]))),
        links=tuple(x for x in dict.fromkeys([*previous.links, *sorted(record.links)]) if x not in wanted.links),
        gue=tuple(x for x in dict.fromkeys([*previous.gue, *sorted(record.gue)]) if x not in wanted.gue),
        needs=previous.needs,
        announce=previous.announce,
        behind=previous.behind,
        moves_to=previous.moves_to - wanted.moves_to - {(item.ip, item.interface) for item in wanted.addresses},
    )


def _for_boot(wanted: Wanted, kept: Wanted) -> Wanted | None:
    """What the service keeps: what is wanted, and what stays for now."""
    wanted = wanted._replace(moves_to=wanted.moves_to | kept.moves_to)
    if not any((kept.addresses, kept.links, kept.gue)):
        return wanted if any((wanted.addresses, wanted.links, wanted.gue)) else None
    keys = sorted({*wanted.needs, *kept.needs})
    return Wanted(
        addresses=wanted.addresses + kept.addresses,
        links=wanted.links + kept.links,
        gue=wanted.gue + kept.gue,
        needs={key: max(side[key] for side in (wanted.needs, kept.needs) if key in side) for key in keys},
        announce=wanted.announce or (kept.announce and not wanted.addresses),
        behind=wanted.behind | (kept.behind & frozenset(kept.addresses)),
        moves_to=wanted.moves_to,
    )


def _texts(wanted: Wanted) -> list[str]:
    links = [f"link {name}" for name in wanted.links]
    return [*map(str, wanted.addresses), *links, *map(str, wanted.gue)]


def _places(addresses: Sequence[Address], wanted: Wanted) -> list[str]:
    """Where VRRP puts them, too."""
    return [f"{item} beside {name}" for item in addresses for name in wanted.interfaces_of(item)]


# --- the report -------------------------------------------------------------------------------------------------


def diff(situation: Situation) -> dict[str, Any]:
    """{"before": {...}, "after": {...}} with what stands, what stands at boot, files and service, where it differs."""
    before, after = _standing(situation), _standing(situation)
    for step in situation.steps:
        text = step.item if step.kind == "links" else str(step.item)
        if step.takes:
            after[step.kind].discard(text)
        else:
            after[step.kind].add(text)
    served = [situation.boot is not None] * 2
    sides = {
        "before": {
            **{key: sorted(items) for key, items in before.items()},
            "at_boot": _boot_texts(situation.previous),
            "files": _file_states(situation.had, situation.files),
            "service": _service_text(situation.enabled, situation.active),
        },
        "after": {
            **{key: sorted(items) for key, items in after.items()},
            "at_boot": _boot_texts(situation.boot),
            "files": _file_states(situation.files, situation.had),
            "service": _service_text(*served),
        },
    }
    differing = [key for key in sides["before"] if sides["before"][key] != sides["after"][key]]
    return {side: {key: model[key] for key in differing} for side, model in sides.items()}


def _standing(situation: Situation) -> dict[str, set[str]]:
    """What stands now of what is wanted or ours: addresses, links that are up, ports."""
    live, wanted, record = situation.live, situation.wanted, situation.record
    return {
        "addresses": {str(item) for item in {*wanted.addresses, *record.addresses} if item in live.addresses},
        "links": {name for name in {*wanted.links, *record.links} if name in live.links and live.links[name].up},
        "gue": {str(item) for item in {*wanted.gue, *record.gue} if (live.ports or {}).get(item)},
    }


def _boot_texts(wanted: Wanted | None) -> list[str]:
    if wanted is None:
        return []
    behind = " after the host's own address there"
    beside = {item: "".join(f" beside {name}" for name in wanted.interfaces_of(item)) for item in wanted.addresses}
    addresses = [f"{item}{behind if item in wanted.behind else ''}{beside[item]}" for item in wanted.addresses]
    needs = [f"needs {key_of(path)} >= {least}" for path, least in sorted(wanted.needs.items())]
    announced = ["announced to the neighbours"] if wanted.announce else []
    return [*addresses, *_texts(wanted._replace(addresses=())), *needs, *announced]


def _file_states(some: Files, others: Files) -> dict[str, str]:
    states = {}
    for path, placed in some.items():
        if placed is None and others[path] is not None:
            states[path] = "absent"
        elif placed is not None and placed != others[path]:
            states[path] = "present" if others[path] is None else f"{len(placed.data)} bytes, mode {placed.mode:04o}"
    return states


def _service_text(enabled: bool, active: bool) -> str:
    return f"{'enabled' if enabled else 'not enabled'}, {'running' if active else 'not running'}"


# --- the change -------------------------------------------------------------------------------------------------


def perform(run: Command, params: Mapping[str, Any], python: str, warn: Callable[[str], object]) -> Situation:
    """Compares and makes the change. What fails half-way is undone at once, and BootError says so."""
    done: list[Step] = []
    # Starting the service waits for its first look, which needs this lock.
    with alone():
        situation = compare(run, params, python, False)
        if not situation.changed:
            return situation
        try:
            _change_files_first(situation)
            _take_steps(run, situation, warn, done)
        except (BootError, OSError) as exc:
            raise _undone(run, situation, done, exc) from exc
    try:
        _change_service(run, situation)
    except (BootError, OSError) as exc:
        raise _undone_alone(run, situation, done, exc) from exc
    return situation


def _undone_alone(run: Command, situation: Situation, done: Sequence[Step], why: Exception) -> BootError:
    try:
        with alone():
            return _undone(run, situation, done, why)
    except (BootError, OSError) as busy:
        return BootError(f"{why}; putting back the state before this run failed, too: {busy}")


def _change_files_first(situation: Situation) -> None:
    # Before the steps: the running service reads the configuration before each look and must not mend the old state.
    if situation.boot is not None:
        files.place(situation.files, situation.had)
    else:
        files.place({config_path(situation.name): None}, situation.had)


def _take_steps(run: Command, situation: Situation, warn: Callable[[str], object], done: list[Step]) -> None:
    """Adds to done what was done, as far as it came."""
    record = situation.record.copy()
    for kind, item in situation.plan.forget:
        record.of(kind).discard(item)

    def take(steps: Sequence[Step]) -> list[Step]:
        outcome = execute(steps, run, record, lambda new: store_record(situation.name, new))
        done.extend(outcome.done)
        if outcome.errors:
            raise BootError("; ".join(outcome.errors))
        return outcome.done

    added = [step.item for step in take(situation.plan.first) if step.kind == "addresses" and not step.takes]
    if situation.wanted.announce:
        for text in announce.announce(added).values():
            warn(text)
    take(situation.plan.then)
    store_record(situation.name, record)


def _change_service(run: Command, situation: Situation) -> None:
    _config, agent, unit = install.paths(situation.name)
    service = install.service(situation.name)
    if situation.boot is not None:
        differs = {path for path in (agent, unit) if situation.had[path] != situation.files[path]}
        systemd.start(run, service, unit_changed=unit in differs, program_changed=agent in differs)
        return
    if situation.had[unit] is not None:
        systemd.stop(run, service)
    files.place({agent: None, unit: None}, situation.had)
    if situation.had[unit] is not None:
        systemd.reload_units(run)
    files.remove_empty_folders()


def _undone(run: Command, situation: Situation, done: Sequence[Step], why: Exception) -> BootError:
    """Back to the state before this run; the error that tells of it."""
    errors = undo(done, run)
    try:
        store_record(situation.name, situation.record)
        now = {path: files.read_file(path) for path in install.paths(situation.name)}
        files.place(situation.had, now)
    except (BootError, OSError) as exc:
        errors.append(str(exc))
    service = install.service(situation.name)
    run(("systemctl", "daemon-reload"))
    run(("systemctl", "enable" if situation.enabled else "disable", "--quiet", service))
    run(("systemctl", "--no-block", "restart" if situation.active else "stop", service))
    files.remove_empty_folders()
    if errors:
        return BootError(f"{why}; putting back the state before this run failed, too: {'; '.join(errors)}")
    return BootError(f"{why}; the state before this run was put back")
