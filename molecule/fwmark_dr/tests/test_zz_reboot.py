"""What survives a reboot of every host, with no run of Ansible. Last by its name."""

from __future__ import annotations

from tests.support.cluster import Cluster
from tests.support.direct import answers_do_not_pass, reboot
from tests.support.neighbours import mac_of, only_that_mac_answers

VIP, SHOP = "10.0.0.6", "10.0.0.7"
CLUSTER = ("lb1", "rs1", "rs2")


def test_all_is_back_after_every_host_rebooted(cluster: Cluster) -> None:
    director = mac_of(cluster, "lb1", "eth0")
    reboot(cluster, CLUSTER)
    assert cluster.serve("client", VIP, 80, 300) == {"rs1": 100, "rs2": 200}
    only_that_mac_answers(cluster, VIP, director, ("rs1", "rs2"))
    served = [cluster.serve("client", SHOP, port, 5) for port in (80, 443)]
    assert len(served[0]) == 1
    assert served[0] == served[1]
    answers_do_not_pass(cluster, "lb1", VIP)
    for host in CLUSTER:
        failed = cluster.run(host, "systemctl", "--failed", "--no-legend", "--plain")
        assert failed == "", f"{host}: {failed}"


def test_table_and_marks_were_there_before_the_network(cluster: Cluster) -> None:
    def when(unit: str, moment: str) -> int:
        """Microseconds since the kernel began."""
        return int(cluster.run("lb1", "systemctl", "show", "--value", f"--property={moment}", unit))

    network = when("systemd-networkd", "ExecMainStartTimestampMonotonic")
    for part in ("table", "firewall"):
        assert 0 < when(f"lvs-director-{part}", "ActiveEnterTimestampMonotonic") < network, part


def test_a_run_afterwards_changes_nothing(cluster: Cluster) -> None:
    run = cluster.playbook("site")
    assert (run.status, run.changed) == (0, {}), run.output


def test_a_vip_waits_for_arp_to_be_quiet(cluster: Cluster) -> None:
    """A real server that boots without its ARP settings stays without its VIPs, rather than take all traffic."""
    cluster.run("rs1", "mv", "/etc/sysctl.d/60-lvs-real-server-dr.conf", "/root/kept")
    try:
        reboot(cluster, ["rs1"])
        assert VIP not in cluster.addresses("rs1")
        said = cluster.run("rs1", "journalctl", "--no-pager", "--boot", "--unit", "lvs-real-server-dr-addresses")
        assert "arp_ignore" in said
    finally:
        cluster.run("rs1", "mv", "/root/kept", "/etc/sysctl.d/60-lvs-real-server-dr.conf")
    run = cluster.playbook("site")
    assert (run.status, set(run.changed)) == (0, {"rs1"}), run.output
    assert VIP in cluster.addresses("rs1")
    assert cluster.serve("client", VIP, 80, 30) == {"rs1": 10, "rs2": 20}
