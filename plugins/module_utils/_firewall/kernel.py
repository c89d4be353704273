# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine's side of the chains: iptables and ip6tables of the host, whichever backend they have."""

from __future__ import annotations

import os
import re
import tempfile
from typing import Any, Callable, ContextManager, Iterable, Mapping, TypeVar

from ansible_collections.lvs.cluster.plugins.module_utils._boot import alone as locks
from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import Command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import STATE_DIR, read_json
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.jumps import misplaced
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.model import (
    HIDDEN,
    Chain,
    Listing,
    Place,
    Printed,
    Record,
    Target,
    chains_of,
    parse_listing,
    record_of,
    transaction,
)

__all__ = [
    "PROGRAMS",
    "alone",
    "check",
    "config_path",
    "is_unmade",
    "printed",
    "push",
    "read_config",
    "read_record",
    "read_table",
    "record_path",
]

PROGRAMS = {"ipv4": "iptables", "ipv6": "ip6tables"}
_WAIT = ("-w", "5")  # seconds for the lock of the legacy backend; the other one has none and ignores it
_HIDDEN = 3  # the exit status of both "this kernel lacks the table" and "nft has rules here that I cannot print"
_TRIES = 3

_Read = TypeVar("_Read")


def config_path(owner: str) -> str:
    return f"/etc/lvs-cluster/{owner}-firewall.json"


def record_path(owner: str) -> str:
    return f"{STATE_DIR}/{owner}-firewall.json"


def alone() -> ContextManager[None]:
    """Keeps a run and the service from changing tables and the record at the same time. Waits for the other one."""
    return locks.alone("firewall")


def read_config(owner: str) -> tuple[Chain, ...]:
    """The chains of an owner as the host keeps them, none if it has no such file."""
    return _understood(config_path(owner), chains_of)


def read_record(owner: str) -> Record:
    """What was applied, and how iptables printed it."""
    return _understood(record_path(owner), record_of)


def _understood(path: str, reading: Callable[[dict[str, Any] | None], _Read]) -> _Read:
    try:
        return reading(read_json(path))
    except (KeyError, TypeError, ValueError) as exc:
        raise BootError(f"{path} is not what we wrote ({exc!r}): move it away and run the playbook again") from exc


def is_unmade(run: Command, place: Place) -> bool:
    """Whether there is no such table yet: without iptables, or where the legacy one would make it only to list it."""
    family, table = place
    code, out, _err = run((PROGRAMS[family], "-V"))
    if code or "nf_tables" in out:
        return code != 0
    names = "/proc/net/ip6_tables_names" if family == "ipv6" else "/proc/net/ip_tables_names"
    try:
        with open(names, encoding="ascii") as handle:
            return table not in handle.read().split()
    except OSError:
        return True


def read_table(run: Command, place: Place, targets: Mapping[str, Target]) -> Listing:
    """All chains of a table; BootError where they cannot be told. One that the kernel lacks is a fault only where a
    chain is wanted there.

    The whole table is listed and never a chain alone, because iptables 1.8.9 (nft) says "incompatible" of a chain that
    is not there.
    """
    family, table = place
    argv = (PROGRAMS[family], *_WAIT, "-t", table, "-S")
    code, out, err = run(argv)
    listing = parse_listing(out)
    if code == 0:
        return listing
    if code == _HIDDEN and listing:
        return _cut_short(run, argv, listing, targets)
    if code == _HIDDEN and all(target.rules is None for target in targets.values()):
        return {}
    if code == 127:
        raise BootError(f"{err}: install the package iptables")
    if code == _HIDDEN:
        raise BootError(f"{PROGRAMS[family]}: the kernel has no table {table}: {err}")
    raise BootError(f"{' '.join(argv)} failed with status {code}: {err}")


def _cut_short(
    run: Command, argv: tuple[str, ...], listing: Listing, targets: Mapping[str, Target]
) -> dict[str, tuple[str, ...]]:
    """The listing where iptables (nft) met a rule that only nft can show: it names all chains, then stops at that rule.

    A chain of ours with such a rule gets a rule that equals nothing; a hook with one cannot be told.
    """
    found = dict(listing)
    hooks = {hook for target in targets.values() for hook in target.jumps}
    for name in [name for name in listing if name in targets or name in hooks]:
        code, out, err = run((*argv, name))
        found[name] = parse_listing(out).get(name, ())
        if code and name in hooks:
            raise BootError(
                f"{argv[0]}: table {argv[-2]} has rules in {name} that only nft can show, so our jump there cannot be "
                f"told from them: move them into a table of their own ({' '.join(err.split())})"
            )
        if code:
            found[name] += (HIDDEN,)
    return found


def check(run: Command, place: Place, text: str) -> str | None:
    """What iptables-restore says against a transaction; None if nothing. It does not ask the kernel."""
    return _restore(run, place, text, "--test")


def _restore(run: Command, place: Place, text: str, *flags: str) -> str | None:
    handle, path = tempfile.mkstemp(prefix="lvs-firewall-", dir="/run")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        code, out, err = run((f"{PROGRAMS[place[0]]}-restore", *flags, "--noflush", *_WAIT, path))
    finally:
        os.unlink(path)
    if code == 0:
        return None
    return f"{PROGRAMS[place[0]]}-restore refuses the rules of table {place[1]}: {_explained(err or out, text)}"


def _explained(complaint: str, text: str) -> str:
    """The complaint in one line, with the line of the transaction that it names."""
    words = [line for line in complaint.split("\n") if line.strip() and "--help' for more" not in line]
    found, lines = re.search(r"line:? (\d+)", complaint), text.splitlines()
    number = int(found.group(1)) if found else 0
    named = lines[number - 1] if 0 < number <= len(lines) else ""
    if named == "COMMIT":  # the legacy backend hands the kernel all lines at once
        named = "the kernel refuses one of the rules; its log may say why: dmesg"
    return " ".join(words) + (f" ({named})" if named else "")


def push(run: Command, place: Place, targets: Mapping[str, Target]) -> Listing:
    """Brings one table to its targets in one transaction, or leaves it as it was (BootError). What stands then."""
    for _number in range(_TRIES):
        listing = read_table(run, place, targets)
        text = transaction(place[1], listing, targets)
        if not text:
            return listing
        fault = _restore(run, place, text)
        after = read_table(run, place, targets)
        if fault is None:
            missing = _missing(after, targets)
            if missing:
                raise BootError(f"{PROGRAMS[place[0]]}: somebody else changes table {place[1]}, not there: {missing}")
            return after
        if after == listing:
            raise BootError(fault)
    raise BootError(f"{PROGRAMS[place[0]]}: somebody else changes table {place[1]} all the time: try again later")


def _missing(listing: Listing, targets: Mapping[str, Target]) -> str:
    """What does not stand as it should after a transaction; the printed words of its rules are not known yet."""
    wrong = []
    for name, target in targets.items():
        if (target.rules is None) != (name not in listing):
            wrong.append(f"chain {name}")
        for hook, count in target.jumps.items():
            if listing.get(hook, ()).count(f"-j {name}") != count:
                wrong.append(f"jump from {hook} to {name}")
    for hook, names in misplaced(listing, targets).items():
        wrong.append(f"jump at the top of {hook} to {' and '.join(names)}")
    return ", ".join(wrong)


def printed(chains: Iterable[Chain], listings: Mapping[Place, Listing]) -> dict[tuple[str, str, str], Printed]:
    """The record of chains that were just applied."""
    return {chain.key: Printed(chain, listings[chain.place][chain.name]) for chain in chains if chain.place in listings}
