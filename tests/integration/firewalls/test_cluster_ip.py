"""A node of inventories/clusterip with firewalld keeps its buckets, whatever firewalld does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.firewalls import firewalld
from tests.support import buckets
from tests.support.buckets import NODES
from tests.support.cluster import ROOT, Cluster, booted
from tests.support.cluster_ip_tests import clients_of
from tests.support.direct import reboot
from tests.support.operations import ran

INVENTORY = ROOT / "inventories" / "clusterip"
NODE = "web1"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with booted("firewalls-ip", INVENTORY) as cluster:
        ran(cluster.playbook("site"))
        yield cluster


def kind(cluster: Cluster) -> str:
    """Whether the service of the rules ends when they are loaded (oneshot), or stays to follow firewalld (notify)."""
    return cluster.run(NODE, "systemctl", "show", "--property=Type", "--value", "lvs-clusterip").strip()


def test_it_follows_a_firewalld_that_came_later(cluster: Cluster) -> None:
    before = buckets.wait_for_sizes(cluster, dict.fromkeys(NODES, 4), 60)
    assert kind(cluster) == "oneshot"
    firewalld.install(cluster, NODE, "firewalld", firewalld.SET_UP)
    run = ran(cluster.playbook("site"))
    assert set(run.changed) == {NODE}, run.output
    assert kind(cluster) == "notify"
    buckets.wait_for(cluster, before, 90)


def test_it_has_its_buckets_after_all_that_firewalld_does(cluster: Cluster) -> None:
    before = buckets.wait_for_sizes(cluster, dict.fromkeys(NODES, 4), 60)
    for deed in firewalld.DEEDS:
        cluster.run(NODE, *deed)
        # One whose kernel refused buckets stays away for up to a minute, and the others serve.
        print(f"{' '.join(deed)}: all buckets after {buckets.wait_for(cluster, before, 150):.1f} s")
    reboot(cluster, [NODE])
    buckets.wait_for(cluster, before, 90)
    with clients_of(cluster) as clients:
        since = buckets.steady(clients, 4)
    assert set(clients.shares(since)) == set(NODES)
    assert clients.doubles_since(since) == []
    assert not ran(cluster.playbook("site")).changed
