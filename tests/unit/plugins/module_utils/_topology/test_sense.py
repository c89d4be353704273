# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that are right by themselves and make no sense beside the others, and what is near them and does."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan
from tests.unit.plugins.module_utils._topology.test_plan import (
    apart,
    faults,
    instance_of,
    inventory,
    notices,
    service_of,
)

Plan = dict[str, Any]
DIRECTORS = ("lb1", "lb2")


def written(given: Plan | None = None, **variables: Any) -> Plan:
    """The inventory with these variables on both directors."""
    given = apart(given or inventory())
    for name in DIRECTORS:
        given["hosts"][name].update(variables)
    return apart(given)


def service(**words: Any) -> Plan:
    given = apart(inventory())
    for name in DIRECTORS:
        service_of(given, name).update(words)
    return apart(given)


def instance(**words: Any) -> Plan:
    given = apart(inventory())
    for name in DIRECTORS:
        instance_of(given, name).update(words)
    return apart(given)


def problems(given: Plan) -> str:
    return " ".join(f"{variable}: {problem};" for variable, problem in faults(given))


# -- gateways


def test_what_stays_on_one_of_two_directors_is_no_way_back() -> None:
    given = instance(virtual_ipaddress=["10.0.0.5/24"])
    given["hosts"]["lb1"]["lvs_virtual_addresses"] = [{"address": "192.168.0.50/24", "interface": "eth1"}]
    assert "no way back: the directors of cluster default have no virtual address in 192.168.0.0/24" in problems(given)
    given = apart(inventory())
    given["hosts"]["lb1"]["lvs_virtual_addresses"] = [{"address": "192.168.0.50/24", "interface": "eth1"}]
    routes = plan(given)["hosts"]["rs2"]["real_server_nat"]["routes"]
    assert [one["gateway"] for one in routes] == ["192.168.0.1"]


# -- masquerading


def masqueraded(*entries: Plan) -> Plan:
    return written(lvs_masquerade=list(entries))


def test_nothing_leaves_with_a_link_local_address() -> None:
    given = masqueraded({"source": "2001:db8:1::/64", "interface": "eth0"})
    for name in DIRECTORS:
        six = {**instance_of(given, name), "name": "V6", "virtual_router_id": 61}
        six["virtual_ipaddress"] = ["fe80::1/64", "2001:db8::5/64"]
        given["hosts"][name]["lvs_interfaces"]["eth0"] = [
            given["hosts"][name]["lvs_interfaces"]["eth0"],
            f"2001:db8::{name[-1]}/64",
        ]
        given["hosts"][name]["lvs_vrrp_instances"].append(six)
    assert faults(given) == []
    assert plan(given)["hosts"]["lb1"]["director"]["masquerade"][0]["address"] == "2001:db8::5"
    for name in DIRECTORS:
        given["hosts"][name]["lvs_vrrp_instances"][1]["virtual_ipaddress"].pop()
    assert faults(given) == [("lvs_masquerade[0].to", "is vip, and eth0 has no IPv6 virtual address")]


# -- what peers agree on


@pytest.mark.parametrize(
    ("first", "second", "agree"),
    [
        ({"lb1": 200, "lb2": 150}, {"lb1": 100, "lb2": 200}, False),
        ({"lb1": 200, "lb2": 150}, {"lb2": 150, "lb1": 200}, True),
        ({"lb1": 150, "lb2": 140}, None, True),
        ({"lb1": 200, "lb2": 150}, None, False),
    ],
)
def test_each_director_knows_the_same_priorities(first: Plan, second: Plan | None, agree: bool) -> None:
    given = apart(inventory())
    instance_of(given, "lb1")["priorities"] = first
    instance_of(given, "lb2").pop("priorities")
    if second:
        instance_of(given, "lb2")["priorities"] = second
    found = problems(given)
    assert ("lvs_vrrp_instances[0].priorities: the directors lb1, lb2 do not agree: lb1 has lb1: " in found) != agree
    assert agree == (found == "")


def test_a_service_has_one_name() -> None:
    given = apart(inventory())
    service_of(given, "lb2")["name"] = "shop"
    assert faults(given) == [
        (
            "lvs_virtual_services[0].name",
            "the directors do not agree on web (tcp 10.0.0.5 port 80): lb1 has web, lb2 has shop",
        )
    ]


