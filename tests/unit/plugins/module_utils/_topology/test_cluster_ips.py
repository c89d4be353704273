# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for the plans of cluster nodes; the golden cases show their form and their faults."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan
from ansible_collections.lvs.cluster.plugins.module_utils._topology.buckets import rankings


def inventory(nodes: int = 3, numbered: bool = True, **changes: Any) -> dict[str, Any]:
    """Nodes n1, n2, … with one cluster IP; ``changes`` are variables of all of them."""
    shared: dict[str, Any] = {
        "lvs_cluster": "shop",
        "lvs_cluster_ips": [{"address": "10.0.0.9/24", "interface": "eth0", "ports": 80}],
        **changes,
    }
    hosts = {
        f"n{number}": {
            **shared,
            "lvs_interfaces": {"eth0": f"10.0.0.{100 + number}/24"},
            **({"lvs_node_number": number} if numbered else {}),
        }
        for number in range(1, nodes + 1)
    }
    return {"hosts": hosts, "groups": {"clusterip_nodes": list(hosts)}}


def planned(given: dict[str, Any]) -> dict[str, dict[str, Any]]:
    answer = plan(given)
    assert [one["text"] for one in answer["faults"]] == []
    return {name: one["clusterip_node"] for name, one in answer["hosts"].items()}


def texts(given: dict[str, Any], kind: str = "faults") -> list[str]:
    return [one["text"] for one in plan(given)[kind]]


def shares(given: dict[str, Any]) -> dict[str, list[int]]:
    return {name: one["preferred"] for name, one in planned(given).items()}


