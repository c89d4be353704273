"""Directors with a firewall of their own: ufw on one, firewalld on the other. Peers are let in, others are not.

Without the roles' rules each firewall keeps VRRP out, and both directors are master. Only `make test-full` runs this.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.firewalls import firewalld
from tests.support.cluster import ROOT, Cluster, booted, wait_until
from tests.support.direct import reboot
from tests.support.mail import serve
from tests.support.variants import edited

INVENTORY = ROOT / "inventories" / "nat_ha_sync"
VIP, SHOP = "200.200.200.200", 8080
UFW = """
ufw allow in on lab0
ufw allow in on eth0 to any port 80,8080 proto tcp
ufw --force enable
"""
VARIABLES = "group_vars/directors/main.yml"
CONNTRACK = "net.ipv4.vs.conntrack"
OUT = ("allow", "in", "on", "eth1", "out", "on", "eth0")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with booted("firewalls", INVENTORY) as cluster:
        firewalld.install(cluster, "lb1", "ufw", UFW)
        firewalld.install(cluster, "lb2", "firewalld", firewalld.SET_UP)
        yield cluster


def no_masquerade(variables: dict[str, Any]) -> None:
    """Its chain lets real servers' answers out before ufw sees them."""
    del variables["lvs_masquerade"]


def conntrack(variables: dict[str, Any]) -> None:
    variables["lvs_sysctls"] = {CONNTRACK: 1}


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With what the documentation says for NAT beside a firewall."""
    return edited(INVENTORY, tmp_path_factory.mktemp("conntrack"), VARIABLES, conntrack)


def one_master(cluster: Cluster) -> bool:
    return cluster.holders(VIP) == ["lb1"]


def all_are_served(cluster: Cluster) -> bool:
    return "failed" not in cluster.serve("client", VIP, SHOP, 6)


def test_what_ufw_takes_from_nat(cluster: Cluster, tmp_path: Path) -> None:
    run = cluster.playbook("site", inventory=edited(INVENTORY, tmp_path, VARIABLES, no_masquerade))
    assert run.status == 0, run.output
    assert "lb1: ufw is active, and drops what NAT real servers answer" in run.output
    assert "lb2: where firewalld runs, it drops what NAT real servers answer" in run.output
    wait_until(lambda: one_master(cluster), seconds=30, what="one master")
    assert cluster.serve("client", VIP, SHOP, 3) == {"failed": 3}
    # Either way alone, and it was nothing else.
    cluster.run("lb1", "sysctl", "--write", f"{CONNTRACK}=1")
    assert all_are_served(cluster)
    cluster.run("lb1", "sysctl", "--write", f"{CONNTRACK}=0")
    assert cluster.serve("client", VIP, SHOP, 3) == {"failed": 3}
    cluster.run("lb1", "ufw", "route", *OUT)
    assert all_are_served(cluster)
    cluster.run("lb1", "ufw", "route", "delete", *OUT)


def test_peers_are_let_in(cluster: Cluster, inventory: Path) -> None:
    run = cluster.playbook("site", inventory=inventory)
    assert run.status == 0, run.output
    wait_until(lambda: one_master(cluster), seconds=30, what="one master")
    assert "failed" not in cluster.serve("client", VIP, SHOP, 20)
    wait_until(
        lambda: f"{VIP}:{SHOP}" in cluster.run("lb2", "ipvsadm", "--list", "--connection", "--numeric"),
        seconds=10, what="lb2 to know connections",
    )  # fmt: skip
    again = cluster.playbook("site", inventory=inventory)
    assert (again.status, again.changed) == (0, {}), again.output


def test_firewalls_still_keep_others_out(cluster: Cluster) -> None:
    for director, address in (("lb1", "200.200.200.201"), ("lb2", "200.200.200.202")):
        # firewalld lets ssh in by itself, so another port.
        serve(cluster, director, "stranger", "python3", "-m", "http.server", "7777", port=7777)
        probe = f"timeout 3 bash -c 'echo > /dev/tcp/{address}/7777' 2>/dev/null && echo open || echo closed"
        assert cluster.run("client", "sh", "-c", probe).strip() == "closed", address


def ours(cluster: Cluster, director: str) -> list[str]:
    return sorted(rule for rule in cluster.run(director, "iptables-save").splitlines() if "LVS-" in rule)


def stand_again(cluster: Cluster, rules: dict[str, list[str]], what: str) -> None:
    """Every rule of ours, and one master: a firewall that loads its rules can take longer than a peer waits."""
    wait_until(lambda: {one: ours(cluster, one) for one in rules} == rules, seconds=60, what=f"our rules after {what}")
    wait_until(lambda: one_master(cluster), seconds=30, what=f"one master after {what}")


def test_rules_are_there_after_all_that_a_firewall_does(cluster: Cluster) -> None:
    """firewalld flushes those of iptables, and tells systemd of that in a restart alone."""

    def is_active(director: str) -> bool:
        state = cluster.run(director, "systemctl", "is-active", "lvs-director-firewall", check=False)
        return state.strip() == "active"

    rules = {one: ours(cluster, one) for one in ("lb1", "lb2")}
    assert all(rules.values())
    cluster.run("lb1", "ufw", "reload")
    stand_again(cluster, rules, "ufw's reload")
    for deed in firewalld.DEEDS:
        cluster.run("lb2", *deed)
        stand_again(cluster, rules, " ".join(deed))
    # systemd refuses a restart that would have to start and to stop the service of our chains.
    cluster.run("lb1", "systemctl", "restart", "ufw")
    stand_again(cluster, rules, "a restart of ufw")
    assert is_active("lb1")
    assert is_active("lb2")
    reboot(cluster, ["lb1", "lb2"])
    stand_again(cluster, rules, "a reboot")
