"""Each kind of health check takes a broken real server out and puts it back, in the time that its settings promise."""

from __future__ import annotations

import time
from typing import NamedTuple

from tests.support import servers
from tests.support.cluster import Cluster, wait_until
from tests.support.mail import Mail

VIP, RS1 = "10.0.0.5", "192.168.0.12"
DELAY_LOOP, RETRY, DELAY_BEFORE_RETRY, TIMEOUT = 2, 1, 1, 2
"""What inventories/director_full gives every service."""
SLACK = 4.0
"""Seconds for a busy machine, and for looking."""


class Checked(NamedTuple):
    """A service of the inventory: its key in the kernel's table, the real server's port, how long its check may take.

    `out` and `back` are seconds from the settings: at most a round of the loop, then each try until it fails.
    """

    key: str
    port: int
    out: float
    back: float


ROUND = DELAY_LOOP + RETRY * DELAY_BEFORE_RETRY
REFUSED = ROUND
SILENT = ROUND + (RETRY + 1) * TIMEOUT
CHECKED = {
    "tcp": Checked(f"TCP {VIP}:8001", 8001, REFUSED, DELAY_LOOP),
    "http": Checked(f"TCP {VIP}:8002", 8002, REFUSED, DELAY_LOOP),
    "digest": Checked(f"TCP {VIP}:8003", 8003, REFUSED, DELAY_LOOP),
    "https": Checked(f"TCP {VIP}:8443", 8443, REFUSED, DELAY_LOOP),
    "mail": Checked(f"TCP {VIP}:25", 25, REFUSED, DELAY_LOOP),
    "names": Checked(f"UDP {VIP}:53", 53, SILENT, DELAY_LOOP),
    "echo": Checked(f"UDP {VIP}:8007", 8007, SILENT, DELAY_LOOP),
    "ping": Checked(f"TCP {VIP}:8008", 80, SILENT, DELAY_LOOP),
    "misc": Checked(f"TCP {VIP}:8009", 8009, REFUSED, DELAY_LOOP),
    "file": Checked(f"TCP {VIP}:8010", 80, 0, 0),
    "bfd": Checked(f"TCP {VIP}:8011", 80, 1, 2),
}
"""bfd: 5 intervals of 0.2 s without a packet; it begins again with one packet a second (RFC 5880, section 6.8.3)."""


def serving(cluster: Cluster) -> set[str]:
    """The checks that rs1 passes: it is in the table of the active director, with a weight."""
    table = cluster.table("lb1")
    return {name for name, one in CHECKED.items() if table.get(one.key, {}).get(f"{RS1}:{one.port}", 0) > 0}


def measure(cluster: Cluster, *, until_serving: bool) -> dict[str, float]:
    """Seconds from now until each service had rs1 in, or out."""
    began = time.monotonic()
    seconds: dict[str, float] = {}

    def look() -> bool:
        there = serving(cluster)
        for name in CHECKED:
            if (name in there) == until_serving:
                seconds.setdefault(name, time.monotonic() - began)
        return len(seconds) == len(CHECKED)

    missing = "be in" if until_serving else "be out"
    wait_until(look, seconds=60, what=f"rs1 to {missing} everywhere; so far {sorted(seconds)}")
    return seconds


def test_each_check_takes_a_broken_server_out_and_puts_it_back(served: Cluster) -> None:
    wait_until(lambda: serving(served) == set(CHECKED), seconds=90, what="rs1 to pass every check")
    servers.break_all(served)
    out = measure(served, until_serving=False)
    servers.mend_all(served)
    back = measure(served, until_serving=True)
    for name, one in CHECKED.items():
        print(
            f"{name:<8} out {out[name]:5.1f} s (promised {one.out:g}), back {back[name]:5.1f} s (promised {one.back:g})"
        )
    late = {
        name: (out[name], back[name])
        for name, one in CHECKED.items()
        if out[name] > one.out + SLACK or back[name] > one.back + SLACK
    }
    assert late == {}
    # The other real server was never away.
    assert served.table("lb1")[CHECKED["tcp"].key]["192.168.0.13:8001"] == 1


