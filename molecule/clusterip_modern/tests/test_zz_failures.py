"""Nodes die, lose their server, and come back. Ten adverts a second."""

from __future__ import annotations

import pytest

from tests.support import buckets, cluster_ip_tests
from tests.support.buckets import ALL, INTERFACE, NODES
from tests.support.cluster import Cluster
from tests.support.cluster_ip_tests import Bounds

BOUNDS = Bounds(lost=1.0, back=60)


def test_a_dead_node_is_replaced(cluster: Cluster) -> None:
    cluster_ip_tests.a_dead_node_is_replaced(cluster, BOUNDS)


def test_a_node_without_its_server_gives_its_buckets_away(cluster: Cluster) -> None:
    # Two checks half a second apart, one of them under way, before VRRP hears of it.
    cluster_ip_tests.a_node_without_its_server_gives_its_buckets_away(cluster, Bounds(lost=2.5, back=60))


@pytest.mark.late
def test_a_dead_failover_gives_its_buckets_back(cluster: Cluster) -> None:
    cluster_ip_tests.a_dead_failover_gives_its_buckets_back(cluster, Bounds(lost=2.5, back=60))


@pytest.mark.late
def test_a_node_without_the_vip_gives_its_buckets_away(cluster: Cluster) -> None:
    cluster_ip_tests.a_node_without_the_vip_gives_its_buckets_away(cluster, Bounds(lost=2.5, back=60))


@pytest.mark.late
def test_rules_come_back_when_a_loader_of_rules_starts_again(cluster: Cluster) -> None:
    cluster_ip_tests.rules_come_back_when_a_loader_of_rules_starts_again(cluster)


@pytest.mark.late
def test_rules_that_somebody_flushed_come_back(cluster: Cluster) -> None:
    cluster_ip_tests.rules_that_somebody_flushed_come_back(cluster)


@pytest.mark.late
def test_a_node_whose_rules_fail_at_first_comes_with_the_next_try(cluster: Cluster) -> None:
    cluster_ip_tests.a_node_whose_rules_fail_at_first_comes_with_the_next_try(cluster)


@pytest.mark.late
def test_a_split_heals(cluster: Cluster) -> None:
    """A node that hears nobody takes every bucket; once it hears the others again, each bucket has one node."""
    before = buckets.wait_for_sizes(cluster, dict.fromkeys(NODES, 4), 60)
    cluster.lab.link("web1", INTERFACE, plugged=False)
    others = buckets.wait_for_sizes(cluster, {"web2": 6, "web3": 6}, 30)
    assert buckets.is_whole(others)
    # keepalived says FAULT where the cable is out; one that only lost the others' adverts goes on.
    assert buckets.served(cluster, "web1") == ()
    cluster.lab.link("web1", INTERFACE, plugged=True)
    buckets.wait_for(cluster, before, 60)

    cluster.run("web1", "iptables", "-w", "5", "-I", "INPUT", "-p", "vrrp", "-j", "DROP")
    buckets.wait_for(cluster, {**before, "web1": ALL}, 30)
    with cluster_ip_tests.clients_of(cluster) as clients:
        buckets.steady(clients, 2)
        # The capture would miss nothing: now clients are answered twice.
        assert clients.doubles != []
        cluster.run("web1", "iptables", "-w", "5", "-D", "INPUT", "-p", "vrrp", "-j", "DROP")
        buckets.wait_for(cluster, before, 30)
        settled = buckets.steady(clients, 4)
        assert buckets.sizes(clients.owner(settled)) != {}
        assert clients.doubles_since(settled) == []


@pytest.mark.late
def test_all_nodes_reboot(cluster: Cluster) -> None:
    cluster_ip_tests.all_nodes_reboot(cluster)
