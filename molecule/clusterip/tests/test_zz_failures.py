"""Nodes die, lose their server, and come back. One advert a second."""

from __future__ import annotations

import pytest

from tests.support import buckets, cluster_ip_tests
from tests.support.buckets import FAILOVER, NODES
from tests.support.cluster import Cluster, wait_until
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


@pytest.mark.late
def test_without_failover_each_node_has_its_own_buckets(cluster: Cluster) -> None:
    """The recipe as it was written: who dies is missed, and what a boot finds is the inventory's."""
    before = buckets.wait_for_sizes(cluster, dict.fromkeys(NODES, 4), 60)
    run = cluster.playbook("site", "-e", '{"clusterip_node_failover": false}')
    assert run.status == 0, run.output
    buckets.wait_for(cluster, before, 10)
    assert cluster.run("web1", "systemctl", "is-active", FAILOVER, check=False).strip() == "inactive"
    cluster.lab.power("web1", "off")
    assert buckets.table(cluster, ("web2", "web3")) == {node: before[node] for node in ("web2", "web3")}
    cluster.lab.power("web1", "on")
    wait_until(lambda: buckets.table(cluster) == before, seconds=60, what="the buckets of a boot")
    assert not cluster.playbook("site", "-e", '{"clusterip_node_failover": false}').changed
    back = cluster.playbook("site")
    assert back.status == 0, back.output
    buckets.wait_for(cluster, before, 60)
