# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventories that somebody would write in good faith, and that would not work, or would."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.director import tree
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import render
from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan
from tests.unit.plugins.module_utils._topology.test_plan import (
    apart,
    faults,
    instance_of,
    inventory,
    notices,
    service_of,
)


def both(given: dict[str, Any], **service: Any) -> dict[str, Any]:
    """The inventory with these values in the service of both directors."""
    given = apart(given)
    for host in ("lb1", "lb2"):
        service_of(given, host).update(service)
    return given


@pytest.mark.parametrize(
    ("address", "owner"),
    [("192.168.0.12", "rs2's own address on eth0"), ("192.168.0.77", "client's own address on eth1")],
)
def test_a_virtual_address_that_some_host_has(address: str, owner: str) -> None:
    given = apart(inventory())
    given["hosts"]["client"] = {"lvs_interfaces": {"eth1": "192.168.0.77/24"}}
    for host in ("lb1", "lb2"):
        instance_of(given, host)["virtual_ipaddress"][1]["address"] = f"{address}/24"
    assert any(owner in problem for _variable, problem in faults(given))


def test_a_virtual_address_in_two_instances() -> None:
    given = apart(inventory())
    for host in ("lb1", "lb2"):
        other = {**instance_of(given, host), "name": "VI_2", "virtual_router_id": 52}
        given["hosts"][host]["lvs_vrrp_instances"].append(other)
    problems = [problem for _variable, problem in faults(given)]
    assert "10.0.0.5 is in the VRRP instance VI_1, too, which may be master elsewhere" in problems


def test_an_address_on_lo_is_no_way_to_anybody() -> None:
    given = apart(inventory())
    for variables in given["hosts"].values():
        variables["lvs_interfaces"]["lo"] = ["127.0.0.1/8", "::1/128"]
    servers = plan(given)["hosts"]["lb1"]["director"]["services"][0]["real_servers"]
    assert [one["address"] for one in servers] == ["192.168.0.12", "192.168.0.20"]
    given["hosts"]["rs2"]["lvs_interfaces"]["eth0"] = "203.0.113.12/24"
    assert any("no address in a network of the directors" in problem for _variable, problem in faults(given))


@pytest.mark.parametrize("forwarding", ["nat", "tun"])
def test_a_sorry_server_on_lo(forwarding: str) -> None:
    sorry = {"address": "127.0.0.1", "port": 80, "forwarding": forwarding}
    assert (
        "lvs_virtual_services[0].sorry_server.address",
        f"is 127.0.0.1, to which the kernel sends nothing with {forwarding}",
    ) in faults(both(inventory(), sorry_server=sorry))
    assert faults(both(inventory(), sorry_server={**sorry, "forwarding": "dr"})) == []


def test_the_sorry_server_of_a_group_needs_its_port() -> None:
    servers = [{"group": "real_servers_nat", "port": 8080}]
    group = {"port": None, "ports": [80, 443], "virtual_server_group": True, "real_servers": servers}
    given = both(inventory(), **group, sorry_server={"address": "192.168.0.99"})
    for host in ("lb1", "lb2"):
        del service_of(given, host)["port"]
    assert [one for one in faults(given) if one[0].endswith("sorry_server.port")] != []
    for host in ("lb1", "lb2"):
        service_of(given, host)["sorry_server"]["port"] = 80
    assert faults(given) == []


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ({"interface": "eth1"}, {"interface": "eth1"}, True),
        ({"interface": "eth1", "id": 51}, {"interface": "eth1"}, True),
        ({"interface": "eth1", "id": 1}, {"interface": "eth1", "id": 2}, False),
        ({"interface": "eth1", "port": 9999}, {"interface": "eth1"}, False),
        ({"interface": "eth1"}, None, False),
    ],
)
def test_directors_that_would_not_hear_each_other_s_connections(
    one: dict[str, Any], other: dict[str, Any] | None, agree: bool
) -> None:
    given = apart(inventory())
    given["hosts"]["lb1"]["lvs_sync_daemon"] = one
    if other:
        given["hosts"]["lb2"]["lvs_sync_daemon"] = other
    assert ("the directors do not agree on the sync daemon" in str(faults(given))) != agree


def test_the_weight_of_a_definition_holds_where_a_member_says_none() -> None:
    def grouped(**variables: Any) -> dict[str, Any]:
        given = apart(inventory(lvs_vrrp_sync_groups=[{"name": "VG", "group": ["VI_1", "VI_2"]}]))
        for host in ("lb1", "lb2"):
            first = instance_of(given, host)
            inside = {**first, "name": "VI_2", "virtual_router_id": 52, "virtual_ipaddress": ["192.168.0.1/24"]}
            inside["interface"] = "eth1"
            first["virtual_ipaddress"] = ["10.0.0.5/24"]
            first.update(variables["watched"])
            given["hosts"][host]["lvs_vrrp_instances"].append(inside)
            given["hosts"][host].update(variables["defined"])
        return given

    file = {
        "watched": {"track_file": ["m"]},
        "defined": {"lvs_track_files": [{"name": "m", "file": "/x", "weight": 0}]},
    }
    assert faults(grouped(**file)) == []
    script = {"name": "s", "script": "/usr/bin/true", "weight": -20}
    followed = grouped(watched={"track_script": ["s"]}, defined={"lvs_vrrp_scripts": [script]})
    assert "VI_1 is in it and watches s (track_script) with a weight" in str(faults(followed))


