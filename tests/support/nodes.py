"""The nodes of inventories/self_balanced: who is master, who was asked to give it up, and what each balances."""

from __future__ import annotations

from tests.support.cluster import Cluster, wait_until
from tests.support.direct import packets_in
from tests.support.load import Load
from tests.support.neighbours import mac_of, neighbour

NODES = ("web1", "web2", "web3")
INTERFACE, VIP, PORT = "bond0", "192.168.0.254", 80
MAINTENANCE = "/var/lib/lvs-cluster/maintenance"
TABLE = {f"TCP {VIP}:{PORT}": {"192.168.0.1:80": 1, "192.168.0.2:80": 2, "192.168.0.3:80": 3}}


def masters(cluster: Cluster, nodes: tuple[str, ...] = NODES) -> list[str]:
    """The nodes that have the VIP on their network, where they answer ARP for it."""
    return [node for node in nodes if f" {VIP}/24 " in shown(cluster, node)]


def shown(cluster: Cluster, node: str) -> str:
    return cluster.run(node, "ip", "-4", "-oneline", "address", "show", "dev", INTERFACE)


def wait_for_master(cluster: Cluster, node: str, seconds: float, nodes: tuple[str, ...] = NODES) -> float:
    """Wait until one of the nodes is master and none of the others."""
    return wait_until(lambda: masters(cluster, nodes) == [node], seconds=seconds, what=f"{node} alone to be master")


def give_up(cluster: Cluster, node: str, *, wanted: bool = True) -> None:
    """A planned takeover: a node gives the VIP away, or may have it again."""
    cluster.run(node, "tee", MAINTENANCE, stdin=f"{int(wanted)}\n")


def balanced(cluster: Cluster) -> dict[str, int]:
    """How many packets each node has balanced so far."""
    return {node: packets_in(cluster, node) for node in NODES}


def loops(cluster: Cluster, nodes: tuple[str, ...] = NODES) -> dict[str, tuple[int, int]]:
    """Of each node, packets whose time to live ran out there, and what it told their senders."""
    found = {}
    for node in nodes:
        words = cluster.run(node, "nstat", "-asz", "IpInHdrErrors", "IcmpOutTimeExcds").split()
        found[node] = (int(words[words.index("IpInHdrErrors") + 1]), int(words[words.index("IcmpOutTimeExcds") + 1]))
    return found


def client_asks(cluster: Cluster, node: str) -> bool:
    """Whether the client takes this node for the owner of the VIP."""
    return neighbour(cluster, "client", VIP) == mac_of(cluster, node, INTERFACE)


def few_ports(cluster: Cluster) -> None:
    """Let the client have 600 source ports, so that each comes back while the nodes still know its last connection."""
    cluster.run("client", "sysctl", "-q", "-w", "net.ipv4.ip_local_port_range=20000 20599")


def wait_for_requests(load: Load, number: int) -> None:
    """Wait until the load has sent so many more."""
    before = sent(load)
    wait_until(lambda: sent(load) > before + number, seconds=60, what=f"{number} requests")


def sent(load: Load) -> int:
    """The requests of a load up to now."""
    load.snapshot()
    return load.sent
