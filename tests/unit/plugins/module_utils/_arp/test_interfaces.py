from __future__ import annotations

from ipaddress import ip_interface

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._arp.interfaces import Interface, choose, parse, read

WIDE = Interface("eth0", "02:00:00:00:00:01", (ip_interface("10.0.0.3/8"), ip_interface("fd00:10::3/64")))
NARROW = Interface("eth1", "02:00:00:00:00:02", (ip_interface("10.0.0.4/24"), ip_interface("10.0.9.9/32")))


@pytest.mark.parametrize(
    ("asked", "name", "source"),
    [
        ("10.0.0.5", "eth1", "10.0.0.4"),  # the narrowest network
        ("10.7.0.5", "eth0", "10.0.0.3"),
        ("fd00:10::5", "eth0", "fd00:10::3"),
        ("fd00:11::5", "", ""),
        ("192.168.0.1", "", ""),
    ],
)
def test_the_interface_whose_network_holds_an_address(asked: str, name: str, source: str) -> None:
    chosen = choose([WIDE, NARROW], asked)
    assert (chosen and (chosen[0].name, chosen[1])) == ((name, source) if name else None)


def test_a_network_of_one_address_holds_nobody_else() -> None:
    assert choose([Interface("eth0", "02:00:00:00:00:01", (ip_interface("10.0.9.9/32"),))], "10.0.9.9") is None


def test_a_link_local_address_is_asked_for_where_there_is_one_link_alone() -> None:
    links = [Interface(f"eth{at}", f"02:00:00:00:00:0{at}", (ip_interface(f"fe80::{at}/64"),)) for at in (1, 2)]
    chosen = choose(links[:1], "fe80::99")
    assert chosen is not None
    assert (chosen[0].name, chosen[1]) == ("eth1", "fe80::1")
    assert choose(links, "fe80::99") is None


def test_what_this_machine_has() -> None:
    interfaces, own = read()
    assert "127.0.0.1" in own
    assert "lo" not in [one.name for one in interfaces]


@pytest.mark.parametrize("data", [b"", b"\0" * 40, b"\x05\0\0\0"])
def test_what_is_cut_off_is_no_interface(data: bytes) -> None:
    assert parse(data, data) == ([], set())
