"""The plan: what is added, what goes, and what stands in the way."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._addresses import model
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.model import (
    Address,
    Link,
    Live,
    Plan,
    Port,
    Record,
    Wanted,
    plan,
)
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError

LINKS = {
    "lo": Link(True, True, False),
    "eth0": Link(True, True, True),
    "eth1": Link(True, True, True),
    "tunl0": Link(False, False, False),
}
ON_LO, ON_ETH0, ON_TUNL0 = (Address("10.0.0.6/32", name) for name in ("lo", "eth0", "tunl0"))
SIX = Address("fd00::6/128", "lo")
GUE = Port("ipv4", 6080)
ARP = "net/ipv4/conf/all/arp_ignore"


def record(*addresses: Address, links: tuple[str, ...] = (), gue: tuple[Port, ...] = ()) -> Record:
    return Record(set(addresses), set(links), set(gue))


def live(*addresses: Address, **more: Any) -> Live:
    return Live(**{"links": LINKS, "addresses": dict.fromkeys(addresses, False), "ports": {}, **more})


def first(found: Plan) -> list[str]:
    return [str(step) for step in found.first]


def then(found: Plan) -> list[str]:
    return [str(step) for step in found.then]


def texts(found: Plan) -> list[str]:
    return [item.text for item in found.obstacles]


def test_links_then_ports_then_addresses() -> None:
    wanted = Wanted((ON_TUNL0, SIX), ("tunl0",), (GUE, Port("ipv6", 6081)))
    found = plan(wanted, live(), record(), purge=True)
    assert first(found) == [
        "ip link set tunl0 up",
        "ip fou add port 6080 gue",
        "ip -6 fou add port 6081 gue",
        "ip address add 10.0.0.6/32 dev tunl0 scope global",
        "ip address add fd00::6/128 dev lo nodad noprefixroute preferred_lft 0",
    ]
    assert (found.then, found.obstacles) == ((), ())


def test_what_stands_needs_nothing_whoever_put_it_there() -> None:
    links = {**LINKS, "tunl0": Link(True, True, False)}
    stands = live(ON_TUNL0, SIX, links=links, ports={GUE: True})
    wanted = Wanted((ON_TUNL0, SIX), ("tunl0",), (GUE,))
    assert plan(wanted, stands, record(), purge=True) == Plan()
    assert plan(Wanted(), stands, record(), purge=True) == Plan()


def test_what_is_ours_goes_in_the_opposite_order() -> None:
    links = {**LINKS, "tunl0": Link(True, True, False)}
    stands = live(ON_TUNL0, SIX, links=links, ports={GUE: True})
    found = plan(Wanted(), stands, record(ON_TUNL0, links=("tunl0",), gue=(GUE,)), purge=True)
    assert then(found) == [
        "ip address del 10.0.0.6/32 dev tunl0",
        "ip fou del port 6080",
        "ip link set tunl0 down",
    ]
    assert plan(Wanted(), stands, record(ON_TUNL0, links=("tunl0",), gue=(GUE,)), purge=False) == Plan()


def test_what_is_ours_and_gone_is_forgotten() -> None:
    found = plan(Wanted(), live(ports=None), record(ON_TUNL0, links=("gre0",), gue=(GUE,)), purge=True)
    assert (found.first, found.then) == ((), ())
    assert found.forget == (("addresses", ON_TUNL0), ("gue", GUE), ("links", "gre0"))


@pytest.mark.parametrize(
    ("other", "goes"),
    [("10.9.0.1/32", False), ("fe80::1/64", True), ("fd00::1/64", False)],
)
def test_a_link_with_addresses_of_others_stays_up(other: str, goes: bool) -> None:
    links = {**LINKS, "tunl0": Link(True, True, False)}
    found = plan(
        Wanted(), live(ON_TUNL0, Address(other, "tunl0"), links=links), record(ON_TUNL0, links=("tunl0",)), purge=True
    )
    assert ("ip link set tunl0 down" in then(found)) is goes
    assert (("links", "tunl0") in found.forget) is not goes


def test_a_moving_address_is_in_its_new_place_before_it_leaves_the_old_one() -> None:
    for purge in (True, False):
        found = plan(Wanted((ON_LO,)), live(ON_ETH0), record(ON_ETH0), purge=purge)
        assert first(found) == ["ip address add 10.0.0.6/32 dev lo scope host"]
        assert then(found) == ["ip address del 10.0.0.6/32 dev eth0"]


def test_an_unfinished_move_is_finished() -> None:
    found = plan(Wanted((ON_LO,)), live(ON_ETH0, ON_LO), record(ON_ETH0, ON_LO), purge=False)
    assert (first(found), then(found)) == ([], ["ip address del 10.0.0.6/32 dev eth0"])


def test_another_prefix_length() -> None:
    wide = Address("10.0.0.6/24", "eth0")
    found = plan(Wanted((wide,)), live(ON_ETH0), record(ON_ETH0), purge=True)
    assert (first(found), then(found)) == (
        ["ip address add 10.0.0.6/24 dev eth0 scope global"],
        ["ip address del 10.0.0.6/32 dev eth0"],
    )
    old, new = Address("fd00::6/64", "eth0"), Address("fd00::6/128", "eth0")
    found = plan(Wanted((new,)), live(old), record(old), purge=True)
    assert [words.split()[2] for words in first(found)] == ["del", "add"]
    assert plan(Wanted((wide,)), live(ON_ETH0), record(), purge=True) == Plan()  # of others: it is there


def test_an_address_of_others_where_it_would_be_announced() -> None:
    found = plan(Wanted((ON_LO,)), live(ON_ETH0), record(), purge=True)
    assert first(found) == []
    assert "it stands on eth0 already and was not put there by this module" in texts(found)[0]
    assert texts(plan(Wanted((ON_LO,)), live(ON_ETH0, ON_LO), record(ON_LO), purge=True))
    assert not texts(plan(Wanted((ON_ETH0,)), live(ON_LO), record(), purge=True))  # a director that is a real server
    assert not texts(plan(Wanted((ON_LO,)), live(ON_TUNL0), record(), purge=True))


@pytest.mark.parametrize(("on_lo", "on_eth0"), [("10.0.0.6/32", "10.0.0.6/24"), ("fd00::6/128", "fd00::6/64")])
def test_an_address_that_vrrp_moves_stands_beside_ours(on_lo: str, on_eth0: str) -> None:
    ours, theirs = Address(on_lo, "lo"), Address(on_eth0, "eth0")
    wanted = Wanted((ours,), moves_to=frozenset({(ours.ip, "eth0")}))
    # It is master before ours came, or turns master and back: nothing of keepalived's is touched or taken for ours.
    assert len(first(plan(wanted, live(theirs), record(), purge=True))) == 1
    for stands in (live(ours, theirs), live(ours)):
        assert plan(wanted, stands, record(ours), purge=True) == Plan()
    gone = plan(Wanted(), live(ours, theirs), record(ours), purge=True)
    assert (then(gone), texts(gone)) == ([f"ip address del {on_lo} dev lo"], [])
    # Only there, and only that address.
    elsewhere = Address(on_eth0, "eth1")
    assert "it stands on eth1 already" in texts(plan(wanted, live(elsewhere), record(), purge=True))[0]
    other = Wanted((ours,), moves_to=frozenset({("10.0.0.7", "eth0")}))
    assert "it stands on eth0 already" in texts(plan(other, live(theirs), record(), purge=True))[0]


def test_what_we_added_where_vrrp_puts_it_later_moves_as_ever() -> None:
    wanted = Wanted((ON_LO,), moves_to=frozenset({(ON_LO.ip, "eth0")}))
    wide = Address("10.0.0.6/24", "eth0")
    for theirs in ((), (wide,)):
        found = plan(wanted, live(ON_ETH0, *theirs), record(ON_ETH0), purge=True)
        assert first(found) == ["ip address add 10.0.0.6/32 dev lo scope host"]
        assert then(found) == ["ip address del 10.0.0.6/32 dev eth0"]
        assert not texts(found)


def test_an_unmet_need_waits_although_vrrp_has_the_address() -> None:
    wanted = Wanted((ON_LO,), needs={ARP: 3}, moves_to=frozenset({(ON_LO.ip, "eth0")}))
    found = plan(wanted, live(ON_ETH0, sysctls={ARP: 1}), record(), purge=True)
    assert (first(found), len(texts(found))) == ([], 1)


@pytest.mark.parametrize("value", [None, 0])
def test_an_unmet_need_stops_ipv4_addresses_alone(value: int | None) -> None:
    wanted = Wanted((ON_LO, SIX), needs={ARP: 1})
    found = plan(wanted, live(sysctls={ARP: value}), record(), purge=True)
    assert first(found) == ["ip address add fd00::6/128 dev lo nodad noprefixroute preferred_lft 0"]
    assert "10.0.0.6/32 dev lo needs net.ipv4.conf.all.arp_ignore to be at least 1, and it is" in texts(found)[0]
    assert len(first(plan(wanted, live(sysctls={ARP: 2}), record(), purge=True))) == 2
    assert len(first(plan(wanted, live(sysctls={ARP: value}), record(), purge=True, assume=model.LATER))) == 2
    assert not texts(plan(wanted, live(ON_LO, SIX, sysctls={ARP: value}), record(), purge=True))


def test_obstacles_of_the_host() -> None:
    wanted = Wanted(
        (Address("10.0.0.7/32", "gre0"), Address("10.0.0.8/32", "eth7"), Address("fd00::7/128", "eth0")),
        ("gre0",),
        (GUE, Port("ipv6", 6080)),
    )
    found = plan(wanted, live(ports=None, no_ipv6={"eth0": "IPv6 is disabled there"}), record(), purge=True)
    assert texts(found) == [
        "link gre0 does not exist: load the kernel module ip_gre first",
        "gue ipv4 port 6080 is not possible: load the kernel module fou first",
        "gue ipv6 port 6080 is not possible: load the kernel module fou first",
        "10.0.0.8/32 dev eth7: interface eth7 does not exist on this host; there are eth0, eth1, lo, tunl0",
        "fd00::7/128 dev eth0: IPv6 is disabled there",
    ]
    assert first(found) == []
    found = plan(wanted, live(ports={GUE: False}), record(), purge=True, assume=model.LATER)
    assert "receives another protocol already" in texts(found)[0]
    assert "ip link set gre0 up" in first(found)
    assert "ip address add 10.0.0.7/32 dev gre0 scope global" in first(found)


def test_a_primary_address_does_not_take_the_hosts_own_along() -> None:
    ours, own = Address("10.0.0.6/24", "eth0"), Address("10.0.0.2/24", "eth0")
    stands = {ours: False, own: True}
    found = plan(Wanted(), live(addresses=stands), record(ours), purge=True)
    assert "10.0.0.2/24 dev eth0 would go with it: set net.ipv4.conf.eth0.promote_secondaries to 1" in texts(found)[0]
    assert not texts(plan(Wanted(), live(addresses=stands, promotes=frozenset({"eth0"})), record(ours), purge=True))
    assert not texts(plan(Wanted(), live(addresses={ours: True, own: False}), record(ours), purge=True))
    assert not texts(plan(Wanted(), live(addresses=stands), record(ours, own), purge=True))
    # Nor one that VRRP has put there. The same address on lo takes nothing along.
    by_vrrp = Address("10.0.0.7/24", "eth0")
    wanted = Wanted((Address("10.0.0.7/32", "lo"),), moves_to=frozenset({("10.0.0.7", "eth0")}))
    found = plan(wanted, live(addresses={ours: False, by_vrrp: True}), record(ours), purge=True)
    assert "10.0.0.7/24 dev eth0 would go with it" in texts(found)[0]
    stands = {ON_LO: False, ours: False, own: True}
    found = plan(Wanted(), live(addresses=stands), record(ON_LO), purge=True)
    assert (then(found), texts(found)) == (["ip address del 10.0.0.6/32 dev lo"], [])


def test_at_boot_an_address_waits_for_the_hosts_own() -> None:
    own, vip, far = Address("10.0.0.2/24", "eth0"), Address("10.0.0.6/32", "eth0"), Address("10.9.0.6/32", "eth0")
    behind = model.find_behind(Wanted((vip, far, ON_LO, SIX)), live(own), record())
    assert behind == {vip}
    wanted = Wanted((vip, far), behind=behind)
    found = plan(wanted, live(), record(), purge=False, waits=True)
    assert first(found) == ["ip address add 10.9.0.6/32 dev eth0 scope global"]
    assert "waits for the host's own address" in texts(found)[0]
    assert len(first(plan(wanted, live(own), record(), purge=False, waits=True))) == 2
    assert len(first(plan(wanted, live(), record(), purge=False))) == 2
    # Another virtual address of ours is not the host's own.
    other = Address("10.0.0.7/24", "eth0")
    assert model.find_behind(Wanted((vip,)), live(other), record(other)) == frozenset()
    assert model.find_behind(Wanted((vip,), links=("eth0",)), live(own), record()) == frozenset()


def test_an_address_that_vrrp_moves_is_not_the_hosts_own() -> None:
    vip, by_vrrp, own = (Address(f"10.0.0.{number}/24", "eth0") for number in (6, 7, 2))
    wanted = Wanted((vip, Address("10.0.0.7/32", "lo")), moves_to=frozenset({("10.0.0.7", "eth0")}))
    assert model.find_behind(wanted, live(by_vrrp), record()) == frozenset()
    assert model.find_behind(wanted, live(by_vrrp, own), record()) == {vip}
    waiting = wanted._replace(behind=frozenset({vip}))
    found = plan(waiting, live(by_vrrp), record(), purge=False, waits=True)
    assert first(found) == ["ip address add 10.0.0.7/32 dev lo scope host"]
    assert "waits for the host's own address" in texts(found)[0]
    assert len(first(plan(waiting, live(by_vrrp, own), record(), purge=False, waits=True))) == 2


def test_the_configuration_goes_there_and_back() -> None:
    wanted = Wanted((ON_LO, SIX), ("tunl0",), (GUE,), {ARP: 1}, True, frozenset({ON_LO}))
    assert model.wanted_of(model.config_of(wanted)) == wanted
    moving = wanted._replace(moves_to=frozenset({(ON_LO.ip, "eth0"), (SIX.ip, "eth1"), (ON_LO.ip, "eth1")}))
    assert model.wanted_of(model.config_of(moving)) == moving
    assert model.config_of(moving)["addresses"] == [
        {"address": "10.0.0.6/32", "interface": "lo", "behind": True, "moves_to": ["eth0", "eth1"]},
        {"address": "fd00::6/128", "interface": "lo", "behind": False, "moves_to": ["eth1"]},
    ]
    assert "moves_to" not in str(model.config_of(wanted))  # as files of earlier versions
    assert model.wanted_of(None) == Wanted()
    with pytest.raises(BootError, match="run the playbook again"):
        model.wanted_of({"addresses": [{"address": "10.0.0.6/32"}]})
