"""VRRP beyond the plain examples, and forwarding without NAT, seen on the hosts and from a client."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.adverts import Adverts
from tests.support.cluster import Cluster, wait_until
from tests.support.load import Load
from tests.support.variants import edited

VIP, VIP6, EXCLUDED = "10.0.0.5", "2001:db8::5", "10.0.0.6"


def test_all_addresses_are_on_the_first_director(cluster: Cluster) -> None:
    for address in (VIP, EXCLUDED, "192.168.0.1", VIP6):
        assert cluster.holders(address) == ["lb1"]


def test_adverts_of_ipv4_go_to_the_peer_alone(cluster: Cluster) -> None:
    with Adverts(cluster.lab, "client", "eth0") as elsewhere, Adverts(cluster.lab, "lb2", "eth0") as here:
        cluster.serve("client", VIP, 80, 200)
    # The instance for IPv6 has the same number, and still uses multicast.
    assert {advert.source for advert in here.seen if "." in advert.source} == {"10.0.0.3"}
    assert {advert.source for advert in elsewhere.seen if "." in advert.source} == set()
    assert any(":" in advert.source for advert in elsewhere.seen)


def test_routes_and_rules_of_the_master(cluster: Cluster) -> None:
    for name, there in (("lb1", True), ("lb2", False)):
        assert ("via 10.0.0.100" in cluster.run(name, "ip", "route", "show", "198.51.100.0/24")) is there
        assert (VIP in cluster.run(name, "ip", "rule")) is there


def test_direct_routing_with_keepalived(cluster: Cluster) -> None:
    before = cluster.table("lb1")[f"TCP {VIP}:80"]
    assert before == {"10.0.0.14:80": 1}
    assert cluster.serve("client", VIP, 80, 30) == {"rs3": 30}
    assert cluster.serve("client", VIP6, 80, 30) == {"rs3": 30}


def test_a_mark_s_packets_go_by_direct_routing_and_through_a_tunnel(cluster: Cluster) -> None:
    listed = cluster.run("lb1", "ipvsadm", "--list", "--numeric", "--fwmark-service", "1").split()
    assert [listed[listed.index(one) + 1] for one in ("10.0.0.14:0", "10.0.0.15:0")] == ["Route", "Tunnel"]

    def unpacked() -> int:
        return int(cluster.run("rs4", "cat", "/sys/class/net/tunl0/statistics/rx_packets"))

    before = unpacked()
    for port in (80, 8080):
        assert cluster.serve("client", EXCLUDED, port, 30) == {"rs3": 15, "rs4": 15}
    # A connection's first packet, and its request.
    assert unpacked() - before >= 2 * 30


@pytest.mark.parametrize(
    ("port", "shown", "protocol"),
    [(8091, "gue:6080:-c", ["udp", "--dport", "6080"]), (8092, "gre:-c", ["gre"])],
    ids=["gue", "gre"],
)
def test_the_other_tunnels(cluster: Cluster, port: int, shown: str, protocol: list[str]) -> None:
    """Keepalived sends as the inventory says, and what comes out of the tunnel is answered."""
    listed = cluster.run("lb1", "ipvsadm", "-L", "-n", "--tun-info", "-t", f"{EXCLUDED}:{port}").splitlines()
    assert listed[-1].split()[1:4] == [f"10.0.0.15:{port}", "Tunnel", shown]
    counter = ("INPUT", "-i", "eth0", "-s", "10.0.0.3", "-p", *protocol)
    cluster.run("rs4", "iptables", "-I", *counter)
    try:
        assert cluster.serve("client", EXCLUDED, port, 30) == {"rs4": 30}
        rules = cluster.run("rs4", "iptables", "-L", "INPUT", "-v", "-x", "-n").splitlines()
    finally:
        cluster.run("rs4", "iptables", "-D", *counter)
    # A connection's first packet, and its request.
    assert int(rules[2].split()[0]) >= 2 * 30


def test_a_mark_of_ipv6_takes_the_ports_of_its_match_together(cluster: Cluster) -> None:
    """One service for both; port 80 of the same VIP carries no mark and is another."""

    def connections() -> int:
        """The mark's in the kernel's table, open ones and those of the last minutes."""
        listed = cluster.run("lb1", "ipvsadm", "--list", "--numeric", "--fwmark-service", "2", "--ipv6").splitlines()
        assert listed[-1].split()[1:4] == ["[2001:db8::14]:0", "Route", "1"]
        return sum(map(int, listed[-1].split()[4:]))

    before = connections()
    for port in (8080, 8081):
        assert cluster.serve("client", VIP6, port, 30) == {"rs3": 30}
    assert connections() - before == 60
    assert cluster.serve("client", VIP6, 80, 30) == {"rs3": 30}
    assert connections() - before == 60


@pytest.mark.late
def test_a_service_gets_another_mark_and_its_clients_hardly_notice(cluster: Cluster, tmp_path: Path) -> None:
    """Packets have the old mark until keepalived has the new one, however long the run waits before."""

    def edit(variables: dict[str, Any]) -> None:
        (marked,) = [one for one in variables["lvs_virtual_services"] if one.get("fwmark") == 1]
        marked["fwmark"] = 5

    other = edited(cluster.inventory, tmp_path / "other", "group_vars/directors/services.yml", edit)
    shutil.copytree(cluster.inventory.parent / "files", tmp_path / "other" / "files")
    for inventory, mark in ((other, "5"), (None, "1")):
        with Load(cluster.lab, "client", [(EXCLUDED, 80)], rate=20) as load:
            run = cluster.playbook("site", inventory=inventory)
        assert run.status == 0, run.output
        # A packet whose mark nobody balances goes to the director's own web server.
        astray = sum(count for (_target, server), count in load.by.items() if server not in ("rs3", "rs4"))
        print(f"mark {mark}: {load.sent} requests, {len(load.failed)} failed, {astray} went to the director itself")
        assert load.answered > load.sent / 2
        assert astray / load.rate + load.gap <= 5
        assert "10.0.0.14:0" in cluster.run("lb1", "ipvsadm", "--list", "--numeric", "--fwmark-service", mark)
        assert cluster.serve("client", EXCLUDED, 80, 30) == {"rs3": 15, "rs4": 15}


def test_group_of_virtual_servers_serves_on_both_addresses(cluster: Cluster) -> None:
    for address in (VIP, EXCLUDED):
        service = f"TCP {address}:8013"
        listed = cluster.run("lb1", "ipvsadm", "--list", "--numeric", "--tcp-service", f"{address}:8013")
        assert "sh (sh-fallback,sh-port)" in listed
        assert cluster.table("lb1").keys() >= {service}
    thresholds = cluster.run("lb1", "ipvsadm", "--list", "--numeric", "--thresholds")
    assert thresholds.count("1000") >= 2


def test_scripts_are_roots_and_not_writable(cluster: Cluster) -> None:
    for name in ("notify.sh", "check_page.sh"):
        file = cluster.host("lb1").file(f"/etc/keepalived/lvs-cluster/{name}")
        assert (file.user, file.mode) == ("root", 0o755)
    assert cluster.host("lb1").user("keepalived_script").shell.endswith("nologin")


@pytest.mark.late
def test_tracked_script_moves_all_addresses(cluster: Cluster) -> None:
    """The script asks the way out; without it the director is no use."""
    cluster.run("lb1", "iptables", "-I", "OUTPUT", "-p", "icmp", "-d", "10.0.0.100", "-j", "DROP")
    try:
        # 3 failures at an interval of 5 s, each of which takes up to 1 s.
        wait_until(
            lambda: cluster.holders(VIP) == cluster.holders(VIP6) == ["lb2"], seconds=40, what="lb2 to hold the VIPs"
        )
    finally:
        cluster.run("lb1", "iptables", "-D", "OUTPUT", "-p", "icmp", "-d", "10.0.0.100", "-j", "DROP")
    wait_until(
        lambda: cluster.holders(VIP) == cluster.holders(VIP6) == ["lb1"], seconds=40, what="lb1 to hold them again"
    )
