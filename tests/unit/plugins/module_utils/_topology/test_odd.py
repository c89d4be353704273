# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventories that a person may well write, and that would make a cluster that does not serve."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan
from tests.unit.plugins.module_utils._topology.test_plan import apart, inventory

Plan = dict[str, Any]
LANS = ("10.0.0.0/24", "192.168.0.0/24")


def faults(given: Plan) -> list[str]:
    return [one["text"] for one in plan(given)["faults"]]


def both(given: Plan, **variables: Any) -> Plan:
    for name in given["groups"]["directors"]:
        given["hosts"][name].update(copy.deepcopy(variables))
    return given


def service(**words: Any) -> Plan:
    given = apart(inventory())
    for name in given["groups"]["directors"]:
        given["hosts"][name]["lvs_virtual_services"][0].update(copy.deepcopy(words))
    return given


# -- two clusters


def two_clusters(eth0: str = "10.0.0.{}/24", eth1: str = "192.168.0.{}/24", **second: Any) -> Plan:
    """lb1 and lb2, and lb3 and lb4 that were written from the same lines."""
    given = apart(inventory())
    for number, twin in ((3, "lb1"), (4, "lb2")):
        host = copy.deepcopy(given["hosts"][twin])
        host["lvs_cluster"] = "other"
        host["lvs_interfaces"] = {"eth0": eth0.format(number + 10), "eth1": eth1.format(number + 10)}
        host["lvs_vrrp_instances"][0].update(virtual_router_id=52, priorities={"lb3": 200, "lb4": 150})
        given["hosts"][f"lb{number}"] = {**host, **second}
        given["groups"]["directors"].append(f"lb{number}")
    return given


def test_two_clusters_with_one_vip_and_gateway() -> None:
    wanted = [
        f"lb1, lb2, lb3, lb4: lvs_vrrp_instances[0].virtual_ipaddress[{number}]: {address} would be held on {network} "
        "by each of the clusters default, other; give each cluster an address of its own, or the directors that "
        "are to share it one lvs_cluster"
        for number, address, network in ((0, "10.0.0.5", LANS[0]), (1, "192.168.0.1", LANS[1]))
    ]
    assert faults(two_clusters()) == wanted


def test_a_cluster_that_leaves_holds_nothing() -> None:
    assert faults(two_clusters(lvs_state="absent")) == []


def test_two_networks_may_have_one_address_each() -> None:
    """Nothing is said of interfaces whose networks are not known."""
    given = two_clusters()
    for name in ("lb3", "lb4"):
        del given["hosts"][name]["lvs_interfaces"]
    assert not [text for text in faults(given) if "would be held" in text]


def static(device: str) -> Plan:
    """Two static directors, each a cluster of its own, with one VIP."""
    given = service(forwarding="dr", address="10.0.0.6", real_servers=[{"address": "10.0.0.20"}], health_checks=[])
    for name in ("lb1", "lb2"):
        del given["hosts"][name]["lvs_vrrp_instances"]
        given["hosts"][name].update(
            lvs_cluster=name,
            lvs_manager="static",
            lvs_virtual_addresses=[{"address": "10.0.0.6/32", "interface": device}],
        )
    return given


def test_two_static_directors_hold_one_vip() -> None:
    (text,) = faults(static("eth0"))
    assert text.startswith(
        "lb1, lb2: lvs_virtual_addresses: 10.0.0.6 would be held on 10.0.0.0/24 by each of the clusters"
    )


@pytest.mark.parametrize("device", ["lo", "anycast0"])
def test_many_may_have_an_address_that_routers_lead_to(device: str) -> None:
    assert faults(static(device)) == []


# -- real servers


def test_a_port_of_its_own_that_is_the_services_is_the_same_server() -> None:
    given = service(real_servers=[{"host": "rs2", "port": 80}, {"host": "rs2"}])
    for name in ("lb1", "lb2"):
        web = given["hosts"][name]["lvs_virtual_services"][0]
        web["ports"] = [web.pop("port"), 443]
    assert faults(given) == [
        "lb1, lb2: lvs_virtual_services[0].real_servers[1]: rs2 serves here already; name each real server of a "
        "service once"
    ]


def test_two_ports_of_one_host_are_two_real_servers() -> None:
    assert faults(service(real_servers=[{"host": "rs2", "port": 8080}, {"host": "rs2", "port": 8081}])) == []
    assert faults(service(real_servers=[{"host": "rs2", "port": 8080}, {"host": "rs2"}])) == []


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("10.0.0.5", "10.0.0.5 is the service's own address; name another machine"),
        ("127.0.0.1", "127.0.0.1 is on lo, to which the kernel sends nothing with nat; name another machine"),
        (
            "192.168.0.3",
            "192.168.0.3 is lb1's, a director of this service, which answers around another one that is master; "
            "name another machine",
        ),
    ],
)
def test_a_real_server_that_is_the_director(address: str, problem: str) -> None:
    given = service(real_servers=[{"address": address}])
    assert faults(given) == [f"lb1, lb2: lvs_virtual_services[0].real_servers[0].address: {problem}"]


