"""Who serves whom, and by which way, seen from a client."""

from __future__ import annotations

import pytest

from tests.support.cluster import Cluster, wait_until
from tests.support.direct import answers_do_not_pass
from tests.support.neighbours import mac_of, only_that_mac_answers

VIP, SHOP, SHOP_TOO = "10.0.0.6", "10.0.0.7", "10.0.0.8"


def test_shares_are_one_to_two(cluster: Cluster) -> None:
    assert cluster.serve("client", VIP, 80, 300) == {"rs1": 100, "rs2": 200}


def test_client_knows_the_director_alone(cluster: Cluster) -> None:
    """All real servers hold the VIP. Whenever the client asks who has it, only the director answers."""
    director = mac_of(cluster, "lb1", "eth0")
    only_that_mac_answers(cluster, VIP, director, ("rs1", "rs2"))


def test_answers_do_not_pass_the_director(cluster: Cluster) -> None:
    answers_do_not_pass(cluster, "lb1", VIP)


def test_one_client_stays_on_one_server_over_all_ports_and_addresses_of_a_mark(cluster: Cluster) -> None:
    served = [cluster.serve("client", address, port, 10) for address in (SHOP, SHOP_TOO) for port in (80, 443)]
    assert len(served[0]) == 1
    assert served == [served[0]] * 4
    assert served[0].keys() <= {"rs1", "rs2"}


def test_a_port_that_no_mark_names_is_not_balanced(cluster: Cluster) -> None:
    assert cluster.serve("client", VIP, 443, 3) == {"failed": 3}


def test_marks_leave_other_bits_of_the_field_alone(cluster: Cluster) -> None:
    """Somebody else marks the same packets before us, in his own bit: his rules go on to see it, and IPVS our mark."""
    theirs = ("PREROUTING", "-d", VIP, "-j", "MARK", "--set-xmark", "0x100/0x100")
    seen = ("PREROUTING", "-d", VIP, "-m", "mark", "--mark", "0x101/0x101", "-j", "RETURN")
    cluster.run("lb1", "iptables", "-t", "mangle", "-I", *theirs)
    cluster.run("lb1", "iptables", "-t", "mangle", "-A", *seen)
    try:
        assert cluster.serve("client", VIP, 80, 30) == {"rs1": 10, "rs2": 20}
        counted = cluster.run("lb1", "iptables", "-t", "mangle", "-nvxL", "PREROUTING").splitlines()[-1].split()
        assert int(counted[0]) >= 90, counted
    finally:
        cluster.run("lb1", "iptables", "-t", "mangle", "-D", *theirs)
        cluster.run("lb1", "iptables", "-t", "mangle", "-D", *seen)


@pytest.mark.late
def test_verify_names_real_servers_that_are_not_prepared(cluster: Cluster) -> None:
    service = "lvs-real-server-dr-addresses"
    cluster.run("rs2", "systemctl", "stop", service)  # else it puts the VIP back at once
    try:
        cluster.run("rs2", "ip", "address", "delete", f"{VIP}/32", "dev", "lo")
        cluster.run("rs1", "sysctl", "-q", "-w", "net.ipv4.conf.all.arp_ignore=0")
        run = cluster.playbook("verify", "--extra-vars", '{"lvs_verify_requests": 12}')
        assert run.status != 0
        (first,) = [line for line in run.output.splitlines() if line.lstrip().startswith('"rs1: is not as its plan')]
        assert "arp_ignore" in first
        (second,) = [line for line in run.output.splitlines() if line.lstrip().startswith('"rs2: is not as its plan')]
        assert "10.0.0.6/32 dev lo" in second
    finally:
        cluster.run("rs1", "sysctl", "-q", "-w", "net.ipv4.conf.all.arp_ignore=1")
        cluster.run("rs2", "systemctl", "start", service)
    wait_until(lambda: VIP in cluster.addresses("rs2"), seconds=10, what="the VIP on rs2 again")
    again = cluster.playbook("verify", "--extra-vars", '{"lvs_verify_requests": 12}')
    assert (again.status, again.changed) == (0, {}), again.output


def test_networkd_restart_takes_no_vip_away(cluster: Cluster) -> None:
    # Only an interface that networkd manages proves anything: it deletes addresses that it doesn't know.
    assert "configured" in cluster.run("lb1", "networkctl", "list", "--no-legend", "eth0")
    cluster.run("lb1", "systemctl", "restart", "systemd-networkd")
    wait_until(lambda: {VIP, SHOP, SHOP_TOO} <= cluster.addresses("lb1"), seconds=10, what="the VIPs on lb1 again")
    assert cluster.serve("client", VIP, 80, 30) == {"rs1": 10, "rs2": 20}
