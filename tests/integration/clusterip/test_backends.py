"""The ways to serve a part of a cluster IP's clients, on this machine's kernel, with 256 clients and three nodes.

The target CLUSTERIP is not in this kernel, so it is tested in a lab.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.model import ClusterIp, parse
from tests.integration.clusterip.network import (
    NODES,
    OF_ONE_NETWORK,
    OTHER_PORT,
    PORT,
    PREFIX,
    SOURCES,
    Network,
    counted,
    network,
    only,
)
from tests.support.cluster import wait_until
from tests.support.hashes import nftables_bucket, xt_cluster_bucket

TOTAL, SEED = 12, 4000000007
SHARES = {"n1": [1, 4, 7, 10], "n2": [2, 5, 8, 11], "n3": [3, 6, 9, 12]}
BUCKET = {"xt_cluster": xt_cluster_bucket, "nftables": nftables_bucket}
BOTH = tuple(BUCKET)


@pytest.fixture(params=["ipv4", "ipv6"])
def net(request: pytest.FixtureRequest) -> Iterator[Network]:
    with network(request.param, request.param) as found:
        yield found


@pytest.fixture
def four() -> Iterator[Network]:
    with network("ipv4", "ipv4") as found:
        yield found


def cluster_ip(net: Network, backend: str, **fields: Any) -> ClusterIp:
    given = {"address": net.address, "prefix": PREFIX[net.family], "interface": "eth0", "backend": backend}
    return parse({**given, "total": TOTAL, "hash_seed": SEED, **fields})


def tell(net: Network, it: ClusterIp) -> None:
    """In IPv6 the client is told the cluster MAC: this kernel lacks tc's action pedit."""
    if it.family == "ipv6":
        words = (it.address, "lladdr", it.cluster_mac, "dev", "eth0", "nud", "permanent")
        net.run("client", "ip", "neigh", "replace", *words)


def serve(net: Network, it: ClusterIp, shares: dict[str, list[int]]) -> None:
    for node, buckets in shares.items():
        net.backend(node, "serve", it.backend, [[it, buckets]])


def expected(backend: str, family: str, shares: dict[str, list[int]]) -> dict[str, str]:
    owner = {number: node for node, buckets in shares.items() for number in buckets}
    return {source: owner[BUCKET[backend](source, TOTAL, SEED)] for source in SOURCES[family]}


# --- who answers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", BOTH)
def test_each_client_has_one_node_and_a_bucket_moves_alone(net: Network, backend: str) -> None:
    before = {node: net.standing(node) for node in NODES}
    it = cluster_ip(net, backend)
    assert [net.backend(node, "problem", backend, net.family) for node in NODES] == [""] * 3
    assert [net.backend(node, "read", backend, it) for node in NODES] == [None] * 3
    net.load(it, SHARES)
    assert {node: net.backend(node, "read", backend, it) for node in NODES} == SHARES
    tell(net, it)

    want = expected(backend, net.family, SHARES)
    assert min(Counter(want.values()).values()) > 256 / 3 / 2
    assert only(net.ask()) == want
    assert only(net.ask(stream=True)) == want
    assert f"lladdr {it.cluster_mac}" in net.run("client", "ip", "neigh", "show", it.address)

    moved = {"n1": [4, 7, 10], "n2": [1, 2, 5, 8, 11]}
    serve(net, it, moved)
    assert {node: net.backend(node, "read", backend, it) for node in NODES} == {**SHARES, **moved}
    assert only(net.ask()) == expected(backend, net.family, {**SHARES, **moved})

    alone: dict[str, list[int]] = {"n1": [], "n2": [], "n3": list(range(1, TOTAL + 1))}
    serve(net, it, alone)
    assert {node: net.backend(node, "read", backend, it) for node in NODES} == alone
    assert counted(net.ask(stream=True)) == {"n3": 256}
    serve(net, it, {"n3": []})
    assert all(names == [] for names in net.ask(patience=1).values())

    for node in NODES:
        net.backend(node, "remove", backend, it)
        net.backend(node, "remove", backend, it)
    assert {node: net.standing(node) for node in NODES} == before


def test_both_backends_have_the_same_buckets_in_ipv4(four: Network) -> None:
    """A cluster could move from one to the other without rehashing; the role lets no cluster mix them all the same."""
    net, shares = four, {"n1": SHARES["n1"], "n2": SHARES["n2"]}
    net.load(cluster_ip(net, "xt_cluster"), shares)
    net.load(cluster_ip(net, "nftables"), {"n3": SHARES["n3"]})
    assert only(net.ask()) == expected("nftables", "ipv4", SHARES)


def test_xt_cluster_has_one_bucket_for_an_ipv6_network() -> None:
    with network("ipv6", "one") as net:
        for backend, nodes in (("xt_cluster", 1), ("nftables", 3)):
            it = cluster_ip(net, backend)
            net.load(it, SHARES)
            tell(net, it)
            assert len(counted(net.ask(OF_ONE_NETWORK))) == nodes
            for node in NODES:
                net.backend(node, "remove", backend, it)


