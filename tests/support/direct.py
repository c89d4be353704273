"""What tests of direct answers share: how many packets passed the director each way, and reboots of several hosts."""

from __future__ import annotations

from collections.abc import Iterable

from tests.support.cluster import Cluster, wait_until


def packets_in(cluster: Cluster, director: str) -> int:
    """How many packets of clients the director's services have had in all (InPkts)."""
    return _sum(cluster, director, -4)


def packets_out(cluster: Cluster, director: str) -> int:
    """How many packets of answers passed the director in all (OutPkts)."""
    return _sum(cluster, director, -3)


def _sum(cluster: Cluster, director: str, column: int) -> int:
    lines = cluster.run(director, "ipvsadm", "--list", "--numeric", "--stats", "--exact").splitlines()[3:]
    return sum(int(line.split()[column]) for line in lines if not line.lstrip().startswith("->"))


def answers_do_not_pass(cluster: Cluster, director: str, address: str) -> None:
    """Requests of the client pass the director, and their answers don't."""
    before = packets_in(cluster, director)
    assert "failed" not in cluster.serve("client", address, 80, 30)
    # The kernel's figures come two seconds late. Each request is at least three packets of the client.
    wait_until(lambda: packets_in(cluster, director) >= before + 90, seconds=10, what="the statistics")
    assert packets_out(cluster, director) == 0


def reboot(cluster: Cluster, hosts: Iterable[str]) -> None:
    """Reboot hosts side by side, and wait until each has come to the end of its boot."""
    before = {host: boot_id(cluster, host) for host in hosts}
    for host in before:
        cluster.run(host, "systemctl", "reboot", check=False)
    for host, boot in before.items():
        wait_until(
            lambda h=host, b=boot: boot_id(cluster, h) not in {"", b},  # type: ignore[misc]
            seconds=90, what=f"{host} to boot again",
        )  # fmt: skip
    for host in before:
        # Its status tells of failed units, which a test may want or not.
        cluster.run(host, "systemctl", "is-system-running", "--wait", check=False)


def boot_id(cluster: Cluster, host: str) -> str:
    return cluster.run(host, "cat", "/proc/sys/kernel/random/boot_id", check=False)
