"""What a user reads of the table, and that it can be fed back."""

from __future__ import annotations

import json
from typing import Any

import pytest

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
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.options import Options
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.report import (
    Counts,
    daemon_line,
    daemon_options,
    destination_options,
    diff,
    entry_options,
    key_options,
    settings_options,
    timeouts_line,
)

WEB = ServiceKey("ipv4", "tcp", "10.0.0.1", 80)
ONE, TWO = DestinationKey("ipv4", "10.0.0.11", 80), DestinationKey("ipv4", "10.0.0.12", 8080)
SIX = DestinationKey("ipv6", "2001:db8::11", 80)
GUE = Destination("tun", 3, 20, 10, "gue", 6080, "remcsum")

TABLE: Table = {
    WEB: Entry(
        Settings("sh", ("fallback", "port"), persistence_timeout=300, persistence_netmask="255.255.255.0"),
        {
            ONE: Destination("dr", 0),
            TWO: Destination("nat", 2147483647, 2147483647, 2147483646),
            SIX: GUE,
            DestinationKey("ipv4", "10.0.0.13", 80): Destination("tun"),
            DestinationKey("ipv4", "10.0.0.14", 80): Destination("tun", tunnel_type="gre", tunnel_checksum="csum"),
            DestinationKey("ipv4", "10.0.0.15", 80): Destination("tun", 1, 0, 0, "gue", 65535, "csum"),
            DestinationKey("ipv4", "10.0.0.16", 80): Destination("tun", tunnel_type="gre"),
        },
    ),
    ServiceKey("ipv4", "udp", "10.0.0.1", 5060): Entry(Settings("rr", (), True, 60, "", "sip"), {}),
    ServiceKey("ipv4", "sctp", "10.0.0.1", 0): Entry(
        Settings("lblcr", ("flag-1", "flag-3"), persistence_timeout=2678400),
        {DestinationKey("ipv4", "10.0.0.11", 0): Destination("dr")},
    ),
    ServiceKey("ipv6", "tcp", "2001:db8::1", 443): Entry(
        Settings("mh", ("port",), persistence_timeout=1, persistence_netmask="64"),
        {
            DestinationKey("ipv6", "2001:db8::11", 443): Destination("dr"),
            DestinationKey("ipv4", "10.0.0.11", 443): Destination("tun"),
        },
    ),
    ServiceKey("ipv4", fwmark=4294967295): Entry(
        Settings(one_packet=True),
        {DestinationKey("ipv4", "10.0.0.11", 0): Destination("dr"), TWO: Destination()},
    ),
    ServiceKey("ipv6", fwmark=7): Entry(Settings(), {DestinationKey("ipv6", "2001:db8::11", 0): Destination("dr")}),
    ServiceKey("ipv4", fwmark=7): Entry(Settings(), {}),
}


def read_back(given: Any) -> Table:
    options = Options()
    found = options.table(given)
    options.finish()
    return found


def test_there_and_back() -> None:
    told = [entry_options(key, entry) for key, entry in TABLE.items()]
    back = read_back(told)
    assert back == TABLE
    assert list(back) == list(TABLE)
    assert read_back(json.loads(json.dumps(told))) == TABLE


def test_there_and_back_with_figures_and_as_text() -> None:
    told = [entry_options(key, entry) for key, entry in TABLE.items()]
    for service in told:
        service["statistics"] = {"conns": 1}
        for destination in service["destinations"]:
            destination.update(connections={"active": 1}, statistics={"conns": 1})
            destination.update({name: str(destination[name]) for name in ("port", "weight", "upper_threshold")})
    assert read_back(told) == TABLE