@pytest.mark.parametrize("backend", BOTH)
def test_only_the_ports_of_the_service_are_there(net: Network, backend: str) -> None:
    it = cluster_ip(net, backend, protocol="udp", ports=[80, PORT])
    net.load(it, SHARES)
    tell(net, it)
    few = SOURCES[net.family][:16]
    assert only(net.ask()) == expected(backend, net.family, SHARES)
    assert only(net.ask(few, size=4000)) == {source: expected(backend, net.family, SHARES)[source] for source in few}
    # No answer at all, not even a refusal.
    assert all(names == [] for names in net.ask(few, port=OTHER_PORT, patience=1).values())
    assert all(names == [] for names in net.ask(few, stream=True, patience=1).values())
    assert pings(net, few[:3]) == 0


@pytest.mark.parametrize("backend", BOTH)
def test_an_echo_request_is_hashed_like_the_rest(net: Network, backend: str) -> None:
    it = cluster_ip(net, backend)
    net.load(it, SHARES)
    tell(net, it)
    assert pings(net, SOURCES[net.family][:3]) == 3
    assert only(net.ask(SOURCES[net.family][:16], port=OTHER_PORT))


def pings(net: Network, sources: tuple[str, ...]) -> int:
    """How many echo requests are answered; fails where one is answered twice."""
    kind = 8 if net.family == "ipv4" else 128
    answers = net.icmp(struct.pack("!BBHHH", kind, 0, 0, 77, 1), sources).values()
    assert max(answers) <= 1, answers
    return sum(answers)


@pytest.mark.parametrize("backend", BOTH)
def test_every_node_hears_of_errors(net: Network, backend: str) -> None:
    """Whose packet it is about cannot be told from the router that sends it."""
    it = cluster_ip(net, backend)
    net.load(it, {node: [] for node in NODES})
    tell(net, it)
    before = [errors(net, node) for node in NODES]
    net.icmp(error(it), SOURCES[net.family][:1], patience=0.2)
    assert [errors(net, node) for node in NODES] == [count + 1 for count in before]


def error(it: ClusterIp) -> bytes:
    """A destination unreachable about a datagram that the VIP never sent."""
    vip, elsewhere = ip_address(it.address).packed, ip_address(SOURCES[it.family][7]).packed
    if it.family == "ipv4":
        packet = struct.pack("!BBHHHBBH", 0x45, 0, 28, 0, 0, 64, 17, 0) + vip + elsewhere + bytes(8)
        return struct.pack("!BBHI", 3, 1, 0, 0) + packet
    packet = struct.pack("!IHBB", 6 << 28, 8, 17, 64) + vip + elsewhere + bytes(8)
    return struct.pack("!BBHI", 1, 3, 0, 0) + packet


def errors(net: Network, node: str) -> int:
    if net.family == "ipv6":
        lines = dict(line.split() for line in net.run(node, "cat", "/proc/net/snmp6").splitlines())
        return int(lines.get("Icmp6InDestUnreachs", 0))
    names, values = [line for line in net.run(node, "cat", "/proc/net/snmp").splitlines() if line.startswith("Icmp:")]
    return int(dict(zip(names.split(), values.split(), strict=True))["InDestUnreachs"])


def test_nftables_hashes_ports_too(net: Network) -> None:
    few = SOURCES[net.family][:24]
    for mode, same_port, other_port in (
        ("sourceip-sourceport", True, False),
        ("sourceip-sourceport-destport", False, False),
    ):
        it = cluster_ip(net, "nftables", hash_mode=mode)
        net.load(it, SHARES)
        assert {node: net.backend(node, "read", "nftables", it) for node in NODES} == SHARES
        tell(net, it)
        first = only(net.ask(few, source_port=30001))
        assert len(set(first.values())) == 3
        assert only(net.ask(few, source_port=30001)) == first
        assert (only(net.ask(few, source_port=30002)) == first) is other_port
        assert (only(net.ask(few, source_port=30001, port=OTHER_PORT)) == first) is same_port
        assert pings(net, few[:3]) == 3


# --- what is told to neighbours -------------------------------------------------------------------------------------


def test_a_request_of_a_node_has_the_cluster_mac(four: Network) -> None:
    it = cluster_ip(four, "nftables")
    four.load(it, SHARES)
    four.run("client", "ip", "neigh", "flush", "all")
    order = {"vip": it.address, "client": SOURCES["ipv4"][0]}
    four.python("n1", _DATAGRAM, order)
    wait_until(
        lambda: f"lladdr {it.cluster_mac}" in four.run("client", "ip", "neigh", "show", it.address),
        seconds=5,
        what="the client to know the cluster MAC",
    )


_DATAGRAM = """
import json, socket, sys
order = json.load(sys.stdin)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as each:
    each.bind((order["vip"], 0))
    each.sendto(b"x", (order["client"], 9))
print("null")
"""


