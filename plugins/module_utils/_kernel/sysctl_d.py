# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of sysctls and the files of sysctl.d(5), read as systemd-sysctl(8) reads them: no I/O."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import NamedTuple, Sequence

_GLOB = "*?["


class SettingsError(Exception):
    """A fault of an option, of a file or of this host; the text says which and what to do."""


class Assignment(NamedTuple):
    """A line of a file; value None: the key is left out of patterns (``-key`` without ``=``)."""

    path: str
    value: str | None


class Source(NamedTuple):
    """A file of the sysctl configuration."""

    file: str
    text: str


class Setting(NamedTuple):
    """The value that a file sets."""

    value: str
    file: str


def path_of(key: str) -> str:
    """The path under /proc/sys of a key, as in ``net/ipv4/conf/eth0.10/rp_filter``.

    sysctl.d(5): if the first separator is a slash, dots are left as they are; if it is a dot, dots and slashes change
    places. SettingsError for what leads out of /proc/sys or is no name.
    """
    text = key.strip()
    first = next((sign for sign in text if sign in "./"), "")
    if first == ".":
        text = text.translate(str.maketrans("./", "/."))
    parts = [part for part in text.split("/") if part]
    if not parts or any(part in (".", "..") for part in parts) or any(sign.isspace() for sign in text):
        raise SettingsError(f"sysctls: {key!r} is no name of a sysctl: write it like net.ipv4.ip_forward")
    return "/".join(parts)


def key_of(path: str) -> str:
    """The usual writing of a path: ``net.ipv4.conf.eth0/10.rp_filter``. The opposite of path_of."""
    return path.translate(str.maketrans("./", "/."))


def is_pattern(path: str) -> bool:
    return any(sign in path for sign in _GLOB)


def canonical(value: str) -> str:
    """A value for comparison: the kernel separates the fields of a value by tabs, files by spaces."""
    return " ".join(value.split())


def parse(text: str) -> list[Assignment]:
    """The assignments of a file; lines that say nothing (also to systemd) are left out."""
    found = []
    for line in text.splitlines():
        line = line.strip()
        if not line or line[0] in "#;":
            continue
        key, equals, value = line.partition("=")
        key = key.strip()
        excluded = key.startswith("-")
        if not equals and not excluded:
            continue
        try:
            path = path_of(key.lstrip("-"))
        except SettingsError:
            continue
        found.append(Assignment(path, canonical(value) if equals else None))
    return found


def matches(pattern: str, path: str) -> bool:
    """glob(7): a sign stands for anything but a slash."""
    names, parts = pattern.split("/"), path.split("/")
    return len(names) == len(parts) and all(fnmatchcase(part, name) for name, part in zip(names, parts))


def effective(sources: Sequence[Source], path: str) -> Setting | None:
    """What the sources, in the order in which they are read, set a key to at boot; None if nothing sets it.

    A key that is written out, also to leave it out of patterns, is not touched by any pattern; else the last wins.
    """
    exact: list[Setting | None] = []
    by_pattern: list[Setting] = []
    for source in sources:
        for entry in parse(source.text):
            setting = None if entry.value is None else Setting(entry.value, source.file)
            if entry.path == path:
                exact.append(setting)
            elif setting is not None and is_pattern(entry.path) and matches(entry.path, path):
                by_pattern.append(setting)
    chosen: Sequence[Setting | None] = exact or by_pattern
    return chosen[-1] if chosen else None
