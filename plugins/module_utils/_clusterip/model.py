# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster IP is, and what keeps it from being one. No I/O."""

from __future__ import annotations

import re
import zlib
from ipaddress import ip_address
from typing import Any, Mapping, NamedTuple

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError

__all__ = [
    "AUTO",
    "BACKENDS",
    "HASH_MODES",
    "MAX_PORTS",
    "PROTOCOLS",
    "ClusterIp",
    "derived_mac",
    "digest",
    "faults",
    "from_json",
    "limit",
    "parse",
    "to_json",
]

BACKENDS = ("clusterip", "xt_cluster", "nftables")
AUTO = "auto"  # a backend not chosen yet: only what no backend can do is a fault
HASH_MODES = ("sourceip", "sourceip-sourceport", "sourceip-sourceport-destport")
PROTOCOLS = ("all", "tcp", "udp", "sctp")
MAX_PORTS = 15  # of iptables' multiport

_LIMITS = {"clusterip": 16, "xt_cluster": 32, "nftables": 1024}
_SEEDS = 2**32
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_BROADCAST = "ff:ff:ff:ff:ff:ff"
# dev_valid_name() of the kernel, without "%", in which it puts a number, and without what the texts of nft and
# iptables-restore give a meaning.
_INTERFACE = re.compile(r"[A-Za-z0-9_.@-]{1,15}")


class ClusterIp(NamedTuple):
    """A VIP with its cluster MAC and how its clients are spread over ``total`` buckets (1..total).

    ``prefix`` is that of the clients' network; on the host the VIP is a /32 or /128. Without ports it is every port;
    ports belong to one protocol.
    """

    address: str
    prefix: int
    interface: str
    cluster_mac: str
    total: int
    hash_mode: str
    hash_seed: int
    protocol: str
    ports: tuple[int, ...]
    backend: str

    @property
    def family(self) -> str:
        return "ipv6" if ":" in self.address else "ipv4"


def derived_mac(address: str) -> str:
    """The cluster MAC of a VIP for which none is given: the same on all nodes, locally administered, multicast."""
    packed = ip_address(address).packed
    if len(packed) == 4:
        return "03:4c:" + _pairs(packed)
    return "03:36:" + _pairs(zlib.crc32(packed).to_bytes(4, "big"))


def _pairs(data: bytes) -> str:
    return ":".join(f"{byte:02x}" for byte in data)


def digest(address: str) -> str:
    """Eight hexadecimal digits that stand for a VIP in the names of chains and tables."""
    return f"{zlib.crc32(address.encode()):08x}"


def limit(backend: str) -> int:
    """The most buckets that a backend has; BootError for an unknown one."""
    if backend == AUTO:
        return max(_LIMITS.values())
    if backend not in _LIMITS:
        raise BootError(f"backend: {backend!r} is none of {', '.join(BACKENDS)}")
    return _LIMITS[backend]


def faults(cluster_ip: ClusterIp) -> list[str]:
    """What is wrong with a cluster IP, each fault with the option that it is in; empty if nothing is.

    Options have the fields' names, but for ``total``, which is total_nodes.
    """
    it = cluster_ip
    return [
        *_address_faults(it),
        *_mac_faults(it.cluster_mac),
        *_hash_faults(it),
        *_port_faults(it),
        *_backend_faults(it),
    ]


def _address_faults(it: ClusterIp) -> list[str]:
    found = []
    try:
        address = ip_address(it.address)
    except ValueError:
        found.append(f"address: {it.address!r} is no IPv4 or IPv6 address")
    else:
        if "%" in it.address:
            found.append(f"address: {it.address} has a zone: write it without %, and its interface as interface")
        elif it.address != str(address):
            found.append(f"address: write {it.address} as {address}")
        if address.is_multicast or address.is_unspecified or address.is_loopback or it.address == "255.255.255.255":
            found.append(f"address: {address} is no unicast address that a network can have")
        if not 1 <= it.prefix <= address.max_prefixlen:
            found.append(f"prefix: {it.prefix} is not in 1..{address.max_prefixlen}")
    if not _INTERFACE.fullmatch(it.interface) or it.interface in (".", ".."):
        found.append(f"interface: {it.interface!r} is no name of a network interface")
    return found


def _mac_faults(mac: str) -> list[str]:
    if not _MAC.fullmatch(mac):
        return [f"cluster_mac: {mac!r} is no MAC address in lower case, as in 03:4c:0a:00:00:09"]
    if mac == _BROADCAST:
        return [f"cluster_mac: {mac} is the broadcast address; a cluster MAC is multicast, as in 03:4c:0a:00:00:09"]
    if not int(mac[:2], 16) & 1:
        return [f"cluster_mac: {mac} is not multicast: the first octet must be odd, as in 03:4c:0a:00:00:09"]
    return []


