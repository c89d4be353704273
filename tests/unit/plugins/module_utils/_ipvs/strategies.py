"""What IPVS's tests draw from: values that _ipvs/options.py accepts, and small tables that overlap."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

from hypothesis import strategies as st

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    Destination,
    DestinationKey,
    Entry,
    ServiceKey,
    Settings,
    SyncDaemon,
    Table,
    Timeouts,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.operations import ADD, DELETE, EDIT, Operation
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.plan import Removable

MONTH = 31 * 86400
FLAGS = {"sh": ("fallback", "port", "flag-3"), "mh": ("fallback", "port", "flag-3")}
FAMILIES = ("ipv4", "ipv6")
FAMILY = st.sampled_from(FAMILIES)


# -- addresses


def canonical(number: int, family: str) -> str:
    kind, size = (socket.AF_INET, 4) if family == "ipv4" else (socket.AF_INET6, 16)
    return socket.inet_ntop(kind, number.to_bytes(size, "big"))


def _is_host(text: str) -> bool:
    address = ipaddress.ip_address(text)
    if address.version == 6 and (address.ipv4_mapped is not None or address.is_link_local):
        return False
    return not (address.is_multicast or address.is_unspecified or text == "255.255.255.255")


def addresses(family: str) -> st.SearchStrategy[str]:
    """Addresses of hosts in their canonical form."""
    bits = 32 if family == "ipv4" else 128
    return st.integers(1, 2**bits - 1).map(lambda number: canonical(number, family)).filter(_is_host)


# -- services

PORTS = st.one_of(st.sampled_from([1, 80, 443, 65535]), st.integers(1, 65535))
MARKS = st.one_of(st.sampled_from([1, 2**31 - 1, 2**31, 2**31 + 5, 2**32 - 1]), st.integers(1, 2**32 - 1))


@st.composite
def service_keys(draw: st.DrawFn) -> ServiceKey:
    family = draw(FAMILY)
    if draw(st.booleans()):
        return ServiceKey(family, fwmark=draw(MARKS))
    protocol = draw(st.sampled_from(["tcp", "udp", "sctp"]))
    return ServiceKey(family, protocol, draw(addresses(family)), draw(st.one_of(st.just(0), PORTS)))


def netmasks(family: str) -> st.SearchStrategy[str]:
    """With "" for the one that tells every client apart."""
    if family == "ipv6":
        return st.one_of(st.just(""), st.integers(1, 127).map(str))
    masks = st.integers(1, 31).map(lambda length: str(ipaddress.IPv4Network(f"0.0.0.0/{length}").netmask))
    return st.one_of(st.just(""), masks)


NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789_", min_size=1, max_size=15)


@st.composite
def settings_of(draw: st.DrawFn, key: ServiceKey) -> Settings:
    """Settings that make sense for this service."""
    scheduler = draw(st.one_of(st.sampled_from(["wlc", "rr", "sh", "mh"]), NAMES))
    names = FLAGS.get(scheduler, ("flag-1", "flag-2", "flag-3"))
    flags = tuple(sorted(draw(st.sets(st.sampled_from(names)))))
    datagrams = bool(key.fwmark) or key.protocol == "udp"
    one_packet = draw(st.booleans()) if datagrams else False
    needed = not key.fwmark and key.port == 0
    if not needed and draw(st.booleans()):
        return Settings(scheduler, flags, one_packet)
    timeout = draw(st.one_of(st.just(360), st.integers(1, MONTH)))
    engine = draw(st.one_of(st.just(""), NAMES, st.just("sip") if datagrams else st.nothing()))
    engine = "" if engine == "sip" and not datagrams else engine
    return Settings(scheduler, flags, one_packet, timeout, draw(netmasks(key.family)), engine)


# -- destinations

WEIGHTS = st.one_of(st.sampled_from([0, 1, 65535, 2**31 - 1]), st.integers(0, 2**31 - 1))
THRESHOLDS = st.one_of(st.integers(0, 2), st.integers(0, 2**31 - 1))


@st.composite
def destinations(draw: st.DrawFn, forwarding: str) -> Destination:
    """Values of a destination with this forwarding."""
    lower, upper = sorted((draw(THRESHOLDS), draw(THRESHOLDS)))
    plain = Destination(forwarding, draw(WEIGHTS), upper, lower)
    kind = draw(st.sampled_from(["ipip", "gue", "gre"])) if forwarding == "tun" else "ipip"
    if kind == "gue":
        checksum = draw(st.sampled_from(["none", "csum", "remcsum"]))
        return plain._replace(tunnel_type=kind, tunnel_port=draw(PORTS), tunnel_checksum=checksum)
    if kind == "gre":
        return plain._replace(tunnel_type=kind, tunnel_checksum=draw(st.sampled_from(["none", "csum"])))
    return plain


@st.composite
def destination_pairs(draw: st.DrawFn, service: ServiceKey) -> tuple[DestinationKey, Destination]:
    """A destination of this service, key and values."""
    family = draw(FAMILY)
    forwardings = ["nat", "dr", "tun"] if family == service.family else ["tun"]
    values = draw(st.sampled_from(forwardings).flatmap(destinations))
    free = values.forwarding == "nat"
    port = draw(st.one_of(st.just(0), PORTS)) if free else service.port
    return DestinationKey(family, draw(addresses(family)), port), values


@st.composite
def entries(draw: st.DrawFn, key: ServiceKey) -> Entry:
    found = draw(st.lists(destination_pairs(key), max_size=3))
    return Entry(draw(settings_of(key)), dict(found))


# -- small tables that overlap: keys and values come from pools, so that two draws are often alike

POOL = (
    ServiceKey("ipv4", "tcp", "10.0.0.5", 80),
    ServiceKey("ipv4", "udp", "10.0.0.5", 80),
    ServiceKey("ipv6", "tcp", "2001:db8::5", 80),
    ServiceKey("ipv4", fwmark=2**31 + 5),
    ServiceKey("ipv6", fwmark=2**31 + 5),
)
_HOSTS = {"ipv4": ("10.0.0.11", "10.0.0.12"), "ipv6": ("2001:db8::11", "2001:db8::12")}
_SETTINGS = (Settings(), Settings("rr"), Settings("wlc", (), False, 360))
_TUNNELS = (Destination("tun"), Destination("tun", 0), Destination("tun", 1, 9, 3),
            Destination("tun", 1, 0, 0, "gue", 6080, "csum"))  # fmt: skip
_NEAR = (Destination(), Destination("nat", 0), Destination("dr", 3, 9, 3), _TUNNELS[3])


def pool_names(key: ServiceKey) -> list[DestinationKey]:
    """The destinations that a service of the pool may have; all have its port, so that each forwarding may be."""
    return [DestinationKey(family, host, key.port) for family in FAMILIES for host in _HOSTS[family]]


def pool_values(key: ServiceKey, name: DestinationKey) -> tuple[Destination, ...]:
    return _NEAR if name.family == key.family else _TUNNELS


def _pool_entry(key: ServiceKey, number: int) -> Entry | None:
    """Each number below _ENTRIES is another entry of this service: its digits choose from the pools."""
    number, chosen = divmod(number, len(_SETTINGS) + 1)
    if not chosen:
        return None
    entry = Entry(_SETTINGS[chosen - 1], {})
    for name in pool_names(key):
        values = pool_values(key, name)
        number, digit = divmod(number, len(values) + 1)
        if digit:
            entry.destinations[name] = values[digit - 1]
    return entry


_ENTRIES = (len(_SETTINGS) + 1) * (len(_TUNNELS) + 1) ** 4


def tables() -> st.SearchStrategy[Table]:
    """One number a service, because many draws cost time."""
    numbers = st.tuples(*(st.integers(0, _ENTRIES - 1) for _key in POOL), st.permutations(POOL))
    return numbers.map(_table)


def _table(drawn: tuple[Any, ...]) -> Table:
    found = {key: _pool_entry(key, number) for key, number in zip(POOL, drawn[:-1], strict=True)}
    return {key: entry for key in drawn[-1] if (entry := found[key]) is not None}


def _chosen(number: int) -> frozenset[ServiceKey]:
    return frozenset(key for place, key in enumerate(POOL) if number >> place & 1)


def removables() -> st.SearchStrategy[Removable]:
    """Any services and any services' destinations, also such as are wanted or not there."""
    some = st.integers(0, 2 ** len(POOL) - 1).map(_chosen)
    return st.builds(Removable, some, some)


