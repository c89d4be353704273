"""Nodes die, lose their server, and come back. Ten adverts a second."""

from __future__ import annotations

from tests.support import cluster_ip_tests
from tests.support.cluster import Cluster
from tests.support.cluster_ip_tests import Bounds

BOUNDS = Bounds(lost=1.0, back=60)


def test_a_dead_node_is_replaced(cluster: Cluster) -> None:
    cluster_ip_tests.a_dead_node_is_replaced(cluster, BOUNDS)


def test_a_node_without_its_server_gives_its_buckets_away(cluster: Cluster) -> None:
    # Two checks half a second apart, one of them under way, before VRRP hears of it.
    cluster_ip_tests.a_node_without_its_server_gives_its_buckets_away(cluster, Bounds(lost=2.5, back=60))


def test_a_dead_failover_gives_its_buckets_back(cluster: Cluster) -> None:
    cluster_ip_tests.a_dead_failover_gives_its_buckets_back(cluster, Bounds(lost=2.5, back=60))


def test_all_nodes_reboot(cluster: Cluster) -> None:
    cluster_ip_tests.all_nodes_reboot(cluster)
