# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a change of keepalived.conf asks of a roll-out: all directors at once, or a restart. Texts in, no I/O.

A backup drops adverts that differ from its own configuration and becomes a second master after its dead interval
(vrrp_check_packet in keepalived/vrrp/vrrp.c; each point is 2.2.7's and 2.3.3's unless said otherwise):

- the VRRP version, and in version 2 the kind of authentication, the password (8 bytes of it) and the interval. In
  version 3 another interval is taken over from the master, but a backup whose own is shorter would not wait for it;
- the number of addresses and each of them, in any order (2.3.3 only logs it; skip_check_adv_addr spares the known
  master alone). Excluded addresses are in no advert;
- multicast or unicast, the group, and where it is checked the sender;
- in version 3 how the checksum is made (old_unicast_checksum, v3_checksum_as_v2).

What reload_config in keepalived/core/main.c refuses keeps the whole old configuration in force until a restart.
"""

from __future__ import annotations

import functools
import ipaddress
import os
from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.conf import Block, UnreadableError, read_text

__all__ = ["GOING", "NO_AUTH", "Instance", "differing", "instances", "needs_restart", "survives"]

GOING = "addresses or services that go"
"""Among what needs a restart: the new configuration does not have them, so nobody would take them away later."""
_DEFAULT_GROUPS = {4: "224.0.0.18", 6: "ff02::12"}
NO_AUTH, PASS, AH = 0, 1, 2
"""Kinds of authentication as adverts number them."""
_AUTH_TYPES = {"PASS": PASS, "AH": AH}
_PASSWORD_BYTES = 8
_LONGEST = {2: 255, 3: 4095}
_TRUE = ("true", "on", "yes")

# Keyword, what it is for a reader, and its value where it has none of its own (keepalived/core/global_parser.c).
_RESTART = (
    ("net_namespace", "the network namespace", ""),
    ("net_namespace_ipvs", "the network namespace of IPVS", ""),
    ("instance", "the name of this keepalived", ""),
    ("nftables", "the nftables table of VRRP", "keepalived"),
    ("nftables_ipvs", "the nftables table of IPVS", "keepalived_ipvs"),
    ("tmp_config_directory", "the directory of its copy of the configuration", ""),
    ("disable_local_igmp", "whether it sends IGMP reports for link-local groups", "true"),
)


class Instance(NamedTuple):
    """What one vrrp_instance says that others must agree with; numbers and addresses as an advert carries them."""

    interface: str
    family: int
    router: int
    version: int
    interval: int
    """Seconds in version 2, hundredths of them in version 3."""
    auth_type: int
    auth_data: bytes
    addresses: tuple[bytes, ...]
    group: str
    """Where adverts go; empty for unicast."""
    source: str
    peers: tuple[str, ...]
    checksum: tuple[str, ...]
    vmac: bool
    """Not for others, but a change makes keepalived give up the instance and begin a new one."""

    def __repr__(self) -> str:
        """Without the password, which a traceback could show."""
        return f"Instance({self.interface}, IPv{self.family}, {self.router})"

    @property
    def seconds(self) -> float:
        return float(self.interval) if self.version == 2 else self.interval / 100


def instances(text: str, config_id: str | None = None) -> dict[str, Instance]:
    """The VRRP instances of a text by name. Raise UnreadableError for one that isn't understood."""
    return _instances_of(_blocks(text, config_id))


def differing(old: str, new: str, config_id: str | None = None) -> tuple[str, ...] | None:
    """The names, as the new text has them, of instances that both texts have and that others must agree with.

    An instance that comes or goes is none: nobody hears another one. None: that can't be told, so take it for yes.
    """
    try:
        before, after = instances(old, config_id), instances(new, config_id)
    except UnreadableError:
        return None
    # What is renamed is the same one to the others.
    by_router = {(one.interface, one.family, one.router): one for name, one in before.items() if name not in after}
    found = []
    for name, one in after.items():
        former = before.get(name) or by_router.get((one.interface, one.family, one.router))
        if former is not None and former._replace(vmac=one.vmac) != one:
            found.append(name)
    return tuple(found)


def survives(old: Instance, new: Mapping[str, Instance]) -> bool:
    """Whether keepalived carries the state of an instance over its reload (vrrp_exist in keepalived/vrrp/vrrp.c).

    If not, a master says goodbye and begins as backup.
    """
    for one in new.values():
        if (one.router, one.family, one.interface) != (old.router, old.family, old.interface):
            continue
        if one.group == old.group and (one.source == old.source if not one.group else one.vmac == old.vmac):
            return True
    return False


def needs_restart(old: str, new: str, config_id: str | None = None) -> str:
    """What of the change a reload refuses, in words; "" for nothing, and where that can't be told.

    GOING is among it where keepalived must not be ended without a chance to take back what it did.
    """
    if not old:
        return ""
    try:
        before, after = (_process_words(_blocks(text, config_id)) for text in (old, new))
    except UnreadableError:
        return ""
    found = [f"{said} ({word})" for word, said, _bare in _RESTART if before.get(word) != after.get(word)]
    if found and _held(_blocks(old, config_id)) - _held(_blocks(new, config_id)):
        found.append(GOING)
    return ", ".join(found)


