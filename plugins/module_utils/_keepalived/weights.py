# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The weight files: how a real server is held back or drained without a reload of keepalived.

Each real server has a FILE_CHECK on a file of its own (weight 1). keepalived adds the file's number to the configured
weight and clamps the sum at 0 (2.2.7 and 2.3.3: set_track_file_weights, real_weight). The lowest number that is not
read as "this server has failed" is -2147483647, and a configured weight is at most 2147483647: so with that number
the effective weight is 0 whatever the configuration says later.

keepalived reads 127 bytes and takes the number at their start (strtol with base 0); a missing, empty or unreadable
file is 0. What stands behind the number is free, so the second line says who wrote it and why, and
for which forwarding method the server was prepared. The files are watched by inotify on their directory; a rename into
place is noticed (IN_MOVED_TO).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = [
    "DIRECTORY",
    "DRAIN",
    "DRAINED",
    "HELD",
    "HELD_VALUE",
    "INVALID",
    "KEEP",
    "PURGE",
    "READY",
    "Plan",
    "file_name_fault",
    "forwarding_of",
    "is_other",
    "is_ours",
    "number_of",
    "own_file",
    "plan",
    "renamed",
    "state_of",
    "text_for",
    "whose",
]

DIRECTORY = "/var/lib/lvs-cluster/weights"
HELD_VALUE = -2147483647

READY = "ready"
HELD = "held"
DRAINED = "drained"
INVALID = "invalid"

KEEP, DRAIN, PURGE = "keep", "drain", "purge"
"""What to do with files of ours that no server in the plan has any more."""

_MARK = "# lvs.cluster"
_HELD_MARK = f"{_MARK} held"
_READY_MARK = f"{_MARK} ready"
_READ_BYTES = 127
_NUMBER = re.compile(r"[ \t\n\v\f\r]*([+-]?)(0[xX][0-9a-fA-F]+|[0-9]+)")
# In a file that is ready, and in one that an operator set (_operator/overrides.py).
_FORWARDING = re.compile(_MARK + r' (?:ready \((\w+)\)(?::|\Z)|\{.*"forwarding": "(\w+)")')
_ONLY_NUMBER = re.compile(r"\s*[+-]?\d*\s*\Z")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")
_INT32 = 2**31


@dataclass(frozen=True)
class Plan:
    """What to do with the files; every field holds names of files, sorted.

    ``write``: name to the text that is to stand in it. ``states``: name to its state before and after ("" for none).
    ``leaving``: files of servers that leave and have weight 0 now, so that their connections can be waited for.
    """

    write: Mapping[str, str]
    held: tuple[str, ...]
    drained: tuple[str, ...]
    released: tuple[str, ...]
    invalid: tuple[str, ...]
    purge: tuple[str, ...]
    leaving: tuple[str, ...]
    states: Mapping[str, tuple[str, str]]


def state_of(text: str) -> str:
    """Tell what a file's text means: READY, HELD (by us), DRAINED (by a person) or INVALID (keepalived ignores it)."""
    value = number_of(text)
    if value is None:
        return INVALID
    if value == 0:
        return READY
    return HELD if _second_line(text).startswith(_HELD_MARK) else DRAINED


def text_for(state: str, label: str = "", forwarding: str = "") -> str:
    """Return the text of a READY or HELD file; ``label`` (one line) tells a reader which server it is.

    ``forwarding``: the method that a READY server was prepared for, "" if nobody knows it.
    """
    shown = f": {' '.join(label.split())}" if label.strip() else ""
    if state == HELD:
        return f"{HELD_VALUE}\n{_HELD_MARK} until site.yml has prepared it or taken it out{shown}\n"
    method = f" ({forwarding})" if forwarding else ""
    return f"0\n{_READY_MARK}{method}{shown}\n"


def forwarding_of(text: str) -> str:
    """The forwarding method that a file's server was prepared for, "" where nobody noted it.

    Nobody did where a person wrote the file, a version before this note, or a rollback.
    """
    found = _FORWARDING.match(_second_line(text))
    return (found.group(1) or found.group(2)) if found else ""


def is_other(text: str, forwarding: str) -> bool:
    """Tell whether the server was prepared for another method; where that isn't known it counts as the same."""
    return bool(forwarding) and forwarding_of(text) not in ("", forwarding)


def is_ours(text: str) -> bool:
    """Tell whether a file is a weight file: one with our mark, or one in which a person left a number alone."""
    return _second_line(text).startswith(_MARK) or bool(_ONLY_NUMBER.match(text))


def file_name_fault(name: str) -> str | None:
    """Return what is wrong with a file's name, None if nothing is."""
    if _NAME.match(name) and len(name) <= 255:
        return None
    return "a weight file's name has letters, digits, _ . and - only, at most 255, and does not begin with . or -"