def test_gateways_that_lead_nowhere() -> None:
    given = apart(inventory())
    given["hosts"]["rs2"]["lvs_gateway"] = "192.168.0.12"
    assert faults(given) == [("lvs_gateway", "no way back: 192.168.0.12 is this host's own address")]
    given["hosts"]["rs2"]["lvs_gateway"] = "192.168.0.3"
    assert "192.168.0.3 is lb1's own address: answers still go there when another director takes over" in [
        problem for _variable, problem in notices(given)
    ]


@pytest.mark.parametrize("value", [10**400, "9" * 5000])
def test_a_number_without_an_end(value: Any) -> None:
    given = both(inventory(), delay_loop=value)
    assert faults(given) != []
    assert faults(both(inventory(), quorum=value)) != []


def test_an_ipv4_mark_whose_real_servers_are_ends_of_ipv6_tunnels() -> None:
    """keepalived would take the family of the tunnels' ends."""
    match = [{"address": "10.0.0.5", "protocol": "tcp", "ports": [80]}]
    checks = [{"type": "tcp", "connect_port": 80}]
    marked = {"fwmark": 1, "match": match, "forwarding": "tun", "health_checks": checks}
    for address, family in (("2001:db8::50", True), ("203.0.113.50", False)):
        given = both(inventory(), **marked, real_servers=[{"address": address}])
        for host in ("lb1", "lb2"):
            for key in ("address", "port"):
                del service_of(given, host)[key]
        director = plan(given)["hosts"]["lb1"]["director"]
        assert director["services"][0]["family"] == "ipv4"
        assert ("ip_family inet\n" in render(tree(director))) == family


def test_a_thousand_vips_are_planned_in_time() -> None:
    given = apart(inventory())
    vips = [f"10.1.{number // 250}.{number % 250 + 1}" for number in range(1000)]
    for host in ("lb1", "lb2"):
        variables = given["hosts"][host]
        variables["lvs_interfaces"]["eth0"] = [variables["lvs_interfaces"]["eth0"], f"10.1.9.{host[-1]}/16"]
        instance_of(given, host)["virtual_ipaddress"] = [
            {"address": "192.168.0.1/24", "dev": "eth1"}, *(f"{vip}/16" for vip in vips[:200]),
        ]  # fmt: skip
        instance_of(given, host)["virtual_ipaddress_excluded"] = [f"{vip}/16" for vip in vips[200:]]
        variables["lvs_virtual_services"] = [
            {**service_of(given, host), "name": f"s{number}", "address": vip} for number, vip in enumerate(vips)
        ]
    start = time.process_time()
    answer = plan(given)
    seconds = time.process_time() - start
    assert answer["faults"] == []
    assert seconds < 6, f"{seconds:.1f} s"


def with_daemon(given: dict[str, Any], **daemon: Any) -> dict[str, Any]:
    """The inventory with a sync daemon, and with VRRP instances of which it follows none by itself."""
    given = apart(given)
    for host in ("lb1", "lb2"):
        other = {**instance_of(given, host), "name": "VI_2", "virtual_router_id": 52}
        other["virtual_ipaddress"] = [{"address": "10.0.0.6/24"}]
        given["hosts"][host]["lvs_vrrp_instances"].append(other)
        given["hosts"][host]["lvs_sync_daemon"] = {"interface": "eth1", **daemon}
    return given


def test_a_sync_daemon_has_an_id_for_keepalived_to_survive_its_coming() -> None:
    director = plan(with_daemon(inventory()))["hosts"]["lb1"]["director"]
    assert director["sync_daemon"]["id"] == 0
    assert "lvs_sync_daemon eth1 id 0\n" in render(tree(director))
    problem = "is 0, on which keepalived's VRRP process crashes beside instance"
    assert set(faults(with_daemon(inventory(), instance="VI_1", id=0))) == {("lvs_sync_daemon.id", problem)}
    assert faults(with_daemon(inventory(), instance="VI_1")) == []


def test_a_tunnel_to_the_other_family_and_a_sync_daemon() -> None:
    server = {"address": "2001:db8:9::11", "forwarding": "tun"}
    for other in ({"real_servers": [{"group": "real_servers_nat"}, server]}, {"sorry_server": {**server, "port": 80}}):
        given = both(inventory(), **other)
        assert faults(given) == []
        problems = [problem for _variable, problem in faults(with_daemon(given))]
        assert any("no such destination beside a sync daemon" in problem for problem in problems), problems


@pytest.mark.parametrize("address", [{}, {"address": None}, {"address": "x"}])
def test_a_sorry_server_without_an_address_beside_a_sync_daemon(address: dict[str, Any]) -> None:
    (variable,) = {
        one for one, _problem in faults(with_daemon(both(inventory(), sorry_server={**address, "port": 80})))
    }
    assert variable == "lvs_virtual_services[0].sorry_server.address"


def test_a_group_and_a_netmask_of_persistence() -> None:
    mask = {"persistence_timeout": 300, "persistence_netmask": "255.255.255.0"}
    assert faults(both(inventory(), **mask)) == []
    (problem,) = {problem for _variable, problem in faults(both(inventory(), **mask, virtual_server_group=True))}
    assert problem == "is not told to the kernel by keepalived where a service is in a virtual_server_group"
