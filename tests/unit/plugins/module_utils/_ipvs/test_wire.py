"""Bytes for the kernel and back, against messages written by hand from linux/ip_vs.h, netlink.h and genetlink.h."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import netlink, report, wire
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    Destination,
    DestinationKey,
    Entry,
    ServiceKey,
    Settings,
    SyncDaemon,
    Timeouts,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.netlink import WireError, attribute, attributes
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.options import Options
from tests.unit.plugins.module_utils._ipvs.strategies import (
    FAMILY,
    daemons,
    destination_pairs,
    entries,
    service_keys,
    settings_of,
    timeouts,
)
from tests.unit.plugins.properties import STABLE

Decoder = Callable[[bytes], object]
SERVICES = service_keys().flatmap(lambda key: st.tuples(st.just(key), settings_of(key)))
DESTINATIONS = service_keys().flatmap(destination_pairs)
KEY = ServiceKey("ipv4", "tcp", "10.0.0.5", 80)
REAL = DestinationKey("ipv4", "10.0.0.11", 80)
U16, U32 = struct.Struct("=H").pack, struct.Struct("=I").pack


def answer(kind: int, payload: bytes, changes: dict[int, bytes | None] | None = None) -> bytes:
    """What was sent as the kernel sends it back: no nested flag (nla_nest_start_noflag), other values, figures."""
    found: dict[int, bytes | None] = {**attributes(attributes(payload)[kind]), **(changes or {})}
    inner = b"".join(attribute(number, value) for number, value in found.items() if value is not None)
    return attribute(kind, inner)


def service_answer(key: ServiceKey, settings: Settings, changes: dict[int, bytes | None] | None = None) -> bytes:
    return answer(1, wire.encode_service(key, settings), changes)


def destination_answer(name: DestinationKey, values: Destination, changes: dict[int, bytes | None]) -> bytes:
    return answer(2, wire.encode_destination(name, values), changes)


# -- there and back


@STABLE
@given(SERVICES)
def test_a_service_comes_back_as_it_was_sent(service: tuple[ServiceKey, Settings]) -> None:
    key, settings = service
    sent = wire.encode_service(key, settings)
    assert wire.decode_service(sent)[:2] == (key, settings)
    flags, mask = struct.unpack("=II", attributes(attributes(sent)[1])[7])
    assert mask == 0xFFFFFFFF, "an edit must replace all flags"
    hashed: dict[int, bytes | None] = {7: struct.pack("=II", flags | 0x2, mask)}
    assert wire.decode_service(service_answer(key, settings, hashed))[:2] == (key, settings)


@STABLE
@given(SERVICES)
def test_a_service_is_named_alike_with_and_without_its_settings(service: tuple[ServiceKey, Settings]) -> None:
    name = attributes(attributes(wire.encode_service_key(service[0]))[1])
    whole = attributes(attributes(wire.encode_service(*service))[1])
    assert set(name) == ({1, 5} if service[0].fwmark else {1, 2, 3, 4})
    assert name == {kind: whole[kind] for kind in name}


@STABLE
@given(DESTINATIONS, FAMILY)
def test_a_destination_comes_back_as_it_was_sent(pair: tuple[DestinationKey, Destination], family: str) -> None:
    """Its own family counts, not the service's. The kernel tells of the tunnel of every destination."""
    sent = wire.encode_destination(*pair)
    assert wire.decode_destination(sent, family)[:2] == pair
    plain: dict[int, bytes | None] = {} if pair[1].tunnel_type != "ipip" else {13: b"\0", 14: b"\0\0", 15: b"\0\0"}
    assert wire.decode_destination(destination_answer(*pair, plain), family)[:2] == pair


@STABLE
@given(DESTINATIONS)
def test_before_3_18_a_destination_has_the_family_of_its_service(pair: tuple[DestinationKey, Destination]) -> None:
    sent = destination_answer(*pair, {11: None})
    assert wire.decode_destination(sent, pair[0].family)[:2] == pair


@STABLE
@given(daemons())
def test_a_daemon_comes_back_as_it_was_sent(daemon: SyncDaemon) -> None:
    assert wire.decode_daemon(wire.encode_daemon(daemon)) == daemon
    assert wire.decode_daemon(answer(3, wire.encode_daemon(daemon))) == daemon


