# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator has set of real servers' weights, and where a director keeps it.

With keepalived it is the server's weight file: the number that is added to the configured weight, then a line of ours.
Without keepalived it is a record beside those of the table, which the table's owner puts over the planned weights.
"""

from __future__ import annotations

import json
import time
from typing import Any, Mapping, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._boot import files
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import DestinationKey, ServiceKey
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import weight_files, weights

__all__ = [
    "DRAINED",
    "HELD",
    "READY",
    "WEIGHTED",
    "Override",
    "Record",
    "file_override",
    "file_text",
    "is_expired",
    "now",
    "present",
    "read_record",
    "record_file",
    "record_path",
    "updated_text",
]

DRAINED, WEIGHTED, HELD, READY = "drained", "weighted", "held", "ready"
_MARK = "# lvs.cluster "


class Override(NamedTuple):
    """A weight that holds in place of the planned one."""

    weight: int
    since: str = ""
    """When it was set, UTC as 2026-11-26T20:31:00Z; "" where a person wrote it without saying."""
    until: str = ""
    """When the planned weight is to come back; "": when somebody says so."""
    by: str = ""
    """Who set it."""
    why: str = ""
    """What for: drain, weight, maintenance or rolling; "" where a person wrote it without saying."""
    planned: int = 0
    """The weight that it had before, where only this record knows it: without keepalived."""
    held: bool = False
    """Whether it was held back because nobody had prepared it."""

    @property
    def state(self) -> str:
        """A drained server has weight 0 for as long as nobody gives it back."""
        return WEIGHTED if self.weight or self.until else DRAINED


_TIME = "%Y-%m-%dT%H:%M:%SZ"


def now(after: float = 0) -> str:
    """The time in so many seconds, in the form of ``since`` and ``until``."""
    return time.strftime(_TIME, time.gmtime(time.time() + after))


Record = Mapping["tuple[ServiceKey, DestinationKey]", Override]


def is_expired(override: Override, moment: str) -> bool:
    """Whether its time has come; ``moment`` in the form of ``until``, which sorts as time does."""
    return bool(override.until) and override.until <= moment


# -- keepalived


def file_text(override: Override, configured: int, label: str, forwarding: str = "") -> str:
    """The text of a weight file that makes of the configured weight the one wanted.

    ``forwarding``: the method that the server was prepared for, "" if nobody knows it.
    """
    number = override.weight - configured if override.weight else weights.HELD_VALUE
    words = {**_shown(override), "server": " ".join(label.split())}
    if override.held:
        words["held"] = True
    if forwarding:
        words["forwarding"] = forwarding
    return f"{number}\n{_MARK}{json.dumps(words, sort_keys=True)}\n"


def file_override(text: str, planned: int | None = None) -> Override | None:
    """What an operator has set in a weight file, ours or by hand; None for a server that is ready or held.

    A number that a person wrote is added to the weight, as ``planned`` has it; a sum below 0 counts as 0. Without
    ``planned`` every such number is taken for a drain.
    """
    if weights.state_of(text) != weights.DRAINED:
        said = _said(text)
        # A temporary weight that is the configured one adds 0.
        return said if said is not None and said.weight else None
    by_hand = 0 if planned is None else max(0, planned + (weights.number_of(text) or 0))
    return _said(text) or Override(by_hand)


def updated_text(text: str, forwarding: str, *, ready: bool, other: bool = False) -> str | None:
    """The text of an operator's weight file after a run that did or did not prepare its host; None: it stays.

    A host that was prepared is no longer held. One that was prepared for another forwarding method or (``other``) for
    other services, and not for these, is: whoever gives the server back makes it a held one.
    """
    if _said(text) is None:
        return None
    first, second, *_rest = text.split("\n", 2)
    words = json.loads(second[len(_MARK) :])
    before = dict(words)
    if ready:
        words.pop("held", None)
        words.update({"forwarding": forwarding} if forwarding else {})
    elif other or weights.is_other(text, forwarding):
        words["held"] = True
    return None if words == before else f"{first}\n{_MARK}{json.dumps(words, sort_keys=True)}\n"


def _said(text: str) -> Override | None:
    lines = text.split("\n", 2)
    if len(lines) < 2 or not lines[1].startswith(f"{_MARK}{{"):
        return None
    try:
        words = json.loads(lines[1][len(_MARK) :])
        since, until, by, why = (str(words[key]) for key in ("since", "until", "by", "why"))
        return Override(int(words["weight"]), since, until, by, why, held=words.get("held") is True)
    except (ValueError, KeyError, TypeError):
        return None


# -- without keepalived


def record_path(owner: str) -> str:
    return f"{files.STATE_DIR}/{owner}-overrides.json"


def read_record(owner: str) -> Record:
    """The record; empty where there is none. BootError where it can't be read, which is never "nothing was set"."""
    path = record_path(owner)
    content = files.read_json(path)
    if content is None:
        return {}
    try:
        return {
            (ServiceKey(**key), DestinationKey(**name)): Override(**override)
            for key, name, override in content["overrides"]
        }
    except (KeyError, TypeError, ValueError) as error:
        raise BootError(
            f"{path} can't be read ({error}), so nobody knows which weights an operator has set; mend it, or remove "
            "it, which forgets them"
        ) from error


def record_file(record: Record) -> files.Placed | None:
    """The record's file; none for an empty one."""
    listed = [[key._asdict(), name._asdict(), record[key, name]._asdict()] for key, name in sorted(record)]
    return files.Placed(files.to_json({"overrides": listed}), 0o600) if listed else None


# -- both


def present(owner: str, directory: str) -> list[dict[str, Any]]:
    """All that keeps a real server of this director from its planned weight: what an operator set, and what is held.

    Each is {"server", "state", "weight", "since", "until", "by", "why"}: ``server`` is the weight file's name, or
    "tcp 10.0.0.5:80 -> 192.168.0.12:80" without keepalived; ``state`` is drained, weighted, or held until site.yml has
    prepared it. Raise BootError, WeightsError or OSError where it can't be read.
    """
    found = [{"server": f"{key} -> {name}", **_shown(one)} for (key, name), one in sorted(read_record(owner).items())]
    for name, text in weight_files.read_directory(directory).items():
        override = file_override(text)
        if override is not None:
            found.append({"server": name, **_shown(override)})
        elif weights.state_of(text) == weights.HELD:
            found.append({"server": name, **_shown(Override(0)), "state": HELD})
    return found


def _shown(override: Override) -> dict[str, Any]:
    told = override._asdict()
    del told["planned"], told["held"]
    return {"state": override.state, **told}
