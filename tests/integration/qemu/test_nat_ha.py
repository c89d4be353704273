"""inventories/nat_ha on Debian's own kernels, with a client under User Mode Linux: both kinds in one lab."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.qemu import stock
from tests.support.cluster import ROOT, Cluster, wait_until
from tests.support.variants import edited

HOSTS = ("lb1", "lb2", "rs1", "rs2")
VIP, PLAIN = "10.0.0.5", 8080


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    def client_is_quick(inventory: dict[str, Any]) -> None:
        inventory["all"]["children"]["lab_only"]["hosts"]["client"]["lab_machine"] = "uml"

    folder: Path = tmp_path_factory.mktemp("inventories")
    inventory = edited(ROOT / "inventories" / "nat_ha", folder, "hosts.yml", client_is_quick)
    with stock.booted("nat", inventory) as cluster:
        stock.converged(cluster)
        has_master(cluster, "lb1")
        yield cluster


def has_master(cluster: Cluster, host: str) -> None:
    wait_until(lambda: cluster.holders(VIP, (host,)) == [host], seconds=60, what=f"{host} to be master")


def is_served(cluster: Cluster) -> None:
    """By both, after their health checks have found them; a guest without KVM may be late once."""
    weights = {"192.168.0.12:80": 20, "192.168.0.13:80": 8}
    (master,) = cluster.holders(VIP, running(cluster))
    wait_until(lambda: cluster.table(master)[f"TCP {VIP}:{PLAIN}"] == weights, seconds=60, what="both real servers")
    served = cluster.serve("client", VIP, PLAIN, 112)
    assert served.keys() == {"rs1", "rs2"}
    assert served["rs1"] == pytest.approx(80, abs=8)


def running(cluster: Cluster) -> tuple[str, ...]:
    return tuple(row["host"] for row in cluster.lab.status() if row["power"] == "on" and row["host"].startswith("lb"))


@pytest.mark.parametrize("host", HOSTS)
def test_kernel_and_iptables_are_debian_s(cluster: Cluster, host: str) -> None:
    stock.is_stock(cluster, host)


def test_client_is_of_the_other_kind(cluster: Cluster) -> None:
    assert {row["host"]: row["machine"] for row in cluster.lab.status()} == {
        **dict.fromkeys(HOSTS, "qemu"),
        "client": "uml",
    }
    assert cluster.run("client", "cat", "/proc/cmdline").startswith("ubd0=")


def test_shares_are_as_the_weights(cluster: Cluster) -> None:
    is_served(cluster)


def test_verify_passes(cluster: Cluster) -> None:
    stock.is_verified(cluster)


def test_power_cut_of_the_active_director(cluster: Cluster) -> None:
    cluster.lab.power("lb1", "off")
    has_master(cluster, "lb2")
    is_served(cluster)
    cluster.lab.power("lb1", "on")
    has_master(cluster, "lb1")
    wait_until(lambda: cluster.holders(VIP) == ["lb1"], seconds=60, what="lb2 to give the VIP back")
    is_served(cluster)
    again = cluster.playbook("site")
    assert (again.status, again.changed) == (0, {}), again.output


def test_cable_of_the_active_director(cluster: Cluster) -> None:
    cluster.lab.link("lb1", "eth0", plugged=False)
    has_master(cluster, "lb2")
    cluster.lab.link("lb1", "eth0", plugged=True)
    has_master(cluster, "lb1")
    is_served(cluster)
