"""What a cluster IP is, and every fault in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.model import (
    ClusterIp,
    derived_mac,
    digest,
    faults,
    from_json,
    limit,
    parse,
    to_json,
)

LEAST = {"address": "10.0.0.9", "prefix": 24, "interface": "eth0", "total": 12, "backend": "nftables"}
WHOLE = ClusterIp("10.0.0.9", 24, "eth0", "03:4c:0a:00:00:09", 12, "sourceip", 7, "tcp", (80, 443), "xt_cluster")


def test_what_may_be_missing() -> None:
    want = ClusterIp("10.0.0.9", 24, "eth0", "03:4c:0a:00:00:09", 12, "sourceip", 0, "all", (), "nftables")
    assert parse(LEAST) == want
    assert want.family == "ipv4"
    assert parse({**LEAST, "address": "2001:DB8:0::9", "prefix": 64}).address == "2001:db8::9"


def test_round_trip() -> None:
    for it in (WHOLE, parse({**LEAST, "address": "2001:db8::9", "prefix": 64})):
        assert from_json(json.loads(json.dumps(to_json(it)))) == it
    with pytest.raises(BootError, match="is no cluster IP"):
        from_json([])


def test_derived() -> None:
    assert derived_mac("192.168.1.200") == "03:4c:c0:a8:01:c8"
    assert derived_mac("2001:db8::9") == derived_mac("2001:db8:0::9") == "03:36:71:49:38:6a"
    assert digest("10.0.0.9") == "282549a1"
    assert [limit(name) for name in ("clusterip", "xt_cluster", "nftables", "auto")] == [16, 32, 1024, 1024]
    with pytest.raises(BootError, match="'ipvs' is none of clusterip, xt_cluster, nftables"):
        limit("ipvs")


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"address": "10.0.0"}, "address: '10.0.0' is no IPv4 or IPv6 address"),
        ({"address": "fe80::9%eth0"}, "address: fe80::9%eth0 has a zone"),
        ({"address": "224.0.0.9"}, "address: 224.0.0.9 is no unicast address"),
        ({"address": "127.0.0.9"}, "address: 127.0.0.9 is no unicast address"),
        ({"prefix": 33}, "prefix: 33 is not in 1..32"),
        ({"interface": "eth+"}, "interface: 'eth+' is no name"),
        ({"cluster_mac": "02:00:00:00:00:01"}, "cluster_mac: 02:00:00:00:00:01 is not multicast"),
        ({"cluster_mac": "FF:FF:FF:FF:FF:FF"}, "is the broadcast address"),
        ({"cluster_mac": "03:4c"}, "cluster_mac: '03:4c' is no MAC address"),
        ({"hash_mode": "port"}, "hash_mode: 'port' is none of"),
        ({"hash_seed": 2**32}, "hash_seed: 4294967296 is not in 0..4294967295"),
        ({"protocol": "icmp"}, "protocol: 'icmp' is none of"),
        ({"ports": [80]}, "ports: they need a protocol"),
        ({"protocol": "tcp", "ports": [0, 70000]}, "ports: 0, 70000 not in 1..65535"),
        ({"protocol": "tcp", "ports": list(range(1, 17))}, "ports: 16 are more than 15"),
        ({"protocol": "tcp", "ports": [80, 80]}, "ports: one of them is there twice"),
        ({"total": 0}, "total_nodes: 0 buckets are not in 1..1024"),
        ({"total": 33, "backend": "xt_cluster"}, "not in 1..32: the backend xt_cluster has no more"),
        ({"total": 17, "backend": "clusterip"}, "not in 1..16"),
        ({"backend": "ipvs"}, "backend: 'ipvs' is none of"),
        ({"backend": "xt_cluster", "hash_mode": "sourceip-sourceport"}, "take nftables for sourceip-sourceport"),
        ({"backend": "clusterip", "address": "2001:db8::9"}, "backend: clusterip has no IPv6"),
        ({"total": "many"}, "total: 'many' is no whole number"),
        ({"ports": 80}, "ports: 80 is no list"),
        ({"interface": ""}, "interface: is missing"),
        ({"colour": "red"}, "colour: is no field"),
    ],
)
def test_faults(fields: dict[str, Any], fault: str) -> None:
    with pytest.raises(BootError) as caught:
        parse({**LEAST, **fields})
    assert fault in str(caught.value)


def test_all_faults_at_once_and_a_backend_not_chosen_yet() -> None:
    it = WHOLE._replace(prefix=0, hash_seed=-1, total=17, backend="clusterip")
    assert [fault.split(":")[0] for fault in faults(it)] == ["prefix", "hash_seed", "total_nodes"]
    assert faults(WHOLE._replace(total=1024, hash_mode="sourceip-sourceport", backend="auto")) == []
