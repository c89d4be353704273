# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.adverts import Advert, Values, Watch, parse
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.shared import Instance, instances
from tests.unit.plugins.module_utils._keepalived.packets import VIPS, ah, body, ipv4, ipv6

TEXT = """
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    WORDS
    authentication {
        auth_type PASS
        auth_pass PASSWORD
    }
    virtual_ipaddress {
        10.0.0.6/24
        10.0.0.5/24
    }
}
"""
V6 = "vrrp_instance A {\ninterface eth0\nvirtual_router_id 6\nadvert_int 0.1\nvirtual_ipaddress {\nfe80::5\nVIP\n}\n}\n"
OTHER = "vrrp_instance VI_2 {\ninterface eth1\nvirtual_router_id 52\nvirtual_ipaddress {\n192.168.0.1\n}\n}\n"


def text(password: str = "sesame", words: str = "") -> str:
    return TEXT.replace("PASSWORD", password).replace("WORDS", words)


OLD, NEW = text(), text("simsim")


def watch(old: str = OLD, new: str = NEW) -> Watch:
    return Watch(instances(old), instances(new), {"10.0.0.4", "fe80::4"})


def advert(interface: str = "eth0", source: str = "10.0.0.3", to: str = "224.0.0.18", **words: Any) -> Advert:
    found = parse(ipv4(body(**words), source=source, to=to), 4, interface)
    assert found is not None
    return found


# -- reading


def test_version_2() -> None:
    addresses = tuple(ipaddress.ip_address(one).packed for one in VIPS)
    values = Values(2, 1, b"sesame\0\0", 1, addresses, "224.0.0.18")
    assert advert() == Advert("eth0", 4, "10.0.0.3", 51, 100, values)
    assert "sesame" not in repr(advert())


def test_version_3() -> None:
    values = advert(version=3, interval=0xF000 | 250).values
    assert (values.version, values.interval, values.auth_type, values.auth_data) == (3, 250, 0, b"")


def test_ipv6() -> None:
    found = parse(ipv6(body(version=3, interval=10, addresses=("fe80::5", "fd00::5"))), 6, "eth0")
    assert found is not None
    assert (found.source, found.values.group) == ("fe80::3", "ff02::12")
    assert found.values.addresses == tuple(ipaddress.ip_address(one).packed for one in ("fd00::5", "fe80::5"))


def test_an_authentication_header_is_passed_over() -> None:
    found = parse(ipv4(ah(body(auth_type=2, password=b"")), protocol=51), 4, "eth0")
    assert found is not None
    assert (found.router, found.values.auth_type, found.values.auth_data) == (51, 2, b"")


def test_what_fills_up_a_frame_does_not_count() -> None:
    packet = ipv4(body(version=3, addresses=("10.0.0.5",)))
    assert parse(packet + bytes(18), 4, "eth0") == parse(packet, 4, "eth0")


def test_options_of_ip_are_passed_over() -> None:
    packet = bytearray(ipv4(body()))
    packet[0], packet[3] = 0x46, packet[3] + 4
    packet[20:20] = b"\x94\x04\0\0"
    assert parse(bytes(packet), 4, "eth0") == advert()


WHOLE = ipv4(body())


@pytest.mark.parametrize("length", range(len(WHOLE)))
def test_a_packet_that_ends_too_soon(length: int) -> None:
    assert parse(WHOLE[:length], 4, "eth0") is None


@pytest.mark.parametrize(
    "packet",
    [
        ipv4(body(), protocol=17),
        ipv4(ah(body())[:4], protocol=51),
        ipv4(b"\x06" + ah(body())[1:], protocol=51),
        ipv4(body(version=4)),
        ipv4(b"\x22" + body()[1:]),
        ipv4(body(count=200)),
    ],
)
def test_what_is_no_advert(packet: bytes) -> None:
    assert parse(packet, 4, "eth0") is None


def test_what_is_no_advert_of_ipv6() -> None:
    packet = ipv6(body(version=3, addresses=("fe80::5",)))
    assert parse(packet, 6, "eth0") is not None
    assert all(parse(packet[:length], 6, "eth0") is None for length in range(len(packet)))
    assert parse(ipv6(body(), protocol=58), 6, "eth0") is None


# -- watching


def test_the_advert_of_the_staged_configuration() -> None:
    looking = watch()
    assert looking.visible
    assert looking.seen(advert()) == ""
    said = looking.seen(advert(password=b"simsim"))
    assert said == "advert of 10.0.0.3, virtual router 51 on eth0 as in the staged configuration"


def test_a_master_that_has_switched_before_is_followed_at_once() -> None:
    assert watch().seen(advert(password=b"simsim")).endswith("as in the staged configuration")