@pytest.mark.parametrize(
    ("first", "second", "agree"),
    [({}, {"id": 0}, True), ({}, {"id": 1}, False), ({"id": 0, "port": 9000}, {"port": 9000}, True)],
)
def test_a_sync_daemon_without_an_id_has_0(first: Plan, second: Plan, agree: bool) -> None:
    given = apart(inventory())
    for name, daemon in (("lb1", first), ("lb2", second)):
        given["hosts"][name]["lvs_sync_daemon"] = {"interface": "eth1", **daemon}
        # Two instances, so that none of them gives the daemon its number.
        other = {**instance_of(given, name), "name": "VI_2", "virtual_router_id": 52}
        other["virtual_ipaddress"] = ["10.0.0.6/24"]
        given["hosts"][name]["lvs_vrrp_instances"].append(other)
    found = problems(given)
    assert (found == "") == agree
    assert "None" not in found


# -- health checks


def test_the_path_between_directors_is_no_check_of_a_real_server() -> None:
    given = written(
        service(health_checks=[{"type": "bfd", "name": "peer"}]),
        lvs_bfd_instances=[{"name": "peer", "interface": "eth1"}],
    )
    assert faults(given) == [
        (
            "lvs_virtual_services[0].real_servers",
            "rs2 (192.168.0.12), rs10 (192.168.0.20) has the BFD check peer, whose session is with the other director "
            "on eth1",
        )
    ]


# -- link-local addresses


def linked(*instances: tuple[str, str, list[Any]], own: bool = False, number: int = 61) -> Plan:
    """IPv6 instances (name, interface, addresses) beside VI_1; ``own`` lists a link-local address on each interface."""
    given = apart(inventory())
    for at, name in enumerate(DIRECTORS, 1):
        host = given["hosts"][name]
        for device in ("eth0", "eth1") if own else ():
            host["lvs_interfaces"][device] = [host["lvs_interfaces"][device], f"fe80::a{device[-1]}:{at}/64"]
        for count, (called, device, addresses) in enumerate(instances):
            host["lvs_vrrp_instances"].append(
                {
                    "name": called,
                    "interface": device,
                    "virtual_router_id": number + (0 if own else count),
                    "priorities": {"lb1": 200, "lb2": 150},
                    "virtual_ipaddress": addresses,
                }
            )
    return apart(given)


BOTH_LINKS = (("V6A", "eth0", ["fe80::1/64"]), ("V6B", "eth1", ["fe80::1/64"]))


@pytest.mark.parametrize(
    "given",
    [
        linked(*BOTH_LINKS),
        linked(("V6A", "eth0", ["fe80::1/64", {"address": "fe80::1/64", "dev": "eth1"}])),
        linked(*BOTH_LINKS, own=True),
    ],
)
def test_a_link_local_address_may_be_on_each_link(given: Plan) -> None:
    given["hosts"]["rs2"]["lvs_interfaces"]["docker0"] = "fe80::1/64"
    assert faults(given) == []


def test_a_link_local_address_is_once_on_one_link() -> None:
    given = linked(("V6A", "eth0", ["fe80::1/64"]), ("V6B", "eth0", ["fe80::1/64"]))
    assert "fe80::1 is in the VRRP instance V6A, too" in problems(given)
    twice = ["fe80::1/64", {"address": "fe80::1/64", "dev": "eth0"}]
    assert "fe80::1 stands in this instance twice" in problems(linked(("V6A", "eth0", twice)))
    assert "fe80::a1:1 is lb1's own address on eth1" not in problems(
        linked(("V6A", "eth0", ["fe80::a1:1/64"]), own=True)
    )
    assert "fe80::a1:1 is lb1's own address on eth1" in problems(linked(("V6A", "eth1", ["fe80::a1:1/64"]), own=True))
    same = linked(("V6A", "eth0", ["fe80::1/64"]), ("V6B", "eth0", ["fe80::2/64"]), own=True)
    assert "61 is used twice on the interface eth0 of cluster default" in problems(same)