def test_with_direct_routing_a_director_may_serve_by_itself() -> None:
    given = static("eth0")
    given["hosts"].pop("lb2")
    given["groups"]["directors"].remove("lb2")
    given["hosts"]["lb1"]["lvs_virtual_services"][0]["real_servers"] = [{"address": "127.0.0.1"}]
    assert faults(given) == []


def test_nat_by_the_default_route_beside_direct_routing() -> None:
    given = service(real_servers=[{"host": "rs2"}])
    direct = {"name": "shop", "address": "10.0.0.5", "port": 443, "forwarding": "dr", "real_servers": [{"host": "rs2"}]}
    both(given, lvs_virtual_services=[*given["hosts"]["lb1"]["lvs_virtual_services"], direct])
    given["groups"]["real_servers_dr"] = ["rs2"]
    assert faults(given) == []
    given["hosts"]["rs2"]["lvs_route"] = "default"
    assert faults(given) == [
        "rs2: lvs_route: is default, which leads the answers of shop (direct routing) to the director, too, and "
        "a director that holds their VIP drops them; write lvs_route: policy"
    ]


# -- addresses and words


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("10.0.0.0/24", "10.0.0.0/24 is the address of the network itself, which no host can have"),
        ("fd00::/64", "fd00::/64 is the address of the network itself, which no host can have"),
        ("10.0.0.255/24", "10.0.0.255/24 is the broadcast address of its network, which no host can have"),
        ("::ffff:10.0.0.3/120", "is the IPv4 address 10.0.0.3 in the form of IPv6"),
        ("255.255.255.255/32", "255.255.255.255 is not an address that a host can have"),
    ],
)
def test_an_address_that_no_host_can_have(address: str, problem: str) -> None:
    given = apart(inventory())
    given["hosts"]["rs2"]["lvs_interfaces"] = {"eth0": address}
    given["hosts"]["rs2"]["lvs_address"] = "192.168.0.12"
    texts = faults(given)
    assert len(texts) == 1
    assert problem in texts[0]
    assert texts[0].startswith("rs2: lvs_interfaces.eth0")


@pytest.mark.parametrize("address", ["192.168.0.12/31", "192.168.0.12/32", "192.168.1.0/16"])
def test_such_an_address_in_a_network_of_another_length(address: str) -> None:
    given = apart(inventory())
    given["hosts"]["rs2"]["lvs_interfaces"] = {"eth0": address}
    given["hosts"]["rs2"]["lvs_address"] = address.partition("/")[0]
    assert not [text for text in faults(given) if "no host can have" in text]


@pytest.mark.parametrize("unicast", [{}, {"peers": None}, {"ttl": None}, {"peers": {}}, True])
def test_unicast_without_a_word_is_unicast(unicast: Any) -> None:
    given = apart(inventory())
    for name in ("lb1", "lb2"):
        given["hosts"][name]["lvs_vrrp_instances"][0]["unicast"] = unicast
    answer = plan(given)
    assert answer["faults"] == []
    (instance,) = answer["hosts"]["lb1"]["director"]["vrrp_instances"]
    assert (instance["unicast"]["source"], instance["unicast"]["peers"]) == ("10.0.0.3", ["10.0.0.4"])


# -- addresses


def test_a_vip_with_a_network_wider_than_its_interfaces() -> None:
    given = apart(inventory())
    for name in ("lb1", "lb2"):
        given["hosts"][name]["lvs_vrrp_instances"][0]["virtual_ipaddress"][0] = "10.0.0.5/2"
    assert faults(given) == [
        "lb1, lb2: lvs_vrrp_instances[0].virtual_ipaddress[0]: the VIP 10.0.0.5/2 brings the network 0.0.0.0/2, wider "
        "than that of its interface eth0 (10.0.0.0/24); write 10.0.0.5/24, or 10.0.0.5/32"
    ]
    for length in (24, 28, 32):
        for name in ("lb1", "lb2"):
            given["hosts"][name]["lvs_vrrp_instances"][0]["virtual_ipaddress"][0] = f"10.0.0.5/{length}"
        assert faults(given) == []