@pytest.mark.parametrize(
    "changed",
    [
        {"password": b"other"},
        {"auth_type": 0, "password": b""},
        {"interval": 2},
        {"addresses": VIPS[:1]},
        {"addresses": ("10.0.0.5", "10.0.0.7")},
        {"addresses": (*VIPS, "10.0.0.7")},
        {"version": 3, "interval": 100},
        {"to": "10.0.0.4"},
        {"to": "224.0.0.99"},
    ],
)
def test_a_changed_advert(changed: Mapping[str, Any]) -> None:
    looking = watch()
    assert looking.seen(advert()) == ""
    assert looking.seen(advert(**changed)) == "changed advert of 10.0.0.3, virtual router 51 on eth0"


@pytest.mark.parametrize(
    "same",
    [
        {},
        {"priority": 1},
        {"priority": 255},
        {"priority": 0},
        {"addresses": tuple(reversed(VIPS))},
        {"source": "10.0.0.7"},
    ],
)
def test_what_says_nothing(same: Mapping[str, Any]) -> None:
    looking = watch()
    assert [looking.seen(one) for one in (advert(), advert(**same), advert())] == ["", "", ""]


@pytest.mark.parametrize(
    "foreign",
    [
        {"source": "10.0.0.4"},  # our own
        {"router": 52},
        {"interface": "eth1"},
        {"interface": "vrrp.51"},
    ],
)
def test_whose_adverts_say_nothing(foreign: Mapping[str, Any]) -> None:
    looking = watch()
    looking.seen(advert(**foreign))
    assert looking.seen(advert(password=b"simsim", **foreign)) == ""


def test_a_stranger_with_our_number_says_nothing_while_he_stays_the_same() -> None:
    looking = watch()
    stranger = advert(source="10.0.0.77", password=b"strange", addresses=("10.0.0.99",))
    assert [looking.seen(one) for one in (advert(), stranger, advert(), stranger)] == [""] * 4


def test_back_to_the_configuration_in_force_says_nothing() -> None:
    looking = watch()
    assert [looking.seen(one) for one in (advert(password=b"odd"), advert())] == ["", ""]


def test_one_router_of_two_is_enough() -> None:
    looking = watch(OLD + OTHER, NEW + OTHER)
    second: dict[str, Any] = {
        "router": 52, "interface": "eth1", "auth_type": 0, "password": b"", "addresses": ("192.168.0.1",)
    }  # fmt: skip
    assert looking.seen(advert(**second)) == ""
    assert looking.seen(advert(password=b"simsim")) != ""


def test_a_new_router_tells_too() -> None:
    second: dict[str, Any] = {
        "router": 52, "interface": "eth1", "auth_type": 0, "password": b"", "addresses": ("192.168.0.1",)
    }  # fmt: skip
    looking = watch(OLD, NEW + OTHER)
    assert looking.seen(advert(**second)) != ""


@pytest.mark.parametrize(
    "new",
    [
        OLD.replace("51", "61"),
        OLD.replace("eth0", "eth1"),
        text(words="mcast_dst_ip 224.0.0.99"),
        text(words="unicast_src_ip 10.0.0.4\nunicast_peer {\n10.0.0.3\n}"),
        "",
    ],
)
def test_the_goodbye_of_a_router_that_ends(new: str) -> None:
    looking = watch(OLD, new)
    assert looking.visible
    assert looking.seen(advert()) == ""
    assert looking.seen(advert(priority=0)) == "goodbye of 10.0.0.3, virtual router 51 on eth0"


def test_ipv6_adverts() -> None:
    old, new = V6.replace("VIP", "fd00::5/64"), V6.replace("VIP", "fd00::6/64")
    looking = watch(old, new)
    packets = [
        ipv6(body(version=3, router=6, interval=10, addresses=("fe80::5", address)), source=source)
        for address, source in (("fd00::5", "fe80::3"), ("fd00::6", "fe80::4"), ("fd00::6", "fe80::3"))
    ]
    adverts = [parse(packet, 6, "eth0") for packet in packets]
    assert [bool(looking.seen(one)) for one in adverts if one] == [False, False, True]


def test_unicast_without_an_interface() -> None:
    peers = "unicast_src_ip 10.0.0.4\nunicast_peer {\n10.0.0.3\n}"
    old, new = (text(password, peers).replace("interface eth0", "") for password in ("sesame", "simsim"))
    looking = watch(old, new)
    assert looking.seen(advert(to="10.0.0.4")) == ""
    assert looking.seen(advert(to="10.0.0.4", password=b"simsim")) != ""


def test_what_no_advert_tells() -> None:
    assert not watch(OLD, OLD).visible
    assert not watch(OLD, OLD + OTHER).visible
    hidden = [text(password).replace("PASS\n", "AH\n") for password in ("sesame", "simsim")]
    assert not watch(*hidden).visible


def test_an_unknown_configuration_in_force() -> None:
    new: dict[str, Instance] = instances(NEW)
    looking = Watch(None, new, ())
    assert looking.visible
    # It may be as before.
    assert looking.seen(advert(password=b"simsim")) == ""
    looking = Watch(None, new, ())
    assert [looking.seen(one) for one in (advert(), advert(priority=1))] == ["", ""]
    assert looking.seen(advert(password=b"simsim")) != ""
