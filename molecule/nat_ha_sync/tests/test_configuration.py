"""What the roles put on the directors for connection sync, masquerading and mail."""

from __future__ import annotations

import pytest

from tests.support.cluster import Cluster

VIP, GATEWAY = "200.200.200.200", "192.168.1.1"


def test_both_addresses_are_on_the_first_director(cluster: Cluster) -> None:
    assert cluster.holders(VIP) == ["lb1"]
    assert cluster.holders(GATEWAY) == ["lb1"]


@pytest.mark.parametrize("name", ["lb1", "lb2"])
def test_the_sync_daemon_has_both_roles_whoever_is_master(cluster: Cluster, name: str) -> None:
    daemons = cluster.run(name, "ipvsadm", "--list", "--daemon").splitlines()
    assert [line.split()[0] for line in daemons] == ["master", "backup"]
    assert all("mcast=eth2, syncid=1" in line for line in daemons)


def test_connections_are_on_both_directors(cluster: Cluster) -> None:
    cluster.serve("client", VIP, 8080, 30)
    known = {
        host: {
            tuple(line.split()[3:6])
            for line in cluster.run(host, "ipvsadm", "--list", "--connection", "--numeric").splitlines()
            if f"{VIP}:8080" in line
        }
        for host in ("lb1", "lb2")
    }
    assert len(known["lb1"]) >= 30
    assert len(known["lb1"] & known["lb2"]) >= 0.9 * len(known["lb1"])


@pytest.mark.parametrize("name", ["lb1", "lb2"])
def test_masquerading_is_there_now_and_at_boot(cluster: Cluster, name: str) -> None:
    host = cluster.host(name)
    assert host.service("lvs-director-firewall").is_enabled
    rules = host.check_output("iptables -t nat -S LVS-MASQUERADE")
    assert f"--to-source {VIP}" in rules
    assert "-j LVS-MASQUERADE" in host.check_output("iptables -t nat -S POSTROUTING")