@pytest.mark.parametrize("nodes", [1, 2, 3, 6, 12])
def test_each_bucket_has_one_node_and_an_order_of_all(nodes: int) -> None:
    plans = planned(inventory(nodes))
    assert sorted(bucket for one in plans.values() for bucket in one["preferred"]) == list(range(1, 13))
    assert {len(one["preferred"]) for one in plans.values()} == {12 // nodes}
    for bucket, ranking in enumerate(rankings(12, nodes), 1):
        instances = {name: one["vrrp"]["instances"][bucket - 1] for name, one in plans.items()}
        by_priority = sorted(instances, key=lambda name: -instances[name]["priority"])
        assert [plans[name]["number"] for name in by_priority] == list(ranking)
        assert len({(one["virtual_router_id"], one["placeholder"]) for one in instances.values()}) == 1
    assert not nodes > 1 or texts(inventory(nodes), "notices") == []


def test_forty_nodes_have_forty_priorities() -> None:
    given = inventory(40, lvs_cluster_ips=[{"address": "10.0.0.9/24", "interface": "eth0", "ports": 80, "buckets": 40}])
    first = {one["vrrp"]["instances"][0]["priority"] for one in planned(given).values()}
    assert first == set(range(250, 250 - 40 * 3, -3))


def test_a_node_more_takes_buckets_and_moves_none_between_the_others() -> None:
    before, after = shares(inventory(3)), shares(inventory(4))
    assert all(set(after[name]) <= set(buckets) for name, buckets in before.items())
    assert sorted(map(len, after.values())) == [3, 3, 3, 3]


def test_a_node_that_leaves_gives_its_buckets_to_the_others() -> None:
    given = inventory(3)
    before = shares(given)
    given["hosts"]["n2"]["lvs_state"] = "absent"
    plans = planned(given)
    assert plans["n2"]["state"] == "absent"
    assert (plans["n2"]["preferred"], plans["n2"]["vrrp"]["instances"]) == ([], [])
    assert set(plans["n2"]) == set(plans["n1"])
    assert plans["n1"]["nodes"] == {"n1": 1, "n3": 3}
    assert all(set(before[name]) <= set(plans[name]["preferred"]) for name in ("n1", "n3"))
    assert [len(plans[name]["preferred"]) for name in ("n1", "n3")] == [6, 6]


def test_the_number_of_a_node_that_leaves_is_free() -> None:
    given = inventory(3)
    given["hosts"]["n2"].update(lvs_state="absent", lvs_node_number=3)
    assert planned(given)["n3"]["number"] == 3


def test_a_whole_cluster_may_leave() -> None:
    assert {one["state"] for one in planned(inventory(3, lvs_state="absent")).values()} == {"absent"}


def test_without_numbers_the_order_of_the_group_decides_and_is_said() -> None:
    given = inventory(3, numbered=False)
    given["groups"]["clusterip_nodes"] = ["n3", "n1", "n2"]
    assert planned(given)["n1"]["nodes"] == {"n3": 1, "n1": 2, "n2": 3}
    assert texts(given, "notices") == [
        "n1, n2, n3: lvs_node_number: is not given, so the order in the group clusterip_nodes decides: n1: 2, n2: 3, "
        "n3: 1; write each node's lvs_node_number, so that another order of the group moves no bucket"
    ]
    given["hosts"]["n1"]["lvs_state"] = "absent"
    assert planned(given)["n3"]["nodes"] == {"n3": 1, "n2": 3}


def test_with_numbers_the_order_of_the_group_changes_nothing() -> None:
    given, other = inventory(5), inventory(5)
    other["groups"]["clusterip_nodes"].reverse()
    for one in (given, other):
        one["hosts"]["n4"]["lvs_bucket_vrrp"] = {"virtual_router_id_base": 7}
    assert plan(given)["faults"] != []
    assert plan(given) == plan(other)
    assert planned(inventory(5)) == planned({**inventory(5), "groups": other["groups"]})


def test_numbers_with_gaps_that_leave_uneven_shares_are_noticed() -> None:
    given = inventory(6)
    for name in ("n1", "n3", "n4"):
        given["hosts"][name]["lvs_state"] = "absent"
    assert texts(given, "notices") == [
        "n2, n5, n6: lvs_node_number: the numbers have gaps, so the nodes' buckets are not even: n2: 2, n5: 5, n6: 5; "
        "number the nodes from 1 to 3 at a time when clients may lose their connections"
    ]


def test_clusters_share_nothing() -> None:
    given = inventory(4)
    for name in ("n3", "n4"):
        given["hosts"][name].update(
            lvs_cluster="wiki",
            lvs_node_number=int(name[1]) - 2,
            lvs_cluster_ips=[{"address": "10.0.0.10/24", "interface": "eth0", "ports": 80}],
        )
    (text,) = texts(given)
    assert text.startswith("n3, n4: lvs_bucket_vrrp.virtual_router_id_base: 101 to 112 are not free on 10.0.0.0/24")
    for name in ("n3", "n4"):
        given["hosts"][name]["lvs_bucket_vrrp"] = {"virtual_router_id_base": 113}
    plans = planned(given)
    assert plans["n1"]["nodes"] == {"n1": 1, "n2": 2}
    assert plans["n3"]["nodes"] == {"n3": 1, "n4": 2}
    seeds = {one["cluster_ips"][0]["hash_seed"] for one in plans.values()}
    assert len(seeds) == 2


def test_without_failover_there_is_no_vrrp_and_buckets_may_be_many() -> None:
    entry = {"address": "10.0.0.9/24", "interface": "eth0", "buckets": 1000}
    given = inventory(3, lvs_cluster_ips=[entry], clusterip_node_failover=False)
    plans = planned(given)
    assert {len(one["preferred"]) for one in plans.values()} == {333, 334}
    assert plans["n1"]["vrrp"]["instances"] == []
    assert texts(given, "notices") == []


def test_the_interface_may_differ_between_nodes() -> None:
    given = inventory(2)
    given["hosts"]["n2"].update(
        lvs_interfaces={"ens3": "10.0.0.102/24"},
        lvs_cluster_ips=[{"address": "10.0.0.9/24", "interface": "ens3", "ports": 80}],
    )
    assert [one["vrrp"]["interface"] for one in planned(given).values()] == ["eth0", "ens3"]


@pytest.mark.parametrize(
    ("entry", "ports", "checks"),
    [
        ({}, [], []),
        ({"protocol": "tcp"}, [], []),
        ({"protocol": "udp", "ports": 53}, [53], []),
        ({"ports": [443, 80, 80]}, [80, 443], [80, 443]),
        ({"ports": 80, "health_checks": []}, [80], []),
        ({"ports": 80, "health_checks": [{"type": "TCP"}]}, [80], [80]),
        ({"health_checks": [{"type": "http", "port": 8080}]}, [], [8080]),
    ],
)
def test_default_health_checks(entry: dict[str, Any], ports: list[int], checks: list[int]) -> None:
    one = {"address": "10.0.0.9/24", "interface": "eth0", **entry}
    (found,) = planned(inventory(2, lvs_cluster_ips=[one]))["n1"]["cluster_ips"]
    assert found["ports"] == ports
    assert [check["port"] for check in found["health_checks"]] == checks
    assert all(check["connect_timeout"] == 2 for check in found["health_checks"])


def test_a_path_that_no_request_can_have() -> None:
    def faults_of(path: str) -> list[str]:
        check = {"type": "http", "path": path}
        one = {"address": "10.0.0.9/24", "interface": "eth0", "ports": 80, "health_checks": [check]}
        return texts(inventory(2, lvs_cluster_ips=[one]))

    assert faults_of("/pr%C3%BCfung?a=~") == []
    for path in ("/prüfung", "/two words", "/\x7f", "alive"):
        (text,) = faults_of(path)
        assert "health_checks[0].path: is " in text
        assert text.endswith("write a path that begins with /, in ASCII without spaces")


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"lvs_vrrp_instances": [{"virtual_ipaddress": ["10.0.0.9/24"]}]}, "in the VRRP instance VI"),
        ({"lvs_virtual_addresses": ["10.0.0.9/24"]}, "in lvs_virtual_addresses"),
        ({"lvs_virtual_services": [{"name": "web", "addresses": ["10.0.0.8", "10.0.0.9"], "port": 80}]}, "web"),
        (
            {"lvs_virtual_services": [{"name": "mail", "fwmark": 1, "match": [{"address": "10.0.0.9", "port": 25}]}]},
            "of the service mail",
        ),
    ],
)
def test_an_address_of_a_director_is_no_cluster_ip(variables: dict[str, Any], words: str) -> None:
    given = inventory(2)
    given["hosts"]["lb"] = {"lvs_virtual_services": [], "lvs_interfaces": {"eth0": "10.0.0.3/24"}, **variables}
    for instance in given["hosts"]["lb"].get("lvs_vrrp_instances", []):
        instance.update(name="VI", interface="eth0", virtual_router_id=1)
    given["groups"]["directors"] = ["lb"]
    (text,) = [one for one in texts(given) if "lvs_cluster_ips[0].address" in one]
    assert words in text


