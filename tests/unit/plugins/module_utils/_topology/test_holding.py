# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds a VIP: static directors, marks, direct routing and tunnels; the rules that no golden case shows."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan


def inventory(*services: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A static director and two real servers with direct routing; ``changes`` are variables of the director."""
    return {
        "hosts": {
            "lb1": {
                "lvs_interfaces": {"eth0": ["10.0.0.3/24", "2001:db8::3/64"]},
                "lvs_virtual_services": [{**service(), **one} for one in services or ({},)],
                **changes,
            },
            "rs1": {"lvs_interfaces": {"eth0": ["10.0.0.11/24", "2001:db8::11/64"]}},
            "rs2": {"lvs_interfaces": {"eth0": ["10.0.0.12/24", "2001:db8::12/64"]}},
        },
        "groups": {
            "directors": ["lb1"],
            "real_servers_nat": [],
            "real_servers_dr": ["rs1", "rs2"],
            "real_servers_tun": [],
        },
    }


def service(**changes: Any) -> dict[str, Any]:
    """A service with direct routing to both."""
    servers = [{"host": "rs1"}, {"host": "rs2"}]
    return {"name": "web", "address": "10.0.0.6", "port": 80, "forwarding": "dr", "real_servers": servers, **changes}


def marked(*match: dict[str, Any], mark: Any = 1, **changes: Any) -> dict[str, Any]:
    """The same on a firewall mark."""
    return service(name=f"mark{mark}", address=None, port=None, fwmark=mark, match=list(match), **changes)


def with_peer(given: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The inventory with lb2 beside lb1, and a VRRP instance that holds 10.0.0.6 and 2001:db8::6."""
    shared = {"interface": "eth0", "priorities": {"lb1": 2, "lb2": 1}}
    instances = [
        {**shared, "name": "V4", "virtual_router_id": 4, "virtual_ipaddress": "10.0.0.6/24"},
        {**shared, "name": "V6", "virtual_router_id": 6, "virtual_ipaddress": "2001:db8::6/64"},
    ]
    given["hosts"]["lb1"]["lvs_vrrp_instances"] = instances
    given["hosts"]["lb2"] = {
        **given["hosts"]["lb1"],
        "lvs_interfaces": {"eth0": ["10.0.0.4/24", "2001:db8::4/64"]},
        **changes,
    }
    given["groups"]["directors"] = ["lb1", "lb2"]
    return given


def faults(given: dict[str, Any]) -> list[tuple[str, str]]:
    """The faults as variable and problem."""
    return [(one["variable"], one["problem"]) for one in plan(given)["faults"]]


def director(given: dict[str, Any], name: str = "lb1") -> dict[str, Any]:
    answer = plan(given)
    assert answer["faults"] == []
    part: dict[str, Any] = answer["hosts"][name]["director"]
    return part


# --- virtual addresses


def test_the_vips_of_a_static_director_follow_from_its_services_each_once() -> None:
    given = inventory({}, {"name": "more", "port": 81}, {"name": "six", "address": "2001:db8::6"})
    assert director(given)["virtual_addresses"] == [
        {"address": "10.0.0.6/32", "interface": "eth0"},
        {"address": "2001:db8::6/128", "interface": "eth0"},
    ]


def test_with_keepalived_only_written_addresses_stay_on_a_director() -> None:
    given = with_peer(inventory())
    assert director(given)["virtual_addresses"] == []
    given["hosts"]["lb2"]["lvs_virtual_addresses"] = ["10.0.0.99"]
    assert director(given, "lb2")["virtual_addresses"] == [{"address": "10.0.0.99/32", "interface": "eth0"}]


def test_the_narrowest_network_says_the_interface() -> None:
    given = inventory()
    given["hosts"]["lb1"]["lvs_interfaces"] = {"eth0": "10.0.0.3/8", "eth1": "10.0.0.4/24"}
    assert director(given)["virtual_addresses"] == [{"address": "10.0.0.6/32", "interface": "eth1"}]


def test_an_address_on_an_interface_that_the_inventory_does_not_know_is_left_to_the_host() -> None:
    part = director(inventory(lvs_virtual_addresses=[{"address": "10.0.0.6/24", "interface": "bond0"}]))
    assert part["virtual_addresses"] == [{"address": "10.0.0.6/24", "interface": "bond0"}]
    assert part["unchecked"] == ["10.0.0.6/24 dev bond0"]


def test_a_single_address_with_its_interface_may_be_one_that_routers_send_here() -> None:
    given = inventory({"address": "192.0.2.1"})
    given["hosts"]["lb1"]["lvs_virtual_addresses"] = [{"address": "192.0.2.1", "interface": "eth0"}]
    answer = plan(given)
    assert answer["faults"] == []
    assert [one["variable"] for one in answer["notices"]] == ["lvs_virtual_addresses[0]"]
    assert answer["hosts"]["rs1"]["real_server_dr"]["addresses"] == [{"address": "192.0.2.1/32", "interface": "lo"}]
    given["hosts"]["lb1"]["lvs_virtual_addresses"] = [{"address": "192.0.2.1/24", "interface": "eth0"}]
    assert [variable for variable, _problem in faults(given)] == ["lvs_virtual_addresses[0]"]


def test_a_link_local_address_is_on_any_interface() -> None:
    part = director(inventory(lvs_virtual_addresses=[{"address": "fe80::6/64", "interface": "eth0"}]))
    assert (part["virtual_addresses"][0]["address"], part["unchecked"]) == ("fe80::6/64", [])


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("lvs_virtual_addresses", [{"address": "192.0.2"}]),
        ("lvs_virtual_addresses", ["192.0.2.1/24", 7]),
        ("lvs_interfaces", "eth0"),
    ],
)
def test_while_the_places_of_addresses_cannot_be_read_nothing_more_is_said(variable: str, value: Any) -> None:
    given = inventory({"address": "192.0.2.1"}, **{variable: value})
    assert "lvs_virtual_services[0].address" not in [name for name, _problem in faults(given)]


