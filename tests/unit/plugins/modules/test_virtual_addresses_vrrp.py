"""virtual_addresses and its agent on a director that serves itself: VRRP puts the same addresses on its network."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.plugins.modules.addresses_host import (
    ABSENT,
    FOUR,
    NAME,
    RECORD,
    SIX,
    a_host,
    eventually,
    service,
    standing,
)
from tests.unit.plugins.netns import Host

# What keepalived does on a host that becomes master, and when it is one no more.
MASTER = "ip address add 10.0.0.6/24 dev eth0; ip address add fd00::6/64 dev eth0 nodad"
BACKUP = "ip address del 10.0.0.6/24 dev eth0; ip address del fd00::6/64 dev eth0"
MOVING = [{**FOUR, "moves_to": ["eth0"]}, {**SIX, "moves_to": ["eth0", "vrrp.51"]}]


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with a_host(tmp_path / "host") as found:
        yield found


def local_routes(host: Host) -> list[str]:
    """Where the host takes the two addresses for its own."""
    routes = [
        host.run("ip", flag, "route", "show", "table", "local", ip)
        for flag, ip in (("-4", "10.0.0.6"), ("-6", "fd00::6"))
    ]
    return [" ".join(line.split()[:4]) for lines in routes for line in sorted(lines.splitlines())]


def test_an_address_that_vrrp_moves_stands_beside_ours(host: Host) -> None:
    host.run("sh", "-ec", MASTER)
    before = standing(host)
    first = host.module("virtual_addresses", check=True, name=NAME, addresses=MOVING)
    done = host.module("virtual_addresses", name=NAME, addresses=MOVING)
    assert (done["diff"], done["steps"]) == (first["diff"], first["steps"])
    assert done["steps"] == [
        "ip address add 10.0.0.6/32 dev lo scope host",
        "ip address add fd00::6/128 dev lo nodad noprefixroute preferred_lft 0",
    ]
    assert done["diff"]["after"]["at_boot"] == [
        "10.0.0.6/32 dev lo beside eth0",
        "fd00::6/128 dev lo beside eth0 beside vrrp.51",
    ]
    master = standing(host)
    assert (master.count("10.0.0.6/"), master.count("fd00::6/")) == (2, 2)
    assert local_routes(host) == [
        *("local 10.0.0.6 dev eth0", "local 10.0.0.6 dev lo"),
        *("local fd00::6 dev eth0", "local fd00::6 dev lo"),
    ]
    assert not host.module("virtual_addresses", name=NAME, addresses=MOVING)["changed"]
    host.run("sh", "-ec", BACKUP)
    assert not host.module("virtual_addresses", name=NAME, addresses=MOVING)["changed"]
    assert local_routes(host) == ["local 10.0.0.6 dev lo", "local fd00::6 dev lo"]
    host.run("sh", "-ec", MASTER)
    assert sorted(standing(host).splitlines()) == sorted(master.splitlines())

    host.module("virtual_addresses", **ABSENT)
    assert sorted(standing(host).splitlines()) == sorted(before.splitlines())
    assert local_routes(host) == ["local 10.0.0.6 dev eth0", "local fd00::6 dev eth0"]


def test_where_vrrp_puts_an_address_is_known_until_the_director_is_changed(host: Host) -> None:
    """As the playbook does it: check mode, the real servers, the directors, and what is left of the real servers."""
    host.module("virtual_addresses", name=NAME, addresses=MOVING)
    host.run("sh", "-ec", MASTER)
    other = [{**FOUR, "moves_to": ["br0"]}]
    first = host.module("virtual_addresses", check=True, name=NAME, addresses=other)
    assert first["diff"]["after"]["at_boot"] == ["10.0.0.6/32 dev lo beside br0"]
    for changed in (True, False):
        result = host.module("virtual_addresses", name=NAME, addresses=other, purge=False)
        assert (result["changed"], result["steps"]) == (changed, [])
        assert result["stale"] == ["fd00::6/128 dev lo", "10.0.0.6/32 dev lo beside eth0"]
    refused = host.module("virtual_addresses", name=NAME, addresses=other)
    assert "10.0.0.6/32 dev lo: it stands on eth0 already" in refused["msg"]
    host.run("sh", "-ec", f"{BACKUP}; ip address add 10.0.0.6/24 dev br0")
    last = host.module("virtual_addresses", name=NAME, addresses=other)
    assert last["diff"]["before"]["at_boot"] == [
        "10.0.0.6/32 dev lo beside br0 beside eth0",
        "fd00::6/128 dev lo beside eth0 beside vrrp.51",
    ]
    assert last["diff"]["after"]["at_boot"] == ["10.0.0.6/32 dev lo beside br0"]
    assert (last["steps"], last["stale"]) == (["ip address del fd00::6/128 dev lo"], [])

    host.run("ip", "address", "del", "10.0.0.6/24", "dev", "br0")
    # The place alone, of an address that stays, and one that the address itself takes.
    for purge, stale in ((False, ["10.0.0.6/32 dev lo beside br0"]), (True, [])):
        result = host.module("virtual_addresses", name=NAME, addresses=[FOUR], purge=purge)
        assert (result["changed"], result["steps"], result["stale"]) == (purge, [], stale)
    host.module("virtual_addresses", name=NAME, addresses=other)
    result = host.module("virtual_addresses", name=NAME, addresses=[{**FOUR, "interface": "br0"}], purge=False)
    assert (result["stale"], result["diff"]["after"]["at_boot"]) == ([], ["10.0.0.6/32 dev br0"])


def test_a_real_server_becomes_a_director_that_serves_itself(host: Host) -> None:
    host.module("virtual_addresses", name=NAME, addresses=[FOUR, SIX])
    host.calls()
    with service(host) as (log, _pid):
        result = host.module("virtual_addresses", name=NAME, addresses=MOVING)
        assert (result["changed"], result["steps"]) == (True, [])
        assert result["diff"]["before"].keys() == {"at_boot", "files"}
        assert not [call for call in host.calls() if " restart " in call]  # the service reads its file before each look
        host.run("sh", "-ec", MASTER)
        time.sleep(1.5)  # longer than between two looks: there is no event to wait for where nothing is to happen
        assert log.read_text() == ""


def test_vrrp_moves_an_address_while_the_service_watches(host: Host) -> None:
    host.module("virtual_addresses", name=NAME, addresses=MOVING)
    take = "ip address del 10.0.0.6/32 dev lo; ip address del fd00::6/128 dev lo"

    def both(text: str) -> bool:
        return "lo inet 10.0.0.6/32 scope host" in text and "lo inet6 fd00::6/128" in text

    host.run("sh", "-ec", f"{take}; rm {RECORD}; {MASTER}")  # keepalived was there first
    with service(host) as (log, _pid):
        assert both(standing(host))
        for _turn in range(2):
            host.run("sh", "-ec", BACKUP)
            host.run("sh", "-ec", f"{take}; {MASTER}")
            eventually(host, both)
            assert standing(host).count("eth0 inet6 fd00::6/64") == 1
            assert standing(host).count("eth0 inet 10.0.0.6/24") == 1
        assert "not possible" not in log.read_text()
    host.module("virtual_addresses", **ABSENT)
    assert "lo inet 10.0.0.6" not in standing(host)
    assert "eth0 inet 10.0.0.6/24" in standing(host)
