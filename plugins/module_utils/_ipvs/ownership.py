# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a virtual service is: keepalived's, as its configuration says, or ours, as our own file on the host says."""

from __future__ import annotations

import json
import os
from typing import AbstractSet, Any, Callable, Iterable

from ansible_collections.lvs.cluster.plugins.module_utils import _store as store
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.errors import IpvsError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import ServiceKey
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import owner

__all__ = ["StateFile", "keepalived_owns", "refuse_owned"]

_VERSION = 1


def keepalived_owns(
    keys: Iterable[ServiceKey],
    running: Callable[[], list[owner.Running]] = owner.running,
    virtual_servers: Callable[[owner.Running], list[owner.VirtualServer]] = owner.virtual_servers,
) -> set[ServiceKey]:
    """Which of these services a keepalived that runs in this network namespace has in its configuration."""
    keys = list(keys)
    if not keys:
        return set()
    servers: list[owner.VirtualServer] = []
    try:
        for keepalived in running():
            servers += virtual_servers(keepalived)
    except owner.UnreadableError as error:
        raise IpvsError(
            f"a keepalived runs on this host, and which virtual services are its own can't be read ({error}); mend "
            "that, or say force: true if none of these is"
        ) from error
    single = {
        (one.family, one.protocol if not one.fwmark else "", one.first, one.port, one.fwmark)
        for one in servers
        if one.first == one.last
    }
    ranges = [one for one in servers if one.first != one.last]
    return {key for key in keys if tuple(key) in single or any(one.covers(*key) for one in ranges)}


def refuse_owned(owned: AbstractSet[ServiceKey], what: str) -> None:
    """IpvsError that names the services of keepalived that this task would have to fight for."""
    if owned:
        names = ", ".join(str(key) for key in sorted(owned)[:10]) + (" …" if len(owned) > 10 else "")
        raise IpvsError(
            f"{what} {names}: a keepalived that runs on this host has it in its configuration, and would neither see "
            "the change nor keep it; change keepalived's configuration instead, or say force: true"
        )


class StateFile:
    """The names of the virtual services that are ours, in a JSON file on the host that only root writes."""

    def __init__(self, path: str) -> None:
        self.path = path

    def read(self) -> frozenset[ServiceKey]:
        """No file: nothing is ours yet. A file that can't be read is an IpvsError, never "nothing"."""
        try:
            text = store.read_text(self.path)
            return frozenset() if text is None else _keys(json.loads(text))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IpvsError(
                f"state_file: {self.path} can't be read ({error}), so nobody knows which services are ours; mend it, "
                "or remove it to begin anew"
            ) from error

    def write(self, keys: Iterable[ServiceKey]) -> None:
        """Replace the file; a folder that is missing is made."""
        lines = ",\n".join(json.dumps(key._asdict()) for key in sorted(keys))
        text = f'{{"version": {_VERSION}, "services": [\n{lines}\n]}}\n'
        try:
            os.makedirs(os.path.dirname(self.path), mode=0o755, exist_ok=True)
            store.write_text(self.path, text, store.Owner(mode=0o600, uid=0, gid=0))
        except OSError as error:
            raise IpvsError(f"state_file: {self.path} can't be written: {error.strerror}") from error


def _keys(content: Any) -> frozenset[ServiceKey]:
    """The names in a state file. Raises ValueError, KeyError or TypeError where it isn't one of ours."""
    if content["version"] is True or content["version"] != _VERSION:
        raise ValueError(f"its version is {content['version']}")
    keys = [ServiceKey(**one) for one in content["services"]]
    kinds = tuple(type(value) for value in ServiceKey(""))
    if not isinstance(content["services"], list) or any(tuple(map(type, key)) != kinds for key in keys):
        raise ValueError("it holds other values than names of services")
    return frozenset(keys)
