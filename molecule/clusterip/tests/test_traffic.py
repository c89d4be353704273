"""Who answers whom with the kernel's own target CLUSTERIP, and what its hash modes are made of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support import buckets, cluster_ip_tests
from tests.support.buckets import NODES, PORT, TOTAL, VIP, seed
from tests.support.cluster import Cluster
from tests.support.hashes import clusterip_bucket
from tests.support.variants import edited

MAC = "01:02:03:04:05:06"
VARIABLES = "group_vars/clusterip_nodes/main.yml"
ASK = """
import http.client, json, sys
vip, port, ports = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
found = []
for source in ports:
    connection = http.client.HTTPConnection(vip, port, timeout=5, source_address=("10.0.0.100", source))
    connection.request("GET", "/", headers={"Connection": "close"})
    found.append(connection.getresponse().read().decode().split("\\n")[0])
    connection.close()
print(json.dumps(found))
"""


def ask(cluster: Cluster, ports: Sequence[int]) -> list[str]:
    """Who answers the client, from each of these source ports."""
    answered: list[str] = json.loads(
        cluster.run("client", "python3", "-c", ASK, VIP, str(PORT), json.dumps(list(ports)))
    )
    return answered


def test_the_neighbour_is_the_cluster_mac(cluster: Cluster) -> None:
    for _number in range(5):
        assert buckets.neighbours_mac(cluster) == MAC


def test_each_client_has_one_node(cluster: Cluster) -> None:
    number = seed(cluster)
    cluster_ip_tests.each_client_has_one_node(cluster, lambda client: clusterip_bucket(client, (), TOTAL, number))


def test_a_client_has_one_node_from_whatever_port(cluster: Cluster) -> None:
    assert len(set(ask(cluster, range(30000, 30024)))) == 1


@pytest.mark.late
@pytest.mark.parametrize("mode", ["sourceip-sourceport", "sourceip-sourceport-destport"])
def test_hash_modes_with_ports(cluster: Cluster, tmp_path: Path, mode: str) -> None:
    """The node of each connection is foretold from the parts that the mode names; all nodes change together."""

    def edit(variables: dict[str, Any]) -> None:
        variables["lvs_cluster_ips"][0]["hash_mode"] = mode

    run = cluster.playbook("site", inventory=edited(cluster.inventory, tmp_path, VARIABLES, edit))
    assert run.status == 0, run.output
    owned = buckets.wait_for_sizes(cluster, dict.fromkeys(NODES, 4), 60)
    ports = list(range(31000, 31024))
    more = (PORT,) if mode.endswith("destport") else ()
    number = seed(cluster)
    hashed = {port: clusterip_bucket("10.0.0.100", (port, *more), TOTAL, number) for port in ports}
    by_bucket = {bucket: node for node, mine in owned.items() for bucket in mine}
    assert ask(cluster, ports) == [by_bucket[hashed[port]] for port in ports]
    assert len({by_bucket[bucket] for bucket in hashed.values()}) == 3
    back = cluster.playbook("site")
    assert back.status == 0, back.output


def test_status_tells_who_serves_what(cluster: Cluster) -> None:
    cluster_ip_tests.status_tells_who_serves_what(cluster, "clusterip")
