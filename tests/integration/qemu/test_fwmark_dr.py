"""inventories/fwmark_dr on Debian's own kernels: marks by the iptables that works with nf_tables."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.qemu import stock
from tests.support.cluster import ROOT, Cluster, wait_until

HOSTS = ("lb1", "rs1", "rs2", "client")
VIP = "10.0.0.6"
SHARES = {"rs1": 30, "rs2": 60}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with stock.booted("dr", ROOT / "inventories" / "fwmark_dr") as cluster:
        stock.converged(cluster)
        yield cluster


@pytest.mark.parametrize("host", HOSTS)
def test_kernel_and_iptables_are_debian_s(cluster: Cluster, host: str) -> None:
    stock.is_stock(cluster, host)


def test_marks_are_in_nf_tables(cluster: Cluster) -> None:
    assert "meta mark set" in cluster.run("lb1", "nft", "list", "table", "ip", "mangle")
    assert cluster.run("lb1", "iptables-legacy", "-t", "mangle", "-S").count("-j MARK") == 0


def test_shares_are_one_to_two(cluster: Cluster) -> None:
    assert cluster.serve("client", VIP, 80, 90) == SHARES


def test_verify_passes(cluster: Cluster) -> None:
    stock.is_verified(cluster)


def test_a_power_cut_of_the_director_changes_nothing(cluster: Cluster) -> None:
    """Marks, table and VIP come again at boot, from the disk as the cut left it."""
    cluster.lab.power("lb1", "reset")
    cluster.run("lb1", "systemctl", "is-system-running", "--wait", check=False, seconds=300)
    assert cluster.serve("client", VIP, 80, 90) == SHARES
    again = cluster.playbook("site")
    assert (again.status, again.changed) == (0, {}), again.output


def test_marks_stay_with_firewalld(cluster: Cluster) -> None:
    """Debian 12's flushes the rules of iptables with its backend nftables, too: it loads its own, they come again."""
    install = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "--yes", "--no-install-recommends")
    cluster.run("lb1", "apt-get", "update", seconds=600)
    cluster.run("lb1", *install, "firewalld", seconds=900)
    for when in ((), ("--permanent",)):
        cluster.run("lb1", "firewall-cmd", *when, "--add-port=80/tcp")
    run = cluster.playbook("site")
    assert run.status == 0, run.output

    def marks() -> str:
        return cluster.run("lb1", "iptables", "-t", "mangle", "-S", "LVS-MARK", check=False)

    had = marks()
    assert "--set-xmark" in had
    cluster.run("lb1", "firewall-cmd", "--reload", seconds=120)
    wait_until(lambda: marks() == had, seconds=60, what="the marks after a reload")
    assert cluster.serve("client", VIP, 80, 90) == SHARES
    cluster.run("lb1", "systemctl", "stop", "firewalld")
    wait_until(lambda: marks() == had, seconds=60, what="the marks without firewalld")
    cluster.lab.power("lb1", "reset")
    cluster.run("lb1", "systemctl", "is-system-running", "--wait", check=False, seconds=300)
    wait_until(lambda: marks() == had, seconds=60, what="the marks after a boot")
    assert cluster.serve("client", VIP, 80, 90) == SHARES
