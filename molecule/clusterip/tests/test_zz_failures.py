"""Nodes die, lose their server, and come back. One advert a second."""

from __future__ import annotations

import pytest

from tests.support import cluster_ip_tests
from tests.support.cluster import Cluster
from tests.support.cluster_ip_tests import Bounds

BOUNDS = Bounds(lost=5, back=60)


def test_a_dead_node_is_replaced(cluster: Cluster) -> None:
    cluster_ip_tests.a_dead_node_is_replaced(cluster, BOUNDS)


@pytest.mark.late
def test_a_node_without_its_server_gives_its_buckets_away(cluster: Cluster) -> None:
    cluster_ip_tests.a_node_without_its_server_gives_its_buckets_away(cluster, BOUNDS)


@pytest.mark.late
def test_a_dead_failover_gives_its_buckets_back(cluster: Cluster) -> None:
    cluster_ip_tests.a_dead_failover_gives_its_buckets_back(cluster, BOUNDS)


def test_all_nodes_reboot(cluster: Cluster) -> None:
    cluster_ip_tests.all_nodes_reboot(cluster)