def test_arptables_where_there_is_no_nft(four: Network) -> None:
    four.absent = ["nft"]
    it = cluster_ip(four, "xt_cluster")
    before = four.standing("n1")
    assert four.backend("n1", "problem", "xt_cluster", "ipv4") == ""
    assert "nft is not installed" in four.backend("n1", "problem", "nftables", "ipv4")
    assert four.standing("n1") == before
    four.load(it, SHARES)
    assert four.backend("n1", "read", "xt_cluster", it) == SHARES["n1"]
    assert "--mangle-mac-s 03:4c:" in four.run("n1", "arptables", "-S")
    assert only(four.ask()) == expected("xt_cluster", "ipv4", SHARES)
    assert f"lladdr {it.cluster_mac}" in four.run("client", "ip", "neigh", "show", it.address)
    four.backend("n1", "remove", "xt_cluster", it)
    assert four.standing("n1") == before


# --- what stands ----------------------------------------------------------------------------------------------------


def test_problem_leaves_nothing_and_says_what_the_kernel_lacks(four: Network) -> None:
    before = four.standing("n1")
    for backend in ("clusterip", *BOTH):
        for family in ("ipv4", "ipv6"):
            four.backend("n1", "problem", backend, family, without_ndp=False)
    assert four.standing("n1") == before
    assert "it needs Linux up to 6.2" in four.backend("n1", "problem", "clusterip", "ipv4")
    assert four.backend("n1", "problem", "clusterip", "ipv6") == "the target CLUSTERIP has no IPv6"


@pytest.mark.parametrize("backend", BOTH)
def test_what_others_undo_is_seen_and_loaded_again(net: Network, backend: str) -> None:
    it = cluster_ip(net, backend)
    digits = {"ipv4": "246a2c34", "ipv6": "eb073309"}[net.family]
    tables = "iptables" if net.family == "ipv4" else "ip6tables"
    harm: list[tuple[str, ...]] = [("ip", "maddr", "del", it.cluster_mac, "dev", "eth0")]
    if net.family == "ipv4":
        harm.append(("nft", "flush", "chain", "arp", "lvs_clusterip", "output"))
    if backend == "nftables":
        harm += [
            ("nft", "flush", "chain", "inet", "lvs_clusterip", "prerouting"),
            ("nft", "flush", "chain", "inet", "lvs_clusterip", f"cip_{digits}"),
            ("nft", "insert", "rule", "inet", "lvs_clusterip", f"cip_{digits}", "udp", "dport", "53", "accept"),
            ("nft", "delete", "table", "inet", "lvs_clusterip"),
        ]
    else:
        harm += [
            (tables, "-t", "mangle", "-F", "PREROUTING"),
            (tables, "-t", "mangle", "-F", f"LVS-CIP-{digits}"),
            (tables, "-t", "mangle", "-I", "PREROUTING", "-i", "eth0", "-j", "ACCEPT"),
            (tables, "-t", "mangle", "-I", f"LVS-CIP-{digits}", "-p", "udp", "-j", "ACCEPT"),
        ]
    net.backend("n1", "load", backend, it, [1, 2])
    for argv in harm:
        net.run("n1", *argv)
        assert net.backend("n1", "read", backend, it) is None, argv
        net.backend("n1", "load", backend, it, [1, 2])
        assert net.backend("n1", "read", backend, it) == [1, 2], argv
    fields = ({"total": 11}, {"hash_seed": 1}, {"protocol": "tcp"}, {"protocol": "tcp", "ports": [80]})
    for changed in fields:
        other = cluster_ip(net, backend, **changed)
        assert net.backend("n1", "read", backend, other) is None, changed
        net.backend("n1", "load", backend, other, [])
        assert net.backend("n1", "read", backend, other) == [], changed
        net.backend("n1", "load", backend, it, [1, 2])


@pytest.mark.parametrize("backend", BOTH)
def test_two_cluster_ips_do_not_mind_each_other(four: Network, backend: str) -> None:
    one, other = (
        cluster_ip(four, backend),
        cluster_ip(four, backend, address="10.77.200.10", cluster_mac="03:4c:0a:4d:c8:09"),
    )
    before = four.standing("n1")
    for it in (one, other):
        four.backend("n1", "load", backend, it, [3])
    four.backend("n1", "serve", backend, [[one, [1, 2]], [other, [12]]])
    assert [four.backend("n1", "read", backend, it) for it in (one, other)] == [[1, 2], [12]]
    four.backend("n1", "remove", backend, one)
    assert [four.backend("n1", "read", backend, it) for it in (one, other)] == [None, [12]]

    # What is gone keeps no other from its buckets, and is said.
    with pytest.raises(AssertionError, match=r"10\.77\.200\.9: "):
        four.backend("n1", "serve", backend, [[one, [1]], [other, [5]]])
    assert [four.backend("n1", "read", backend, it) for it in (one, other)] == [None, [5]]
    four.backend("n1", "remove", backend, other)
    assert four.standing("n1") == before