def _hash_faults(it: ClusterIp) -> list[str]:
    found = []
    if it.hash_mode not in HASH_MODES:
        found.append(f"hash_mode: {it.hash_mode!r} is none of {', '.join(HASH_MODES)}")
    if not 0 <= it.hash_seed < _SEEDS:
        found.append(f"hash_seed: {it.hash_seed} is not in 0..{_SEEDS - 1}")
    return found


def _port_faults(it: ClusterIp) -> list[str]:
    found = []
    if it.protocol not in PROTOCOLS:
        found.append(f"protocol: {it.protocol!r} is none of {', '.join(PROTOCOLS)}")
    if it.ports and it.protocol == "all":
        found.append("ports: they need a protocol: tcp, udp or sctp")
    if len(it.ports) > MAX_PORTS:
        found.append(f"ports: {len(it.ports)} are more than {MAX_PORTS}; leave them out for every port")
    wrong = [port for port in it.ports if not 1 <= port <= 65535]
    if wrong:
        found.append(f"ports: {', '.join(map(str, wrong))} not in 1..65535")
    if len(set(it.ports)) != len(it.ports):
        found.append("ports: one of them is there twice")
    return found


def _backend_faults(it: ClusterIp) -> list[str]:
    if it.backend != AUTO and it.backend not in _LIMITS:
        return [f"backend: {it.backend!r} is none of {', '.join(BACKENDS)}"]
    found = []
    most = limit(it.backend)
    if not 1 <= it.total <= most:
        why = f": the backend {it.backend} has no more" if it.backend != AUTO and it.total > most else ""
        found.append(f"total_nodes: {it.total} buckets are not in 1..{most}{why}")
    if it.backend == "clusterip" and it.family == "ipv6":
        found.append("backend: clusterip has no IPv6; take xt_cluster or nftables")
    if it.backend == "xt_cluster" and it.hash_mode in HASH_MODES[1:]:
        found.append(
            f"hash_mode: the backend xt_cluster hashes the source address only; take nftables for {it.hash_mode}"
        )
    return found


def parse(data: Mapping[str, Any]) -> ClusterIp:
    """A cluster IP of a mapping with the names of its fields; BootError names all faults at once.

    The address is brought to its usual spelling. What may be missing: cluster_mac (derived from the address), hash_mode
    (sourceip), hash_seed (0), protocol (all), ports (every port).
    """
    unknown = sorted(set(map(str, data)) - set(ClusterIp._fields))
    missing = [name for name in ("address", "prefix", "interface", "total", "backend") if data.get(name) in (None, "")]
    wrong = [f"{name}: is no field of a cluster IP" for name in unknown] + [f"{name}: is missing" for name in missing]
    if wrong:
        raise BootError("; ".join(wrong))
    address = _canonical(str(data["address"]))
    ports = data.get("ports") or ()
    numbers = {name: _number(data.get(name, 0), name, wrong) for name in ("prefix", "total", "hash_seed")}
    if isinstance(ports, (list, tuple)):
        ports = tuple(_number(port, "ports", wrong) for port in ports)
    else:
        wrong.append(f"ports: {ports!r} is no list")
        ports = ()
    if wrong:
        raise BootError("; ".join(wrong))
    found = ClusterIp(
        address,
        numbers["prefix"],
        str(data["interface"]),
        str(data.get("cluster_mac") or _derived_or_nothing(address)).lower(),
        numbers["total"],
        str(data.get("hash_mode") or HASH_MODES[0]),
        numbers["hash_seed"],
        str(data.get("protocol") or PROTOCOLS[0]),
        tuple(sorted(ports)),
        str(data["backend"]),
    )
    wrong = faults(found)
    if wrong:
        raise BootError(f"cluster IP {address}: {'; '.join(wrong)}")
    return found


def _canonical(address: str) -> str:
    try:
        return str(ip_address(address))
    except ValueError:
        return address


def _derived_or_nothing(address: str) -> str:
    try:
        return derived_mac(address)
    except ValueError:
        return derived_mac("0.0.0.0")  # the address is the fault


def _number(value: Any, name: str, wrong: list[str]) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,10}", value):
        return int(value)
    wrong.append(f"{name}: {value!r} is no whole number")
    return 0


def to_json(cluster_ip: ClusterIp) -> dict[str, Any]:
    return {**cluster_ip._asdict(), "ports": list(cluster_ip.ports)}


def from_json(data: Any) -> ClusterIp:
    """What to_json() made; BootError for anything else."""
    if not isinstance(data, dict):
        raise BootError(f"{data!r} is no cluster IP")
    return parse(data)
