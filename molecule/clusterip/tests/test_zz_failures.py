"""Nodes die, lose their server, and come back. One advert a second."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._topology.buckets import rankings
from tests.support import buckets, cluster_ip_tests
from tests.support.buckets import FAILOVER, NODES, TOTAL, VIP
from tests.support.cluster import Cluster, wait_until
from tests.support.cluster_ip_tests import ALL_NODES, Bounds
from tests.support.hashes import clusterip_bucket

BOUNDS = Bounds(lost=5, back=60)
# Seconds: Ansible works on five guests meanwhile, and adverts are a second apart.
BOUND = 8


@pytest.mark.late
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
    with cluster.without_power("web1"):
        assert buckets.table(cluster, ("web2", "web3")) == {node: before[node] for node in ("web2", "web3")}
    wait_until(lambda: buckets.table(cluster) == before, seconds=60, what="the buckets of a boot")
    assert not cluster.playbook("site", "-e", '{"clusterip_node_failover": false}').changed
    back = cluster.playbook("site")
    assert back.status == 0, back.output
    buckets.wait_for(cluster, before, 60)


@pytest.mark.late
def test_a_fourth_node_joins_and_leaves_under_load(cluster: Cluster, tmp_path: Path) -> None:
    cluster_ip_tests.a_fourth_node_joins_and_leaves(cluster, tmp_path, BOUND)
    assert "LVS-CIP" not in cluster.run("spare", "iptables-legacy-save")


@pytest.mark.late
def test_a_bucket_is_moved_by_hand_under_load(cluster: Cluster) -> None:
    number = buckets.seed(cluster)
    cluster_ip_tests.a_bucket_is_given_and_comes_home(
        cluster, lambda client: clusterip_bucket(client, (), TOTAL, number), BOUND
    )


@pytest.mark.late
def test_a_node_gives_all_its_buckets_and_takes_nothing_while_it_is_bad(cluster: Cluster) -> None:
    cluster_ip_tests.a_node_gives_all_and_takes_nothing_while_it_is_bad(cluster)


@pytest.mark.late
def test_with_manual_failback_buckets_stay_until_they_are_taken(cluster: Cluster) -> None:
    cluster_ip_tests.buckets_stay_until_they_are_taken(cluster, BOUNDS, BOUND)


@pytest.mark.late
def test_without_failover_buckets_are_moved_by_hand_and_for_good(cluster: Cluster) -> None:
    """First the others take, then it gives; a boot finds what was moved, and home brings it back."""
    plain = ("-e", '{"clusterip_node_failover": false}')
    before = buckets.wait_for_sizes(cluster, dict.fromkeys(NODES, 4), 60)
    assert cluster.playbook("site", *plain).status == 0
    with cluster_ip_tests.clients_of(cluster) as clients:
        buckets.steady(clients, 2)
        begun = clients.now
        run = cluster.playbook("buckets", *plain, "-e", "lvs_host=web1 lvs_bucket=all lvs_bucket_state=given")
        assert run.status == 0, run.output
        after = buckets.table(cluster)
        assert after["web1"] == ()
        assert buckets.is_whole(after)
        settled = buckets.steady(clients, 3)
        assert max(clients.gaps(begun).values()) <= BOUND
        assert set(clients.shares(settled)) == {"web2", "web3"}
        assert clients.doubles_since(settled) == []
    assert not cluster.playbook("site", *plain).changed
    # What an echo moves lasts until the next boot, whatever is moved meanwhile.
    short, longer = after["web2"][0], after["web3"][0]
    for node, change in (("web1", f"+{short}"), ("web2", f"-{short}")):
        cluster.run(node, "sh", "-c", f"echo {change} > /proc/net/ipt_CLUSTERIP/{VIP}")
    run = cluster.playbook("buckets", *plain, "-e", f"lvs_host=web1 lvs_bucket={longer} lvs_bucket_state=taken")
    assert run.status == 0, run.output
    assert buckets.table(cluster)["web1"] == tuple(sorted((short, longer)))
    after = {"web1": (longer,), "web2": after["web2"], "web3": after["web3"][1:]}
    cluster.lab.power("web1", "off")
    cluster.lab.power("web2", "off")
    for node in ("web1", "web2"):
        cluster.lab.power(node, "on")
    wait_until(lambda: buckets.table(cluster) == after, seconds=60, what="the buckets of a boot")
    run = cluster.playbook("buckets", *plain, "-e", "lvs_host=web1 lvs_bucket_state=home")
    assert run.status == 0, run.output
    assert buckets.table(cluster) == before
    back = cluster.playbook("site")
    assert back.status == 0, back.output
    buckets.wait_for(cluster, before, 60)


@pytest.mark.late
def test_without_failover_a_node_comes_and_goes_after_buckets_were_moved(cluster: Cluster, tmp_path: Path) -> None:
    """What it would get, and another has taken, stays there; what it has taken itself comes home when it goes."""
    plain = ("-e", '{"clusterip_node_failover": false}')
    before = buckets.wait_for_sizes(cluster, dict.fromkeys(NODES, 4), 60)
    assert cluster.playbook("site", *plain).status == 0
    comes = cluster_ip_tests.with_spare(cluster, tmp_path / "join")
    coming = [bucket for bucket, ranking in enumerate(rankings(TOTAL, 4), 1) if ranking[0] == 4]
    taken = next(bucket for bucket in coming if bucket not in before["web1"])
    told = cluster.playbook("buckets", *plain, "-e", f"lvs_host=web1 lvs_bucket={taken} lvs_bucket_state=taken")
    assert told.status == 0, told.output
    with cluster_ip_tests.clients_of(cluster) as clients:
        buckets.steady(clients, 2)
        run = cluster.playbook("site", *plain, inventory=comes)
        assert run.status == 0, run.output
        assert f"spare: bucket {taken} of {VIP} stays on web1, where it was moved by hand" in run.output
        after = buckets.table(cluster, ALL_NODES)
        assert buckets.is_whole(after)
        assert (len(after["spare"]), taken in after["web1"]) == (2, True)
        assert not cluster.playbook("site", *plain, inventory=comes).changed
        assert cluster.playbook("verify", *plain, inventory=comes).status == 0

        lent = after["web2"][0]
        told = cluster.playbook(
            "buckets", *plain, "-e", f"lvs_host=spare lvs_bucket={lent} lvs_bucket_state=taken", inventory=comes
        )
        assert told.status == 0, told.output
        goes = cluster_ip_tests.with_spare(cluster, tmp_path / "leave", "absent")
        run = cluster.playbook("site", *plain, inventory=goes)
        assert run.status == 0, run.output
        assert f"web2: bucket {lent} of {VIP} comes home: nobody else has it" in run.output
        after = buckets.table(cluster)
        assert buckets.is_whole(after)
        assert (lent in after["web2"], taken in after["web1"]) == (True, True)
        settled = buckets.steady(clients, 3)
        assert clients.doubles_since(settled) == []
        print(f"a node came and went: the longest gap of a client was {max(clients.gaps().values()):.2f} s")
        assert max(clients.gaps().values()) <= BOUND
    assert not cluster.playbook("site", *plain).changed
    cluster.lab.power("web2", "off")
    cluster.lab.power("web2", "on")
    wait_until(lambda: buckets.table(cluster) == after, seconds=60, what="the buckets of a boot")
    told = cluster.playbook("buckets", *plain, "-e", "lvs_host=web1 lvs_bucket_state=home")
    assert told.status == 0, told.output
    assert buckets.table(cluster) == before
    back = cluster.playbook("site")
    assert back.status == 0, back.output
    buckets.wait_for(cluster, before, 60)