@STABLE
@given(daemons())
def test_what_a_daemon_leaves_to_the_kernel_is_not_sent(daemon: SyncDaemon) -> None:
    """Before 4.3 the kernel knows and tells these three only."""
    bare = SyncDaemon(daemon.role, daemon.interface, daemon.id)
    assert set(attributes(attributes(wire.encode_daemon(bare))[3])) == {1, 2, 3}
    assert wire.decode_daemon(wire.encode_daemon(bare)) == bare


def test_an_interface_may_have_any_name_that_linux_takes() -> None:
    """dev_valid_name() forbids white space, / and : only, and so do the options."""
    options = Options()
    wanted = options.daemons([{"role": "master", "interface": "büro0"}])
    options.finish()
    assert wire.decode_daemon(wire.encode_daemon(wanted["master"])) == wanted["master"]


@STABLE
@given(timeouts())
def test_timeouts_come_back_as_they_were_sent(wanted: Timeouts) -> None:
    assert wire.decode_timeouts(wire.encode_timeouts(wanted)) == wanted


@STABLE
@given(service_keys().flatmap(lambda key: st.tuples(st.just(key), entries(key))))
def test_the_options_accept_what_is_drawn_here(service: tuple[ServiceKey, Entry]) -> None:
    options = Options()
    table = options.table([report.entry_options(*service)])
    options.finish()
    assert table == dict([service])


# -- what is read in another way than it is there


def test_a_mask_without_persistence_means_nothing() -> None:
    mask, timeout = bytes([255, 255, 255, 0]), U32(360)
    assert wire.decode_service(service_answer(KEY, Settings(), {9: mask, 8: timeout}))[1] == Settings()
    persistent: dict[int, bytes | None] = {7: struct.pack("=II", 0x3, 0xFFFFFFFF), 9: mask, 8: timeout}
    settings = Settings("wlc", (), False, 360, "255.255.255.0")
    assert wire.decode_service(service_answer(KEY, Settings(), persistent))[1] == settings


@pytest.mark.parametrize(
    ("scheduler", "names"),
    [
        ("sh", {"fallback": 0x8, "port": 0x10, "flag-3": 0x20}),
        ("mh", {"fallback": 0x8, "port": 0x10, "flag-3": 0x20}),
        ("wrr", {"flag-1": 0x8, "flag-2": 0x10, "flag-3": 0x20}),
    ],
)
def test_flags_have_the_names_of_their_scheduler(scheduler: str, names: dict[str, int]) -> None:
    for name, bit in names.items():
        settings = Settings(scheduler, (name,))
        assert attributes(attributes(wire.encode_service(KEY, settings))[1])[7] == struct.pack("=II", bit, 0xFFFFFFFF)
        found = service_answer(KEY, Settings(scheduler), {7: struct.pack("=II", bit | 0x2, 0xFFFFFFFF)})
        assert wire.decode_service(found)[1] == settings
    every = service_answer(KEY, Settings(scheduler), {7: struct.pack("=II", 0x3A, 0xFFFFFFFF)})
    assert wire.decode_service(every)[1].scheduler_flags == tuple(sorted(names))


# -- messages by hand (numbers in the byte order of a little-endian host, as CI's are)

