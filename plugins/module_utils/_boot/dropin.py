# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A drop-in file of ours for a unit of somebody else, systemd.unit(5): its place and its text, without I/O."""

from __future__ import annotations

import re
from typing import Any, Mapping

from ansible_collections.lvs.cluster.plugins.module_utils._boot import systemd
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.files import HEADER, Placed

__all__ = ["check", "diff", "file_of", "is_ours", "path_of"]

_OWNER = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}")
_UNIT = re.compile(r"[A-Za-z0-9:_.\\@-]+\.(?:automount|device|mount|path|scope|service|slice|socket|swap|target|timer)")
_LONGEST_UNIT = 253  # a folder's name has 255 bytes at most, and ours ends in .d
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
# All of it but a tab: some end the line for systemd, and a lone surrogate is no UTF-8, which it wants.
_NO_TEXT = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
# An odd number of them: systemd takes the next line for the rest of this one.
_GOES_ON = re.compile(r"(?<!\\)(?:\\\\)*\\\Z")


def check(unit: str, name: str, settings: Mapping[str, Any] | None) -> None:
    """BootError names every fault of the options at once; without settings (None) the file is to go."""
    faults = []
    if not _UNIT.fullmatch(unit) or len(unit) > _LONGEST_UNIT:
        faults.append(f"unit: {unit!r} is no unit: write its name with its suffix, like keepalived.service")
    if not _OWNER.fullmatch(name):
        faults.append(
            f"name: {name!r} is no owner: use small letters, digits, '-' and '_', 41 at most, like lvs-director"
        )
    if settings is not None:
        faults += _settings_faults(settings)
    if faults:
        raise BootError("; ".join(faults))


def _settings_faults(settings: Mapping[str, Any]) -> list[str]:
    if not settings:
        return ["settings: is empty: give a section with a directive, or use state=absent"]
    faults = []
    for section, directives in settings.items():
        if not _WORD.fullmatch(section):
            faults.append(f"settings: {section!r} is no section: write one word, like Service")
        elif not isinstance(directives, dict) or not directives:
            faults.append(f"settings: {section}: has no directives: give at least one, like Restart with on-failure")
        else:
            faults += [
                f"settings: {section}: {fault}"
                for directive, value in directives.items()
                for fault in _directive_faults(directive, value)
            ]
    return faults


def _directive_faults(directive: str, value: Any) -> list[str]:
    if not _WORD.fullmatch(directive):
        return [f"{directive!r} is no directive: write one word, like Restart"]
    if value == []:
        return [f"{directive}: is an empty list: to take back what was set before, write an empty text"]
    return [f"{directive}: {fault}" for one in _values(value) for fault in _value_faults(one)]


def _value_faults(value: Any) -> list[str]:
    if not isinstance(value, (str, int)):  # bool is an int
        return [f"{value!r} is no value: write a text, a whole number, a truth value, or a list of them"]
    if _NO_TEXT.search(_text(value)):
        return [f"{value!r} has a line break or another control character: write one line, or a list for several"]
    if _GOES_ON.search(_text(value)):
        return [f"{value!r} ends in a backslash, which would join the next line to it: leave it out or double it"]
    return []


def path_of(unit: str, name: str) -> str:
    """Where the file of an owner is."""
    return f"{systemd.FOLDER}/{unit}.d/{name}.conf"


def file_of(settings: Mapping[str, Any]) -> Placed:
    """The file, its sections and directives in the order in which they are given."""
    lines = [HEADER]
    for section, directives in settings.items():
        lines.append(f"[{section}]")
        lines += [f"{directive}={_text(one)}" for directive, value in directives.items() for one in _values(value)]
    return Placed(("\n".join(lines) + "\n").encode())


def _values(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    """A value as it is written; systemd takes no notice of blanks around it."""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value).strip()


def is_ours(placed: Placed) -> bool:
    return placed.data.split(b"\n", 1)[0].rstrip() == HEADER.encode()


def diff(path: str, had: Placed | None, wanted: Placed | None) -> dict[str, str]:
    """The texts of the file, with its mode where a file that is kept has another one."""
    modes = had is not None and wanted is not None and had.mode != wanted.mode
    return {
        "before_header": path,
        "after_header": path,
        "before": _shown(had, modes),
        "after": _shown(wanted, modes),
    }


def _shown(placed: Placed | None, mode: bool) -> str:
    if placed is None:
        return ""
    return (f"mode {placed.mode:04o}\n" if mode else "") + placed.data.decode(errors="replace")
