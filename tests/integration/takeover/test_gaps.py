"""How long new connections fail when the active director loses its power: at advert_int 1, at 0.1, and with BFD.

A series of power cuts for each, because a busy machine's pause can be too much for one: the median is judged. Only
`make test-full` runs this.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.adverts import Adverts
from tests.support.cluster import ROOT, Cluster, booted, wait_until
from tests.support.load import Load
from tests.support.variants import edited

INVENTORY = ROOT / "inventories" / "nat_ha_sync"
VARIABLES = "group_vars/directors/main.yml"
VIP, GATEWAY, SHOP = "200.200.200.200", "192.168.1.1", 8080
POWER_CUTS = 3


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with booted("gaps", INVENTORY) as cluster:
        yield cluster


def soon_back(variables: dict[str, Any]) -> None:
    """A series of power cuts has no time for the default delay."""
    for instance in variables["lvs_vrrp_instances"]:
        instance["preempt_delay"] = 5


def tenths(variables: dict[str, Any]) -> None:
    soon_back(variables)
    for instance in variables["lvs_vrrp_instances"]:
        instance.update(version=3, advert_int=0.1)
        del instance["authentication"]


def tenths_and_bfd(variables: dict[str, Any]) -> None:
    """BFD over the directors' own link, whose loss raises the priority of the one that is left."""
    tenths(variables)
    variables["lvs_bfd_instances"] = [
        {"name": "peer", "interface": "eth2", "min_rx": 50, "min_tx": 50, "multiplier": 3}
    ]
    group = variables["lvs_vrrp_sync_groups"][0]
    group["track_bfd"] = [{"name": "peer", "weight": 10, "reverse": True}]


def configure(cluster: Cluster, folder: Path, change: Any) -> None:
    """Bring the cluster to a variant of its inventory, while a client asks: none fails and nobody else turns master.

    From an advert a second: at a tenth a guest that Ansible works on may pause for as long as its backup waits.
    """
    site(cluster, folder / "seconds", soon_back)
    if change is soon_back:
        return
    with Load(cluster.lab, "client", [(VIP, SHOP)]) as load, Adverts(cluster.lab, "client", "eth0") as adverts:
        site(cluster, folder / "variant", change)
    # Had another turned master, that would be why requests failed.
    assert (adverts.masters(1), load.failed) == (["200.200.200.201"], []), load.failed[:5]


def site(cluster: Cluster, folder: Path, change: Any) -> None:
    run = cluster.playbook("site", inventory=edited(INVENTORY, folder, VARIABLES, change))
    assert run.status == 0, run.output
    wait_for_first(cluster)


def wait_for_first(cluster: Cluster) -> None:
    wait_until(
        lambda: cluster.holders(VIP) == cluster.holders(GATEWAY) == ["lb1"], seconds=90, what="lb1 alone to hold both"
    )


def power_cuts(cluster: Cluster) -> tuple[list[float], list[float]]:
    """Seconds without an answer at each power cut, and at each return of the director."""
    cut, back = [], []
    for _number in range(POWER_CUTS):
        with Load(cluster.lab, "client", [(VIP, SHOP)], rate=50, timeout=0.3) as load:
            cluster.lab.power("lb1", "off")
            wait_until(lambda: {VIP, GATEWAY} <= cluster.addresses("lb2"), seconds=10, what="lb2 to hold both")
            cluster.serve("client", VIP, SHOP, 10)
        cut.append(load.gap)
        with Load(cluster.lab, "client", [(VIP, SHOP)], rate=50, timeout=0.3) as load:
            cluster.lab.power("lb1", "on")
            wait_for_first(cluster)
            cluster.serve("client", VIP, SHOP, 10)
        back.append(load.gap)
    print(f"gaps {cut}, at the return {back}")
    return cut, back


@pytest.mark.parametrize(
    ("change", "longest"),
    [(soon_back, 4.0), (tenths, 0.8), (tenths_and_bfd, 0.8)],
    ids=["advert_int 1", "advert_int 0.1", "advert_int 0.1 and BFD"],
)
def test_gap_of_new_connections(cluster: Cluster, tmp_path: Path, change: Any, longest: float) -> None:
    configure(cluster, tmp_path, change)
    cut, back = power_cuts(cluster)
    assert statistics.median(cut) <= longest
    assert statistics.median(back) <= 0.3
