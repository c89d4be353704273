# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kinds of values that many variables have in common."""

from __future__ import annotations

from ansible_collections.lvs.cluster.plugins.module_utils._topology.schema import Spec

__all__ = [
    "ACTION",
    "ACTION_FIELDS",
    "ADDRESS",
    "BOOLEAN",
    "DEVICE",
    "FORWARDING",
    "MARK",
    "NAME",
    "NEEDED_ADDRESS",
    "NEEDED_DEVICE",
    "OPTIONS",
    "PORT",
    "PORTS",
    "PREFIX",
    "PROTOCOLS",
    "SCHEDULERS",
    "TEXT",
    "TUNNEL",
    "USER",
    "WEIGHT",
    "choice",
    "integer",
    "listed",
    "seconds",
]

SCHEDULERS = ("rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh", "twos")
PROTOCOLS = ("tcp", "udp", "sctp")


def integer(low: int, high: int, required: bool = False) -> Spec:
    return Spec("integer", f"a whole number from {low} to {high}", low=low, high=high, required=required)


def seconds(high: float = 86400, low: float = 0) -> Spec:
    return Spec("number", f"seconds from {low:g} to {high:g}", low=low, high=high)


def choice(*words: str) -> Spec:
    return Spec("text", f"one of {', '.join(words)}", choices=words)


def listed(item: Spec, wanted: str, required: bool = False, single: bool = False) -> Spec:
    return Spec("list", wanted, item=item, required=required, at_least=1 if required else 0, single=single)


TEXT = Spec("text", "some text")
BOOLEAN = Spec("boolean", "true or false")
# Files on directors are called by it.
NAME = Spec(
    "text",
    "a name of at most 100 letters, digits and _ . -",
    pattern=r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}",
    required=True,
)
# 15 characters is the kernel's IFNAMSIZ less its end. It takes more of them than these; but quotes and the like
# would have to be quoted in another way for each of systemd, its shell, keepalived and iptables.
DEVICE = Spec(
    "text",
    "the name of an interface (at most 15 letters, digits and _ . @ + -)",
    pattern=r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,14}",
)
NEEDED_DEVICE = Spec("text", DEVICE.wanted, pattern=DEVICE.pattern, required=True)
ADDRESS = Spec("address", "an address such as 192.168.0.12, without a prefix length")
NEEDED_ADDRESS = Spec("address", ADDRESS.wanted, required=True)
PREFIX = Spec("prefix", "an address with its prefix length, such as 10.0.0.5/24")
OPTIONS = Spec("options", "a mapping of keepalived keywords")
PORT = integer(1, 65535)
PORTS = Spec("ports", 'a port, a range such as "8000-8010", or a list of them')
WEIGHT = integer(0, 65535)
FORWARDING = choice("nat", "dr", "tun")
MARK = Spec("mark", 'a whole number from 1 to 4294967295, or as hexadecimal text such as "0x1"', low=1, high=4294967295)
TUNNEL = Spec(
    "mapping",
    "a mapping with type, port and checksum",
    fields={
        "type": Spec("text", "ipip, gue or gre", choices=("ipip", "gue", "gre"), default="ipip"),
        "port": PORT,
        "checksum": Spec("text", "none, csum or remcsum", choices=("none", "csum", "remcsum"), default="none"),
    },
)
USER = Spec(
    "text",
    "the name of a user, or of a user and a group, each of at most 32 characters",
    pattern=r"[A-Za-z_][A-Za-z0-9_.-]{0,31}( [A-Za-z_][A-Za-z0-9_.-]{0,31})?",
)
ACTION_FIELDS = {
    "script": Spec(
        "text",
        "the path of a script without spaces; its arguments go under args",
        # A relative path is installed under its last part, which must be a name.
        pattern=r"(\S*/)?[^\s/]*[^\s/.][^\s/]*",
        required=True,
    ),
    "args": listed(Spec("word", "text or a number"), "a list of text", single=True),
    "user": USER,
}
ACTION = Spec(
    "mapping", "the path of a script, or a mapping with script and args", shorthand="script", fields=ACTION_FIELDS
)
"""What keepalived runs; the check of a script has the same fields beside its own."""