@pytest.mark.parametrize(("device", "own"), [("eth0", True), ("eth1", False)])
def test_what_stays_is_no_own_address_of_that_link(device: str, own: bool) -> None:
    given = apart(inventory())
    given["hosts"]["lb1"]["lvs_interfaces"]["eth0"] = ["10.0.0.3/24", "fe80::7/64"]
    given["hosts"]["lb1"]["lvs_virtual_addresses"] = [{"address": "fe80::7/64", "interface": device}]
    assert ("fe80::7 is lb1's own address on eth0" in problems(given)) == own
    node = {
        "lvs_interfaces": {"eth0": ["10.0.0.11/24", "fe80::7/64"], "eth1": "10.1.0.11/24"},
        "lvs_cluster_ips": [{"address": "fe80::7/64", "interface": device, "protocol": "tcp", "ports": 80}],
    }
    given = {"hosts": {"web1": {**node, "lvs_node_number": 1}}, "groups": {"clusterip_nodes": ["web1"]}}
    assert ("fe80::7 is web1's own address on eth0" in problems(given)) == own


@pytest.mark.parametrize("near", [True, False])
def test_two_clusters_have_one_link_local_address_on_two_links(near: bool) -> None:
    given = linked(("V6A", "eth0", ["fe80::1/64"]), own=True)
    for number, twin in ((3, "lb1"), (4, "lb2")):
        host = apart(given["hosts"][twin])
        host["lvs_cluster"] = "other"
        net = "2001:db8:1" if near else "2001:db8:2"
        host["lvs_interfaces"] = {"eth0": [f"172.16.0.{number}/24", f"{net}::{number}/64", f"fe80::{number}/64"]}
        host["lvs_vrrp_instances"] = [{**host["lvs_vrrp_instances"][1], "priorities": {"lb3": 200, "lb4": 150}}]
        host["lvs_vrrp_instances"][0]["virtual_router_id"] = 62
        host["lvs_virtual_services"] = []
        given["hosts"][twin]["lvs_interfaces"]["eth0"].append(f"2001:db8:1::{number + 10}/64")
        given["hosts"][f"lb{number}"] = host
        given["groups"]["directors"].append(f"lb{number}")
    found = problems(given)
    assert ("fe80::1 would be held on 2001:db8:1::/64 by each of the clusters default, other" in found) == near
    assert near == (found != "")


# -- interfaces


def test_the_sync_daemon_s_interface_is_one_of_the_host() -> None:
    given = written(lvs_sync_daemon={"interface": "eht1", "id": 1})
    assert faults(given) == [("lvs_sync_daemon.interface", "eht1 is not in lvs_interfaces, which has eth0, eth1")]
    for name in DIRECTORS:
        given["hosts"][name]["lvs_interfaces"]["eht1"] = []
    assert faults(given) == []


def test_an_interface_of_masquerading_that_is_not_known_is_said() -> None:
    """No fault: ppp0 has no address that an inventory could know."""
    given = masqueraded({"source": "192.168.0.0/24", "interface": "ppp0", "to": "interface"})
    wanted = ("lvs_masquerade[0].interface", "ppp0 is not in lvs_interfaces, which has eth0, eth1")
    assert wanted in notices(given)
    for name in DIRECTORS:
        given["hosts"][name]["lvs_interfaces"]["ppp0"] = []
    assert wanted not in notices(given)


# -- unicast


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("127.0.0.1", "is 127.0.0.1, where no other director is"),
        ("10.0.0.5", "is 10.0.0.5, a virtual address of the instance VI_1, which moves"),
        ("10.0.0.33", "is 10.0.0.33, and lvs_interfaces of lb1 has another address in 10.0.0.0/24"),
        ("192.168.0.3", ""),
        ("172.16.0.3", ""),
    ],
)
def test_a_unicast_peer_is_found_at_an_address_of_its_own(address: str, problem: str) -> None:
    given = instance(unicast={"peers": {"lb1": address, "lb2": "10.0.0.4"}})
    wanted = [("lvs_vrrp_instances[0].unicast.peers.lb1", problem)] if problem else []
    assert faults(given) == wanted


# -- own addresses


def test_two_cluster_nodes_have_one_address() -> None:
    node = {
        "lvs_interfaces": {"eth0": "10.0.0.11/24", "docker0": "172.17.0.1/16"},
        "lvs_cluster_ips": [{"address": "10.0.0.9/24", "interface": "eth0", "ports": 80}],
    }
    hosts = {f"web{number}": {**node, "lvs_node_number": number} for number in (1, 2)}
    given = {"hosts": hosts, "groups": {"clusterip_nodes": ["web1", "web2"]}}
    assert ("lvs_interfaces.eth0", "10.0.0.11 is web1's own address, too") in faults(given)
    assert "docker0" not in problems(given)
    hosts["web2"]["lvs_interfaces"] = {"eth0": "10.0.0.12/24", "docker0": "172.17.0.1/16"}
    assert faults(given) == []