def test_a_director_without_a_peer_may_serve_on_its_own_address_behind_nat() -> None:
    given = inventory({"address": "10.0.0.3", "forwarding": "nat"})
    given["groups"]["real_servers_nat"] = ["rs1", "rs2"]
    assert director(given)["virtual_addresses"] == []
    assert ("lvs_virtual_services[0].address", "10.0.0.3 is lb1's own address on eth0 (lvs_interfaces)") in faults(
        with_peer(given)
    )


def test_a_vrrp_address_that_is_a_directors_own_is_one_fault() -> None:
    given = with_peer(inventory({"address": "10.0.0.4"}))
    given["hosts"]["lb1"]["lvs_vrrp_instances"][0]["virtual_ipaddress"] = "10.0.0.4/24"
    assert [variable for variable, _problem in faults(given)] == ["lvs_vrrp_instances[0].virtual_ipaddress[0]"]


# --- who keeps the table


def test_a_director_that_leaves_is_no_peer() -> None:
    given = inventory()
    given["hosts"]["lb2"] = {**given["hosts"]["lb1"], "lvs_interfaces": {"eth0": "10.0.0.4/24"}}
    given["groups"]["directors"] = ["lb1", "lb2"]
    assert [variable for variable, _problem in faults(given)] == ["lvs_manager"]
    given["hosts"]["lb2"]["lvs_state"] = "absent"
    assert faults(given) == []


@pytest.mark.parametrize("instances", ["VI_1", [7]])
def test_while_vrrp_cannot_be_read_nothing_is_said_of_a_static_director(instances: Any) -> None:
    given = with_peer(inventory({"options": {"quorum": 2}}))
    given["hosts"]["lb1"]["lvs_vrrp_instances"] = instances
    assert "lvs_manager" not in [name for name, _problem in faults(given)]
    assert not any(".options" in name for name, _problem in faults(given))


def test_options_of_a_static_director_are_those_of_the_module() -> None:
    given = inventory({"options": {"scheduler_flags": ["port"], "persistence_netmask": 24}})
    assert director(given)["services"][0]["options"] == {"scheduler_flags": ["port"], "persistence_netmask": 24}
    assert faults(with_peer(inventory({"options": {"quorum": 2}}))) == []


# --- marks


@pytest.mark.parametrize(
    ("marks", "given", "mask"),
    [([1], None, 1), ([2, 1], None, 3), ([4], None, 7), ([0xFF, 0x100], None, 0x1FF), ([1], "0xFF", 255), ([], 7, 0)],
)
def test_the_mask_holds_every_mark(marks: list[int], given: Any, mask: int) -> None:
    services = [marked({"address": "10.0.0.6", "port": 1000 + mark}, mark=mark) for mark in marks]
    assert director(inventory(*services or ({},), lvs_mark_mask=given))["marks"]["mask"] == mask


