"""What a power cut, a pulled cable, killed processes and a split cost. Last by its name."""

from __future__ import annotations

import pytest

from tests.support.adverts import longest_gap
from tests.support.cluster import Cluster, wait_until
from tests.support.download import Downloads
from tests.support.load import Load
from tests.support.outward import Outward

VIP, GATEWAY, SHOP = "200.200.200.200", "192.168.1.1", 8080
DIRECTORS = ("lb1", "lb2")
LONGEST_GAP_BACK = 0.3
"""Seconds, when the first director takes the addresses back."""


def wait_for_master(cluster: Cluster, name: str, seconds: float) -> float:
    """Wait until one director holds both addresses and the other, if it is on, none."""
    return wait_until(
        lambda: cluster.holders(VIP) == cluster.holders(GATEWAY) == [name],
        seconds=seconds,
        what=f"{name} alone to hold both",
    )


def established(cluster: Cluster, director: str) -> int:
    """How many connections of clients a director knows that are not about to end."""
    known = cluster.run(director, "ipvsadm", "--list", "--connection", "--numeric").splitlines()
    return sum("ESTABLISHED" in line and f"{VIP}:{SHOP}" in line for line in known)


def test_outward_connections_have_the_vip(cluster: Cluster) -> None:
    with Outward(cluster.lab, "rs2", "client", "200.200.200.100", 7002) as outward:
        pass
    assert (outward.peer, outward.error) == (VIP, "")


def test_power_cut_loses_no_connection_either_way(cluster: Cluster) -> None:
    wait_for_master(cluster, "lb1", 90)
    lab = cluster.lab
    with (
        Outward(lab, "rs1", "client", "200.200.200.100", 7003) as outward,
        Downloads(lab, "client", VIP, SHOP, number=20, seconds=120, size=4_000_000) as downloads,
    ):
        # The kernel collects what it tells the other director for up to 2 seconds.
        wait_until(lambda: established(cluster, "lb2") >= 20, seconds=10, what="lb2 to know the downloads")
        with Load(lab, "client", [(VIP, SHOP)], rate=50, timeout=0.3) as cut:
            lab.power("lb1", "off")
            wait_until(
                lambda: {VIP, GATEWAY} <= cluster.addresses("lb2"), seconds=10, what="lb2 to hold both addresses"
            )
            cluster.serve("client", VIP, SHOP, 10)
        print(f"power cut: gap {cut.gap:.2f} s")
        with Load(lab, "client", [(VIP, SHOP)], rate=50, timeout=0.3) as back:
            lab.power("lb1", "on")
            seconds = wait_for_master(cluster, "lb1", 120)
            cluster.serve("client", VIP, SHOP, 10)
        assert established(cluster, "lb1") >= 20, "the downloads ended before lb1 was back"
        print(f"back after {seconds:.0f} s: gap {back.gap:.2f} s")
    assert [one.error for one in downloads.finished()] == [""] * 20
    assert {one.received for one in downloads.finished()} == {4_000_000}
    assert (outward.peer, outward.error) == (VIP, "")
    assert cut.gap <= longest_gap(cluster.inventory, "lb2")
    assert back.gap <= LONGEST_GAP_BACK


@pytest.mark.late
def test_outside_cable_alone_moves_both_addresses(cluster: Cluster) -> None:
    wait_for_master(cluster, "lb1", 90)
    cluster.lab.link("lb1", "eth0", plugged=False)
    try:
        wait_for_master(cluster, "lb2", 15)
        assert cluster.serve("client", VIP, SHOP, 20).keys() <= {"rs1", "rs2", "rs3"}
    finally:
        cluster.lab.link("lb1", "eth0", plugged=True)
    wait_for_master(cluster, "lb1", 120)
    assert cluster.serve("client", VIP, SHOP, 20).keys() <= {"rs1", "rs2", "rs3"}


@pytest.mark.late
def test_killed_on_both_starts_again_by_itself(cluster: Cluster) -> None:
    before = {director: cluster.table(director) for director in DIRECTORS}
    for director in DIRECTORS:
        cluster.run(director, "systemctl", "kill", "--kill-whom=all", "--signal=KILL", "keepalived")
    for director in DIRECTORS:
        wait_until(
            lambda d=director: cluster.host(d).service("keepalived").is_running,  # type: ignore[misc]
            seconds=20, what=f"keepalived on {director} to run again",
        )  # fmt: skip
    wait_for_master(cluster, "lb1", 120)
    for director in DIRECTORS:
        assert cluster.table(director) == before[director]
    assert "failed" not in cluster.serve("client", VIP, SHOP, 20)


@pytest.mark.late
def test_split_is_named_and_heals(cluster: Cluster) -> None:
    wait_for_master(cluster, "lb1", 90)
    for director in DIRECTORS:
        cluster.run(director, "iptables", "-I", "INPUT", "-p", "vrrp", "-j", "DROP")
    try:
        wait_until(lambda: cluster.holders(VIP) == list(DIRECTORS), seconds=15, what="a second master")
        split = cluster.playbook("verify")
    finally:
        for director in DIRECTORS:
            cluster.run(director, "iptables", "-D", "INPUT", "-p", "vrrp", "-j", "DROP")
    assert split.status != 0
    assert "VI_PUBLIC is MASTER on lb1 and lb2" in split.output, split.output
    wait_for_master(cluster, "lb1", 30)
    healed = cluster.playbook("verify")
    assert healed.status == 0, healed.output


@pytest.mark.late
def test_a_short_loss_of_adverts_leaves_one_master(cluster: Cluster) -> None:
    """The backup becomes master, or nearly so, and hears the other one at once."""
    wait_for_master(cluster, "lb1", 90)
    rule = "INPUT -p vrrp -j DROP"
    for loss in range(15):
        cluster.run("lb2", "sh", "-ec", f"iptables -w 5 -I {rule}; sleep 3; iptables -w 5 -D {rule}")
        states = [cluster.holders(VIP) for look in range(10)]
        assert states[-1] == ["lb1"], (loss, states)