def _held(blocks: Sequence[Block]) -> set[tuple[str, ...]]:
    """What keepalived puts on the host: addresses, routes and rules, virtual services and their real servers."""
    found: set[tuple[str, ...]] = set()
    for block in blocks:
        word, inside = block.words[0], block.inside or []
        if word.startswith("virtual_server"):
            found |= {block.words, *((*block.words, *one.words) for one in inside if one.words[0] == "real_server")}
        lists = [block] if word.startswith("static_") else inside if word == "vrrp_instance" else []
        for one in lists:
            lines = one.inside or []
            if one.words[0] in ("virtual_ipaddress", "virtual_ipaddress_excluded", "static_ipaddress"):
                found |= {(line.words[0],) for line in lines}
            elif one.words[0].startswith(("virtual_", "static_")):
                found |= {line.words for line in lines}
    return found


# Both questions are asked of the same two texts, and a large one takes a while.
@functools.lru_cache(maxsize=2)
def _blocks(text: str, config_id: str | None) -> list[Block]:
    return read_text(text, config_id or os.uname().nodename.split(".")[0])


def _process_words(blocks: Sequence[Block]) -> dict[str, str]:
    bare = {word: value for word, _said, value in _RESTART}
    # The first one counts.
    found: dict[str, str] = {}
    for one in _global(blocks):
        if one.words[0] in bare:
            found.setdefault(one.words[0], " ".join(one.words[1:]) or bare[one.words[0]])
    return found


def _global(blocks: Sequence[Block]) -> Iterator[Block]:
    """What stands outside of all blocks, and in global_defs."""
    for block in blocks:
        if block.words[0] == "global_defs":
            yield from block.inside or []
        elif block.inside is None:
            yield block


def _instances_of(blocks: Sequence[Block]) -> dict[str, Instance]:
    settings = {one.words[0]: one.words[1:] for one in _global(blocks)}
    found: dict[str, Instance] = {}
    for block in blocks:
        if block.words[0] == "vrrp_instance" and len(block.words) == 2 and block.inside is not None:
            try:
                # keepalived passes over a second one of a name.
                found.setdefault(block.words[1], _instance(block.inside, settings))
            except (ValueError, InvalidOperation) as error:
                raise UnreadableError(f"vrrp_instance {block.words[1]} has a value that is not known here") from error
    return found


def _instance(inside: Sequence[Block], settings: Mapping[str, tuple[str, ...]]) -> Instance:
    words = {one.words[0]: one.words[1:] for one in inside}
    source = _address(_first(words, "unicast_src_ip"))
    peers = [_address(one.words[0]) for one in _inside(inside, "unicast_peer")]
    listed = [ipaddress.ip_interface(one.words[0]).ip for one in _inside(inside, "virtual_ipaddress")]
    known = [ipaddress.ip_address(one).version for one in (source, *peers) if one] + [one.version for one in listed]
    family = 6 if "native_ipv6" in words else known[0] if known else 4
    addresses = tuple(sorted(one.packed for one in listed if one.version == family))
    strict = _is_on(words["strict_mode"]) if "strict_mode" in words else "vrrp_strict" in settings
    version = _version(words, settings, family, strict=strict)
    auth_type, auth_data = (NO_AUTH, b"") if strict or version == 3 else _authentication(inside, family)
    group = _first(words, "mcast_dst_ip") or _first(settings, f"vrrp_mcast_group{family}") or _DEFAULT_GROUPS[family]
    return Instance(
        interface=_first(words, "interface"),
        family=family,
        router=int(_first(words, "virtual_router_id") or 0),
        version=version,
        interval=_interval(_first(words, "advert_int") or "1", version),
        auth_type=auth_type,
        auth_data=auth_data,
        addresses=addresses,
        group="" if peers else _address(group),
        source=source if peers else "",
        peers=tuple(sorted(peers)),
        checksum=_checksum(words, settings) if version == 3 and family == 4 else (),
        vmac="use_vmac" in words,
    )


def _version(
    words: Mapping[str, tuple[str, ...]], settings: Mapping[str, tuple[str, ...]], family: int, *, strict: bool
) -> int:
    if family == 6 and (strict or "version" not in words or "native_ipv6" in words):
        return 3
    version = int(_first(words, "version") or _first(settings, "vrrp_version") or 2)
    if version not in _LONGEST:
        raise ValueError("no such version")
    return version


def _interval(text: str, version: int) -> int:
    units = (Decimal(text) * (1 if version == 2 else 100)).to_integral_value(ROUND_HALF_UP)
    return min(max(int(units), 1), _LONGEST[version])


def _authentication(inside: Sequence[Block], family: int) -> tuple[int, bytes]:
    words = {one.words[0]: one.words[1:] for one in _inside(inside, "authentication")}
    kind = _AUTH_TYPES.get(_first(words, "auth_type"), NO_AUTH)
    password = _first(words, "auth_pass").encode("utf-8", "surrogateescape")[:_PASSWORD_BYTES]
    if not password or kind == NO_AUTH or (kind == AH and family == 6):
        return NO_AUTH, b""
    return kind, password.ljust(_PASSWORD_BYTES, b"\0")


def _checksum(words: Mapping[str, tuple[str, ...]], settings: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    found = []
    if "old_unicast_checksum" in words:
        found.append(" ".join(("old", *words["old_unicast_checksum"])))
    if _is_on(words["v3_checksum_as_v2"]) if "v3_checksum_as_v2" in words else "v3_checksum_as_v2" in settings:
        found.append("as v2")
    return tuple(found)


def _inside(blocks: Sequence[Block], name: str) -> Iterator[Block]:
    for block in blocks:
        if block.words[0] == name:
            yield from block.inside or []


def _first(words: Mapping[str, tuple[str, ...]], name: str) -> str:
    return "".join(words.get(name, ())[:1])


def _is_on(values: tuple[str, ...]) -> bool:
    return not values or values[0].lower() in _TRUE


def _address(text: str) -> str:
    return str(ipaddress.ip_address(text)) if text else ""
