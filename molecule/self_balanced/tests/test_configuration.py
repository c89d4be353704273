"""What the roles put on nodes that are directors and real servers."""

from __future__ import annotations

import pytest

from tests.support.cluster import Cluster, wait_until
from tests.support.nodes import INTERFACE, NODES, TABLE, VIP, masters


def test_one_node_is_master_and_all_hold_the_vip_where_nobody_hears_of_it(cluster: Cluster) -> None:
    # Right after a first run the other one may be master still, as it was configured before.
    wait_until(lambda: masters(cluster) == ["web1"], seconds=20, what="web1 is the only master")
    for node in NODES:
        held = cluster.run(node, "ip", "-4", "-oneline", "address", "show", "dev", "lo")
        assert f"inet {VIP}/32 scope host lo" in held


@pytest.mark.parametrize("name", NODES)
def test_node_has_its_parts_for_now_and_for_boot(cluster: Cluster, name: str) -> None:
    host = cluster.host(name)
    assert cluster.table(name) == TABLE
    assert host.sysctl("net.ipv4.vs.backup_only") == 1
    for place in ("all", INTERFACE):
        assert host.sysctl(f"net.ipv4.conf.{place}.arp_ignore") == 3
        assert host.sysctl(f"net.ipv4.conf.{place}.arp_announce") == 2
    assert host.service("keepalived").is_enabled
    assert host.service("lvs-real-server-dr-addresses").is_enabled
    # Who balances is told from who doesn't by the sync daemon's role.
    daemon = cluster.run(name, "ipvsadm", "--list", "--daemon")
    assert f"{'master' if name == 'web1' else 'backup'} sync daemon" in daemon
    assert daemon.count("sync daemon") == 1