def test_the_highest_mark_fits() -> None:
    part = director(inventory(marked({"address": "10.0.0.6", "port": 80}, mark="0xffffffff")))
    assert part["marks"]["mask"] == 4294967295


def test_a_match_for_nearly_all_ports_takes_a_moment_and_little_room() -> None:
    match = [{"address": f"10.0.0.{number}", "ports": ["1-79", "81-65535"]} for number in range(100, 110)]
    start = time.process_time()
    part = director(inventory(marked(*match), {"address": "10.0.0.100"}))
    assert time.process_time() - start < 3
    assert part["marks"]["rules"][0]["ports"] == [[1, 79], [81, 65535]]
    assert part["services"][0]["match"][0]["ports"] == [[1, 79], [81, 65535]]


def test_a_mark_may_be_used_once_in_each_family() -> None:
    four = marked({"address": "10.0.0.6", "port": 80}, mark=5)
    six = {**marked({"address": "2001:db8::6", "port": 80}, mark=5), "name": "six"}
    assert [rule["family"] for rule in director(inventory(four, six))["marks"]["rules"]] == ["ipv4", "ipv6"]
    assert [variable for variable, _problem in faults(inventory(four, {**four, "name": "again"}))] == [
        "lvs_virtual_services[1]",
        "lvs_virtual_services[1].match[0]",
    ]


def test_somebody_elses_mark_serves_nat_and_machines_outside_the_inventory() -> None:
    servers = [{"host": "rs1", "forwarding": "nat"}, {"address": "10.0.0.77"}]
    given = inventory(marked(mark=0x10000, real_servers=servers), lvs_mark_mask=0xFF)
    given["groups"]["real_servers_nat"] = ["rs1"]
    assert director(given)["marks"] == {"mask": 0, "rules": []}


def test_with_keepalived_somebody_must_answer_for_the_marked_addresses() -> None:
    given = with_peer(
        inventory(marked({"address": "10.0.0.6", "port": 80}, {"address": "10.0.0.7", "port": 80}, health_checks=[]))
    )
    assert [variable for variable, _problem in faults(given)] == ["lvs_virtual_services[0].match[1].address"]


def test_the_first_matched_address_says_which_address_of_a_real_server_is_near() -> None:
    given = inventory(marked({"address": "10.0.0.6", "port": 80}))
    given["hosts"]["lb1"]["lvs_interfaces"]["eth1"] = "10.5.0.3/24"
    given["hosts"]["rs1"]["lvs_interfaces"]["eth1"] = "10.5.0.11/24"
    assert [one["address"] for one in director(given)["services"][0]["real_servers"]] == ["10.0.0.11", "10.0.0.12"]


# --- peers


@pytest.mark.parametrize(
    ("key", "changed", "difference"),
    [
        (
            "match",
            {"match": [{"address": "10.0.0.6", "port": 81}]},
            "has tcp 10.0.0.6 port 80, lb2 has tcp 10.0.0.6 port 81",
        ),
        (
            "real_servers",
            {"tunnel": {"type": "gue", "port": 6080}},
            "has 10.0.0.11 port 0 weight 1 by tun ipip, lb2 has 10.0.0.11 port 0 weight 1 by tun gue port 6080",
        ),
    ],
)
def test_peers_agree_on_marked_packets_and_tunnels(key: str, changed: dict[str, Any], difference: str) -> None:
    mine = marked(
        {"address": "10.0.0.6", "port": 80}, forwarding="tun", health_checks=[], real_servers=[{"host": "rs1"}]
    )
    given = with_peer(inventory(mine), lvs_virtual_services=[{**mine, **changed}])
    given["groups"]["real_servers_tun"] = ["rs1"]
    found = dict(faults(given))
    # Peers have keepalived, which tells of the tunnel, too.
    assert set(found) - {"lvs_virtual_services[0].tunnel"} == {f"lvs_virtual_services[0].{key}"}
    assert found[f"lvs_virtual_services[0].{key}"].endswith(difference)


# --- real servers


def test_a_real_server_of_two_clusters_holds_the_vips_of_both() -> None:
    given = inventory()
    given["hosts"]["other"] = {
        "lvs_cluster": "other",
        "lvs_interfaces": {"eth0": "10.0.0.5/24"},
        "lvs_virtual_services": [service(address="10.0.0.50")],
    }
    given["groups"]["directors"] = ["lb1", "other"]
    held = plan(given)["hosts"]["rs1"]["real_server_dr"]
    assert [one["address"] for one in held["addresses"]] == ["10.0.0.6/32", "10.0.0.50/32"]
    assert [one["address"] for one in held["services"]] == ["10.0.0.6", "10.0.0.50"]