def _operations() -> list[Operation]:
    found = []
    for key in POOL:
        found += [Operation(DELETE, key), *(Operation(verb, key, one) for verb in (ADD, EDIT) for one in _SETTINGS)]
        for name in pool_names(key):
            every = [Operation(verb, key, None, name, one) for verb in (ADD, EDIT) for one in pool_values(key, name)]
            found += [Operation(DELETE, key, None, name), *every]
    return found


def foreign_operations() -> st.SearchStrategy[Operation]:
    """What another process may do to an entry of the pool; the kernel may refuse it."""
    return st.sampled_from(_operations())


MOMENTS = st.integers(0, 12)
"""Numbers of reads and batches, from the beginning of a session."""


def foreign_changes() -> st.SearchStrategy[list[tuple[int, Operation]]]:
    """At most eight, so that ten attempts are enough."""
    return st.lists(st.tuples(MOMENTS, foreign_operations()), max_size=8)


# -- beside the services


def daemons() -> st.SearchStrategy[SyncDaemon]:
    """As a kernel since 4.3 tells of them: complete."""
    groups = st.one_of(
        st.integers(0xE0000000, 0xEFFFFFFF).map(lambda number: canonical(number, "ipv4")),
        st.integers(0xFF << 120, 2**128 - 1).map(lambda number: canonical(number, "ipv6")),
    )
    return st.builds(
        SyncDaemon,
        role=st.sampled_from(["master", "backup"]),
        interface=st.text("abcXYZ019_.@-", min_size=1, max_size=15),
        id=st.integers(0, 255),
        maxlen=st.integers(1024, 65487),
        group=groups,
        port=st.integers(1, 65535),
        ttl=st.integers(1, 255),
    )


def timeouts() -> st.SearchStrategy[Timeouts]:
    seconds = st.integers(0, 2147483)
    return st.builds(Timeouts, seconds, seconds, seconds)
