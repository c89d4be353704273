# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Neighbour discovery of an IPv6 cluster IP: what the node sends from or about the VIP carries the cluster MAC.

By tc on the way out of the interface: nft changes an option of ICMPv6 but does not keep its checksum right. The filters
of a VIP have one preference, so they go together.
"""

from __future__ import annotations

import re
import zlib
from ipaddress import IPv6Address
from typing import Tuple

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.commands import Command, in_one_line, must
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.model import ClusterIp

__all__ = ["is_used", "load", "preference", "problem", "remove", "stands"]

_FIRST, _PLACES = 20000, 29000  # below 49152, from where the kernel counts down for filters without a preference
_INDEX = "20000"  # of the actions that problem() makes for a moment
_SOLICITATION, _ADVERTISEMENT = 135, 136
# Byte of the IPv6 packet at which the address stands that must be the VIP: source, or target of the advertisement.
_PLACE = {_SOLICITATION: 8, _ADVERTISEMENT: 48}
# Type of the link-layer address option, RFC 4861, 4.6.1: of the source, of the target.
_OPTION = {_SOLICITATION: 1, _ADVERTISEMENT: 2}

Filter = Tuple[Tuple[Tuple[int, str, str], ...], Tuple[Tuple[int, str], ...]]
"""(offset, value, mask) of the matches, and (offset, value) of what is written."""


def preference(address: str) -> int:
    return _FIRST + zlib.crc32(address.encode()) % _PLACES


def _wanted(cluster_ip: ClusterIp, kind: int) -> Filter:
    """A message of ``kind`` that has the option: with 32 bytes after the header of IPv6 it can have no other."""
    packed, mac = IPv6Address(cluster_ip.address).packed.hex(), cluster_ip.cluster_mac.replace(":", "")
    words = [(_PLACE[kind] + place, packed[2 * place : 2 * place + 8], "ffffffff") for place in (0, 4, 8, 12)]
    head = [(4, "00203a00", "ffffff00"), (40, f"{kind:02x}000000", "ff000000")]
    return tuple(sorted(head + words)), ((64, f"0{_OPTION[kind]}01{mac[:4]}"), (68, mac[4:]))


def _filters(cluster_ip: ClusterIp) -> list[Filter]:
    return [_wanted(cluster_ip, kind) for kind in (_ADVERTISEMENT, _SOLICITATION)]


def parse(text: str) -> list[Filter]:
    """The output of ``tc filter show dev IF egress``: filters of u32 that write something."""
    found: list[Filter] = []
    for block in re.split(r"^filter ", text, flags=re.MULTILINE):
        matches = re.findall(r"^\s*match ([0-9a-f]{8})/([0-9a-f]{8}) at (\d+)", block, re.MULTILINE)
        keys = re.findall(r"key #\d+\s+at (?:\S*\+)?(\d+): val ([0-9a-f]{8}) mask 0{8}", block)
        if matches and keys and "csum (" in block:
            found.append(
                (
                    tuple(sorted((int(place), value, mask) for value, mask, place in matches)),
                    tuple((int(place), value) for place, value in keys),
                )
            )
    return found


def problem(run: Command) -> str:
    """Why tc cannot do it on this kernel, in one line; empty if it can. Tries the actions without an interface."""
    faults = []
    for action in (("pedit", "munge", "offset", "64", "u32", "set", "0x02010000"), ("csum", "icmp")):
        # Not "add": what a run left that was killed here would be in the way until the next boot.
        code, out, err = run(("tc", "actions", "replace", "action", *action, "index", _INDEX))
        if code:
            faults.append(f"{action[0]}: {in_one_line(err or out)}")
        else:
            must(run, "tc", "actions", "del", "action", action[0], "index", _INDEX)
    if not faults:
        return ""
    return f"the cluster MAC cannot be put into IPv6 neighbour discovery: tc action {'; '.join(faults)}"


def _listed(run: Command, interface: str, *words: str) -> str:
    code, out, err = run(("tc", "filter", "show", "dev", interface, "egress", *words))
    if code == 127:
        return ""
    absent = ("Cannot find device", "does not exist", "Parent Qdisc doesn't exists", "No such", "not found")
    if code and not any(text in err for text in absent):
        raise BootError(f"tc filter show dev {interface} egress failed with status {code}: {in_one_line(err)}")
    return "" if code else out


def _place(cluster_ip: ClusterIp) -> tuple[str, ...]:
    return ("protocol", "ipv6", "pref", str(preference(cluster_ip.address)))


def stands(run: Command, cluster_ip: ClusterIp) -> bool:
    found = parse(_listed(run, cluster_ip.interface, *_place(cluster_ip)))
    return sorted(found) == sorted(_filters(cluster_ip))


def is_used(run: Command, interface: str, mac: str) -> bool:
    """Whether a VIP of ours on the interface has this cluster MAC."""
    plain = mac.replace(":", "")
    for _matches, writes in parse(_listed(run, interface)):
        values = dict(writes)
        if values.get(64, "")[4:] + values.get(68, "") == plain:
            return True
    return False


def load(run: Command, cluster_ip: ClusterIp) -> None:
    if stands(run, cluster_ip):
        return
    interface = cluster_ip.interface
    if "clsact" not in must(run, "tc", "qdisc", "show", "dev", interface):
        must(run, "tc", "qdisc", "add", "dev", interface, "clsact")
    lines = []
    if _listed(run, interface, *_place(cluster_ip)).strip():
        lines.append(_line(cluster_ip, "del"))
    for matches, writes in _filters(cluster_ip):
        words = [f"match u32 0x{value} 0x{mask} at {place}" for place, value, mask in matches]
        munges = [f"munge offset {place} u32 set 0x{value}" for place, value in writes]
        action = f"action pedit {' '.join(munges)} pipe action csum icmp"
        lines.append(f"{_line(cluster_ip, 'add')} u32 {' '.join(words)} {action}")
    must(run, "tc", "-batch", "-", stdin="\n".join([*lines, ""]))


def _line(cluster_ip: ClusterIp, verb: str) -> str:
    return f"filter {verb} dev {cluster_ip.interface} egress {' '.join(_place(cluster_ip))}"


def remove(run: Command, cluster_ip: ClusterIp) -> None:
    """The filters of the VIP; the qdisc with the last filter of anybody, in either direction."""
    interface = cluster_ip.interface
    if not _listed(run, interface, *_place(cluster_ip)).strip():
        return
    must(run, "tc", *_line(cluster_ip, "del").split())
    code, ingress, _err = run(("tc", "filter", "show", "dev", interface, "ingress"))
    if code == 0 and not ingress.strip() and not _listed(run, interface).strip():
        must(run, "tc", "qdisc", "del", "dev", interface, "clsact")