def test_a_real_server_has_the_address_of_a_static_director() -> None:
    web = {"name": "web", "address": "10.0.0.5", "port": 80, "forwarding": "dr", "real_servers": [{"host": "rs1"}]}
    hosts: Plan = {
        "lb1": {"lvs_interfaces": {"eth0": "10.0.0.3/24"}, "lvs_virtual_services": [web]},
        "rs1": {"lvs_interfaces": {"eth0": "10.0.0.3/24"}},
    }
    given = {"hosts": hosts, "groups": {"directors": ["lb1"], "real_servers_dr": ["rs1"]}}
    assert ("lvs_interfaces.eth0", "10.0.0.3 is lb1's own address, too") in faults(given)
    hosts["rs1"]["lvs_interfaces"]["eth0"] = "10.0.0.12/24"
    assert faults(given) == []


# -- addresses that no host can have


@pytest.mark.parametrize(
    ("gateway", "problem"),
    [
        ("192.168.0.20", "is the own address of rs10, no director of cluster default"),
        ("192.168.0.255", "is the broadcast address of 192.168.0.0/24"),
        ("192.168.0.0", "is the address of the network 192.168.0.0/24 itself"),
        ("192.168.0.77", ""),
        ("192.168.0.1", ""),
    ],
)
def test_a_gateway_is_an_address_that_leads_to_a_director(gateway: str, problem: str) -> None:
    """A machine without a role may route to the directors."""
    given = apart(inventory())
    given["hosts"]["router"] = {"lvs_interfaces": {"eth0": "192.168.0.77/24"}}
    given["hosts"]["rs2"]["lvs_gateway"] = gateway
    assert faults(given) == ([("lvs_gateway", f"no way back: {gateway} {problem}")] if problem else [])


def test_a_real_server_is_at_an_address_that_a_host_can_have() -> None:
    given = apart(inventory())
    given["hosts"]["rs2"]["lvs_address"] = "192.168.0.255"
    wrong = "192.168.0.255 is the broadcast address of 192.168.0.0/24"
    assert faults(given) == [("lvs_address", wrong)]
    assert ("lvs_virtual_services[0].real_servers[0].address", wrong) in faults(
        service(real_servers=[{"address": "192.168.0.255"}])
    )
    # The end of a wider network is in the middle of nothing.
    given["hosts"]["rs2"]["lvs_interfaces"]["eth0"] = "192.168.0.12/23"
    assert faults(given) == []


@pytest.mark.parametrize(
    ("address", "wrong"), [("10.0.0.255/32", True), ("10.0.0.0/32", True), ("10.0.0.254/32", False)]
)
def test_a_vip_is_an_address_that_a_host_can_have(address: str, wrong: bool) -> None:
    given = instance(
        virtual_ipaddress=["10.0.0.5/24", {"address": "192.168.0.1/24", "dev": "eth1"}, {"address": address}]
    )
    assert ("virtual_ipaddress[2]: " + address[:-3] + " is the " in problems(given)) == wrong
    held = {"address": address, "interface": "eth0"}
    given = apart(inventory())
    given["hosts"]["lb1"]["lvs_virtual_addresses"] = [held]
    assert ("lvs_virtual_addresses[0]: " + address[:-3] + " is the " in problems(given)) == wrong
    held["interface"] = "lo"
    assert faults(given) == []


def test_a_static_director_answers_for_no_broadcast_address() -> None:
    web = {"name": "web", "address": "10.0.0.255", "port": 80, "forwarding": "dr", "real_servers": [{"host": "rs1"}]}
    hosts: Plan = {
        "lb1": {"lvs_interfaces": {"eth0": "10.0.0.3/24"}, "lvs_virtual_services": [web]},
        "rs1": {"lvs_interfaces": {"eth0": "10.0.0.12/24"}},
    }
    given = {"hosts": hosts, "groups": {"directors": ["lb1"], "real_servers_dr": ["rs1"]}}
    assert faults(given) == [("lvs_virtual_services[0].address", "10.0.0.255 is the broadcast address of 10.0.0.0/24")]


# -- sorry servers