def test_a_service_as_options() -> None:
    assert entry_options(WEB, TABLE[WEB]._replace(destinations={ONE: Destination("dr", 0), SIX: GUE})) == {
        "address": "10.0.0.1",
        "port": 80,
        "protocol": "tcp",
        "family": "ipv4",
        "scheduler": "sh",
        "scheduler_flags": ["fallback", "port"],
        "one_packet": False,
        "persistence_timeout": 300,
        "persistence_netmask": "255.255.255.0",
        "persistence_engine": "",
        "destinations": [
            {
                "address": "10.0.0.11",
                "port": 80,
                "forwarding": "dr",
                "weight": 0,
                "upper_threshold": 0,
                "lower_threshold": 0,
            },
            {
                "address": "2001:db8::11",
                "port": 80,
                "forwarding": "tun",
                "weight": 3,
                "upper_threshold": 20,
                "lower_threshold": 10,
                "tunnel_type": "gue",
                "tunnel_port": 6080,
                "tunnel_checksum": "remcsum",
            },
        ],
    }


def test_a_mark_as_options() -> None:
    assert key_options(ServiceKey("ipv6", fwmark=2**31)) == {"fwmark": 2147483648, "family": "ipv6"}


def test_settings_as_options() -> None:
    assert settings_options(Settings()) == {
        "scheduler": "wlc",
        "scheduler_flags": [],
        "one_packet": False,
        "persistence_timeout": 0,
        "persistence_netmask": "",
        "persistence_engine": "",
    }


@pytest.mark.parametrize("forwarding", ["nat", "dr", "local", "bypass"])
def test_only_a_tunnel_has_tunnel_options(forwarding: str) -> None:
    assert destination_options(TWO, Destination(forwarding, 5)) == {
        "address": "10.0.0.12",
        "port": 8080,
        "forwarding": forwarding,
        "weight": 5,
        "upper_threshold": 0,
        "lower_threshold": 0,
    }


# -- counts


def test_counts() -> None:
    counts = Counts()
    assert counts.total == 0
    counts.add([Operation(ADD, WEB, Settings()), Operation(ADD, WEB, None, ONE, Destination())])
    counts.add(iter([Operation(ADD, WEB, None, TWO, Destination()), Operation(EDIT, WEB, Settings("rr"))]))
    counts.add([Operation(DELETE, WEB), Operation(DELETE, WEB), Operation(EDIT, WEB, None, ONE, Destination())])
    counts.add([])
    assert counts.as_options() == {
        "services": {"added": 1, "changed": 1, "deleted": 2},
        "destinations": {"added": 2, "changed": 1, "deleted": 0},
    }
    assert counts.total == 7


def test_counts_that_were_told_stay_as_they_were() -> None:
    counts = Counts()
    told = counts.as_options()
    counts.add([Operation(DELETE, WEB)])
    assert told["services"] == {"added": 0, "changed": 0, "deleted": 0}


# -- diffs


def test_tables_that_are_alike() -> None:
    assert diff(TABLE, dict(TABLE)) == {"before": "", "after": ""}


def test_every_value_in_a_diff() -> None:
    assert diff({}, TABLE) == {
        "before": "",
        "after": (
            "fwmark 7 scheduler=wlc\n"
            "fwmark 4294967295 scheduler=wlc one_packet=true\n"
            "  -> 10.0.0.11:0 forwarding=dr weight=1\n"
            "  -> 10.0.0.12:8080 forwarding=nat weight=1\n"
            "sctp 10.0.0.1:0 scheduler=lblcr scheduler_flags=flag-1,flag-3 persistence_timeout=2678400\n"
            "  -> 10.0.0.11:0 forwarding=dr weight=1\n"
            "tcp 10.0.0.1:80 scheduler=sh scheduler_flags=fallback,port persistence_timeout=300 "
            "persistence_netmask=255.255.255.0\n"
            "  -> 10.0.0.11:80 forwarding=dr weight=0\n"
            "  -> 10.0.0.12:8080 forwarding=nat weight=2147483647 upper_threshold=2147483647 "
            "lower_threshold=2147483646\n"
            "  -> 10.0.0.13:80 forwarding=tun weight=1\n"
            "  -> 10.0.0.14:80 forwarding=tun weight=1 tunnel_type=gre tunnel_checksum=csum\n"
            "  -> 10.0.0.15:80 forwarding=tun weight=1 tunnel_type=gue tunnel_port=65535 tunnel_checksum=csum\n"
            "  -> 10.0.0.16:80 forwarding=tun weight=1 tunnel_type=gre\n"
            "  -> [2001:db8::11]:80 forwarding=tun weight=3 upper_threshold=20 lower_threshold=10 tunnel_type=gue "
            "tunnel_port=6080 tunnel_checksum=remcsum\n"
            "udp 10.0.0.1:5060 scheduler=rr one_packet=true persistence_timeout=60 persistence_engine=sip\n"
            "fwmark 7 (ipv6) scheduler=wlc\n"
            "  -> [2001:db8::11]:0 forwarding=dr weight=1\n"
            "tcp [2001:db8::1]:443 scheduler=mh scheduler_flags=port persistence_timeout=1 persistence_netmask=64\n"
            "  -> 10.0.0.11:443 forwarding=tun weight=1\n"
            "  -> [2001:db8::11]:443 forwarding=dr weight=1\n"
        ),
    }