def test_a_director_may_have_the_ids_on_another_network() -> None:
    given = inventory(2)
    instance = {"name": "VI", "interface": "eth0", "virtual_router_id": 101, "virtual_ipaddress": "10.2.0.9/24"}
    given["hosts"]["lb"] = {
        "lvs_virtual_services": [],
        "lvs_vrrp_instances": [instance],
        "lvs_interfaces": {"eth0": "10.2.0.3/24"},
    }
    given["groups"]["directors"] = ["lb"]
    assert texts(given) == []
    given["hosts"]["lb"]["lvs_interfaces"] = {"eth0": ["10.0.0.3/24", "10.2.0.3/24"]}
    assert ["101 to 112 are not free on 10.0.0.0/24" in text for text in texts(given)] == [True]


def test_an_address_is_a_cluster_ip_of_one_cluster() -> None:
    given = inventory(2, numbered=False)
    given["hosts"]["n2"].update(lvs_cluster="wiki", lvs_bucket_vrrp={"virtual_router_id_base": 1})
    assert texts(given) == [
        "n1, n2: lvs_cluster_ips[0].address: 10.0.0.9 is a cluster IP of the clusters shop, wiki; "
        "give each cluster an address of its own"
    ]


def test_more_nodes_than_vrrp_has_priorities_for() -> None:
    entry = {"address": "10.0.0.9/16", "interface": "eth0", "ports": 80, "buckets": 255}
    given = inventory(0)
    shared = {"lvs_cluster_ips": [entry], "lvs_bucket_vrrp": {"virtual_router_id_base": 1}}
    given["hosts"] = {f"n{number}": {**shared, "lvs_node_number": number} for number in range(1, 252)}
    given["groups"]["clusterip_nodes"] = list(given["hosts"])
    (text,) = texts(given)
    assert "the cluster has 251 nodes, and VRRP has priorities for 123" in text


def test_adverts_come_from_the_nodes_own_address() -> None:
    plans = planned(inventory())
    assert [plans[name]["vrrp"]["source"] for name in ("n1", "n2")] == ["10.0.0.101", "10.0.0.102"]


@pytest.mark.parametrize(
    ("variables", "faulty"),
    [({}, True), ({"clusterip_node_failover": False}, False), ({"lvs_state": "absent"}, False)],
)
def test_one_keepalived_for_a_host(variables: dict[str, Any], faulty: bool) -> None:
    given = inventory(2, **variables)
    given["groups"]["directors"] = ["n1"]
    instance = {"name": "VI_1", "interface": "eth0", "virtual_router_id": 7, "virtual_ipaddress": ["10.0.0.7/24"]}
    given["hosts"]["n1"].update(lvs_virtual_services=[], lvs_vrrp_instances=[instance])
    found = [text for text in texts(given) if "a director with keepalived" in text]
    assert len(found) == int(faulty)
    assert not faulty or found[0].startswith("n1: clusterip_node_failover: ")


def test_a_static_director_may_be_a_node() -> None:
    given = inventory(2)
    given["groups"]["directors"] = ["n1"]
    given["hosts"]["n1"]["lvs_virtual_services"] = []
    assert texts(given) == []


def test_a_nodes_firewall_lets_the_adverts_of_the_others_in() -> None:
    given = inventory(3)
    given["hosts"]["n3"]["lvs_state"] = "absent"
    plans = planned(given)
    advert = {"family": "ipv4", "interface": "eth0", "source": "10.0.0.102", "protocol": "vrrp"}
    assert plans["n1"]["peer_traffic"] == [advert]
    assert plans["n3"]["peer_traffic"] == []
    assert planned(inventory(3, clusterip_node_failover=False))["n1"]["peer_traffic"] == []
    del given["hosts"]["n2"]["lvs_interfaces"]
    assert planned(given)["n1"]["peer_traffic"] == [{**advert, "source": None}]
