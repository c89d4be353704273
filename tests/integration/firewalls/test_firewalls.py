"""Directors with a firewall of their own: ufw on one, firewalld on the other. Peers are let in, others are not.

Without the roles' rules each firewall keeps VRRP out, and both directors are master. Only `make test-full` runs this.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.support.cluster import ROOT, Cluster, wait_until
from tests.support.direct import reboot
from tests.support.mail import serve

INVENTORY = ROOT / "inventories" / "nat_ha_sync"
VIP, SHOP = "200.200.200.200", 8080
INSTALL = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "--yes", "--no-install-recommends"]
UFW = """
ufw allow in on lab0
ufw allow in on eth0 to any port 80,8080 proto tcp
ufw route allow in on eth0 out on eth1
ufw route allow in on eth1 out on eth0
ufw --force enable
"""
# The guests' kernel has no nf_tables for IPv4; lab0 is Ansible's way in.
FIREWALLD = """
sed -i 's/^FirewallBackend=.*/FirewallBackend=iptables/' /etc/firewalld/firewalld.conf
systemctl enable --quiet firewalld
systemctl restart firewalld
for when in "" --permanent; do
    firewall-cmd --quiet $when --zone=trusted --add-interface=lab0
    firewall-cmd --quiet $when --add-port=80/tcp --add-port=8080/tcp
done
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    cluster = Cluster(f"firewalls-{os.getpid()}", INVENTORY)
    try:
        cluster.lab.up(str(INVENTORY), "full")
        for director, package in (("lb1", "ufw"), ("lb2", "firewalld")):
            cluster.run(director, "apt-get", "update")
            cluster.run(director, *INSTALL, package, seconds=300)
        cluster.run("lb1", "sh", "-ec", UFW)
        cluster.run("lb2", "sh", "-ec", FIREWALLD)
        yield cluster
    finally:
        cluster.lab.down()


def one_master(cluster: Cluster) -> bool:
    return cluster.holders(VIP) == ["lb1"]


def test_peers_are_let_in(cluster: Cluster) -> None:
    run = cluster.playbook("site")
    assert run.status == 0, run.output
    wait_until(lambda: one_master(cluster), seconds=30, what="one master")
    assert "failed" not in cluster.serve("client", VIP, SHOP, 20)
    wait_until(
        lambda: f"{VIP}:{SHOP}" in cluster.run("lb2", "ipvsadm", "--list", "--connection", "--numeric"),
        seconds=10, what="lb2 to know connections",
    )  # fmt: skip
    again = cluster.playbook("site")
    assert (again.status, again.changed) == (0, {}), again.output


def test_firewalls_still_keep_others_out(cluster: Cluster) -> None:
    for director, address in (("lb1", "200.200.200.201"), ("lb2", "200.200.200.202")):
        # firewalld lets ssh in by itself, so another port.
        serve(cluster, director, "stranger", "python3", "-m", "http.server", "7777", port=7777)
        probe = f"timeout 3 bash -c 'echo > /dev/tcp/{address}/7777' 2>/dev/null && echo open || echo closed"
        assert cluster.run("client", "sh", "-c", probe).strip() == "closed", address


def test_peers_are_let_in_after_a_reload_and_a_reboot(cluster: Cluster) -> None:
    cluster.run("lb1", "ufw", "reload")
    cluster.run("lb2", "firewall-cmd", "--reload")
    assert one_master(cluster)
    reboot(cluster, ["lb1", "lb2"])
    wait_until(lambda: one_master(cluster), seconds=60, what="one master after a reboot")


def test_the_firewalls_can_be_restarted(cluster: Cluster) -> None:
    """systemd refuses a restart that would have to start and to stop the service of our chains."""

    def ours() -> list[str]:
        return sorted(rule for rule in cluster.run("lb1", "iptables-save").splitlines() if "LVS-" in rule)

    def is_active(director: str) -> bool:
        state = cluster.run(director, "systemctl", "is-active", "lvs-director-firewall", check=False)
        return state.strip() == "active"

    for director, service in (("lb1", "ufw"), ("lb2", "firewalld")):
        wait_until(lambda: is_active(director), seconds=60, what="the chains")  # noqa: B023
        before = ours()
        assert before
        cluster.run(director, "systemctl", "restart", service)
        wait_until(lambda: is_active(director) and ours() == before, seconds=60, what="the chains")  # noqa: B023
