# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What kind of system a host is, as its os-release says."""

from __future__ import annotations

import re
from typing import Iterable, Mapping, NamedTuple

__all__ = ["System", "family_of", "here", "read", "too_old"]

# os-release(5): the first that is there.
FILES = ("/etc/os-release", "/usr/lib/os-release")

# Ansible's words for them, and by what os-release knows them: its ID, or one of ID_LIKE.
_FAMILIES = {"Debian": {"debian"}, "RedHat": {"rhel", "fedora", "centos"}}


class System(NamedTuple):
    """``family`` is Ansible's os_family, "" for one that isn't known here."""

    name: str
    version: str
    family: str


def family_of(names: Iterable[str]) -> str:
    """The family of a system with this ID and these words of ID_LIKE."""
    known = set(names)
    return next((family for family, words in _FAMILIES.items() if known & words), "")


def read(text: str) -> System:
    """The system of a host with this os-release."""
    entries = dict(re.findall(r"""^(ID|ID_LIKE|VERSION_ID)=["']?([^"'\n]*)""", text, re.MULTILINE))
    name = entries.get("ID", "linux")
    return System(name, entries.get("VERSION_ID", ""), family_of([name, *entries.get("ID_LIKE", "").split()]))


def here() -> System:
    """The system of this host."""
    for path in FILES:
        try:
            with open(path, encoding="utf-8", errors="replace") as stream:
                return read(stream.read())
        except FileNotFoundError:
            continue
    return read("")


def too_old(system: System, oldest: Mapping[str, str]) -> str | None:
    """The release that the system is older than; None if it is not, or has no number. Names in any case."""
    wanted = {name.lower(): str(release) for name, release in oldest.items()}.get(system.name.lower())
    version = _numbers(system.version)
    return wanted if wanted and version and version < _numbers(wanted) else None


def _numbers(version: str) -> tuple[int, ...]:
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(map(int, found[0].split("."))) if found else ()
