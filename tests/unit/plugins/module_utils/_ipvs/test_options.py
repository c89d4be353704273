"""What options become. How they are refused: test_refusals.py."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    NO_TIMEOUTS,
    Destination,
    DestinationKey,
    Entry,
    ServiceKey,
    Settings,
    SyncDaemon,
    Timeouts,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.options import (
    GivenDestination,
    Options,
    Service,
    merge_destination,
    merge_settings,
)

WEB = {"address": "10.0.0.1", "port": 80}
UDP = {**WEB, "protocol": "udp"}
SIX = {"address": "2001:db8::1", "port": 80}
MARK = {"fwmark": 7}
LASTING = {**WEB, "persistence_timeout": 300}
DAEMON = {"role": "master", "interface": "eth0"}


def table(services: Any) -> dict[ServiceKey, Entry]:
    options = Options()
    found = options.table(services)
    options.finish()
    return found


def only(found: dict[ServiceKey, Entry]) -> Entry:
    assert len(found) == 1
    return next(iter(found.values()))


# -- what is taken


def test_text_for_numbers_and_flags_as_jinja_writes_them() -> None:
    found = table([
        {"address": "10.0.0.1", "port": " 053 ", "protocol": "udp", "one_packet": "True", "persistence_timeout": "+300",
         "destinations": [{"address": "10.0.0.2", "port": "5353", "weight": "0", "upper_threshold": "9",
                           "lower_threshold": "8"}]},
        {"fwmark": "4294967295", "one_packet": "no"},
    ])  # fmt: skip
    assert found == {
        ServiceKey("ipv4", "udp", "10.0.0.1", 53): Entry(
            Settings(one_packet=True, persistence_timeout=300),
            {DestinationKey("ipv4", "10.0.0.2", 5353): Destination("nat", 0, 9, 8)},
        ),
        ServiceKey("ipv4", fwmark=4294967295): Entry(Settings(), {}),
    }
    assert [type(value) for value in next(iter(found))] == [str, str, str, int, int]


def test_the_largest_values() -> None:
    found = table([{**LASTING, "port": 65535, "persistence_timeout": 2678400, "destinations": [
        {"address": "10.0.0.2", "weight": 2147483647, "upper_threshold": 2147483647, "lower_threshold": 2147483647},
    ]}])  # fmt: skip
    entry = only(found)
    assert entry.settings.persistence_timeout == 2678400
    assert list(entry.destinations.values()) == [Destination("nat", 2147483647, 2147483647, 2147483647)]
    assert table([]) == {}


def test_addresses_in_one_writing() -> None:
    found = table([{**SIX, "address": "2001:DB8:0:0::5", "destinations": [{"address": "FD00:0::0a"}]}])
    entry = Entry(Settings(), {DestinationKey("ipv6", "fd00::a", 80): Destination()})
    assert found == {ServiceKey("ipv6", "tcp", "2001:db8::5", 80): entry}
    local = [{**SIX, "address": "fe80::1"}, {**WEB, "address": "127.0.0.1"}]  # VIPs of any scope
    assert [key.address for key in table(local)] == ["fe80::1", "127.0.0.1"]


@pytest.mark.parametrize(
    ("service", "given", "netmask"),
    [
        *((WEB, given, "255.255.255.0") for given in (24, "24", "/24", "255.255.255.0")),
        *((WEB, given, "") for given in (32, "/32", "255.255.255.255", "", None)),
        *((WEB, given, "128.0.0.0") for given in (1, "128.0.0.0")),
        *((SIX, given, "64") for given in (64, "64", "/64")),
        *((SIX, given, "") for given in (128, "/128", "", None)),
        ({"fwmark": 2**31 + 1, "family": "ipv6"}, 64, "64"),
        ({"fwmark": 2**31 + 1}, 8, "255.0.0.0"),
    ],
)
def test_netmasks_in_one_writing(service: dict[str, Any], given: Any, netmask: str) -> None:
    entry = only(table([{**service, "persistence_timeout": 60, "persistence_netmask": given}]))
    assert entry.settings == Settings(persistence_timeout=60, persistence_netmask=netmask)


@pytest.mark.parametrize(
    ("service", "port"), [(WEB, 80), ({**LASTING, "port": 0}, 0), (MARK, 0), ({**MARK, "family": "ipv4"}, 0)]
)
@pytest.mark.parametrize("forwarding", ["nat", "dr", "tun"])
def test_the_port_of_a_destination_is_the_service_s(service: dict[str, Any], port: int, forwarding: str) -> None:
    void = {"tunnel_type": "ipip", "tunnel_port": 0, "tunnel_checksum": "none"}
    for given in ({}, {"port": None}, {"port": str(port), **void}):
        destination = {"address": "10.0.0.2", "forwarding": forwarding, **given}
        entry = only(table([{**service, "destinations": [destination]}]))
        assert entry.destinations == {DestinationKey("ipv4", "10.0.0.2", port): Destination(forwarding)}


@pytest.mark.parametrize(
    ("given", "settings"),
    [
        ({"scheduler": "my_sched2"}, Settings("my_sched2")),
        ({"scheduler": "sh", "scheduler_flags": ["port", "fallback", "port"]}, Settings("sh", ("fallback", "port"))),
        ({"scheduler": "mh", "scheduler_flags": ("flag-3",)}, Settings("mh", ("flag-3",))),
        ({"scheduler_flags": ["flag-2", "flag-1"]}, Settings("wlc", ("flag-1", "flag-2"))),
        ({"scheduler_flags": []}, Settings()),
        ({"one_packet": "on"}, Settings(one_packet=True)),
        ({"one_packet": 0, "persistence_engine": ""}, Settings()),
        ({"persistence_timeout": 5, "persistence_engine": "sip"}, Settings("wlc", (), False, 5, "", "sip")),
        (dict.fromkeys((*Settings._fields, "family", "protocol", "destinations")), Settings()),
    ],
)
def test_settings_that_are_taken(given: dict[str, Any], settings: Settings) -> None:
    for key in (UDP, MARK):
        assert [entry.settings for entry in table([{**given, **key}]).values()] == [settings]


def test_figures_of_ipvs_info_are_passed_over() -> None:
    figures = {"statistics": {"conns": 5}, "connections": 3}
    service = {**WEB, "statistics": "any", "destinations": [{"address": "10.0.0.2", **figures}]}
    assert table([service]) == table([{**WEB, "destinations": [{"address": "10.0.0.2"}]}])


# -- beside the services


def test_timeouts_and_sync_daemons_that_are_taken() -> None:
    options = Options()
    assert options.timeouts({"tcp": "900", "udp": 2147483, "tcp_fin": None}) == Timeouts(900, 0, 2147483)
    assert options.timeouts({}) == NO_TIMEOUTS
    whole = {"id": "7", "maxlen": 1400, "group": "FF02::99", "port": "8849", "ttl": 2}
    assert options.daemons([{**DAEMON, **whole}, {"role": "backup", "interface": "br-lan.5", "id": None}]) == {
        "master": SyncDaemon("master", "eth0", 7, 1400, "ff02::99", 8849, 2),
        "backup": SyncDaemon("backup", "br-lan.5"),
    }
    assert options.daemons([]) == {}
    options.finish()


# -- what is given, apart from what is not


def test_the_place_of_a_destination_and_what_is_given_of_it() -> None:
    options = Options()
    given = [
        {"address": "10.0.0.2"},
        {"address": "10.0.0.3", "port": 8080, "weight": "0", "forwarding": None, "statistics": {"conns": 1}},
        {"address": "rs4"},
        {"address": "10.0.0.5", "weight": -1, "upper_threshold": 9},
        {"address": "10.0.0.6", "waight": 1},
        {"address": "fd00::7", "port": 0, "forwarding": "tun"},
    ]
    assert options.destinations(given, "destinations", 443) == {
        DestinationKey("ipv4", "10.0.0.2", 443): GivenDestination("destinations[0]", {}, True),
        DestinationKey("ipv4", "10.0.0.3", 8080): GivenDestination("destinations[1]", {"weight": 0}, True),
        DestinationKey("ipv4", "10.0.0.5", 443): GivenDestination("destinations[3]", {"upper_threshold": 9}, False),
        DestinationKey("ipv4", "10.0.0.6", 443): GivenDestination("destinations[4]", {}, False),
        DestinationKey("ipv6", "fd00::7", 0): GivenDestination("destinations[5]", {"forwarding": "tun"}, True),
    }
    assert [text.split(":")[0] for text in options.reader.faults.texts] == [
        "destinations[2].address", "destinations[3].weight", "destinations[4].waight",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "port", "key"),
    [
        ({"address": "10.0.0.2"}, 80, DestinationKey("ipv4", "10.0.0.2", 80)),
        ({"address": "10.0.0.2", "port": None}, 80, DestinationKey("ipv4", "10.0.0.2", 80)),
        ({"address": "10.0.0.2", "port": 0}, 80, DestinationKey("ipv4", "10.0.0.2", 0)),
        ({"address": "10.0.0.2", "port": "8080", "weight": 1}, 80, DestinationKey("ipv4", "10.0.0.2", 8080)),
        ({"address": "FD00::0:2"}, 0, DestinationKey("ipv6", "fd00::2", 0)),
    ],
)
def test_the_key_of_a_destination(given: dict[str, Any], port: int, key: DestinationKey) -> None:
    options = Options()
    assert options.destination_key(given, "", port) == key
    options.finish()


@pytest.mark.parametrize(("family", "netmask"), [("ipv4", {"persistence_netmask": "255.255.255.0"}), ("", {})])
def test_settings_that_are_given(family: str, netmask: dict[str, str]) -> None:
    options = Options()
    given = {"scheduler": None, "one_packet": 0, "persistence_netmask": 24, "port": 80, "weight": 5}
    assert options.settings(given, "", family) == {"one_packet": False, **netmask}
    assert options.settings({"persistence_netmask": 64}, "", "ipv6") == {"persistence_netmask": "64"}
    options.finish()


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ({"scheduler": "rr"}, True),
        ({"scheduler": "rr", "persistence_timeout": "5m"}, False),
        ({"scheduler": "rr", "destinations": [{"address": "rs2"}]}, True),
    ],
)
def test_a_service_whose_destinations_are_refused_is_clean(given: dict[str, Any], clean: bool) -> None:
    key = ServiceKey("ipv4", "tcp", "10.0.0.1", 80)
    assert Options().service({**WEB, **given}, "services[0]") == Service(key, {"scheduler": "rr"}, clean, {})
    assert Options().service({**WEB, "port": None, **given}, "services[0]") is None


# -- given, else present, else default


LASTS = Settings("sh", ("port",), True, 300, "255.255.255.0", "sip")
TUNNEL = Destination("tun", 5, 20, 10, "gue", 6080, "csum")


def test_merged_settings() -> None:
    kept: tuple[dict[str, Any], ...] = ({}, {"one_packet": False}, {"persistence_timeout": 60}, {"scheduler": "sh"})
    for given in kept:
        assert merge_settings(LASTS, given) == LASTS._replace(**given)
    assert merge_settings(None, {}) == Settings()
    flags: dict[str, Any] = {"scheduler": "mh", "scheduler_flags": ("fallback",)}
    assert merge_settings(None, flags) == Settings("mh", ("fallback",))
    assert merge_settings(LASTS, flags) == LASTS._replace(**flags)
    assert merge_settings(LASTS, {"scheduler": "mh"}) == LASTS._replace(scheduler="mh", scheduler_flags=())
    assert merge_settings(LASTS, {"persistence_timeout": 0}) == Settings("sh", ("port",), True)
    contradiction = {"persistence_timeout": 0, "persistence_engine": "sip"}
    assert merge_settings(LASTS, contradiction) == Settings("sh", ("port",), True, 0, "", "sip")
    assert merge_settings(None, contradiction) == Settings(persistence_engine="sip")


def test_merged_destinations() -> None:
    for given in ({}, {"weight": 0}, {"forwarding": "tun", "tunnel_type": "gue"}, {"tunnel_port": 6081}):
        assert merge_destination(TUNNEL, given) == TUNNEL._replace(**given)
    assert merge_destination(None, {}) == Destination()
    assert merge_destination(None, {"weight": 0, "forwarding": "dr"}) == Destination("dr", 0)
    assert merge_destination(TUNNEL, {"forwarding": "dr"}) == Destination("dr", 5, 20, 10)
    contradiction = {"forwarding": "nat", "tunnel_port": 5}
    assert merge_destination(TUNNEL, contradiction) == Destination("nat", 5, 20, 10, "ipip", 5)
    gre = {"tunnel_type": "gre"}
    assert merge_destination(TUNNEL, gre) == Destination("tun", 5, 20, 10, "gre", 0, "none")
    checked = {**gre, "tunnel_checksum": "csum"}
    assert merge_destination(TUNNEL, checked) == Destination("tun", 5, 20, 10, "gre", 0, "csum")
    assert merge_destination(Destination("dr", 3), {"forwarding": "tun"}) == Destination("tun", 3)
