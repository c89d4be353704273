"""Who answers whom on kernels without CLUSTERIP: the match cluster."""

from __future__ import annotations

from tests.support import buckets, cluster_ip_tests
from tests.support.buckets import TOTAL, seed
from tests.support.cluster import Cluster
from tests.support.hashes import xt_cluster_bucket


def test_the_backend_is_the_one_that_works(cluster: Cluster) -> None:
    """The lab's kernels have no nf_tables for IPv4, and CLUSTERIP is gone."""
    assert "-m cluster" in cluster.run("web1", "iptables", "-t", "mangle", "-S")


def test_the_neighbour_is_the_cluster_mac(cluster: Cluster) -> None:
    for _number in range(5):
        assert buckets.neighbours_mac(cluster) == "03:4c:0a:00:00:09"


def test_each_client_has_one_node(cluster: Cluster) -> None:
    number = seed(cluster)
    cluster_ip_tests.each_client_has_one_node(cluster, lambda client: xt_cluster_bucket(client, TOTAL, number))


def test_status_tells_who_serves_what(cluster: Cluster) -> None:
    cluster_ip_tests.status_tells_who_serves_what(cluster, "xt_cluster")
