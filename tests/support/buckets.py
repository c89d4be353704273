"""The nodes of inventories/clusterip and clusterip_modern: which bucket is whose, in the kernel and on the wire."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable, Sequence

from tests.support.clients import Clients
from tests.support.cluster import Cluster, wait_until
from tests.support.neighbours import forget_neighbour, neighbour

NODES = ("web1", "web2", "web3")
VIP, VIP6, PORT, INTERFACE = "10.0.0.9", "2001:db8::9", 80, "eth0"
TOTAL = 12
ALL = tuple(range(1, TOTAL + 1))
FAILOVER, SERVER = "lvs-clusterip-failover", "nginx"
GIVEN, HEALTH = "/run/lvs-clusterip/buckets.json", "/run/lvs-clusterip/health"

Hash = Callable[[str], int]


def served(cluster: Cluster, node: str, vip: str = VIP) -> tuple[int, ...]:
    """The buckets of a VIP that a node's kernel serves, by whichever backend it has."""
    legacy = cluster.run(node, "cat", f"/proc/net/ipt_CLUSTERIP/{vip}", check=False).strip()
    if legacy:
        return tuple(sorted(int(bucket) for bucket in legacy.split(",")))
    program = "ip6tables" if ":" in vip else "iptables"
    lines = [line.split() for line in cluster.run(node, program, "-w", "5", "-t", "mangle", "-S").splitlines()]
    chains = {words[-1] for words in lines if words[:2] == ["-A", "PREROUTING"] and f"-d {vip}/" in " ".join(words)}
    found: set[int] = set()
    for words in lines:
        # One bucket, or several as a mask; all of them are let through without a hash.
        if words[1] in chains and words[-1] == "RETURN" and "icmp" not in words and "ipv6-icmp" not in words:
            options = dict(itertools.pairwise(words))
            mask = int(options.get("--cluster-local-nodemask", "0"), 16)
            mask |= 1 << int(options["--cluster-local-node"]) >> 1 if "--cluster-local-node" in options else 0
            found |= {bucket for bucket in ALL if mask & 1 << (bucket - 1)} if "cluster" in words else set(ALL)
    return tuple(sorted(found))


def table(cluster: Cluster, nodes: Sequence[str] = NODES, vip: str = VIP) -> dict[str, tuple[int, ...]]:
    return {node: served(cluster, node, vip) for node in nodes}


def is_whole(owned: dict[str, tuple[int, ...]]) -> bool:
    """Whether each bucket is served by exactly one node."""
    return sorted(bucket for buckets in owned.values() for bucket in buckets) == list(ALL)


def given(cluster: Cluster, node: str) -> tuple[int, ...]:
    """The buckets that VRRP has given a node."""
    return tuple(json.loads(cluster.run(node, "cat", GIVEN))["buckets"])


def seed(cluster: Cluster, vip: str = VIP) -> int:
    """The seed of a VIP's hash, which follows from the names of the cluster and the VIP."""
    kept = json.loads(cluster.run(NODES[0], "cat", f"/etc/lvs-cluster/clusterip/{vip.replace(':', '_')}.json"))
    return int(kept["cluster_ip"]["hash_seed"])


def wait_for(cluster: Cluster, wanted: dict[str, tuple[int, ...]], seconds: float) -> float:
    """Wait until each of these nodes serves just these buckets."""
    return wait_until(lambda: table(cluster, tuple(wanted)) == wanted, seconds=seconds, what=f"buckets {wanted}")


def wait_for_sizes(cluster: Cluster, sizes: dict[str, int], seconds: float) -> dict[str, tuple[int, ...]]:
    """Wait until each bucket has one node, and each node so many buckets."""
    seen: dict[str, tuple[int, ...]] = {}

    def look() -> bool:
        seen.update(table(cluster, tuple(sizes)))
        return is_whole(seen) and {node: len(buckets) for node, buckets in seen.items()} == sizes

    wait_until(look, seconds=seconds, what=f"as many buckets as {sizes}")
    return seen


def wait_until_whole(cluster: Cluster, nodes: Sequence[str], seconds: float) -> dict[str, tuple[int, ...]]:
    """Wait until each bucket has one of these nodes, whichever it is."""
    seen: dict[str, tuple[int, ...]] = {}

    def look() -> bool:
        seen.update(table(cluster, nodes))
        return is_whole(seen)

    wait_until(look, seconds=seconds, what=f"{' and '.join(nodes)} to serve all buckets")
    return seen


def foretold(clients: Sequence[str], owned: dict[str, tuple[int, ...]], bucket: Hash) -> dict[str, str]:
    """Client -> the node that has the client's bucket."""
    by_bucket = {number: node for node, buckets in owned.items() for number in buckets}
    return {client: by_bucket[bucket(client)] for client in clients}


def sizes(owned: dict[str, str]) -> Counter[str]:
    return Counter(owned.values())


def neighbours_mac(cluster: Cluster, vip: str = VIP) -> str:
    """Whom the client takes for the owner of the VIP, asked anew."""
    forget_neighbour(cluster, "client", vip, INTERFACE)
    cluster.run("client", "ping", "-c", "1", "-W", "1", vip, check=False)
    wait_until(lambda: neighbour(cluster, "client", vip) != "", seconds=10, what=f"an answer for {vip}")
    return neighbour(cluster, "client", vip)


def steady(clients: Clients, seconds: float) -> float:
    """Let the clients ask for so long, and tell when that began."""
    clients.snapshot()
    since = clients.now

    def look() -> bool:
        clients.snapshot()
        return clients.now >= since + seconds

    wait_until(look, seconds=seconds + 30, what="the clients")
    return since


def wait_for_answers(clients: Clients, number: int) -> None:
    """Wait until each client has been answered so often."""

    def look() -> bool:
        clients.snapshot()
        answered = Counter(answer.client for answer in clients.answers)
        return min(answered[client] for client in clients.clients) >= number

    wait_until(look, seconds=60, what=f"{number} answers for each client")


def wait_for_boot(cluster: Cluster, node: str) -> None:
    """Wait until all that a boot starts is started: until then a node may be too slow for ten adverts a second."""
    wait_until(
        lambda: cluster.run(node, "systemctl", "is-system-running", check=False).strip() in ("running", "degraded"),
        seconds=120,
        what=f"the end of {node}'s boot",
    )


def steady_health(cluster: Cluster, node: str, *, good: bool) -> None:
    """Wait until a node's failover says that its servers are so."""
    wanted = "0" if good else "1"
    wait_until(
        lambda: cluster.run(node, "cat", HEALTH, check=False).strip() == wanted,
        seconds=60,
        what=f"{node} to find its server {'good' if good else 'bad'}",
    )
