"""Who serves whom, seen from a client."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.support.cluster import Cluster, wait_until

VIP, PERSISTENT, PLAIN = "10.0.0.5", 80, 8080
RS1, RS2 = "192.168.0.12:80", "192.168.0.13:80"


def plain_table(cluster: Cluster) -> dict[str, int]:
    return cluster.table("lb1")[f"TCP {VIP}:{PLAIN}"]


def test_weights_hold(cluster: Cluster) -> None:
    served = cluster.serve("client", VIP, PLAIN, 280)
    assert served.keys() == {"rs1", "rs2"}
    assert served["rs1"] == pytest.approx(200, abs=6)


def test_persistent_client_stays_with_its_real_server(cluster: Cluster) -> None:
    served = cluster.serve("client", VIP, PERSISTENT, 60)
    assert list(served.values()) == [60]
    assert served.keys() <= {"rs1", "rs2"}


def test_dead_real_server_gets_no_new_connection_and_returns(cluster: Cluster) -> None:
    cluster.run("rs1", "systemctl", "stop", "nginx")
    try:
        wait_until(lambda: RS1 not in plain_table(cluster), seconds=20, what="rs1 to leave the table")
        assert cluster.serve("client", VIP, PLAIN, 50) == {"rs2": 50}
    finally:
        cluster.run("rs1", "systemctl", "start", "nginx")
    wait_until(lambda: plain_table(cluster).get(RS1) == 20, seconds=20, what="rs1 to return to the table")
    # wlc gives the one that returned, which has no connection, all that come until it caught up.
    assert cluster.serve("client", VIP, PLAIN, 20).keys() == {"rs1"}


def test_sorry_server_answers_while_all_are_down(cluster: Cluster) -> None:
    for host in ("rs1", "rs2"):
        cluster.run(host, "systemctl", "stop", "nginx")
    try:
        wait_until(lambda: list(plain_table(cluster)) == ["192.168.0.1:80"], seconds=20, what="the sorry server")
        assert cluster.serve("client", VIP, PLAIN, 20) == {"lb1": 20}
    finally:
        for host in ("rs1", "rs2"):
            cluster.run(host, "systemctl", "start", "nginx")
    wait_until(lambda: plain_table(cluster) == {RS1: 20, RS2: 8}, seconds=20, what="both real servers to return")
    assert cluster.serve("client", VIP, PLAIN, 20).keys() <= {"rs1", "rs2"}


def test_weight_file_drains_a_real_server_without_a_reload(cluster: Cluster) -> None:
    file = "/var/lib/lvs-cluster/weights/plain_10.0.0.5_tcp_8080_192.168.0.13_80"
    before = cluster.run("lb1", "cat", file)
    pid = cluster.run("lb1", "systemctl", "show", "--property=MainPID,ExecReload", "keepalived")
    cluster.run("lb1", "tee", file, stdin="-2147483647\n")
    try:
        wait_until(lambda: plain_table(cluster).get(RS2) == 0, seconds=10, what="weight 0 for rs2")
        assert cluster.serve("client", VIP, PLAIN, 30) == {"rs1": 30}
        # A run of site.yml leaves drained what a person drained.
        run = cluster.playbook("site")
        assert (run.status, run.changed) == (0, {}), run.output
        assert plain_table(cluster)[RS2] == 0
    finally:
        cluster.run("lb1", "tee", file, stdin=before)
        cluster.run("lb1", "sync")  # a later test cuts the power
    wait_until(lambda: plain_table(cluster).get(RS2) == 8, seconds=10, what="rs2 to have its weight again")
    assert cluster.run("lb1", "systemctl", "show", "--property=MainPID,ExecReload", "keepalived") == pid


def test_networkd_restart_does_not_cut_the_way_back(cluster: Cluster) -> None:
    for host in ("rs1", "rs2"):
        # Only an interface that networkd manages proves anything: it forgets rules and routes that it doesn't know.
        assert "configured" in cluster.run(host, "networkctl", "list", "--no-legend", "eth0")
        cluster.run(host, "systemctl", "restart", "systemd-networkd")
    wait_until(
        lambda: all("via 192.168.0.1" in cluster.run(h, "ip", "route", "get", "10.0.0.100", "from", a, check=False)
                    for h, a in (("rs1", "192.168.0.12"), ("rs2", "192.168.0.13"))),
        seconds=15, what="the way back after networkd's restart",
    )  # fmt: skip
    # A check that found the address away for a moment, on a busy machine, has taken its server out.
    wait_until(lambda: set(plain_table(cluster).values()) == {20, 8}, seconds=30, what="both to have their weights")
    # The tests before have left one of them more connections than its share, which wlc evens out first.
    served: Counter[str] = Counter()

    def both_serve() -> bool:
        served.update(cluster.serve("client", VIP, PLAIN, 56))
        return len(served) > 1

    wait_until(both_serve, seconds=60, what="both to serve")
    assert served.keys() == {"rs1", "rs2"}, served
