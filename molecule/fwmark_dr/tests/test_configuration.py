"""What the roles put on the hosts."""

from __future__ import annotations

import pytest

from tests.support.cluster import Cluster

REAL_SERVERS = ("rs1", "rs2")


def test_director_has_its_parts_for_now_and_for_boot(cluster: Cluster) -> None:
    host = cluster.host("lb1")
    assert cluster.table("lb1") == {
        "FWM 1": {"10.0.0.11:0": 1, "10.0.0.12:0": 2},
        "FWM 2": {"10.0.0.11:0": 1, "10.0.0.12:0": 2},
    }
    assert {"10.0.0.6", "10.0.0.7", "10.0.0.8"} <= cluster.addresses("lb1")
    assert host.sysctl("net.ipv4.ip_forward") == 1
    for part in ("table", "firewall", "addresses"):
        assert host.service(f"lvs-director-{part}").is_enabled, part
    rules = cluster.run("lb1", "iptables", "-t", "mangle", "-S").splitlines()
    assert rules.count("-A PREROUTING -j LVS-MARK") == 1
    # No keepalived was started for it.
    assert not host.service("keepalived").is_running


@pytest.mark.parametrize("name", REAL_SERVERS)
def test_real_server_holds_the_vips_where_nobody_hears_of_them(cluster: Cluster, name: str) -> None:
    shown = cluster.run(name, "ip", "-brief", "address", "show", "dev", "lo")
    assert {"10.0.0.6/32", "10.0.0.7/32", "10.0.0.8/32"} < set(shown.split())
    host = cluster.host(name)
    for place in ("all", "eth0"):
        assert host.sysctl(f"net.ipv4.conf.{place}.arp_ignore") == 1
        assert host.sysctl(f"net.ipv4.conf.{place}.arp_announce") == 2
    assert host.service("lvs-real-server-dr-addresses").is_enabled
