"""What the roles put on the directors for connection sync, masquerading and mail."""

from __future__ import annotations

import pytest

from tests.support.cluster import Cluster, wait_until

VIP, GATEWAY = "200.200.200.200", "192.168.1.1"


def test_both_addresses_are_on_the_first_director(cluster: Cluster) -> None:
    assert cluster.holders(VIP) == ["lb1"]
    assert cluster.holders(GATEWAY) == ["lb1"]


@pytest.mark.parametrize("name", ["lb1", "lb2"])
def test_the_sync_daemon_has_both_roles_whoever_is_master(cluster: Cluster, name: str) -> None:
    daemons = cluster.run(name, "ipvsadm", "--list", "--daemon").splitlines()
    assert [line.split()[0] for line in daemons] == ["master", "backup"]
    assert all("mcast=eth2, syncid=1" in line for line in daemons)


def known(cluster: Cluster, director: str) -> set[tuple[str, ...]]:
    """The connections that a director knows: of each the client, the VIP and the real server."""
    lines = cluster.run(director, "ipvsadm", "--list", "--connection", "--numeric").splitlines()
    return {tuple(line.split()[3:6]) for line in lines if f"{VIP}:8080" in line}


def test_connections_are_on_both_directors(cluster: Cluster) -> None:
    cluster.serve("client", VIP, 8080, 30)
    there = known(cluster, "lb1")
    assert len(there) >= 30
    # The kernel collects what it tells the other director for up to 2 seconds.
    wait_until(
        lambda: len(there & known(cluster, "lb2")) >= 0.9 * len(there), seconds=10, what="lb2 to know the connections"
    )


@pytest.mark.parametrize("name", ["lb1", "lb2"])
def test_masquerading_is_there_now_and_at_boot(cluster: Cluster, name: str) -> None:
    host = cluster.host(name)
    assert host.service("lvs-director-firewall").is_enabled
    rules = host.check_output("iptables -t nat -S LVS-MASQUERADE")
    assert f"--to-source {VIP}" in rules
    assert "-j LVS-MASQUERADE" in host.check_output("iptables -t nat -S POSTROUTING")
