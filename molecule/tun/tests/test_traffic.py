"""Real servers behind a router, reached through IP in IP, GUE, GRE and IPv6 tunnels."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support.cluster import Cluster, wait_until
from tests.support.direct import answers_do_not_pass, reboot

WEB, GUE, GRE, WEB6, GUE6 = "10.0.0.6", "10.0.0.7", "10.0.0.8", "fd00:10::6", "fd00:10::7"
REAL_SERVERS = ("rs1", "rs2")
CLUSTER = ("lb1", *REAL_SERVERS)
# A request that fills several segments; nginx takes a header line of up to 8 KiB.
LONG_REQUEST = """
import http.client, sys
connection = http.client.HTTPConnection(sys.argv[1], 80, timeout=5)
try:
    connection.request("GET", "/", headers={"X-Long": "x" * 7000})
    print(connection.getresponse().status)
except OSError as error:
    print(error)
"""


def long_request(cluster: Cluster, address: str) -> str:
    return cluster.run("client", "python3", "-", address, stdin=LONG_REQUEST).strip()


def received(cluster: Cluster, host: str, link: str) -> int:
    """How many packets have come out of a tunnel."""
    (shown,) = json.loads(cluster.run(host, "ip", "-json", "-statistics", "link", "show", "dev", link))
    return int(shown["stats64"]["rx"]["packets"])


@pytest.mark.parametrize(
    ("address", "link"),
    [(WEB, "tunl0"), (GUE, "tunl0"), (GRE, "gre0"), (WEB6, "ip6tnl0"), (GUE6, "ip6tnl0")],
    ids=["ipip", "gue", "gre", "ipv6", "gue over ipv6"],
)
def test_shares_are_one_to_two_through_the_tunnel(cluster: Cluster, address: str, link: str) -> None:
    before = {host: received(cluster, host, link) for host in REAL_SERVERS}
    assert cluster.serve("client", address, 80, 60) == {"rs1": 20, "rs2": 40}
    # Each request is at least three packets of the client.
    assert received(cluster, "rs1", link) - before["rs1"] >= 60
    assert received(cluster, "rs2", link) - before["rs2"] >= 120


def test_answers_do_not_pass_the_director(cluster: Cluster) -> None:
    answers_do_not_pass(cluster, "lb1", WEB)


@pytest.fixture
def icmp_blocked(cluster: Cluster) -> Iterator[None]:
    """A client that no ICMP error reaches, as behind many a firewall."""
    rule = ("INPUT", "-p", "icmp", "-j", "DROP")
    # Not all of ICMPv6: neighbours are found by it.
    rule6 = ("INPUT", "-p", "ipv6-icmp", "--icmpv6-type", "packet-too-big", "-j", "DROP")
    for flag in ("-A", "-D"):
        cluster.run("client", "iptables", flag, *rule)
        cluster.run("client", "ip6tables", flag, *rule6)
        for family in ("-4", "-6"):
            cluster.run("client", "ip", family, "route", "flush", "cache")
        if flag == "-A":
            yield


@pytest.mark.usefixtures("icmp_blocked")
def test_long_requests_fit_into_the_tunnel_without_icmp(cluster: Cluster) -> None:
    assert [long_request(cluster, address) for address in (WEB, GUE, GRE, WEB6, GUE6)] == ["200"] * 5


@pytest.mark.usefixtures("icmp_blocked")
def test_without_our_segment_size_they_would_not(cluster: Cluster) -> None:
    """What the test above proves is our rule's work."""
    each = [(host, program) for host in REAL_SERVERS for program in ("iptables", "ip6tables")]
    jump = ("OUTPUT", "-j", "LVS-MSS")
    for host, program in each:
        cluster.run(host, program, "-t", "mangle", "-D", *jump)
    try:
        assert "200" not in [long_request(cluster, address) for address in (WEB, GUE6)]
    finally:
        for host, program in each:
            cluster.run(host, program, "-t", "mangle", "-A", *jump)
    assert [long_request(cluster, address) for address in (WEB, GUE6)] == ["200", "200"]


def test_strict_source_checks_elsewhere_do_not_stop_the_tunnel(cluster: Cluster) -> None:
    """rp_filter=1 for all would drop what comes out of a tunnel: the way back to clients is another interface."""
    setting, ours = "net.ipv4.conf.all.rp_filter", "net.ipv4.conf.tunl0.rp_filter"
    before = cluster.host("rs1").sysctl(setting)
    cluster.run("rs1", "sysctl", "-q", "-w", f"{setting}=1")
    try:
        assert cluster.serve("client", WEB, 80, 9) == {"rs1": 3, "rs2": 6}
        # It is our setting of the tunnel that does it.
        cluster.run("rs1", "sysctl", "-q", "-w", f"{ours}=0")
        assert cluster.serve("client", WEB, 80, 3) == {"failed": 1, "rs2": 2}
    finally:
        cluster.run("rs1", "sysctl", "-q", "-w", f"{setting}={before}", f"{ours}=2")


@pytest.mark.late
def test_verify_is_content(cluster: Cluster) -> None:
    run = cluster.playbook("verify", "--extra-vars", '{"lvs_verify_requests": 30}')
    assert (run.status, run.changed) == (0, {}), run.output


def test_a_tunnel_that_somebody_shut_down_comes_back(cluster: Cluster) -> None:
    cluster.run("rs1", "ip", "link", "set", "tunl0", "down")
    wait_until(
        lambda: "UP" in json.loads(cluster.run("rs1", "ip", "-json", "link", "show", "dev", "tunl0"))[0]["flags"],
        seconds=15, what="tunl0 to be up again",
    )  # fmt: skip
    assert cluster.serve("client", WEB, 80, 30) == {"rs1": 10, "rs2": 20}


@pytest.mark.late
def test_zz_all_is_back_after_every_host_rebooted(cluster: Cluster) -> None:
    reboot(cluster, CLUSTER)
    for address in (WEB, GUE, GRE, WEB6, GUE6):
        assert cluster.serve("client", address, 80, 30) == {"rs1": 10, "rs2": 20}
    answers_do_not_pass(cluster, "lb1", WEB)
    run = cluster.playbook("site")
    assert (run.status, run.changed) == (0, {}), run.output