GOLDEN_SERVICE = """
54 00 01 80
  06 00 01 00  02 00 00 00
  06 00 02 00  06 00 00 00
  14 00 03 00  0a 00 00 05  00 00 00 00  00 00 00 00  00 00 00 00
  06 00 04 00  00 50 00 00
  08 00 06 00  77 6c 63 00
  0c 00 07 00  00 00 00 00  ff ff ff ff
  08 00 08 00  00 00 00 00
  08 00 09 00  ff ff ff ff
"""
# sh with fallback, persistent for 360 s, a /64 of clients, engine sip.
GOLDEN_IPV6 = """
5c 00 01 80
  06 00 01 00  0a 00 00 00
  06 00 02 00  11 00 00 00
  14 00 03 00  20 01 0d b8  00 00 00 00  00 00 00 00  00 00 00 05
  06 00 04 00  01 bb 00 00
  07 00 06 00  73 68 00 00
  0c 00 07 00  09 00 00 00  ff ff ff ff
  08 00 08 00  68 01 00 00
  08 00 09 00  40 00 00 00
  08 00 0b 00  73 69 70 00
"""
# one-packet.
GOLDEN_MARK = """
38 00 01 80
  06 00 01 00  02 00 00 00
  08 00 05 00  05 00 00 80
  07 00 06 00  72 72 00 00
  0c 00 07 00  04 00 00 00  ff ff ff ff
  08 00 08 00  00 00 00 00
  08 00 09 00  ff ff ff ff
"""
GOLDEN_MARK_KEY = """
14 00 01 80
  06 00 01 00  0a 00 00 00
  08 00 05 00  05 00 00 80
"""
GOLDEN_DR = """
48 00 02 80
  14 00 01 00  0a 00 00 0b  00 00 00 00  00 00 00 00  00 00 00 00
  06 00 02 00  00 50 00 00
  06 00 0b 00  02 00 00 00
  08 00 03 00  03 00 00 00
  08 00 04 00  64 00 00 00
  08 00 05 00  e8 03 00 00
  08 00 06 00  20 03 00 00
"""
# A tunnel to an IPv6 host; port 6080 is 0x17c0.
GOLDEN_GUE = """
60 00 02 80
  14 00 01 00  20 01 0d b8  00 00 00 00  00 00 00 00  00 00 00 0b
  06 00 02 00  00 50 00 00
  06 00 0b 00  0a 00 00 00
  08 00 03 00  02 00 00 00
  08 00 04 00  01 00 00 00
  08 00 05 00  00 00 00 00
  08 00 06 00  00 00 00 00
  05 00 0d 00  01 00 00 00
  06 00 0e 00  17 c0 00 00
  06 00 0f 00  02 00 00 00
"""
GOLDEN_DAEMON = """
40 00 03 80
  08 00 01 00  01 00 00 00
  09 00 02 00  65 74 68 30  00 00 00 00
  08 00 03 00  07 00 00 00
  06 00 04 00  b4 05 00 00
  08 00 05 00  e0 00 00 51
  06 00 07 00  90 22 00 00
  05 00 08 00  01 00 00 00
"""
GOLDEN_TIMEOUTS = """
08 00 04 00  84 03 00 00
08 00 05 00  00 00 00 00
08 00 06 00  2c 01 00 00
"""
PERSISTENT = Settings("sh", ("fallback",), False, 360, "64", "sip")
GOLDEN = {
    "service": (wire.encode_service(KEY, Settings()), GOLDEN_SERVICE),
    "ipv6": (wire.encode_service(ServiceKey("ipv6", "udp", "2001:db8::5", 443), PERSISTENT), GOLDEN_IPV6),
    "fwmark": (wire.encode_service(ServiceKey("ipv4", fwmark=2**31 + 5), Settings("rr", (), True)), GOLDEN_MARK),
    "fwmark key": (wire.encode_service_key(ServiceKey("ipv6", fwmark=2**31 + 5)), GOLDEN_MARK_KEY),
    "dr": (wire.encode_destination(REAL, Destination("dr", 100, 1000, 800)), GOLDEN_DR),
    "gue": (
        wire.encode_destination(
            DestinationKey("ipv6", "2001:db8::b", 80), Destination("tun", 1, 0, 0, "gue", 6080, "remcsum")
        ),
        GOLDEN_GUE,
    ),
    "daemon": (wire.encode_daemon(SyncDaemon("master", "eth0", 7, 1460, "224.0.0.81", 8848, 1)), GOLDEN_DAEMON),
    "timeouts": (wire.encode_timeouts(Timeouts(900, 0, 300)), GOLDEN_TIMEOUTS),
    "request": (
        netlink.frame(0x1B, netlink.REQUEST | netlink.ACK, 5, wire.COMMANDS["get_service"], b"abcd"),
        "18 00 00 00  1b 00 05 00  05 00 00 00  00 00 00 00  04 01 00 00  61 62 63 64",
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_messages_by_hand(name: str) -> None:
    encoded, expected = GOLDEN[name]
    assert encoded.hex(" ", 4) == bytes.fromhex(expected).hex(" ", 4)


STATS64 = "".join(f"0c 00 {kind:02x} 00  {kind:02x} 00 00 00  01 00 00 00 " for kind in range(1, 11))
# What ip_vs_genl_fill_dest puts, in its order; a pad attribute (11) may come before each 64-bit figure.
KERNEL_DESTINATION = f"""
f8 00 02 00
  14 00 01 00  0a 00 00 0b  00 00 00 00  00 00 00 00  00 00 00 00
  06 00 02 00  00 50 00 00
  08 00 03 00  02 00 00 00
  08 00 04 00  02 00 00 00
  05 00 0d 00  02 00 00 00
  06 00 0e 00  00 00 00 00
  06 00 0f 00  01 00 00 00
  08 00 05 00  00 00 00 00
  08 00 06 00  00 00 00 00
  08 00 07 00  03 00 00 00
  08 00 08 00  04 00 00 00
  08 00 09 00  05 00 00 00
  06 00 0b 00  02 00 00 00
  80 00 0c 00  04 00 0b 00 {STATS64}
"""


def test_a_destination_with_its_figures_by_hand() -> None:
    name, values, found = wire.decode_destination(bytes.fromhex(KERNEL_DESTINATION), "ipv6")
    assert (name, values) == (REAL, Destination("tun", 2, 0, 0, "gre", 0, "csum"))
    assert wire.decode_connections(found) == wire.Connections(3, 4, 5)
    assert wire.decode_statistics(found) == wire.Statistics(*(2**32 + kind for kind in range(1, 11)))


def test_statistics_before_4_1_have_32_bits() -> None:
    wide = (4, 5)
    figures = b"".join(attribute(kind, struct.pack("=Q" if kind in wide else "=I", kind)) for kind in range(1, 11))
    assert wire.decode_statistics({10: figures}) == wire.Statistics(*range(1, 11))


def test_the_version_of_ipvs() -> None:
    payload = bytes.fromhex("08 00 01 00  01 02 01 00  08 00 02 00  00 10 00 00")
    assert wire.decode_info(payload) == ("1.2.1", 4096)


# -- what is no message

VALID: dict[str, tuple[bytes, Decoder]] = {
    "service": (GOLDEN["ipv6"][0], wire.decode_service),
    "fwmark": (GOLDEN["fwmark"][0], wire.decode_service),
    "destination": (GOLDEN["gue"][0], lambda payload: wire.decode_destination(payload, "ipv4")),
    "with figures": (bytes.fromhex(KERNEL_DESTINATION), lambda payload: wire.decode_destination(payload, "ipv4")),
    "daemon": (GOLDEN["daemon"][0], wire.decode_daemon),
    "timeouts": (GOLDEN["timeouts"][0], wire.decode_timeouts),
    "info": (bytes.fromhex("08 00 01 00  01 02 01 00  08 00 02 00  00 10 00 00"), wire.decode_info),
}
DECODERS: dict[str, Decoder] = {
    **{name: decode for name, (_payload, decode) in VALID.items()},
    "frames": lambda data: list(netlink.frames(data)),
    "attributes": attributes,
    "error number": netlink.error_number,
    "generic payload": netlink.generic_payload,
    "connections": lambda data: wire.decode_connections(attributes(data)),
    "statistics": lambda data: wire.decode_statistics(attributes(data)),
}


def read(decode: Decoder, data: bytes) -> None:
    """Whatever the bytes are: a value or a WireError."""
    with contextlib.suppress(WireError):
        decode(data)


@pytest.mark.parametrize("name", VALID)
def test_a_truncated_answer_is_a_wire_error(name: str) -> None:
    payload, decode = VALID[name]
    decode(payload)
    for length in range(len(payload)):
        with pytest.raises(WireError):
            decode(payload[:length])


def test_a_truncated_message_is_a_wire_error() -> None:
    first = netlink.frame(0x1B, 2, 7, 4, GOLDEN["dr"][0])
    assert list(netlink.frames(b"")) == []
    for length in range(1, len(first)):
        with pytest.raises(WireError):
            list(netlink.frames((first + first)[: len(first) + length]))
    (one, other) = netlink.frames(memoryview(first + first))
    assert one == other == netlink.Frame(0x1B, 2, 7, first[16:])
    assert netlink.generic_payload(one.body) == GOLDEN["dr"][0]


def test_bytes_after_the_last_attribute_are_a_wire_error() -> None:
    """Its padding may be missing, though."""
    found = attribute(1, b"ab") + attribute(1, b"cde")
    assert attributes(found) == attributes(found[:-1]) == {1: b"cde"}
    for length in (1, 2, 3):
        with pytest.raises(WireError, match=f"{length} bytes after"):
            attributes(found + b"x" * length)


@STABLE
@given(st.sampled_from(sorted(DECODERS)), st.binary(max_size=120))
def test_random_bytes_are_a_value_or_a_wire_error(name: str, data: bytes) -> None:
    read(DECODERS[name], data)


SIZED = st.sampled_from([0, 1, 2, 3, 4, 8, 16, 20]).flatmap(lambda size: st.binary(min_size=size, max_size=size))


@STABLE
@given(st.sampled_from(sorted(DECODERS)), st.integers(0, 4), st.dictionaries(st.integers(0, 16), SIZED, max_size=12))
def test_random_attributes_are_a_value_or_a_wire_error(name: str, outer: int, inner: dict[int, bytes]) -> None:
    data = b"".join(attribute(kind, value) for kind, value in inner.items())
    read(DECODERS[name], netlink.nested(outer, data) if outer else data)


@pytest.mark.parametrize("name", [name for name in VALID if name not in ("timeouts", "info")])
def test_one_strange_attribute_is_a_value_or_a_wire_error(name: str) -> None:
    """Every attribute in turn, with every size that another has."""
    payload, decode = VALID[name]
    outer, inner = next(iter(attributes(payload).items()))
    for kind in attributes(inner):
        for value in (byte * size for byte in (b"\0", b"\1", b"\xff") for size in (0, 1, 2, 3, 4, 8, 16, 20)):
            read(decode, answer(outer, payload, {kind: value}))


@STABLE
@given(st.sampled_from(sorted(VALID)), st.data())
def test_a_damaged_answer_is_a_value_or_a_wire_error(name: str, data: st.DataObject) -> None:
    payload, decode = VALID[name]
    damaged = bytearray(payload)
    for _time in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    read(decode, bytes(damaged))


@pytest.mark.parametrize("kind", [1, 2, 3, 4, 6, 7, 8, 9])
def test_a_service_without_an_attribute_is_a_wire_error(kind: int) -> None:
    payload = service_answer(KEY, Settings("wlc", (), False, 360, "255.255.255.0"), {kind: None})
    with pytest.raises(WireError):
        wire.decode_service(payload)


@pytest.mark.parametrize("kind", [1, 2, 3, 4, 5, 6, 14, 15])
def test_a_destination_without_an_attribute_is_a_wire_error(kind: int) -> None:
    payload = destination_answer(REAL, Destination("tun", 1, 0, 0, "gue", 6080), {kind: None})
    with pytest.raises(WireError):
        wire.decode_destination(payload, "ipv4")


@pytest.mark.parametrize(
    ("kind", "value", "says"), [(1, U16(7), r"address family .*\b7\b"), (2, U16(58), r"protocol .*\b58\b")]
)
def test_an_unknown_number_of_a_service_is_told(kind: int, value: bytes, says: str) -> None:
    with pytest.raises(WireError, match=says):
        wire.decode_service(service_answer(KEY, Settings(), {kind: value}))


@pytest.mark.parametrize(
    ("kind", "value", "says"),
    [
        (11, U16(7), r"address family .*\b7\b"),
        (3, U32(5), r"forwarding .*\b5\b"),
        (13, b"\3", r"tunnel .*\b3\b"),
        (15, U16(4), r"checksum .*\b4\b"),
    ],
)
def test_an_unknown_number_of_a_destination_is_told(kind: int, value: bytes, says: str) -> None:
    payload = destination_answer(REAL, Destination("tun", 1, 0, 0, "gue", 6080), {kind: value})
    with pytest.raises(WireError, match=says):
        wire.decode_destination(payload, "ipv4")


def test_an_unknown_kind_of_sync_daemon_is_told() -> None:
    payload = answer(3, wire.encode_daemon(SyncDaemon("master", "eth0")), {1: U32(3)})
    with pytest.raises(WireError, match=r"sync daemon .*\b3\b"):
        wire.decode_daemon(payload)
