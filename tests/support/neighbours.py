"""Who a host takes for the owner of an address: its neighbour table (ARP and IPv6 neighbour discovery)."""

from __future__ import annotations

import json

from tests.support.cluster import Cluster


def mac_of(cluster: Cluster, host: str, interface: str) -> str:
    """The MAC of a host's interface."""
    (link,) = json.loads(cluster.run(host, "ip", "-j", "link", "show", "dev", interface))
    return str(link["address"])


def neighbour(cluster: Cluster, host: str, address: str) -> str:
    """The MAC that a host holds for an address, however old; "" where it holds none."""
    entries = json.loads(cluster.run(host, "ip", "-j", "neigh", "show", address))
    return next((entry["lladdr"] for entry in entries if "lladdr" in entry), "")


def forget_neighbour(cluster: Cluster, host: str, address: str, interface: str) -> None:
    """Make a host ask anew for an address, if it has asked for it before."""
    cluster.run(host, "ip", "neigh", "flush", "to", address, "dev", interface)
