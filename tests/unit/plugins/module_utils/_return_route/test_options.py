"""Options, host and routing table names: what is accepted, and each refusal."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._return_route import options

ROUTE = {"family": "ipv4", "source": "192.168.0.12", "network": "192.168.0.0/24", "gateway": "192.168.0.1",
         "interface": "eth0"}  # fmt: skip
PARAMS: dict[str, Any] = {"form": "policy", "routes": [ROUTE], "table_id": 200, "table_name": "LVS",
                          "rule_priority": 5000, "rollback_timeout": 60}  # fmt: skip
# Printed by ip -j addr show, iproute2 6.1.0, shortened.
ADDRESSES = (
    '[{"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP"],"addr_info":[{"family":"inet","local":"127.0.0.1",'
    '"prefixlen":8,"scope":"host","label":"lo"}]},{"ifindex":2,"ifname":"eth0","flags":["UP"],"addr_info":['
    '{"family":"inet","local":"192.168.0.12","prefixlen":24},{"family":"inet6","local":"fd00::12","prefixlen":64}]},'
    '{"ifindex":3,"ifname":"eth1","addr_info":[]}]'
)


def made(previous: dict[str, Any] | None = None, routes: list[dict[str, Any]] | None = None, **changes: Any) -> Any:
    return options.make_config({**PARAMS, "routes": routes or [ROUTE], **changes}, previous)


def test_the_configuration() -> None:
    assert made() == {
        "form": "policy", "rule_priority": 5000, "table_id": 200, "table_name": "LVS",
        "routes": [{"family": "ipv4", "source": "192.168.0.12", "gateway": "192.168.0.1", "interface": "eth0",
                    "table": 200}],
    }  # fmt: skip


def test_addresses_get_one_writing() -> None:
    route = {**ROUTE, "family": "ipv6", "source": "FD00:0::12", "network": "fd00::/64", "gateway": "fd00:0:0::1"}
    (found,) = made(routes=[route])["routes"]
    assert (found["source"], found["gateway"]) == ("fd00::12", "fd00::1")


@pytest.mark.parametrize(
    ("route", "fault"),
    [
        ({"source": "192.168.0"}, "routes[0]: '192.168.0' does not appear to be an IPv4 or IPv6 address"),
        ({"network": "192.168.0.1/24"}, "has host bits set"),
        ({"family": "ipv6"}, "source, gateway, network is not ipv6"),
        ({"gateway": "192.168.1.1"}, "gateway 192.168.1.1 is not in network 192.168.0.0/24"),
        ({"source": "192.168.1.12"}, "source 192.168.1.12 is not in network 192.168.0.0/24"),
        ({"gateway": "192.168.0.12"}, "source and gateway are the same address"),
        ({"family": "ipv6", "source": "fd00::12", "network": "fd00::/64", "gateway": "fe80::1", "interface": ""},
         "gateway fe80::1 is link-local: name its interface"),
        ({"family": "ipv6", "source": "fd00::12", "network": "fd00::/64", "gateway": "fe80::1%eth0"},
         "routes[0]: gateway has a zone: write the address without %, and its interface as interface"),
        ({"family": "ipv6", "source": "fd00::12%eth0", "network": "fd00::%eth0/64", "gateway": "fd00::1"},
         "routes[0]: source, network has a zone"),
    ],
)  # fmt: skip
def test_entries_that_are_refused(route: dict[str, Any], fault: str) -> None:
    with pytest.raises(BootError) as caught:
        made(routes=[{**ROUTE, **route}])
    assert fault in str(caught.value)


def test_every_fault_at_once() -> None:
    with pytest.raises(BootError) as caught:
        options.make_config(
            {**PARAMS, "routes": [], "table_name": "main", "rule_priority": 0, "rollback_timeout": 1}, None
        )
    for part in ("table_name: 'main'", "rule_priority: 0", "rollback_timeout: 1", "routes: empty"):
        assert part in str(caught.value)


def test_a_name_for_a_table_is_one_line() -> None:
    with pytest.raises(BootError, match="is no name for a table"):
        made(table_name="LVS\n")


SECOND = {**ROUTE, "gateway": "192.168.0.2"}


def test_one_source_has_one_gateway() -> None:
    with pytest.raises(BootError, match=r"routes\[1\]: source 192.168.0.12 has two gateways"):
        made(routes=[ROUTE, SECOND])
    with pytest.raises(BootError, match="the ipv4 default route has two gateways"):
        made(form="default", routes=[ROUTE, {**SECOND, "source": "192.168.0.13"}])


@pytest.mark.parametrize("number", [0, 253, 254, 255, -1])
def test_table_numbers_that_are_taken(number: int) -> None:
    with pytest.raises(BootError, match="table_id"):
        made(table_id=number)


def test_a_table_for_each_gateway_that_stays_when_others_come() -> None:
    other = {**SECOND, "source": "192.168.0.13"}
    both = made(routes=[ROUTE, other])
    assert [route["table"] for route in both["routes"]] == [200, 201]
    assert options.table_names(both) == {200: "LVS", 201: "LVS1"}
    assert [route["table"] for route in made(previous=made(routes=[other]), routes=[ROUTE, other])["routes"]] == [
        201,
        200,
    ]
    six = {**ROUTE, "family": "ipv6", "source": "fd00::12", "network": "fd00::/64", "gateway": "fd00::1"}
    assert [route["table"] for route in made(routes=[ROUTE, six])["routes"]] == [200, 200]
    assert options.table_names(made(form="default")) == {}


@pytest.mark.parametrize(
    ("text", "clashes"),
    [("200 LVS", 0), ("# 200 OTHER", 0), ("0xc8 vpn", 1), ("201 LVS", 1), ("5 five\nrubbish\nx y", 0)],
)
def test_names_that_others_gave(text: str, clashes: int) -> None:
    faults = options.table_faults({200: "LVS"}, {"/etc/iproute2/rt_tables": f"255\tlocal\n254\tmain\n{text}\n"})
    assert len(faults) == clashes
    assert all("choose another table_id and table_name" in fault for fault in faults)


def test_what_the_host_has() -> None:
    addresses, interfaces = options.parse_addresses(ADDRESSES)
    assert interfaces == {"lo", "eth0", "eth1"}
    assert options.HostAddress("eth0", "192.168.0.12", "192.168.0.0/24") in addresses
    assert options.host_faults(made(), addresses, interfaces) == []


@pytest.mark.parametrize(
    ("route", "fault"),
    [
        ({"interface": "eth7"}, "interface eth7 does not exist on this host; there are eth0, eth1, lo"),
        ({"source": "192.168.0.99"}, "source 192.168.0.99 is no address of this host"),
        ({"interface": "eth1"}, "gateway 192.168.0.1 is in no network of interface eth1"),
        ({"source": "10.0.0.2", "network": "10.0.0.0/24", "gateway": "10.0.0.1", "interface": ""},
         "gateway 10.0.0.1 is in no network of any interface"),
        ({"source": "192.168.0.13", "gateway": "192.168.0.12"}, "gateway 192.168.0.12 is an address of this host"),
    ],
)  # fmt: skip
def test_what_the_host_contradicts(route: dict[str, Any], fault: str) -> None:
    faults = options.host_faults(made(routes=[{**ROUTE, **route}]), *options.parse_addresses(ADDRESSES))
    assert fault in "; ".join(faults)


def test_a_default_route_of_others_in_our_table() -> None:
    ours = '[{"dst":"default","gateway":"192.168.0.1","dev":"eth0","protocol":"152","flags":[]}]'
    theirs = '[{"dst":"default","gateway":"192.168.0.7","dev":"eth0","protocol":"3","flags":[]}]'
    more = '[{"dst":"10.0.0.0/8","gateway":"192.168.0.7","dev":"eth0","protocol":"3","flags":[]}]'
    (fault,) = options.foreign_default_faults(
        made(), {("ipv4", 200): ours, ("ipv4", 201): theirs, ("ipv6", 3): more}, 152
    )
    assert fault.startswith("routing table 201 already has a default route via 192.168.0.7")
    assert fault.endswith("ip route del default table 201")


def test_a_default_route_of_others_to_the_same_gateway_may_stay() -> None:
    by_hand = '[{"dst":"default","gateway":"192.168.0.1","dev":"eth0","protocol":"3","flags":[]}]'
    assert options.foreign_default_faults(made(), {("ipv4", 200): by_hand}, 152) == []
    two = made(routes=[ROUTE, {**ROUTE, "source": "10.1.0.12", "network": "10.1.0.0/24", "gateway": "10.1.0.1"}])
    assert [item["table"] for item in two["routes"]] == [200, 201]
    assert options.foreign_default_faults(two, {("ipv4", 200): by_hand, ("ipv4", 201): "[]"}, 152) == []
    (fault,) = options.foreign_default_faults(two, {("ipv4", 200): "[]", ("ipv4", 201): by_hand}, 152)
    assert fault.startswith("routing table 201 already has a default route via 192.168.0.1 ")
