"""inventories/clusterip_modern with nftables' hash, which kernels of User Mode Linux don't have: who answers whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.integration.qemu import stock
from tests.support import buckets
from tests.support.buckets import INTERFACE, NODES, PORT, TOTAL, VIP, VIP6
from tests.support.clients import IPV4, Clients, give_addresses, give_ipv6_addresses
from tests.support.cluster import ROOT, Cluster, wait_until
from tests.support.hashes import nftables_bucket
from tests.support.variants import edited

SHARES = dict.fromkeys(NODES, TOTAL // len(NODES))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    def nodes_alone_are_stock(inventory: dict[str, Any]) -> None:
        for host in inventory["all"]["children"]["lab_only"]["hosts"].values():
            host["lab_machine"] = "uml"

    def adverts_are_slow(variables: dict[str, Any]) -> None:
        (first,) = variables["lvs_cluster_ips"]
        first["backend"] = "nftables"
        variables["lvs_cluster_ips"].append({**first, "address": f"{VIP6}/64", "health_checks": []})
        variables["lvs_bucket_vrrp"] = {"advert_int": 1, "health_interval": 2}

    folder = tmp_path_factory.mktemp("inventories")
    copy = edited(ROOT / "inventories" / "clusterip_modern", folder / "hosts", "hosts.yml", nodes_alone_are_stock)
    copy = edited(copy, folder, "group_vars/clusterip_nodes/main.yml", adverts_are_slow)
    with stock.booted("cip", copy) as cluster:
        stock.converged(cluster)
        yield cluster


def given(cluster: Cluster, shares: dict[str, int], seconds: float = 120) -> dict[str, tuple[int, ...]]:
    """Wait until VRRP has given these nodes so many buckets, each to one of them."""
    found: dict[str, tuple[int, ...]] = {}

    def look() -> bool:
        found.update({node: buckets.given(cluster, node) for node in shares})
        return buckets.is_whole(found) and {node: len(found[node]) for node in shares} == shares

    wait_until(look, seconds=seconds, what=f"as many buckets as {shares}")
    return found


def answered_as_foretold(
    cluster: Cluster, owned: dict[str, tuple[int, ...]], vip: str = VIP, sources: Sequence[str] = IPV4
) -> None:
    """256 clients ask three times each: one node answers a client, the one whose bucket the kernel's hash says."""
    give_addresses(cluster, "client", INTERFACE)
    seed = buckets.seed(cluster, vip)
    with Clients(cluster.lab, "client", INTERFACE, vip, PORT, clients=sources, pause=10, patience=8) as clients:
        buckets.steady(clients, 25)
    assert clients.doubles == []
    foretold = buckets.foretold(sources, owned, lambda client: nftables_bucket(client, TOTAL, seed))
    assert clients.owner() == foretold
    assert len(clients.failures) < len(clients.answers) / 100, clients.failures[:5]
    print(f"{len(clients.answers)} answers to {len(sources)} clients of {vip}: {dict(clients.shares())}")


def test_rules_are_nftables_own(cluster: Cluster) -> None:
    for node in NODES:
        stock.is_stock(cluster, node)
        assert "jhash ip saddr" in cluster.run(node, "nft", "list", "ruleset")
        assert "-m cluster" not in cluster.run(node, "iptables", "-t", "mangle", "-S")


def test_the_neighbour_is_the_cluster_mac(cluster: Cluster) -> None:
    assert buckets.neighbours_mac(cluster) == "03:4c:0a:00:00:09"


def test_each_client_has_one_node(cluster: Cluster) -> None:
    answered_as_foretold(cluster, given(cluster, SHARES))


def test_over_ipv6_each_client_has_one_node(cluster: Cluster) -> None:
    """The whole address is hashed, so clients of one network are shared, too; the MAC comes by neighbour discovery."""
    network = tuple(f"fd00:7::{last:x}" for last in range(1, len(IPV4) + 1))
    for node in NODES:
        assert "jhash ip6 saddr" in cluster.run(node, "nft", "list", "ruleset")
        cluster.run(node, "ip", "-6", "route", "replace", "fd00::/8", "dev", INTERFACE)
    give_ipv6_addresses(cluster, "client", INTERFACE, network)
    assert buckets.neighbours_mac(cluster, VIP6).startswith("03:36:")
    answered_as_foretold(cluster, given(cluster, SHARES), VIP6, network)
    # After all that the nodes have sent to clients, with the VIP as their address.
    assert buckets.neighbours_mac(cluster, VIP6).startswith("03:36:")


def test_clients_of_a_dead_node_go_to_the_others_and_back(cluster: Cluster) -> None:
    before = given(cluster, SHARES)
    cluster.lab.power("web2", "off")
    answered_as_foretold(cluster, given(cluster, {"web1": 6, "web3": 6}))
    cluster.lab.power("web2", "on")
    assert given(cluster, SHARES) == before
    answered_as_foretold(cluster, before)