@pytest.mark.parametrize(
    ("first", "second", "problem"),
    [
        ("192.168.0.1", "192.168.0.1", ""),
        ("192.168.0.3", "192.168.0.4", ""),
        ("192.168.0.3", "192.168.0.3", "is lb1's, another director of this service, which answers the client around"),
        ("192.168.0.0", "192.168.0.0", "192.168.0.0 is the address of the network 192.168.0.0/24 itself"),
        ("192.168.0.99", "192.168.0.99", ""),
    ],
)
def test_a_sorry_server_on_a_director(first: str, second: str, problem: str) -> None:
    given = apart(inventory())
    for name, address in (("lb1", first), ("lb2", second)):
        service_of(given, name)["sorry_server"] = {"address": address, "port": 80}
    found = problems(given)
    assert problem in found
    assert (found == "") == (problem == "")
    for name in DIRECTORS:
        service_of(given, name)["sorry_server"]["forwarding"] = "dr"
    assert "another director" not in problems(given)


# -- masquerading, again


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("192.168.0.0", "is 192.168.0.0/32, the address of the network 192.168.0.0/24 itself"),
        ("0.0.0.0", "is 0.0.0.0/32, and no host has an address in it"),
        ("127.0.0.1", "is 127.0.0.1/32, and no host has an address in it"),
        ("255.255.255.255", "is 255.255.255.255/32, and no host has an address in it"),
        ("224.0.0.0/4", "is 224.0.0.0/4, and no host has an address in it"),
        ("192.168.0.12/32", ""),
        ("172.16.0.0/12", ""),
    ],
)
def test_real_servers_are_in_the_source_of_masquerading(source: str, problem: str) -> None:
    given = masqueraded({"source": source, "interface": "eth0"})
    assert faults(given) == ([("lvs_masquerade[0].source", problem)] if problem else [])


def test_a_source_leaves_an_interface_in_one_way() -> None:
    vip = {"source": "192.168.0.0/24", "interface": "eth0"}
    twice = masqueraded(vip, {**vip, "to": "interface"})
    assert faults(twice) == [("lvs_masquerade[1]", "192.168.0.0/24 on eth0 stands here twice")]
    assert faults(masqueraded(vip, {**vip, "interface": "eth1"}, {**vip, "source": "192.168.0.12/32"})) == []


# -- one wrong value, one fault


UNKNOWN = {"__lvs_error__": "'vault_vrrp_pass' is undefined"}


def grouped() -> Plan:
    given = written(lvs_vrrp_sync_groups=[{"name": "VG", "group": ["VI_1", "VI_2"]}])
    for name in DIRECTORS:
        other = {**instance_of(given, name), "name": "VI_2", "virtual_router_id": 52, "interface": "eth1"}
        other["virtual_ipaddress"] = [instance_of(given, name)["virtual_ipaddress"].pop()]
        given["hosts"][name]["lvs_vrrp_instances"].append(other)
    return apart(given)


def test_an_inventory_with_a_sync_group_is_good() -> None:
    assert faults(grouped()) == []


@pytest.mark.parametrize("which", ["all", "first", "addresses", "one address"])
def test_what_cannot_be_read_is_one_fault(which: str) -> None:
    given = grouped()
    for name in DIRECTORS:
        host = given["hosts"][name]
        if which == "all":
            host["lvs_vrrp_instances"] = UNKNOWN
        elif which == "first":
            host["lvs_vrrp_instances"][0] = UNKNOWN
        elif which == "addresses":
            host["lvs_vrrp_instances"][0]["virtual_ipaddress"] = UNKNOWN
        else:
            host["lvs_vrrp_instances"][1]["virtual_ipaddress"][0]["address"] = "192.168.0.1/33"
    assert len(faults(given)) == 1, problems(given)


@pytest.mark.parametrize("host", ["lb1", "rs2"])
def test_interfaces_that_cannot_be_read_are_one_fault(host: str) -> None:
    given = apart(inventory())
    given["hosts"][host]["lvs_interfaces"] = UNKNOWN
    assert [variable for variable, _problem in faults(given)] == ["lvs_interfaces"]


def test_defaults_that_cannot_be_read_are_one_fault() -> None:
    given = written(lvs_virtual_service_defaults=UNKNOWN)
    for name in DIRECTORS:
        del service_of(given, name)["forwarding"]
    assert [variable for variable, _problem in faults(given)] == ["lvs_virtual_service_defaults"]
