"""What every backend of a cluster IP is to do, for the tests of inventories/clusterip and clusterip_modern."""

from __future__ import annotations

from typing import NamedTuple

from tests.support import buckets
from tests.support.buckets import FAILOVER, INTERFACE, NODES, PORT, SERVER, VIP, Hash
from tests.support.clients import IPV4, Clients, give_addresses
from tests.support.cluster import Cluster
from tests.support.download import Downloads

MEGABYTE = 1_000_000


class Bounds(NamedTuple):
    """Seconds: until all clients are served after a power cut, and until a node that is back has its buckets again."""

    lost: float
    back: float


def clients_of(cluster: Cluster, pause: float = 1) -> Clients:
    give_addresses(cluster, "client", INTERFACE)
    for node in (*NODES, "spare"):
        # A guest has little memory, so its table of connections holds 2048.
        cluster.run(node, "modprobe", "nf_conntrack")
        cluster.run(node, "sysctl", "-q", "-w", "net.netfilter.nf_conntrack_max=65536")
    return Clients(cluster.lab, "client", INTERFACE, VIP, PORT, pause=pause)


def each_client_has_one_node(cluster: Cluster, bucket: Hash) -> None:
    """Always the same, the one that the kernel's hash says; nobody answers beside it."""
    owned = buckets.wait_for_sizes(cluster, dict.fromkeys(NODES, 4), 60)
    with clients_of(cluster, pause=0.5) as clients:
        buckets.steady(clients, 5)
    assert clients.failures == []
    assert clients.doubles == []
    assert min(len([one for one in clients.answers if one.client == client]) for client in IPV4) >= 3
    foretold = buckets.foretold(IPV4, owned, bucket)
    assert clients.owner() == foretold
    print(f"shares of {len(IPV4)} clients: {dict(clients.shares())}, buckets {owned}")


def a_dead_node_is_replaced(cluster: Cluster, bounds: Bounds, victim: str = "web2") -> None:
    """Its clients go to the others, and come back with it; downloads of the others' clients don't notice."""
    others = [node for node in NODES if node != victim]
    before = buckets.wait_for_sizes(cluster, dict.fromkeys(NODES, 4), 60)
    with clients_of(cluster) as clients:
        buckets.steady(clients, 2)
        owner = clients.owner()
        survivors = [client for client, node in owner.items() if node != victim]
        with Downloads(
            cluster.lab, "client", VIP, PORT, number=20, seconds=20, size=MEGABYTE, sources=survivors[:20]
        ) as downloads:
            clients.snapshot()
            cut = clients.now
            cluster.lab.power(victim, "off")
            after = buckets.wait_for_sizes(cluster, dict.fromkeys(others, 6), 30)
            settled = buckets.steady(clients, 5)
        assert [one.error for one in downloads.finished()] == [""] * 20
        gaps = clients.gaps(cut - 2)
        worst = max(gaps.values())
        print(f"power cut of {victim}: all {len(IPV4)} clients served again after {worst:.2f} s")
        # None but the victim's clients were left alone.
        assert {client for client, gap in gaps.items() if gap} <= {c for c, node in owner.items() if node == victim}
        assert worst <= bounds.lost
        taken = clients.owner(settled)
        assert {client: node for client, node in taken.items() if client in survivors} == {
            client: owner[client] for client in survivors
        }
        assert {taken[client] for client in owner if owner[client] == victim} == set(others)
        assert [when for when, _client in clients.doubles if when > settled] == []
        assert all(set(before[node]) < set(after[node]) for node in others)

        clients.snapshot()
        cluster.lab.power(victim, "on")
        returned = clients.now
        buckets.wait_for(cluster, before, bounds.back)
        settled = buckets.steady(clients, 5)
        gaps = clients.gaps(returned)
        print(f"{victim} is back: the longest gap of a client was {max(gaps.values()):.2f} s")
        assert max(gaps.values()) <= bounds.lost
        assert clients.owner(settled) == owner
        assert [when for when, _client in clients.doubles if when > settled] == []


def a_node_without_its_server_gives_its_buckets_away(cluster: Cluster, bounds: Bounds, victim: str = "web3") -> None:
    others = [node for node in NODES if node != victim]
    before = buckets.wait_for_sizes(cluster, dict.fromkeys(NODES, 4), 60)
    with clients_of(cluster) as clients:
        buckets.steady(clients, 2)
        owner = clients.owner()
        stopped = clients.now
        cluster.run(victim, "systemctl", "stop", SERVER)
        buckets.wait_for_sizes(cluster, {**dict.fromkeys(others, 6), victim: 0}, 30)
        settled = buckets.steady(clients, 4)
        gaps = clients.gaps(stopped)
        print(f"server of {victim} stopped: all clients served again after {max(gaps.values()):.2f} s")
        assert max(gaps.values()) <= bounds.lost
        assert set(clients.shares(settled)) == set(others)
        cluster.run(victim, "systemctl", "start", SERVER)
        buckets.wait_for(cluster, before, 30)
        settled = buckets.steady(clients, 4)
        assert clients.owner(settled) == owner
        assert [when for when, _client in clients.doubles if when > settled] == []


def a_dead_failover_gives_its_buckets_back(cluster: Cluster, bounds: Bounds, victim: str = "web1") -> None:
    """Its program and its keepalived are killed; systemd gives the buckets back, and starts it again."""
    before = buckets.wait_for_sizes(cluster, dict.fromkeys(NODES, 4), 60)
    with clients_of(cluster) as clients:
        buckets.steady(clients, 2)
        owner = clients.owner()
        killed = clients.now
        cluster.run(victim, "systemctl", "kill", "--kill-whom=all", "--signal=KILL", FAILOVER)
        buckets.wait_for(cluster, before, 30)
        settled = buckets.steady(clients, 4)
        gaps = clients.gaps(killed)
        print(f"failover of {victim} killed: the longest gap of a client was {max(gaps.values()):.2f} s")
        assert max(gaps.values()) <= bounds.lost
        assert clients.owner(settled) == owner
        assert [when for when, _client in clients.doubles if when > settled] == []


def all_nodes_reboot(cluster: Cluster) -> None:
    before = buckets.wait_for_sizes(cluster, dict.fromkeys(NODES, 4), 60)
    for node in NODES:
        cluster.lab.power(node, "off")
    for node in NODES:
        cluster.lab.power(node, "on")
    buckets.wait_for(cluster, before, 90)
    with clients_of(cluster) as clients:
        since = buckets.steady(clients, 3)
    assert set(clients.shares(since)) == set(NODES)
    assert clients.doubles == []
    assert not cluster.playbook("site").changed


def status_tells_who_serves_what(cluster: Cluster, backend: str) -> None:
    owned = buckets.wait_for_sizes(cluster, dict.fromkeys(NODES, 4), 60)
    run = cluster.playbook("status")
    assert run.status == 0, run.output
    assert not run.changed
    for node, mine in owned.items():
        assert f"{node}  {' '.join(map(str, mine))}  ({backend})" in run.output
    assert "nobody" not in run.output
    assert "twice" not in run.output
