"""Options: all faults at once."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._addresses import options
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.model import Address, Port, Wanted

EMPTY: dict[str, Any] = {"addresses": [], "links": [], "gue": [], "needs": {}, "announce": False}


def on_lo(*texts: str) -> list[dict[str, str]]:
    return [{"address": text, "interface": "lo"} for text in texts]


def test_good_ones_in_canonical_form() -> None:
    wanted, faults = options.parse({
        **EMPTY,
        "addresses": on_lo("10.0.0.6/255.255.255.255", "2001:DB8:0::6/128"),
        "links": ["tunl0", "tunl0"],
        "gue": [{"family": "ipv6", "port": 6080}],
        "needs": {"net.ipv4.conf.eth0/10.arp_ignore": "1"},
    })  # fmt: skip
    assert faults == []
    assert wanted == Wanted(
        (Address("10.0.0.6/32", "lo"), Address("2001:db8::6/128", "lo")),
        ("tunl0",),
        (Port("ipv6", 6080),),
        {"net/ipv4/conf/eth0.10/arp_ignore": 1},
    )


def on_links(*places: tuple[str, str]) -> dict[str, Any]:
    addresses = [{"address": text, "interface": name} for text, name in places]
    return {"addresses": addresses, "links": ["tunl0", "gre0"]}


def test_an_address_may_be_on_several_links() -> None:
    wanted, faults = options.parse({**EMPTY, **on_links(("10.0.0.6/32", "tunl0"), ("10.0.0.6/32", "gre0"))})
    assert faults == []
    assert wanted.addresses == (Address("10.0.0.6/32", "tunl0"), Address("10.0.0.6/32", "gre0"))


def moving(*interfaces: str) -> list[dict[str, Any]]:
    return [{"address": "2001:DB8::6/128", "interface": "lo", "moves_to": [*interfaces]}]


def test_where_vrrp_puts_an_address() -> None:
    wanted, faults = options.parse({**EMPTY, "addresses": moving("eth0", "bond0")})
    assert faults == []
    assert wanted.moves_to == {("2001:db8::6", "eth0"), ("2001:db8::6", "bond0")}
    assert wanted.interfaces_of(wanted.addresses[0]) == ["bond0", "eth0"]
    assert options.parse({**EMPTY, "addresses": moving()})[0].moves_to == frozenset()


def test_every_fault_of_one_address_is_told() -> None:
    item = {"address": "10.0.0.6", "interface": "lo", "moves_to": ["eth0", "lo", ""]}
    _wanted, faults = options.parse({**EMPTY, "addresses": [item, {**item, "address": "no", "moves_to": ["lo"]}]})
    assert [fault.partition(":")[0] for fault in faults] == [
        "addresses[0]",
        "addresses[1]",
        "addresses[0].moves_to",
        "addresses[0].moves_to",
        "addresses[1].moves_to",
    ]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"addresses": moving("lo")}, "addresses[0].moves_to: lo is the address's own interface"),
        ({"addresses": moving("a/b")}, "addresses[0].moves_to: 'a/b' is no name of an interface"),
        ({"addresses": on_lo("10.0.0.6")}, "10.0.0.6 has no prefix length: write 10.0.0.6/32"),
        ({"addresses": on_lo("2001:db8::1%eth0/128")}, "addresses[0]: 2001:db8::1%eth0/128 has a zone"),
        ({"addresses": [{"address": "10.0.0.6/32", "interface": "lo\n"}]}, "'lo\\n' is no name of an interface"),
        ({"addresses": on_lo("10.0.0.300/32")}, "'10.0.0.300/32' is no address"),
        ({"addresses": on_lo("10.0.0.6/24")}, "would take the whole network: write 10.0.0.6/32"),
        ({"addresses": on_lo("fd00::6/64")}, "write fd00::6/128"),
        ({"addresses": on_lo("224.0.0.18/32")}, "224.0.0.18 cannot be a virtual address"),
        ({"addresses": on_lo("::1/128")}, "::1 cannot be a virtual address"),
        ({"addresses": on_lo("10.0.0.6/32", "10.0.0.6/32")}, "addresses[1]: 10.0.0.6 is given twice"),
        (on_links(("10.0.0.6/32", "tunl0"), ("10.0.0.6/32", "tunl0")), "addresses[1]: 10.0.0.6 is given twice"),
        (on_links(("10.0.0.6/32", "tunl0"), ("10.0.0.6/31", "gre0")), "addresses[1]: 10.0.0.6 is given twice"),
        (on_links(("10.0.0.6/32", "tunl0"), ("10.0.0.6/32", "lo")), "addresses[1]: 10.0.0.6 is given twice"),
        ({"addresses": [{"address": "10.0.0.6/32", "interface": "eth 0"}]}, "'eth 0' is no name of an interface"),
        ({"addresses": [{"address": "10.0.0.6/32", "interface": ".."}]}, "'..' is no name of an interface"),
        ({"links": ["lo"]}, "links[0]: lo is the host's own"),
        ({"links": ["a/b"]}, "links[0]: 'a/b' is no name of an interface"),
        ({"gue": [{"family": "ipv4", "port": 65536}]}, "port 65536 is outside 1 to 65535"),
        ({"gue": [{"family": "ipv4", "port": 1}] * 2}, "gue[1]: ipv4 port 1 is given twice"),
        ({"needs": {"net.ipv4.conf.all.arp_ignore": "much"}}, "'much' is no whole number"),
        ({"needs": {"net.ipv4.conf.all.arp_ignore": True}}, "True is no whole number"),
        ({"needs": {"net/../x": 1}}, "'net/../x' is no name of a sysctl"),
    ],
)
def test_faults(params: dict[str, Any], expected: str) -> None:
    _wanted, faults = options.parse({**EMPTY, **params})
    assert expected in "; ".join(faults)


@pytest.mark.parametrize("name", ["", "A", "-a", "a/b", "a" * 42, "lvs-director\n"])
def test_names(name: str) -> None:
    assert options.name_faults(name)
    assert not options.name_faults("lvs-real-server_1")