def test_only_what_differs_and_the_service_it_belongs_to() -> None:
    other = ServiceKey("ipv4", "udp", "10.0.0.9", 53)
    same = DestinationKey("ipv4", "10.0.0.19", 80)
    kept = {other: Entry(Settings(), {})}
    before = {WEB: Entry(Settings(), {same: Destination(), TWO: Destination(), ONE: Destination()}), **kept}
    after = {**kept, WEB: Entry(Settings(), {same: Destination(), ONE: Destination(weight=0), SIX: Destination("tun")})}
    assert diff(before, after) == {
        "before": (
            "tcp 10.0.0.1:80 scheduler=wlc\n"
            "  -> 10.0.0.11:80 forwarding=nat weight=1\n"
            "  -> 10.0.0.12:8080 forwarding=nat weight=1\n"
        ),
        "after": (
            "tcp 10.0.0.1:80 scheduler=wlc\n"
            "  -> 10.0.0.11:80 forwarding=nat weight=0\n"
            "  -> [2001:db8::11]:80 forwarding=tun weight=1\n"
        ),
    }


def test_settings_alone_leave_the_destinations_out() -> None:
    before = {WEB: Entry(Settings("rr"), {ONE: Destination()})}
    after = {WEB: Entry(Settings("rr", ("flag-2",)), {ONE: Destination()})}
    assert diff(before, after) == {
        "before": "tcp 10.0.0.1:80 scheduler=rr\n",
        "after": "tcp 10.0.0.1:80 scheduler=rr scheduler_flags=flag-2\n",
    }


def test_a_deleted_service_with_all_its_destinations() -> None:
    assert diff({WEB: Entry(Settings(), {ONE: Destination()})}, {}) == {
        "before": "tcp 10.0.0.1:80 scheduler=wlc\n  -> 10.0.0.11:80 forwarding=nat weight=1\n",
        "after": "",
    }


def test_more_lines_come_after_the_tables() -> None:
    old, new = timeouts_line(Timeouts(900, 120, 300)), timeouts_line(Timeouts(900, 60, 300))
    assert diff({}, {WEB: Entry(Settings(), {})}, [old], iter([new, "x"])) == {
        "before": "timeouts tcp=900 tcp_fin=120 udp=300\n",
        "after": "tcp 10.0.0.1:80 scheduler=wlc\ntimeouts tcp=900 tcp_fin=60 udp=300\nx\n",
    }


# -- sync daemons

WHOLE = SyncDaemon("backup", "eth1", 7, 1400, "224.0.0.90", 8849, 3)


@pytest.mark.parametrize(
    ("daemon", "options", "line"),
    [
        (
            SyncDaemon("master", "eth0"),
            {"role": "master", "interface": "eth0", "id": 0},
            "sync_daemon master interface=eth0",
        ),
        (
            WHOLE,
            {**WHOLE._asdict()},
            "sync_daemon backup interface=eth1 id=7 maxlen=1400 group=224.0.0.90 port=8849 ttl=3",
        ),
    ],
)
def test_sync_daemons(daemon: SyncDaemon, options: dict[str, Any], line: str) -> None:
    assert daemon_options(daemon) == options
    assert daemon_line(daemon) == line
    reader = Options()
    assert reader.daemons([daemon_options(daemon)]) == {daemon.role: daemon}
    reader.finish()