def test_a_static_vip_with_such_a_network() -> None:
    given = static("eth0")
    del given["hosts"]["lb2"]
    given["groups"]["directors"] = ["lb1"]
    given["hosts"]["lb1"]["lvs_virtual_addresses"][0]["address"] = "10.0.0.6/8"
    assert faults(given) == [
        "lb1: lvs_virtual_addresses[0]: the VIP 10.0.0.6/8 brings the network 10.0.0.0/8, wider than that of its "
        "interface eth0 (10.0.0.0/24); write 10.0.0.6/24, or 10.0.0.6/32"
    ]


def test_two_hosts_with_one_own_address() -> None:
    given = apart(inventory())
    given["hosts"]["lb2"]["lvs_interfaces"]["eth0"] = given["hosts"]["lb1"]["lvs_interfaces"]["eth0"]
    (text,) = faults(given)
    assert text.startswith("lb2: lvs_interfaces.eth0: 10.0.0.3 is lb1's own address, too; give each host")


def test_two_real_servers_with_one_own_address() -> None:
    given = apart(inventory())
    first, second = list(given["groups"]["real_servers_nat"])[:2]
    for name in (first, second):
        given["hosts"][name]["lvs_address"] = "192.168.0.77"
    assert [text for text in faults(given) if "own address, too" in text] == [
        f"{second}: lvs_address: 192.168.0.77 is {first}'s own address, too; give each host an address of its own"
    ]


def test_a_bridge_of_containers_has_the_same_address_on_many() -> None:
    given = apart(inventory())
    for name in ("lb1", "lb2", *given["groups"]["real_servers_nat"]):
        given["hosts"][name].setdefault("lvs_interfaces", {})["docker0"] = "172.17.0.1/16"
    assert not [text for text in faults(given) if "own address, too" in text]


def test_link_local_addresses_count_on_each_link() -> None:
    given = apart(inventory())
    for number, name in enumerate(("lb1", "lb2"), 3):
        eth0 = given["hosts"][name]["lvs_interfaces"]["eth0"]
        given["hosts"][name]["lvs_interfaces"].update(
            eth0=[eth0, f"fe80::{number}/64"], docker0=["172.17.0.1/16", "fe80::1/64"]
        )
        six = {**given["hosts"][name]["lvs_vrrp_instances"][0], "name": "VI_6", "virtual_router_id": 61}
        six["virtual_ipaddress"] = ["fe80::100/64"]
        given["hosts"][name]["lvs_vrrp_instances"].append(six)
    assert not [text for text in faults(given) if "own address, too" in text]


def test_one_that_leaves_may_have_a_successor() -> None:
    given = apart(inventory())
    given["hosts"]["lb3"] = copy.deepcopy(given["hosts"]["lb2"])
    given["hosts"]["lb3"]["lvs_vrrp_instances"][0]["priorities"]["lb3"] = 140
    given["groups"]["directors"].append("lb3")
    assert [text for text in faults(given) if "own address, too" in text] != []
    given["hosts"]["lb2"]["lvs_state"] = "absent"
    assert [text for text in faults(given) if "own address, too" in text] == []


@pytest.mark.parametrize(("second", "said"), [(5, True), (6, False)])
def test_two_clusters_that_hear_each_others_connections(second: int, said: bool) -> None:
    given = two_clusters()
    for name in given["groups"]["directors"]:
        number = 5 if name in ("lb1", "lb2") else second
        four = given["hosts"][name]["lvs_interfaces"]["eth1"]
        given["hosts"][name]["lvs_interfaces"]["eth1"] = [four, f"2001:db8::{name[2:]}/64"]
        given["hosts"][name]["lvs_sync_daemon"] = {"interface": "eth1", "id": number}
        if name in ("lb3", "lb4"):
            instance = given["hosts"][name]["lvs_vrrp_instances"][0]
            instance["virtual_ipaddress"] = ["10.0.0.8/24", {"address": "192.168.0.8/24", "dev": "eth1"}]
            given["hosts"][name]["lvs_virtual_services"][0]["address"] = "10.0.0.8"
    notices = [one["text"] for one in plan(given)["notices"] if "hear each other" in one["text"]]
    assert notices == (
        [
            "lb1, lb2, lb3, lb4: lvs_sync_daemon: the clusters default, other hear each other's connections on "
            "192.168.0.0/24 (id 5 at 224.0.0.81 port 8848); give the sync daemons of each cluster an id of their own"
        ]
        if said
        else []
    )


# -- defaults that a service does not want