def test_sorry_server_answers_below_the_quorum_and_actions_are_called(served: Cluster) -> None:
    key = f"TCP {VIP}:8012"
    served.run("rs1", "systemctl", "stop", "nginx")
    try:
        wait_until(lambda: served.serve("client", VIP, 8012, 1).keys() == {"lb1"}, seconds=20, what="the sorry server")
    finally:
        served.run("rs1", "systemctl", "start", "nginx")
    wait_until(
        lambda: served.table("lb1")[key] == {"192.168.0.12:8001": 1, "192.168.0.13:8001": 1},
        seconds=20, what="both real servers",
    )  # fmt: skip
    said = told(served, "lb1")
    for words in ("quorum down", "quorum up", "server down"):
        assert f"keepalived_script {words}" in said, said


def test_checks_take_the_server_behind_the_tunnels_out_and_put_it_back(served: Cluster) -> None:
    alone = {"TCP 10.0.0.6:8091": {"10.0.0.15:8091": 1}, "TCP 10.0.0.6:8092": {"10.0.0.15:8092": 1}}

    def tunnels() -> dict[str, dict[str, int]]:
        """The services of GUE and GRE that have a real server."""
        table = served.table("lb1")
        return {service: table[service] for service in alone if table.get(service)}

    def both() -> bool:
        return served.table("lb1")["FWM 1"] == {"10.0.0.14:0": 1, "10.0.0.15:0": 1} and tunnels() == alone

    wait_until(both, seconds=60, what="both real servers of the mark, and rs4 behind the other tunnels")
    served.run("rs4", "systemctl", "stop", "nginx")
    try:
        wait_until(lambda: "10.0.0.15:0" not in served.table("lb1")["FWM 1"], seconds=REFUSED + SLACK, what="rs4 out")
        wait_until(lambda: tunnels() == {}, seconds=SLACK, what="rs4 out of the services of other tunnels")
        for port in (80, 8080):
            assert served.serve("client", "10.0.0.6", port, 10) == {"rs3": 10}
    finally:
        served.run("rs4", "systemctl", "start", "nginx")
    wait_until(both, seconds=DELAY_LOOP + SLACK, what="rs4 back")
    assert served.serve("client", "10.0.0.6", 8080, 10) == {"rs3": 5, "rs4": 5}


def told(cluster: Cluster, director: str) -> str:
    """What the inventory's script has said on a director: who ran it, and with what arguments."""
    return cluster.run(director, "journalctl", "--no-pager", "--boot", "--output=cat", "--identifier=lvs-notify")


def test_scripts_run_with_their_arguments_as_the_right_user(served: Cluster) -> None:
    said = told(served, "lb1").splitlines()
    assert "keepalived_script master web shop" in said
    assert "keepalived_script group" in " ".join(said)
    served.run("lb2", "systemctl", "restart", "keepalived")
    wait_until(lambda: "keepalived_script backup web shop" in told(served, "lb2"), seconds=20, what="that for backup")


def test_maintenance_file_moves_all_addresses_and_mail_tells(served: Cluster, mail: Mail) -> None:
    wait_until(lambda: served.holders(VIP) == ["lb1"], seconds=60, what="lb1 to be master")
    # The test before has restarted this one's keepalived, and with alpha its servers are down until they are checked.
    both = {"192.168.0.12:8001": 1, "192.168.0.13:8001": 1}
    wait_until(lambda: served.table("lb2")[f"TCP {VIP}:8012"] == both, seconds=60, what="both real servers on lb2")
    file = "/var/lib/lvs-cluster/maintenance"
    served.run("lb1", "tee", file, stdin="1\n")
    try:
        for address in (VIP, "10.0.0.6", "192.168.0.1", "2001:db8::5"):
            wait_until(lambda a=address: served.holders(a) == ["lb2"], seconds=15, what=f"{address} on lb2 alone")  # type: ignore[misc]
        assert served.serve("client", VIP, 8012, 10).keys() == {"rs1", "rs2"}
        assert served.serve("client", "10.0.0.6", 8080, 10) == {"rs3": 5, "rs4": 5}
    finally:
        served.run("lb1", "tee", file, stdin="0\n")
    wait_until(lambda: served.holders(VIP) == ["lb1"], seconds=60, what="lb1 to be master again")
    for words in (
        ("lb1", "VI_4", "FAULT"),
        ("lb2", "VI_4", "MASTER"),
        ("lb2", "VI_4", "BACKUP"),
        ("lb1", "VI_4", "MASTER"),
    ):
        mail.wait_for(*words)
    assert "root fault web shop" in told(served, "lb1")


def test_mail_arrives_for_servers(served: Cluster, mail: Mail) -> None:
    mail.wait_for("lb1", "192.168.0.12", "DOWN")
    mail.wait_for("lb1", "192.168.0.12", "UP")
