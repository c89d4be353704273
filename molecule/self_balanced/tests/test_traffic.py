"""Who serves whom, and that nothing is balanced twice."""

from __future__ import annotations

import pytest

from tests.support.cluster import Cluster, wait_until
from tests.support.forwards import Forwards
from tests.support.load import Load
from tests.support.neighbours import mac_of, only_that_mac_answers
from tests.support.nodes import (
    INTERFACE,
    NODES,
    PORT,
    VIP,
    balanced,
    client_asks,
    few_ports,
    give_up,
    loops,
    masters,
    sent,
    wait_for_master,
)  # fmt: skip


def test_every_node_serves_its_share(cluster: Cluster) -> None:
    assert cluster.serve("client", VIP, PORT, 600) == {"web1": 100, "web2": 200, "web3": 300}


def test_client_knows_the_master_alone(cluster: Cluster) -> None:
    only_that_mac_answers(cluster, VIP, mac_of(cluster, "web1", INTERFACE), NODES)


def test_backups_balance_nothing_and_no_request_is_sent_on_twice(cluster: Cluster) -> None:
    few_ports(cluster)
    before, lost = balanced(cluster), loops(cluster)
    with Forwards(cluster.lab, NODES, INTERFACE, VIP) as forwards, Load(cluster.lab, "client", [(VIP, PORT)]) as load:
        # Each of the 600 ports a few times.
        wait_until(lambda: sent(load) > 2400, seconds=60, what="2400 requests")
    assert load.failed == []
    assert forwards.twice == []
    assert {node for node, number in forwards.sent.items() if number} == {"web1"}
    wait_until(lambda: balanced(cluster)["web1"] > before["web1"], seconds=10, what="the statistics")
    after = balanced(cluster)
    assert [after[node] - before[node] for node in ("web2", "web3")] == [0, 0]
    assert loops(cluster) == lost


@pytest.mark.late
def test_planned_takeover_under_load_and_back(cluster: Cluster) -> None:
    """Priority moves the VIP: keepalived goes on, and the node that gives up goes on serving."""
    few_ports(cluster)
    lost = loops(cluster)
    with Forwards(cluster.lab, NODES, INTERFACE, VIP) as forwards, Load(cluster.lab, "client", [(VIP, PORT)]) as load:
        give_up(cluster, "web1")
        wait_for_master(cluster, "web2", 10)
        before, served = sent(load), dict(load.by)
        wait_until(lambda: sent(load) > before + 1200, seconds=60, what="requests after the takeover")
        assert all(load.by[(VIP, PORT), node] > served.get(((VIP, PORT), node), 0) for node in NODES)
        assert client_asks(cluster, "web2")
        give_up(cluster, "web1", wanted=False)
        wait_for_master(cluster, "web1", 90)
    print(f"planned takeover and back: {load.sent} requests, {len(load.failed)} failed")
    # A new master has the VIP some milliseconds before it balances.
    assert len(load.failed) <= 2
    assert forwards.twice == []
    assert loops(cluster) == lost
    assert client_asks(cluster, "web1")
    assert masters(cluster) == ["web1"]