def test_sysctls_are_for_ipv4_alone() -> None:
    given = inventory({"address": "2001:db8::6"}, {"name": "t", "address": "2001:db8::7", "forwarding": "tun"})
    given["groups"]["real_servers_tun"] = ["rs1", "rs2"]
    hosts = plan(given)["hosts"]
    assert [hosts["rs1"][role]["sysctls"] for role in ("real_server_dr", "real_server_tun")] == [{}, {}]
    assert hosts["lb1"]["director"]["sysctls"] == {"net.ipv4.vs.expire_nodest_conn": "1"}


@pytest.mark.parametrize("method", ["dr", "tun"])
def test_a_director_with_direct_routing_or_tunnels_over_ipv4_is_a_router(method: str) -> None:
    given = inventory({"forwarding": method})
    given["groups"]["real_servers_tun"] = ["rs1", "rs2"]
    assert director(given)["sysctls"] == {
        "net.ipv4.ip_forward": "1",
        "net.ipv4.conf.all.send_redirects": "0",
        "net.ipv4.conf.default.send_redirects": "0",
        "net.ipv4.conf.eth0.send_redirects": "0",
        "net.ipv4.vs.expire_nodest_conn": "1",
    }


def test_connections_to_nobody_end_only_where_servers_leave_on_purpose() -> None:
    """With keepalived a failed check takes a server out, and its connections may go on when it returns."""
    given = inventory({"health_checks": [{"type": "tcp"}]}, lvs_virtual_addresses=["10.0.0.6/24"])
    assert "net.ipv4.vs.expire_nodest_conn" not in director(given)["sysctls"]
    chosen = inventory(lvs_sysctls={"net.ipv4.vs.expire_nodest_conn": 0})
    assert director(chosen)["sysctls"]["net.ipv4.vs.expire_nodest_conn"] == "0"


def test_plain_tunnels_are_not_told() -> None:
    given = inventory({"forwarding": "tun", "tunnel": {"type": "IPIP", "checksum": "none"}})
    given["groups"]["real_servers_tun"] = ["rs1", "rs2"]
    assert all("tunnel" not in one for one in director(given)["services"][0]["real_servers"])


@pytest.mark.parametrize("tunnel", [{"type": "gre", "checksum": "csum"}, {"type": "gue", "port": 6080}])
def test_keepalived_has_every_tunnel(tunnel: dict[str, Any]) -> None:
    web = {"forwarding": "tun", "tunnel": tunnel, "health_checks": [{"type": "tcp"}]}
    given = inventory(web, lvs_virtual_addresses=["10.0.0.6/24"])
    given["groups"]["real_servers_tun"] = ["rs1", "rs2"]
    planned = director(given)
    assert planned["manager"] == "keepalived"
    assert [one["tunnel"] for one in planned["services"][0]["real_servers"]] == [{"checksum": "none", **tunnel}] * 2


def test_a_tunnel_of_the_defaults_waits_for_a_service() -> None:
    assert faults(inventory(lvs_virtual_service_defaults={"tunnel": {"type": "gue", "port": 6080}})) == []
    assert faults(inventory({"tunnel": {}})) == [
        ("lvs_virtual_services[0].tunnel", "is for forwarding tun, and the service has dr")
    ]


def test_a_thousand_hosts_hold_vips_in_a_moment() -> None:
    given = inventory()
    servers = {f"web{n}": {"lvs_interfaces": {"eth0": f"10.{1 + n // 250}.0.{n % 250 + 5}/8"}} for n in range(1000)}
    given["hosts"].update(servers)
    given["groups"].update(real_servers_dr=list(servers), real_servers_tun=list(servers))
    given["hosts"]["lb1"]["lvs_interfaces"] = {"eth0": "10.0.0.3/8"}
    given["hosts"]["lb1"]["lvs_virtual_services"] = [
        service(
            name=f"s{n}", address=f"10.0.0.{100 + n}", forwarding=method, real_servers=[{"group": "real_servers_dr"}]
        )
        for n, method in enumerate(["dr", "tun"] * 5)
    ]
    start = time.process_time()
    answer = plan(given)
    seconds = time.process_time() - start
    assert answer["faults"] == []
    assert len(answer["hosts"]["web999"]["real_server_tun"]["addresses"]) == 5
    assert seconds < 3, f"{seconds:.1f} s"
