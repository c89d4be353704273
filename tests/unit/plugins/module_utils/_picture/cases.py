"""Plans to draw: those of the topology's cases, and large ones."""

from __future__ import annotations

from typing import Any

from ansible_collections.lvs.cluster.plugins.module_utils._picture.wiring import enriched
from ansible_collections.lvs.cluster.plugins.module_utils._topology import plan
from tests.unit.plugins.module_utils._topology.test_cases import load_case

# One for each kind of cluster that the topology plans.
NAMES = (
    "cluster_nodes",
    "dr_ipv6",
    "fwmark_dr",
    "ipv6_nat",
    "mixed",
    "nat_ha",
    "nat_ha_sync",
    "one_network_nat",
    "self_balanced",
    "tun",
    "vrrp_full",
)


def planned(name: str) -> dict[str, Any]:
    """The plans of a case of the topology, with the interfaces that its inventory has."""
    inventory = load_case(name)
    interfaces = {host: one.get("lvs_interfaces") for host, one in inventory["hosts"].items()}
    return enriched(plan(inventory)["hosts"], interfaces)


def large(services: int, servers: int, weights: int = 1) -> dict[str, Any]:
    """Two directors with NAT; the weights of a real server differ by service where there are several."""
    names = [f"web{number}" for number in range(1, servers + 1)]
    offered = [
        {
            "name": f"service{number}",
            "address": f"10.0.{number // 200}.{number % 200 + 5}",
            "port": 80,
            "protocol": "tcp",
            "family": "ipv4",
            "scheduler": "wrr",
            "real_servers": [
                {
                    "host": name,
                    "address": f"192.168.{place // 200}.{place % 200 + 10}",
                    "port": 80,
                    "weight": (number * 7 + place * 3) % weights + 1,
                    "forwarding": "nat",
                }
                for place, name in enumerate(names)
            ],
        }
        for number in range(services)
    ]
    plans: dict[str, Any] = {}
    for name, peer in (("lb1", "lb2"), ("lb2", "lb1")):
        held = [{"address": f"{one['address']}/16", "dev": "eth0"} for one in offered]
        instance = {"name": "VI_1", "interface": "eth0", "virtual_router_id": 1, "priority": 100, "advert_int": 1}
        director = {
            "manager": "keepalived",
            "peers": [peer],
            "services": offered,
            "vrrp_instances": [{**instance, "version": 2, "virtual_ipaddress": held}],
        }
        plans[name] = {"host": name, "cluster": "default", "roles": ["director"], "director": director}
    for name in names:
        plans[name] = {"host": name, "cluster": "default", "roles": ["real_server_nat"]}
    return plans
