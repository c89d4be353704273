# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a director is and does besides its table: keepalived, addresses, who holds the lock. Changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils import _store as store
from ansible_collections.lvs.cluster.plugins.module_utils._boot.commands import Command
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import ServiceKey
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import dump, state
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.pending import Notes

__all__ = ["CONFIGURATION", "LOCK", "addresses", "doors", "keepalived", "lock", "parse_addresses"]

CONFIGURATION = "/etc/keepalived/keepalived.conf"
LOCK = "/var/lib/lvs-cluster/lock.json"


def keepalived(
    host: state.Host,
    instances: Sequence[str],
    *,
    installed: bool,
    configuration: str = CONFIGURATION,
    notes: Notes | None = None,
) -> dict[str, Any]:
    """What keepalived does, in the words of keepalived_state. One that can't be asked is a problem, and no failure."""
    error = ""
    try:
        found = state.look(host, instances)
    except state.StateError as failure:
        error = str(failure)
        found = state.State(True, _pid(host.proc), problems=(error,))
    return {
        "installed": installed or found.running,
        **found.result(),
        "error": error,
        "pending": _is_pending(configuration, notes or Notes(proc=host.proc)),
    }


def _pid(proc: str) -> int | None:
    try:
        return dump.find(proc)
    except (dump.DumpError, OSError):
        return None


def _is_pending(configuration: str, notes: Notes) -> bool:
    """Whether keepalived runs and has not loaded the file that stands there."""
    try:
        return notes.read(configuration, store.read_text(configuration)) is not None
    except OSError:
        return False


def parse_addresses(text: str) -> list[str]:
    """Addresses that other hosts can ask, from ``ip -json address show``: "10.0.0.5/24 dev eth0"."""
    return [
        f"{item['local']}/{item['prefixlen']} dev {link['ifname']}"
        for link in json.loads(text or "[]")
        for item in link.get("addr_info", [])
        if item.get("scope") == "global" and item.get("family") in ("inet", "inet6") and item.get("local")
    ]


def addresses(run: Command) -> list[str]:
    code, out, err = run(("ip", "-json", "address", "show"))
    if code:
        raise BootError(f"ip -json address show failed with status {code}: {err}")
    return parse_addresses(out)


def lock(path: str = LOCK) -> dict[str, Any] | None:
    """Who changes the cluster now. None if nobody does, or what stands there can't be understood."""
    try:
        read = json.loads(store.read_text(path) or "null")
    except (OSError, ValueError):
        return None
    return read if isinstance(read, dict) else None


def doors(run: Command, keys: Callable[[], Collection[ServiceKey]]) -> state.Host:
    """The host as keepalived's state is read through it."""

    def both(argv: Sequence[str]) -> tuple[int, str]:
        status, out, err = run(argv)
        return status, out + err

    return state.Host(run=both, table=keys)
