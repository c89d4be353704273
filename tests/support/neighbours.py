"""Who a host takes for the owner of an address: its neighbour table (ARP and IPv6 neighbour discovery)."""

from __future__ import annotations

import json
from collections.abc import Iterable

from tests.support.cluster import ASK, Cluster


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


def only_that_mac_answers(
    cluster: Cluster, address: str, mac: str, servers: Iterable[str], *, host: str = "client", interface: str = "eth0"
) -> None:
    """Twenty times a host forgets who has an address and sends it a request: each time it learns this MAC."""
    said = cluster.run(host, "python3", "-", address, interface, stdin=FORGET_AND_ASK)
    served, macs = json.loads(said)
    assert macs == [mac] * 20
    assert set(served) <= {*servers}


# One program in the place of sixty commands over ssh.
FORGET_AND_ASK = f"""{ASK}
import subprocess
address, interface = sys.argv[1:]
served, macs = [], []
for number in range(20):
    subprocess.run(["ip", "neigh", "flush", "to", address, "dev", interface], check=True)
    served.append(ask(address, 80))
    shown = subprocess.run(["ip", "-j", "neigh", "show", "to", address], check=True, stdout=subprocess.PIPE)
    macs.append(next((entry["lladdr"] for entry in json.loads(shown.stdout) if "lladdr" in entry), ""))
print(json.dumps([served, macs]))
"""