def plan(present: Mapping[str, str], servers: Iterable[Mapping[str, Any]], *, unnamed: str) -> Plan:
    """Compare the files that are there (name to text) with ``servers`` ([{"file", "ready", "label"?, "forwarding"?}]).

    A file is held only when it is created: a server that has its weight keeps it when a run did not prepare it, else
    a run that is limited to directors would take every server away. Another forwarding method than the one that it was
    prepared for counts as a new server, because what prepares the host for one does not for the other. A held file of a
    ready server is released. The number that a person wrote stays.

    A server without a file takes over what ``renamed`` tells.

    ``unnamed`` is KEEP, DRAIN or PURGE and says what becomes of files of ours that ``servers`` does not name. DRAIN
    gives those weight 0 whose service has another server that serves already: a pool is never emptied.
    """
    write: dict[str, str] = {}
    states: dict[str, tuple[str, str]] = {}
    released = []
    wanted = list(servers)
    old = renamed(present, [server["file"] for server in wanted])
    for server in wanted:
        name, label = server["file"], server.get("label") or ""
        text = present.get(name, old.get(name))
        forwarding = server.get("forwarding") or ""
        before = "" if text is None else state_of(text)
        after = _after(text, forwarding, ready=server["ready"])
        if before == HELD and after == READY:
            released.append(name)
        if after != before or (after == READY and server["ready"] and _lacks(text or "", forwarding)):
            write[name] = text_for(after, label, forwarding)
        elif name in old:
            write[name] = old[name]
        states[name] = (before if name in present else "", after)
    extra = [name for name, text in present.items() if name not in states and is_ours(text)]
    serving = {_service(name) for name, (before, after) in states.items() if before == after == READY}
    leaving = [name for name in extra if _service(name) in serving] if unnamed == DRAIN else []
    for name in leaving:
        before = state_of(present[name])
        if before == READY:
            write[name] = text_for(HELD, "leaves")
        states[name] = (before, HELD if before == READY else before)
    purged = extra if unnamed == PURGE else []
    states.update({name: (state_of(present[name]), "") for name in purged})

    def now(state: str) -> tuple[str, ...]:
        return tuple(sorted(name for name, (_before, after) in states.items() if after == state))

    return Plan(
        write=write,
        held=now(HELD),
        drained=now(DRAINED),
        released=tuple(sorted(released)),
        invalid=now(INVALID),
        purge=tuple(sorted(purged)),
        leaving=tuple(sorted(leaving)),
        states=states,
    )


def renamed(present: Mapping[str, str], names: Collection[str]) -> dict[str, str]:
    """The texts that those of ``names`` without a file take over, so that another name gives back nothing drained.

    That is what stands for the same real server of the same virtual service under a name that nobody has any more. Of a
    virtual server group a file's name does not tell the services: what is drained in one that is gone, or in a service
    that becomes part of one, is drained under the new name.
    """
    named, services = set(names), {_service(name) for name in names}
    old = {name: text for name, text in sorted(present.items()) if name not in named and is_ours(text)}
    same = {whose(name): text for name, text in old.items()}
    drained = {
        name: text for name, text in old.items() if state_of(text) == DRAINED and (number_of(text) or 0) <= HELD_VALUE
    }
    found: dict[str, str] = {}
    for name in (name for name in names if name not in present):
        grouped = [
            text for other, text in drained.items() if _service(other) not in services and _is_grouped(name, other)
        ]
        if whose(name) in same:
            found[name] = same[whose(name)]
        elif grouped:
            found[name] = grouped[0]
    return found


def whose(name: str) -> tuple[str, ...]:
    """What a file's name tells of its server beside the service's name, all of it where that is all it has."""
    parts = name.split("_")
    if parts[-4:-3] == ["fwmark"]:
        return tuple(parts[-4:])
    return tuple(parts[-5:] if parts[-4:-3] in (["tcp"], ["udp"], ["sctp"]) else parts)


def _is_grouped(*names: str) -> bool:
    """Whether the files are of one address and port, and one of them at least is of a virtual server group."""
    parts = [name.split("_")[-3:] for name in names]
    return len({tuple(part[1:]) for part in parts}) == 1 and any(part[0] == "group" for part in parts)


def _after(text: str | None, forwarding: str, *, ready: bool) -> str:
    """The state that a server's file is to have; ``text``: what is there."""
    before = "" if text is None else state_of(text)
    if text is None or before == HELD:
        return READY if ready else HELD
    return HELD if before == READY and not ready and is_other(text, forwarding) else before


def _lacks(text: str, forwarding: str) -> bool:
    """Whether a READY file does not say this method, and is ours to write: an operator's has more to say."""
    plain = _second_line(text).startswith(_READY_MARK) or bool(_ONLY_NUMBER.match(text))
    return plain and bool(forwarding) and forwarding_of(text) != forwarding


def own_file(service: str, address: str, port: int) -> re.Pattern[str]:
    """Which files are of one real server of a virtual service, ``fwmark_MARK`` or ``ADDRESS_PROTOCOL_PORT``."""
    # With a mark and without NAT the kernel has no port; the name has that of the checks.
    ports = "[0-9]+" if service.startswith("fwmark_") and not port else str(port)
    return re.compile(re.escape(f"_{service}_{address}_".replace(":", "-")) + rf"{ports}\Z")


def _service(name: str) -> str:
    """The part of a file's name that all real servers of a virtual service share: all but their address and port."""
    return name.rsplit("_", 2)[0]


def number_of(text: str) -> int | None:
    """Read the number as keepalived does: 0 for no number, None for one that it ignores because it is too large."""
    start = text.encode(errors="replace")[:_READ_BYTES].decode(errors="replace")
    found = _NUMBER.match(start)
    if not found:
        return 0
    sign, digits = found.groups()
    if digits[:2] in ("0x", "0X"):
        value = int(digits[2:], 16)
    elif digits[0] == "0":
        # Base 0 of strtol: a leading 0 is octal, and the first digit that is not ends the number.
        octal = re.match("[0-7]+", digits)
        value = int(octal.group(), 8) if octal else 0
    else:
        value = int(digits)
    value = -value if sign == "-" else value
    return value if -_INT32 <= value <= _INT32 else None


def _second_line(text: str) -> str:
    lines = text.split("\n", 2)
    return lines[1] if len(lines) > 1 else ""
