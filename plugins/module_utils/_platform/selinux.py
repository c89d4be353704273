# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What SELinux lets keepalived do on a host: labels of our folders, and the ports that its health checks reach.

keepalived runs in the domain keepalived_t. In the policy of RHEL 9 what it calls runs in that narrow domain, too,
unless it is a keepalived_unconfined_script_exec_t. It can read no file in /var/lib. A file that it tracks must be of
a type whose folders it can watch, as is keepalived_var_run_t. It connects to few ports while keepalived_connect_any
is off.
"""

from __future__ import annotations

import os
import tempfile
from typing import Any, Iterable, Mapping, NamedTuple, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._boot import files
from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import Command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError

__all__ = [
    "BOOLEAN",
    "MODULE",
    "RECORD",
    "Seen",
    "Wanted",
    "after",
    "diff",
    "is_enabled",
    "look",
    "perform",
    "policy",
    "unreached",
]

MODULE = "lvs_cluster"
BOOLEAN = "keepalived_connect_any"
RECORD = f"{files.STATE_DIR}/selinux.json"
ENABLED = "/sys/fs/selinux/enforce"

# Ports of the types http, smtp, mysqld and squid, to which it may connect anyhow.
_REACHED = frozenset(
    {*(25, 80, 81, 443, 465, 488, 587, 1186, 3128, 3306, 3401, 8008, 8009, 8443, 9000), *range(63132, 63165)}
)


class Wanted(NamedTuple):
    """The folders of scripts and of files that keepalived tracks, and whether it connects to ports of any kind."""

    scripts: str
    tracked: str
    connect_any: bool


class Seen(NamedTuple):
    """What stands.

    ``policy``: the text of our module, "" without it, "?" if it was not noted. ``boolean``: None where the policy has
    none. ``turned_on``: we did that. ``astray``: files whose label is not that of the policy as it stands.
    """

    policy: str
    boolean: bool | None
    turned_on: bool
    astray: tuple[str, ...]


def unreached(ports: Iterable[int]) -> list[int]:
    """Those of the ports for which keepalived needs the boolean."""
    return sorted(set(ports) - _REACHED)


def policy(scripts: str, tracked: str) -> str:
    """A policy module in CIL. In a policy that lacks one of the types it says nothing, and stops no update."""
    lines = (
        f'    (filecon "{folder}(/.*)?" any (system_u object_r {kind} ((s0) (s0))))'
        for folder, kind in ((scripts, "keepalived_unconfined_script_exec_t"), (tracked, "keepalived_var_run_t"))
    )
    header = files.HEADER.replace("#", ";", 1)
    return "\n".join((header, f"(optional {MODULE}_keepalived", *lines)) + ")\n"


def is_enabled() -> bool:
    return os.path.exists(ENABLED)


def look(run: Command, folders: Sequence[str]) -> Seen:
    """Reads everything; changes nothing."""
    record = files.read_json(RECORD) or {}
    names = [line.split()[0] for line in _ask(run, "semodule", "--list-modules").splitlines() if line.strip()]
    code, out, _err = run(("getsebool", BOOLEAN))
    there = [folder for folder in folders if os.path.isdir(folder)]
    # "Would relabel PATH from CONTEXT to CONTEXT"
    astray = _ask(run, "restorecon", "-R", "-n", "-v", *there) if there else ""
    return Seen(
        policy=str(record.get("policy", "?")) if MODULE in names else "",
        boolean=out.split()[-1] == "on" if code == 0 and out.split() else None,
        turned_on=bool(record.get("turned_on")),
        astray=tuple(line.split(" from ")[0].split(maxsplit=2)[-1] for line in astray.splitlines() if " from " in line),
    )


def after(seen: Seen, wanted: Wanted | None) -> Seen:
    """What is to stand; None: nothing of ours. A boolean that somebody else turned on stays on."""
    connect = wanted is not None and wanted.connect_any
    boolean = seen.boolean
    if boolean is not None:
        boolean = connect or (boolean and not seen.turned_on)
    return Seen(
        policy=policy(wanted.scripts, wanted.tracked) if wanted else "",
        boolean=boolean,
        turned_on=bool(boolean) and (seen.turned_on or not seen.boolean),
        astray=(),
    )


def perform(run: Command, seen: Seen, wanted: Seen, folders: Sequence[str]) -> None:
    """Makes the change. Labels last, because what they are to be is the policy's matter."""
    if wanted.policy != seen.policy:
        _load(run, wanted.policy)
    # Before it is turned on, so that a killed run leaves nothing on that is not known as ours.
    _note(wanted)
    if wanted.boolean != seen.boolean:
        _ask(run, "setsebool", "-P", BOOLEAN, "on" if wanted.boolean else "off")
    there = [folder for folder in folders if os.path.isdir(folder)]
    if there and (seen.astray or wanted.policy != seen.policy):
        _ask(run, "restorecon", "-R", *there)


def _load(run: Command, text: str) -> None:
    if not text:
        _ask(run, "semodule", "--remove", MODULE)
        return
    with tempfile.TemporaryDirectory() as folder:
        # The module has the name of its file.
        path = os.path.join(folder, f"{MODULE}.cil")
        files.write_file(path, text.encode())
        _ask(run, "semodule", "--install", path)


def _note(wanted: Seen) -> None:
    if wanted.policy or wanted.turned_on:
        record = {"policy": wanted.policy, "turned_on": wanted.turned_on}
        files.write_file(RECORD, files.to_json(record))
    else:
        files.remove_file(RECORD)
        files.remove_empty_folders()


def _ask(run: Command, *argv: str) -> str:
    code, out, err = run(argv)
    if code == 127:
        raise BootError(f"{argv[0]} is missing, which sets what SELinux allows: install the package policycoreutils")
    if code:
        raise BootError(f"{' '.join(argv)} failed with status {code}: {err or out.strip()}")
    return out


def diff(seen: Seen, wanted: Seen) -> dict[str, Any]:
    """What differs, in words of the user's."""
    sides: dict[str, dict[str, Any]] = {"before": {}, "after": {}}
    pairs: Mapping[str, tuple[Any, Any]] = {
        "policy": (seen.policy.splitlines(), wanted.policy.splitlines()),
        BOOLEAN: (seen.boolean, wanted.boolean),
        "wrong labels": (list(seen.astray), []),
    }
    for key, (old, new) in pairs.items():
        if old != new:
            sides["before"][key], sides["after"][key] = old, new
    return sides
