"""Direct routing over IPv6, and IPv4 beside it: shares, who answers for the VIP, and what survives a reboot."""

from __future__ import annotations

import pytest

from tests.support.cluster import Cluster
from tests.support.direct import answers_do_not_pass, reboot
from tests.support.neighbours import mac_of, only_that_mac_answers

VIP, MARKED, VIP4 = "fd00:10::6", "fd00:10::7", "10.0.0.6"
CLUSTER = ("lb1", "rs1", "rs2")


@pytest.mark.parametrize("address", [VIP, VIP4])
def test_shares_are_one_to_two(cluster: Cluster, address: str) -> None:
    assert cluster.serve("client", address, 80, 300) == {"rs1": 100, "rs2": 200}


def test_one_client_stays_on_one_server_over_the_ports_of_a_mark(cluster: Cluster) -> None:
    served = [cluster.serve("client", MARKED, port, 10) for port in (80, 443)]
    assert len(served[0]) == 1
    assert served[0] == served[1]
    assert served[0].keys() <= {"rs1", "rs2"}


@pytest.mark.parametrize("address", [VIP, MARKED, VIP4])
def test_client_knows_the_director_alone(cluster: Cluster, address: str) -> None:
    """All real servers hold the VIP. Whenever the client solicits it, only the director advertises it."""
    for name in ("rs1", "rs2"):
        assert address in cluster.addresses(name)
    director = mac_of(cluster, "lb1", "eth0")
    only_that_mac_answers(cluster, address, director, ("rs1", "rs2"))


def test_answers_do_not_pass_the_director(cluster: Cluster) -> None:
    answers_do_not_pass(cluster, "lb1", VIP)


@pytest.mark.parametrize("name", CLUSTER)
def test_no_host_takes_a_vip_for_the_source_of_its_own_connections(cluster: Cluster, name: str) -> None:
    for target, vips in (("fd00:10::100", {VIP, MARKED}), ("10.0.0.100", {VIP4})):
        words = cluster.run(name, "ip", "route", "get", target).split()
        assert words[words.index("src") + 1] not in vips
    shown = cluster.run(name, "ip", "-6", "address", "show", "to", VIP)
    assert "deprecated" in shown
    assert "tentative" not in shown


def test_verify_is_content(cluster: Cluster) -> None:
    run = cluster.playbook("verify", "--extra-vars", '{"lvs_verify_requests": 30}')
    assert (run.status, run.changed) == (0, {}), run.output
    assert "[fd00:10::6]:80" in run.output


@pytest.mark.late
def test_zz_all_is_back_after_every_host_rebooted(cluster: Cluster) -> None:
    director = mac_of(cluster, "lb1", "eth0")
    reboot(cluster, CLUSTER)
    for address in (VIP, VIP4):
        assert cluster.serve("client", address, 80, 300) == {"rs1": 100, "rs2": 200}
        only_that_mac_answers(cluster, address, director, ("rs1", "rs2"))
    served = [cluster.serve("client", MARKED, port, 5) for port in (80, 443)]
    assert len(served[0]) == 1
    assert served[0] == served[1]
    answers_do_not_pass(cluster, "lb1", VIP)
    run = cluster.playbook("site")
    assert (run.status, run.changed) == (0, {}), run.output
