"""Each way in which options are refused, with its whole message."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.errors import IpvsError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.options import Options

WEB = {"address": "10.0.0.1", "port": 80}
UDP = {**WEB, "protocol": "udp"}
SIX = {"address": "2001:db8::1", "port": 80}
MARK = {"fwmark": 7}
LASTING = {**WEB, "persistence_timeout": 300}
DAEMON = {"role": "master", "interface": "eth0"}
NOTHING: dict[str, Any] = {}
ALL_FLAGS = "fallback, port, flag-1, flag-2, flag-3"

KEYS = {
    "service": "address, port, protocol, fwmark, family, scheduler, scheduler_flags, one_packet, persistence_timeout, "
    "persistence_netmask, persistence_engine, destinations",
    "destination": "address, port, forwarding, weight, upper_threshold, lower_threshold, tunnel_type, tunnel_port, "
    "tunnel_checksum",
    "timeouts": "tcp, tcp_fin, udp",
    "daemon": "role, interface, id, maxlen, group, port, ttl",
}
AN_ADDRESS = "write an IPv4 address such as 10.0.0.5 or an IPv6 address such as 2001:db8::5, no name"
FWMARK = "name a service by its mark or by its address"
MAPS_NO_PORTS = "maps no ports; leave port out, or use forwarding nat"
TUNNEL_ONLY = "service; write an address of the service's family, or use forwarding tun"
WHICH_LIMIT = "write a lower one, or a higher upper_threshold"
PERSISTENT = "is for persistent services; write a persistence_timeout above 0, or leave it out"
ZERO_MARK = "0 is not in 1..4294967295; write a number from 1 to 4294967295"


def told(options: Options) -> str:
    with pytest.raises(IpvsError) as caught:
        options.finish()
    assert caught.value.facts == {}
    return str(caught.value)


def refused(services: Any) -> str:
    options = Options()
    options.table(services)
    return told(options)


def refused_at(place: str, given: dict[Any, Any]) -> str:
    """The fault of a mapping that is otherwise whole, without the place where that stands."""
    options = Options()
    services = [{**({} if "fwmark" in given else WEB), **given}]
    behind = [{**WEB, "destinations": [{"address": "10.0.0.2", **given}]}]
    read, whole, where = {
        "service": (options.table, services, "services[0]."),
        "destination": (options.table, behind, "services[0].destinations[0]."),
        "timeouts": (options.timeouts, given, "timeouts."),
        "daemon": (options.daemons, [{**DAEMON, **given}], "sync_daemons[0]."),
    }[place]
    read(whole)
    text = told(options)
    assert text.startswith(where)
    return text[len(where) :]


# -- single values


@pytest.mark.parametrize(
    ("place", "name", "low", "high"),
    [
        ("service", "port", 0, 65535), ("service", "fwmark", 1, 4294967295),
        ("service", "persistence_timeout", 0, 2678400), ("destination", "tunnel_port", 0, 65535),
        ("destination", "port", 0, 65535), ("destination", "weight", 0, 2147483647),
        ("destination", "upper_threshold", 0, 2147483647), ("destination", "lower_threshold", 0, 2147483647),
        ("timeouts", "tcp", 1, 2147483), ("timeouts", "tcp_fin", 1, 2147483), ("timeouts", "udp", 1, 2147483),
        ("daemon", "id", 0, 255), ("daemon", "maxlen", 1024, 65487), ("daemon", "port", 1, 65535),
        ("daemon", "ttl", 1, 255),
    ],
)  # fmt: skip
def test_what_is_no_number_or_none_in_its_limits(place: str, name: str, low: int, high: int) -> None:
    remedy = f"write a number from {low} to {high}"
    for value in (low - 1, high + 1, -(2**63)):
        for given in (value, str(value), f" {value}"):
            assert refused_at(place, {name: given}) == f"{name}: {value} is not in {low}..{high}; {remedy}"
    for none in (
        "http",
        "",
        "80.0",
        "0x50",
        "٨٠",
        "8_0",
        "8 0",
        "1" * 21,
        "1" * 5000,
        80.0,
        float("nan"),
        True,
        False,
        [80],
        {"a": 80},
    ):
        assert refused_at(place, {name: none}) == f"{name}: {none!r} is not a whole number; {remedy}"


@pytest.mark.parametrize(
    ("place", "name", "choices"),
    [
        ("service", "protocol", ["tcp", "udp", "sctp"]),
        ("service", "family", ["ipv4", "ipv6"]),
        ("destination", "forwarding", ["nat", "dr", "tun"]),
        ("destination", "tunnel_type", ["ipip", "gue", "gre"]),
        ("destination", "tunnel_checksum", ["none", "csum", "remcsum"]),
        ("daemon", "role", ["master", "backup"]),
    ],
)
def test_what_is_none_of_the_choices(place: str, name: str, choices: list[str]) -> None:
    for value in ("", "local", choices[0].upper(), f"{choices[0]} ", ", ".join(choices), 6, True, choices[:1], NOTHING):
        expected = f"{name}: {value!r} is not known; write one of {', '.join(choices)}"
        assert refused_at(place, {name: value}) == expected


@pytest.mark.parametrize(
    ("place", "name", "wanted", "more"),
    [
        ("service", "scheduler", "the name of a scheduler, such as wlc", ["", "WLC", "w-lc", "wlç", "ip_vs/wlc"]),
        (
            "service",
            "persistence_engine",
            "the name of an engine, such as sip",
            ["SIP", "s-ip", "../sip", False, 0, [], {}],
        ),
        ("daemon", "interface", "the name of an interface", ["", "eth0:1", "a/b", "eth0\t", None]),
    ],
)
def test_what_is_no_name(place: str, name: str, wanted: str, more: list[Any]) -> None:
    for value in (*more, "a b", "wlc\n", " wlc", "a234567890123456", 5, True, ["wlc"], {"name": "wlc"}):
        given = {name: value, **({"persistence_timeout": 60} if name == "persistence_engine" else {})}
        assert refused_at(place, given) == f"{name}: {value!r} is no name; write {wanted}"


def refused_addresses() -> list[tuple[Any, str]]:
    """Values that are no address of a host, wherever they stand."""
    octal = f"has a number with a leading zero, which some read as octal; {AN_ADDRESS}"
    none = ("rs1.example.org", "localhost", "", "10.0.0", "10.0.0.256", "10.0.0.0/24", " 10.0.0.5", "[fd00::5]",
            "fd::5::", "10.0.0.5:80", "10.0.0.5\0", 167772165, 1.5, True, ["10.0.0.5"], {"ip": "10.0.0.5"})  # fmt: skip
    return [
        ("224.0.0.18", "224.0.0.18 is a multicast address; write the address of a host"),
        ("FF02::12", "ff02::12 is a multicast address; write the address of a host"),
        ("0.0.0.0", "0.0.0.0 is the unspecified address; write the address of a host"),
        ("0:0::0", ":: is the unspecified address; write the address of a host"),
        ("255.255.255.255", "255.255.255.255 is the broadcast address; write the address of a host"),
        *((value, f"{value} {octal}") for value in ("010.0.0.5", "10.0.0.00", "10.08.0.1")),
        ("fe80::5%eth0", "fe80::5%eth0 has a zone, which IPVS doesn't know; write the address without %"),
        ("::ffff:10.0.0.5", "::ffff:10.0.0.5 is an IPv4 address in IPv6 form; write the IPv4 address"),
        ("::FFFF:a00:5", "::FFFF:a00:5 is an IPv4 address in IPv6 form; write the IPv4 address"),
        *((value, f"{value!r} is not an IPv4 or IPv6 address; {AN_ADDRESS}") for value in none),
    ]


@pytest.mark.parametrize(("address", "text"), refused_addresses())
def test_what_is_no_address_of_a_host(address: Any, text: str) -> None:
    assert refused_at("service", {"address": address}) == f"address: {text}"
    assert refused_at("destination", {"address": address, "forwarding": "tun"}) == f"address: {text}"


@pytest.mark.parametrize(
    ("service", "family", "remedy", "values"),
    [
        (LASTING, "ipv4", "a netmask such as 255.255.255.0, or a prefix length from 1 to 32",
         (0, "0", 33, -1, "0.0.0.0", "0.0.0.255", "255.0.255.0", "255.255.255", "255.255.255.256", "host", "24 ", "²",
          "/", "//24", 24.0, True, [24], {})),
        ({**SIX, "persistence_timeout": 300}, "ipv6", "a prefix length from 1 to 128",
         (0, 129, -64, "/", "//64", "255.255.255.0", "ffff::", "ffff:ffff::/64", False, [64])),
    ],
)  # fmt: skip
def test_what_is_no_netmask(service: dict[str, Any], family: str, remedy: str, values: tuple[Any, ...]) -> None:
    for value in values:
        expected = f"services[0].persistence_netmask: {value!r} is no {family} netmask; write {remedy}"
        assert refused([{**service, "persistence_netmask": value}]) == expected


@pytest.mark.parametrize("value", ["port", {"port": True}, 5, False])
def test_what_is_no_list(value: Any) -> None:
    text = f"{value!r} is not a list; write a list"
    assert refused(value) == f"services: {text}"
    assert refused_at("service", {"destinations": value}) == f"destinations: {text}"
    assert refused_at("service", {"scheduler_flags": value}) == f"scheduler_flags: {text}"
    options = Options()
    options.daemons(value)
    assert told(options) == f"sync_daemons: {text}"


@pytest.mark.parametrize("value", ["10.0.0.1", 5, None, True, ["address"]])
def test_what_is_no_mapping(value: Any) -> None:
    text = f"{value!r} is not a mapping; write a mapping with"
    assert refused([value]) == f"services[0]: {text} {KEYS['service']}"
    found = refused([{**WEB, "destinations": [value]}])
    assert found == f"services[0].destinations[0]: {text} {KEYS['destination']}"
    options = Options()
    options.timeouts(value)
    options.daemons([value])
    assert told(options) == f"timeouts: {text} {KEYS['timeouts']}\nsync_daemons[0]: {text} {KEYS['daemon']}"


@pytest.mark.parametrize("place", KEYS)
@pytest.mark.parametrize("key", ["sheduler", "", "Weight", 5])
def test_an_unknown_key(place: str, key: Any) -> None:
    for value in (1, None):
        assert refused_at(place, {key: value}) == f"{key}: is an unknown key; known are {KEYS[place]}"


# -- values together


@pytest.mark.parametrize(
    ("service", "text"),
    [
        *((given, "address: is missing, and so is fwmark; name the virtual service by one of them")
          for given in ({}, {"address": None, "fwmark": None, "port": 80})),
        ({"address": "10.0.0.1"}, "port: is missing; write the port, or 0 for all ports of a persistent service"),
        ({**WEB, "port": None}, "port: is missing; write the port, or 0 for all ports of a persistent service"),
        ({**MARK, **UDP}, f"fwmark: stands beside address, port, protocol; {FWMARK}"),
        ({**MARK, "address": "10.0.0.1"}, f"fwmark: stands beside address; {FWMARK}"),
        ({**MARK, "port": 0}, f"fwmark: stands beside port; {FWMARK}"),
        ({**MARK, "protocol": "tcp"}, f"fwmark: stands beside protocol; {FWMARK}"),
        ({**WEB, "family": "ipv6"}, "family: is ipv6, and the address 10.0.0.1 is ipv4; leave family out"),
        ({**SIX, "family": "ipv4"}, "family: is ipv4, and the address 2001:db8::1 is ipv6; leave family out"),
        ({**WEB, "port": 0}, "port: 0 is for persistent services; write a port, or a persistence_timeout above 0"),
        ({**WEB, "persistence_netmask": "24"}, f"persistence_netmask: {PERSISTENT}"),
        ({**SIX, "persistence_netmask": 64, "persistence_timeout": 0}, f"persistence_netmask: {PERSISTENT}"),
        ({**UDP, "persistence_engine": "sip"}, f"persistence_engine: {PERSISTENT}"),
        *(({**LASTING, "protocol": name, "persistence_engine": "sip"},
           f"persistence_engine: sip is for UDP, and the service is {name}; leave it out") for name in ("tcp", "sctp")),
        *(({**UDP, "one_packet": value}, f"one_packet: {value!r} is neither true nor false; write true or false")
          for value in ("maybe", "", 2, 1.0, [True], NOTHING)),
        ({**WEB, "connections": 5}, f"connections: is an unknown key; known are {KEYS['service']}"),
        *(({**WEB, "protocol": name, "one_packet": "yes"},
           f"one_packet: is for UDP, and the service is {name}; leave it out") for name in ("tcp", "sctp")),
        *(({**WEB, "scheduler_flags": [flag]}, f"scheduler_flags: {flag!r} is not known; write one of {ALL_FLAGS}")
          for flag in ("sh-port", "", None, 1, ["port"])),
        ({**WEB, "scheduler_flags": ["port", "flag-1", "fallback"]},
         "scheduler_flags: the scheduler wlc has no flag fallback, port; it has flag-1, flag-2, flag-3"),
        *(({**WEB, "scheduler": name, "scheduler_flags": ["flag-2", "port"]},
           f"scheduler_flags: the scheduler {name} has no flag flag-2; it has fallback, port, flag-3")
          for name in ("sh", "mh")),
    ],
)  # fmt: skip
def test_a_contradiction_in_a_service(service: Any, text: str) -> None:
    assert refused([service]) == f"services[0].{text}"


@pytest.mark.parametrize(
    ("service", "values", "text"),
    [
        *((service, {"port": port, "forwarding": how},
           f"port: {port} is not the service's port {service.get('port', 0)}, and {how} {MAPS_NO_PORTS}")
          for how in ("dr", "tun")
          for service, port in ((WEB, 8080), (WEB, 0), ({**LASTING, "port": 0}, 80), (MARK, 80))),
        *((WEB, {"address": "2001:db8::2", "forwarding": how},
           f"address: 2001:db8::2 is ipv6, and only a tunnel leads there from an ipv4 {TUNNEL_ONLY}")
          for how in ("nat", "dr")),
        *((service, {}, f"address: 10.0.0.2 is ipv4, and only a tunnel leads there from an ipv6 {TUNNEL_ONLY}")
          for service in (SIX, {**MARK, "family": "ipv6"})),
        (SIX, {"address": "FE80::5"}, "address: fe80::5 is a link-local address; write a global one"),
        (WEB, {"address": None}, "address: is missing; write the address of the real server"),
        *((WEB, {"lower_threshold": 9, **more}, f"lower_threshold: 9 is above the upper_threshold {top}; {WHICH_LIMIT}")
          for more, top in (({"upper_threshold": 8}, 8), ({}, 0), ({"upper_threshold": 0}, 0))),
        *((WEB, {**given, "forwarding": how}, f"{name}: is for forwarding tun, and it is {how}; leave it out")
          for how in ("nat", "dr")
          for name, given in (("tunnel_type", {"tunnel_type": "gue", "tunnel_port": 6080, "tunnel_checksum": "csum"}),
                              ("tunnel_type", {"tunnel_type": "gre"}),
                              ("tunnel_port", {"tunnel_port": 6080, "tunnel_checksum": "remcsum"}),
                              ("tunnel_port", {"tunnel_port": 6080}),
                              ("tunnel_checksum", {"tunnel_checksum": "csum"}))),
        (WEB, {"forwarding": "tun", "tunnel_type": "gue"},
         "tunnel_port: is missing; write the UDP port that the real server's gue listens on"),
        *((WEB, {"forwarding": "tun", "tunnel_type": kind, "tunnel_port": 6080},
           f"tunnel_port: is for gue, and the tunnel is {kind}; leave it out")
          for kind in ("ipip", "gre")),
        *((WEB, {"forwarding": "tun", "tunnel_type": kind, "tunnel_checksum": checksum},
           f"tunnel_checksum: {kind} has no {checksum}; leave it out")
          for kind, checksum in (("ipip", "csum"), ("ipip", "remcsum"), ("gre", "remcsum"))),
    ],
)  # fmt: skip
def test_a_contradiction_in_a_destination(service: dict[str, Any], values: dict[str, Any], text: str) -> None:
    found = refused([{**service, "destinations": [{"address": "10.0.0.2", **values}]}])
    assert found == f"services[0].destinations[0].{text}"


@pytest.mark.parametrize(
    ("first", "second", "name"),
    [
        (WEB, {**WEB, "port": "80", "protocol": "tcp", "scheduler": "rr"}, "tcp 10.0.0.1:80"),
        ({**SIX, "address": "2001:DB8:0::5"}, {**SIX, "address": "2001:db8::5"}, "tcp [2001:db8::5]:80"),
        (MARK, {"fwmark": "7", "family": "ipv4"}, "fwmark 7"),
        ({**MARK, "family": "ipv6"}, {**MARK, "family": "ipv6"}, "fwmark 7 (ipv6)"),
    ],
)
def test_a_service_named_twice(first: Any, second: Any, name: str) -> None:
    expected = f"services[2]: {name} is in the list already; name each virtual service once"
    assert refused([first, {**WEB, "port": 81}, second]) == expected


def test_a_destination_named_twice() -> None:
    text = "is in the list already; name each destination once"
    destinations = [{"address": "2001:DB8:0::5"}, {"address": "2001:db8::5", "port": "80", "weight": 2}]
    assert refused([{**SIX, "destinations": destinations}]) == f"services[0].destinations[1]: [2001:db8::5]:80 {text}"
    destinations = [{"address": "10.0.0.2", "port": 0}, {"address": "10.0.0.2"}]
    assert refused([{**MARK, "destinations": destinations}]) == f"services[0].destinations[1]: 10.0.0.2:0 {text}"


def test_all_faults_at_once() -> None:
    services = [
        {**WEB, "sheduler": "rr", "one_packet": True, "scheduler_flags": ["port"], "destinations": [
            {"address": "10.0.0.2", "weight": -1, "forwarding": "dr", "port": 81},
            {"address": "rs2"}, {"address": "rs2"},
            {"address": "10.0.0.3", "lower_threshold": 2, "upper_threshold": 1, "tunnel_port": 5},
        ]},
        None,
        {"fwmark": 0},
        {**WEB, "protocol": "udp", "persistence_engine": "sip"},
        {**WEB, "port": 81, "one_packet": True, "scheduler_flags": ["port"]},
    ]  # fmt: skip
    assert refused(services).splitlines() == [
        f"services[0].sheduler: is an unknown key; known are {KEYS['service']}",
        "services[0].destinations[0].weight: -1 is not in 0..2147483647; write a number from 0 to 2147483647",
        f"services[0].destinations[1].address: 'rs2' is not an IPv4 or IPv6 address; {AN_ADDRESS}",
        f"services[0].destinations[2].address: 'rs2' is not an IPv4 or IPv6 address; {AN_ADDRESS}",
        f"services[0].destinations[3].lower_threshold: 2 is above the upper_threshold 1; {WHICH_LIMIT}",
        "services[0].destinations[3].tunnel_port: is for forwarding tun, and it is nat; leave it out",
        f"services[1]: None is not a mapping; write a mapping with {KEYS['service']}",
        f"services[2].fwmark: {ZERO_MARK}",
        f"services[3].persistence_engine: {PERSISTENT}",
        "services[4].one_packet: is for UDP, and the service is tcp; leave it out",
        "services[4].scheduler_flags: the scheduler wlc has no flag port; it has flag-1, flag-2, flag-3",
    ]


def test_what_a_service_without_a_good_name_has_is_read_too() -> None:
    destinations = [
        {"address": "rs", "port": 81, "weight": -1},
        {"address": "10.0.0.2", "port": 81, "forwarding": "dr"},
    ]
    given = {"address": "vip", "port": 80, "scheduler": "W", "persistence_netmask": 64, "destinations": destinations}
    assert refused([given]).splitlines() == [
        f"services[0].address: 'vip' is not an IPv4 or IPv6 address; {AN_ADDRESS}",
        "services[0].scheduler: 'W' is no name; write the name of a scheduler, such as wlc",
        f"services[0].destinations[0].address: 'rs' is not an IPv4 or IPv6 address; {AN_ADDRESS}",
        "services[0].destinations[0].weight: -1 is not in 0..2147483647; write a number from 0 to 2147483647",
    ]


def test_all_that_is_wrong_with_a_name() -> None:
    assert refused([{"address": "10.0.0.1", "protocol": "icmp", "family": "ipv5"}]).splitlines() == [
        "services[0].family: 'ipv5' is not known; write one of ipv4, ipv6",
        "services[0].protocol: 'icmp' is not known; write one of tcp, udp, sctp",
        "services[0].port: is missing; write the port, or 0 for all ports of a persistent service",
    ]


def test_a_destination_keeps_its_place_behind_one_that_is_refused() -> None:
    destinations = [{"address": "rs1"}, None, {"address": "10.0.0.2", "forwarding": "dr", "port": 81}]
    assert refused([{**WEB, "destinations": destinations}]).splitlines() == [
        f"services[0].destinations[0].address: 'rs1' is not an IPv4 or IPv6 address; {AN_ADDRESS}",
        f"services[0].destinations[1]: None is not a mapping; write a mapping with {KEYS['destination']}",
        f"services[0].destinations[2].port: 81 is not the service's port 80, and dr {MAPS_NO_PORTS}",
    ]


@pytest.mark.parametrize(
    ("service", "text"),
    [
        ({**WEB, "port": 0, "persistence_timeout": "5m"},
         "persistence_timeout: '5m' is not a whole number; write a number from 0 to 2678400"),
        ({**WEB, "persistence_netmask": 24, "persistence_timeout": -1},
         "persistence_timeout: -1 is not in 0..2678400; write a number from 0 to 2678400"),
        ({**WEB, "scheduler": "SH", "scheduler_flags": ["port"]},
         "scheduler: 'SH' is no name; write the name of a scheduler, such as wlc"),
        ({**WEB, "protocol": "UDP", "one_packet": True},
         "protocol: 'UDP' is not known; write one of tcp, udp, sctp"),
        *(({**WEB, "destinations": [{"address": "10.0.0.2", **values}]}, f"destinations[0].{text}")
          for values, text in (
            ({"lower_threshold": 5, "upper_threshold": "x"},
             "upper_threshold: 'x' is not a whole number; write a number from 0 to 2147483647"),
            ({"tunnel_type": "gre", "forwarding": "TUN"}, "forwarding: 'TUN' is not known; write one of nat, dr, tun"),
            ({"forwarding": "tun", "tunnel_type": "gue", "tunnel_port": 65536},
             "tunnel_port: 65536 is not in 0..65535; write a number from 0 to 65535"),
        )),
    ],
)  # fmt: skip
def test_what_follows_from_a_fault_is_no_fault(service: dict[str, Any], text: str) -> None:
    assert refused([service]) == f"services[0].{text}"


@pytest.mark.parametrize(("count", "rest"), [(20, []), (21, ["and 1 more"]), (43, ["and 23 more"])])
def test_no_more_than_twenty_faults_are_shown(count: int, rest: list[str]) -> None:
    lines = refused([{"fwmark": 0}] * count).splitlines()
    assert lines == [*(f"services[{n}].fwmark: {ZERO_MARK}" for n in range(20)), *rest]


# -- beside the services


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ([{"interface": "eth0"}], "[0].role: None is not known; write one of master, backup"),
        ([DAEMON, {**DAEMON, "interface": "eth1"}], "[1].role: there is a master already; name each role once"),
        ([{**DAEMON, "group": "all"}], f"[0].group: 'all' is not an IPv4 or IPv6 address; {AN_ADDRESS}"),
        *(
            ([{**DAEMON, "group": none}], f"[0].group: {none!r} is not an IPv4 or IPv6 address; {AN_ADDRESS}")
            for none in (False, 0, list[str](), NOTHING)
        ),
        ([{**DAEMON, "group": "fd00::5"}], "[0].group: fd00::5 is no multicast address; write one such as 224.0.0.81"),
    ],
)
def test_a_contradiction_in_sync_daemons(given: Any, text: str) -> None:
    options = Options()
    options.daemons(given)
    assert told(options) == f"sync_daemons{text}"