def test_a_service_goes_without_what_the_defaults_have() -> None:
    given = apart(inventory())
    shared = {
        "persistence_timeout": 300,
        "persistence_netmask": "255.255.255.0",
        "sorry_server": {"address": "192.168.0.99", "port": 80},
    }
    both(given, lvs_virtual_service_defaults=shared)
    (with_all,) = plan(given)["hosts"]["lb1"]["director"]["services"]
    assert {"persistence_timeout", "persistence_netmask", "sorry_server"} <= set(with_all)
    for name in ("lb1", "lb2"):
        given["hosts"][name]["lvs_virtual_services"][0].update(persistence_timeout=0, sorry_server=False)
    (without,) = plan(given)["hosts"]["lb1"]["director"]["services"]
    assert {*with_all} - {*without} == {"persistence_timeout", "persistence_netmask", "sorry_server"}
    for name in ("lb1", "lb2"):
        given["hosts"][name]["lvs_virtual_services"][0]["persistence_netmask"] = "255.255.0.0"
    assert [text.partition(": says")[0] for text in faults(given)] == [
        "lb1, lb2: lvs_virtual_services[0].persistence_netmask"
    ]


@pytest.mark.parametrize("value", [True, "true", "none", 0])
def test_a_sorry_server_is_a_mapping_or_false(value: Any) -> None:
    (text,) = faults(service(sorry_server=value))
    assert text.endswith("; write a mapping with address and port, or false")


# -- keepalived somewhere else


def test_keepalived_stays_in_the_host_s_own_network_namespace() -> None:
    """The roles put addresses, sysctls and the table there, and would look for keepalived in vain."""
    given = both(
        apart(inventory()),
        lvs_keepalived_options={"net_namespace": "edge", "@lb1 net_namespace": "edge", "nopreempt": False},
        lvs_keepalived_global={"options": {"net_namespace_ipvs": "edge"}},
    )
    said = "puts keepalived into another network namespace, and all else here is done in the host's own; leave it out"
    assert faults(given) == [
        f"lb1, lb2: lvs_keepalived_global.options.net_namespace_ipvs: {said}",
        f"lb1, lb2: lvs_keepalived_options.@lb1 net_namespace: {said}",
        f"lb1, lb2: lvs_keepalived_options.net_namespace: {said}",
    ]


def test_a_network_namespace_that_is_not_written() -> None:
    assert faults(both(apart(inventory()), lvs_keepalived_options={"net_namespace": False})) == []


# -- options that contradict the plan


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ({"lvs_method": "DR"}, "forwarding"),
        ({"lb_kind": "DR"}, "forwarding"),
        ({"lvs_sched": "rr"}, "scheduler"),
        ({"lb_algo": "rr"}, "scheduler"),
        ({"protocol": "UDP"}, "protocol"),
        ({"persistence_granularity": "255.255.0.0"}, "persistence_netmask"),
    ],
)
def test_options_of_a_service_do_not_contradict_it(words: Plan, key: str) -> None:
    (word,) = words
    assert faults(service(options=words)) == [
        f"lb1, lb2: lvs_virtual_services[0].options.{word}: is what {key} writes; write {key} in place of it"
    ]


def test_options_of_the_defaults_do_not_contradict_a_service() -> None:
    defaults = {"options": {"lvs_sched": "rr"}}
    assert faults(both(inventory(), lvs_virtual_service_defaults=defaults)) == [
        "lb1, lb2: lvs_virtual_service_defaults.options.lvs_sched: is what scheduler writes; "
        "write scheduler in place of it"
    ]


@pytest.mark.parametrize(
    ("word", "key"),
    [
        ("weight", "weight"),
        ("lvs_method", "forwarding"),
        ("lb_kind", "forwarding"),
        ("uthreshold", "upper_threshold"),
        ("lthreshold", "lower_threshold"),
    ],
)
def test_options_of_a_real_server_do_not_contradict_it(word: str, key: str) -> None:
    assert faults(service(real_servers=[{"host": "rs2", "options": {word: 3}}])) == [
        f"lb1, lb2: lvs_virtual_services[0].real_servers[0].options.{word}: is what {key} writes; write {key} in place "
        "of it"
    ]


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ({"priority": 250}, "priorities"),
        ({"state": "MASTER"}, "state"),
        ({"advert_int": 3}, "advert_int"),
        ({"unicast_peer": {"10.0.0.4": True}}, "unicast"),
        ({"unicast_src_ip": "10.0.0.3"}, "unicast"),
        ({"unicast_ttl": 64}, "unicast"),
    ],
)
def test_options_of_an_instance_do_not_contradict_it(words: Plan, key: str) -> None:
    given = apart(inventory())
    for name in ("lb1", "lb2"):
        given["hosts"][name]["lvs_vrrp_instances"][0]["options"] = words
    (word,) = words
    assert faults(given) == [
        f"lb1, lb2: lvs_vrrp_instances[0].options.{word}: is what {key} writes; write {key} in place of it"
    ]
