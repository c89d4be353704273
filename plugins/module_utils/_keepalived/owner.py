# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which virtual servers the keepalived that runs on this host calls its own: found by its configuration files.

keepalived never reads the kernel's table: what others change in its services stays changed until it restarts, and its
stop deletes them. So whoever writes to the table must know which services are its (keepalived.conf(5), keepalived(8)).
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from typing import Iterable, Iterator, NamedTuple, Sequence

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.conf import Block, UnreadableError, read_blocks
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.program import is_keepalived

__all__ = ["Running", "UnreadableError", "VirtualServer", "running", "servers_of", "virtual_servers"]

DEFAULT_FILE = "/etc/keepalived/keepalived.conf"
_WITH_VALUE, _WITH_OPTIONAL_VALUE = "fipcrbsSuA", "gMt"
"""keepalived's short options that take a value, and those that take one in the same word only (keepalived(8))."""

_ONLY_SAY = {"t", "config-test", "v", "version", "h", "help", "signum"}
"""Those that have it say something and end."""


class Running(NamedTuple):
    """A running keepalived: its configuration file, and the id that lines for some hosts only are chosen by."""

    file: str
    config_id: str


class VirtualServer(NamedTuple):
    """One virtual server, or a range of them that differ in the last part of their address."""

    family: str
    """ipv4 or ipv6."""
    first: str = ""
    last: str = ""
    port: int = 0
    protocol: str = "tcp"
    fwmark: int = 0

    def covers(self, family: str, protocol: str, address: str, port: int, fwmark: int) -> bool:
        """Whether the virtual service with this identity is this one, or one of this range."""
        if self.family != family or self.fwmark != fwmark:
            return False
        if fwmark:
            return True
        number = int(ipaddress.ip_address(address))
        span = (int(ipaddress.ip_address(self.first)), int(ipaddress.ip_address(self.last)))
        return (self.protocol, self.port) == (protocol, port) and span[0] <= number <= span[1]


def running(proc: str = "/proc", host: str | None = None, *, vrrp: bool = False) -> list[Running]:
    """The keepalived processes in this process's network namespace, each configuration once.

    ``vrrp``: also those that do VRRP alone, and so have no virtual server.
    Raises UnreadableError where a keepalived runs that can't be asked: no permission is never "not running".
    """
    name = (host or os.uname().nodename).split(".")[0]
    here = os.stat(f"{proc}/self/ns/net").st_ino
    found = set()
    for pid in filter(str.isdecimal, os.listdir(proc)):
        try:
            if not is_keepalived(pid, proc) or os.stat(f"{proc}/{pid}/ns/net").st_ino != here:
                continue
            with open(f"{proc}/{pid}/cmdline", "rb") as raw:
                line = raw.read().decode("utf-8", "surrogateescape")
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ESRCH):  # it has ended meanwhile
                continue
            raise UnreadableError(f"the process {pid} of keepalived can't be looked at: {error.strerror}") from error
        if not line:  # it begins this moment, perhaps to say something, or has ended
            continue
        options = dict(_options(line.split("\0")[1:]))
        if options.keys() & _ONLY_SAY:
            continue
        if vrrp or not options.keys() & {"P", "vrrp"}:
            file = options.get("f") or options.get("use-file") or DEFAULT_FILE
            found.add(Running(file, options.get("i") or options.get("config-id") or name))
    return sorted(found)


def _options(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The options of a command line with their values, short ones in one word or apart."""
    left = iter(words)
    for word in left:
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            yield name, value if equals or name not in ("use-file", "config-id") else next(left, "")
            continue
        letters = word[1:] if word.startswith("-") else ""
        for place, letter in enumerate(letters):
            if letter in _WITH_VALUE:
                yield letter, letters[place + 1 :] or next(left, "")
                break
            yield letter, ""
            if letter in _WITH_OPTIONAL_VALUE:
                break


def virtual_servers(keepalived: Running) -> list[VirtualServer]:
    """The virtual servers of a configuration. Raises UnreadableError where it can't be read."""
    return servers_of(read_blocks(*keepalived))


def servers_of(blocks: Iterable[Block]) -> list[VirtualServer]:
    """The virtual servers among the blocks of a configuration. Raises UnreadableError for what can't be told."""
    blocks = list(blocks)
    groups: dict[str, list[Block]] = {}
    for block in blocks:
        if block.words[0] == "virtual_server_group" and len(block.words) > 1:
            groups.setdefault(block.words[1], []).extend(block.inside or [])
    found = []
    for block in blocks:
        if block.words[0] == "virtual_server" and block.inside is not None:
            members = [block.words[1:]]
            if members[0][:1] == ("group",):
                members = [member.words for member in groups.get("".join(members[0][1:2]), [])]
            found += [one for one in (_server(member, block.inside) for member in members) if one is not None]
    return found


def _server(words: tuple[str, ...], inside: list[Block]) -> VirtualServer | None:
    """None for words that keepalived itself would not take."""
    if any("$" in word for word in words):
        raise UnreadableError(f"virtual_server {' '.join(words)} has a name that is not defined")
    values = {block.words[0]: block.words[1:] for block in inside}
    try:
        if words[:1] == ("fwmark",):
            real = "".join(values.get("real_server", ())[:1])
            family = "ipv6" if "inet6" in values.get("ip_family", ()) or ":" in real else "ipv4"
            return VirtualServer(family, fwmark=int("".join(words[1:2])))
        first, _dash, end = "".join(words[:1]).partition("-")
        address = ipaddress.ip_address(first)
        separator = ":" if address.version == 6 else "."
        last = f"{first.rpartition(separator)[0]}{separator}{end}" if end else first
        port = int("".join(words[1:2]) or 0)
        protocol = "".join(values.get("protocol", ("tcp",))[:1]).lower()
        return VirtualServer(f"ipv{address.version}", _canonical(first), _canonical(last), port, protocol)
    except (ValueError, OSError):
        return None


def _canonical(address: str) -> str:
    """As the kernel's side of this collection writes it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.inet_ntop(family, socket.inet_pton(family, address))
