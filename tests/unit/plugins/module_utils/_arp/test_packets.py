from __future__ import annotations

import struct
from ipaddress import ip_address

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._arp.packets import answer, question

MAC, OTHER = "02:00:00:00:00:64", "02:00:00:00:00:01"


def raw(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def test_an_arp_request() -> None:
    # As tcpdump shows one of `arping`.
    assert question(MAC, "10.0.0.100", "10.0.0.5").hex() == (
        "ffffffffffff" "020000000064" "0806"
        "0001" "0800" "06" "04" "0001" "020000000064" "0a000064" "000000000000" "0a000005"
    )  # fmt: skip


def test_a_neighbour_solicitation_goes_to_the_group_of_the_address() -> None:
    frame = question(MAC, "fd00:10::100", "fd00:10::1:2345")
    assert frame[:14].hex() == "3333ff01234502000000006486dd"
    head, message = frame[14:54], frame[54:]
    version, length, following, hops = struct.unpack_from("!IHBB", head)
    assert (version >> 28, length, following, hops) == (6, len(message), 58, 255)
    assert head[8:24] == ip_address("fd00:10::100").packed
    assert head[24:] == ip_address("ff02::1:ff01:2345").packed
    assert message[0] == 135
    assert message[8:24] == ip_address("fd00:10::1:2345").packed
    assert message[24:] == b"\x01\x01" + raw(MAC)
    # A right checksum makes the sum of it all ones.
    data = head[8:] + struct.pack("!II", length, 58) + message
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    assert total % 0xFFFF == 0


def reply(operation: int = 2, hardware_type: int = 1) -> bytes:
    ethernet = raw(MAC) + raw(OTHER) + b"\x08\x06"
    body = struct.pack("!HHBBH", hardware_type, 0x0800, 6, 4, operation)
    padding = bytes(18)
    return (
        ethernet + body + raw("03:4c:0a:00:00:09") + bytes((10, 0, 0, 9)) + raw(MAC) + bytes((10, 0, 0, 100)) + padding
    )


def advertisement(option: bytes, *, hops: int = 255, kind: int = 136, following: int = 58) -> bytes:
    message = struct.pack("!BBHI", kind, 0, 0, 0x60000000) + ip_address("fd00:10::5").packed + option
    head = struct.pack("!IHBB", 6 << 28, len(message), following, hops) + bytes(32)
    return raw(MAC) + raw(OTHER) + b"\x86\xdd" + head + message


def test_an_arp_reply_tells_the_mac_in_it_not_the_one_that_it_comes_from() -> None:
    assert answer(reply()) == ("10.0.0.9", "03:4c:0a:00:00:09")


@pytest.mark.parametrize(
    ("option", "mac"),
    [
        (b"\x02\x01" + raw("03:4c:0a:00:00:09"), "03:4c:0a:00:00:09"),
        (b"\x0e\x01abcdef" + b"\x02\x01" + raw("03:4c:0a:00:00:09"), "03:4c:0a:00:00:09"),
        (b"", OTHER),
        (b"\x00\x00abcdef", OTHER),
        (b"\x02\x01abc", OTHER),
    ],
)
def test_an_advertisement_tells_the_mac_in_its_option_or_comes_from_it(option: bytes, mac: str) -> None:
    assert answer(advertisement(option)) == ("fd00:10::5", mac)


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        reply()[:30],
        reply(operation=1),
        reply(hardware_type=6),
        advertisement(b"")[:60],
        advertisement(b"", hops=254),  # from another network
        advertisement(b"", kind=135),
        advertisement(b"", following=6),
        raw(MAC) + raw(OTHER) + b"\x08\x00" + bytes(60),
    ],
)
def test_all_else_answers_nothing(frame: bytes) -> None:
    assert answer(frame) is None
