"""What survives a power cut and a reboot. Last by its name: the other tests expect lb1 to be master."""

from __future__ import annotations

import statistics

from tests.support.cluster import Cluster, wait_until
from tests.support.stream import Stream

VIP, GATEWAY, PLAIN = "10.0.0.5", "192.168.0.1", 8080
LONGEST_GAP = 4.0
"""Seconds, at advert_int 1."""
FULL = {"192.168.0.12:80": 20, "192.168.0.13:80": 8}


def power_cut(cluster: Cluster) -> float:
    """Cut the master's power and give it back: the seconds in which new connections failed."""
    assert cluster.holders(VIP) == ["lb1"]
    with Stream(cluster.lab, "client", VIP, PLAIN, timeout=0.3) as stream:
        cluster.lab.power("lb1", "off")
        wait_until(lambda: {VIP, GATEWAY} <= cluster.addresses("lb2"), seconds=10, what="lb2 to hold both addresses")
        # Some requests of the new master must be in the stream before it ends.
        cluster.serve("client", VIP, PLAIN, 10)
    assert stream.answers[-1].by in {"rs1", "rs2"}
    print(f"gap {stream.gap:.2f} s, {stream.failed} requests failed")

    cluster.lab.power("lb1", "on")
    wait_until(lambda: cluster.holders(VIP) == ["lb1"], seconds=30, what="lb1 to be master again")
    wait_until(lambda: cluster.holders(GATEWAY) == ["lb1"], seconds=5, what="lb1 to hold the gateway address again")
    return stream.gap


def test_power_cut_of_the_master(cluster: Cluster) -> None:
    gaps = [power_cut(cluster)]
    assert "failed" not in cluster.serve("client", VIP, PLAIN, 20)
    # VRRP itself takes up to 3.41 s, so a busy machine's pause can be too much for a single cut: then three are judged.
    if gaps[0] > LONGEST_GAP:
        gaps += [power_cut(cluster), power_cut(cluster)]
    assert statistics.median(gaps) <= LONGEST_GAP, gaps


def test_both_directors_reboot(cluster: Cluster) -> None:
    before = {host: cluster.run(host, "cat", "/proc/sys/kernel/random/boot_id") for host in ("lb1", "lb2")}
    for host in before:
        cluster.run(host, "systemctl", "reboot", check=False)
    for host, boot in before.items():
        wait_until(
            lambda h=host, b=boot: cluster.run(h, "cat", "/proc/sys/kernel/random/boot_id", check=False) not in {"", b},  # type: ignore[misc]
            seconds=60, what=f"{host} to boot again",
        )  # fmt: skip
    wait_until(lambda: cluster.holders(VIP) == ["lb1"], seconds=30, what="lb1 to hold the VIP")
    wait_until(lambda: cluster.table("lb1").get(f"TCP {VIP}:{PLAIN}") == FULL, seconds=30, what="the table")
    assert cluster.holders(GATEWAY) == ["lb1"]
    served = cluster.serve("client", VIP, PLAIN, 56)
    assert "failed" not in served
    run = cluster.playbook("site")
    assert (run.status, run.changed) == (0, {}), run.output
