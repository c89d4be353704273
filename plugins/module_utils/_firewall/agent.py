# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program of NAME-firewall.service: brings the chains of the configuration back at boot. Commands: apply, follow.

A table that cannot be brought back keeps no other from it: at boot a part of the rules is better than none.
"""

from __future__ import annotations

import os
from typing import Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import Command, run_command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import to_json, write_file
from ansible_collections.lvs.cluster.plugins.module_utils._boot.follow import follow
from ansible_collections.lvs.cluster.plugins.module_utils._boot.watch import log
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.active import active_chains
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.kernel import (
    alone,
    printed,
    push,
    read_config,
    read_record,
    record_path,
)
from ansible_collections.lvs.cluster.plugins.module_utils._firewall.model import (
    Listing,
    Place,
    Record,
    plan,
    record_to_json,
)

__all__ = ["SUFFIX", "apply", "main"]

SUFFIX = "-firewall"


def apply(run: Command, owner: str) -> None:
    """Chains as the configuration has them; BootError at the end names every table where that was not possible."""
    with alone():
        _apply(run, owner)


def _apply(run: Command, owner: str) -> None:
    given = read_config(owner)
    if not given:
        return  # being removed
    record, faults = _record(owner), []
    wanted = active_chains(given)
    listings: dict[Place, Listing] = {}
    for place, targets in plan(wanted, [entry.chain for entry in record.values()], record).items():
        try:
            listings[place] = push(run, place, targets)
        except (BootError, OSError) as exc:
            faults.append(str(exc))
    kept = {key: entry for key, entry in record.items() if entry.chain.place not in listings}
    after = {**kept, **printed(wanted, listings)}
    if after != record:
        write_file(record_path(owner), to_json(record_to_json(after)))
    if faults:
        raise BootError("; ".join(faults))


def _record(owner: str) -> Record:
    """Without the record the configuration still says what is ours; everything is then sent once more."""
    try:
        return read_record(owner)
    except BootError as exc:
        log(str(exc))
        return {}


def main(argv: Sequence[str]) -> int:
    program = os.path.basename(argv[0])
    if len(argv) != 2 or argv[1] not in ("apply", "follow") or not program.endswith(SUFFIX):
        log(f"usage: NAME{SUFFIX} apply|follow")
        return 64
    try:
        if argv[1] == "follow":
            follow(run_command, argv[0], "apply")
        else:
            apply(run_command, program[: -len(SUFFIX)])
    except (BootError, OSError) as exc:
        log(f"{program} {argv[1]}: {exc}")
        return 1
    return 0
