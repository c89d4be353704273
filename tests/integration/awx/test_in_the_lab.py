"""Jobs of the example project on a cluster in the lab, by a user without rights who reaches no VIP.

Every playbook is run here, or for cluster IPs in test_buckets_in_the_lab.py; test_runner.py looks after that.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator

import pytest

from tests.integration.awx.runner import PASSWORD, USER, Runner, answered, done, in_the_lab
from tests.support.cluster import ROOT, Cluster, booted, wait_until
from tests.support.operations import FIGURES

pytestmark = pytest.mark.late

INVENTORY = ROOT / "inventories" / "nat_ha"
PLAIN = "TCP 10.0.0.5:8080"
DESTINATIONS = {"rs1": "192.168.0.12:80", "rs2": "192.168.0.13:80"}
WEIGHTS = {"rs1": 20, "rs2": 8}
SORRY = "192.168.0.1:80"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with booted("awx", INVENTORY) as one:
        yield one


@pytest.fixture(scope="module")
def jobs(cluster: Cluster) -> Iterator[Runner]:
    """Jobs in the lab's network, with the twin as their inventory and a copy of the key that opens its hosts."""
    with in_the_lab(cluster) as one:
        yield one


def weights(cluster: Cluster, director: str) -> dict[str, int]:
    table = cluster.table(director)[PLAIN]
    return {host: table[destination] for host, destination in DESTINATIONS.items()}


def test_the_user_reaches_no_vip(jobs: Runner) -> None:
    said = jobs.execute("sh", "-c", "id -u; ip route get 10.0.0.5")
    assert said.returncode != 0, said.stdout
    assert said.stdout.splitlines()[0] != "0"


def test_site_then_verify(jobs: Runner, cluster: Cluster) -> None:
    assert set(done(jobs.run("check", {})).artifacts["lvs_check"]["hosts"]) == {"client", "lb1", "lb2", "rs1", "rs2"}
    assert set(done(jobs.run("site", {"lvs_guard": "true", "lvs_guard_threshold": "0.5"})).changed) == {
        *("lb1", "lb2", "rs1", "rs2"),
    }
    wait_until(lambda: cluster.holders("10.0.0.5") == ["lb1"], seconds=60, what="lb1 as master")
    wait_until(lambda: weights(cluster, "lb1") == WEIGHTS, seconds=60, what="both real servers")
    # It is the credential's password that the directors have.
    assert PASSWORD in cluster.run("lb1", "cat", "/etc/keepalived/keepalived.conf")
    assert done(jobs.run("site", {})).changed == {}
    verified = done(jobs.run("verify", {"lvs_verify_requests": "140", "lvs_timeout": "5", "lvs_probe_hosts": ""}))
    assert verified.artifacts["lvs_verify"]["faults"] == []
    assert verified.changed == {}


def test_status(jobs: Runner) -> None:
    report = jobs.private / "report"
    status = done(jobs.run("status", {"lvs_report_dir": str(report)}))
    assert status.artifacts["lvs_status"]
    assert {path.name for path in report.iterdir()} == {"status.json", "status.html"}


def test_drain_and_undrain(jobs: Runner, cluster: Cluster) -> None:
    answers = {"lvs_host": "rs2", "lvs_service": "", "lvs_last": "false", "lvs_alone": "false"}
    drained = done(jobs.run("drain", {**answers, "lvs_timeout": "60"}))
    assert drained.artifacts["lvs_drain"]["host"] == "rs2"
    for director in ("lb1", "lb2"):
        assert weights(cluster, director) == {**WEIGHTS, "rs2": 0}
    back = {name: answers[name] for name in ("lvs_host", "lvs_service", "lvs_alone")}
    done(jobs.run("undrain", {**back, "lvs_steps": "2", "lvs_step_seconds": "1"}))
    for director in ("lb1", "lb2"):
        assert weights(cluster, director) == WEIGHTS


def test_weight_for_a_time(jobs: Runner, cluster: Cluster) -> None:
    done(jobs.run("weight", answered("weight", lvs_host="rs1", lvs_weight="5")))
    for director in ("lb1", "lb2"):
        assert weights(cluster, director) == {**WEIGHTS, "rs1": 5}
    done(jobs.run("undrain", answered("undrain", lvs_host="rs1")))
    assert weights(cluster, "lb1") == weights(cluster, "lb2") == WEIGHTS


def test_maintenance(jobs: Runner, cluster: Cluster) -> None:
    done(jobs.run("maintenance", answered("maintenance", lvs_service="plain")))
    wait_until(lambda: sorry(cluster) == {"lb1", "lb2"}, seconds=30, what="the sorry server on both")
    done(jobs.run("maintenance", answered("maintenance", lvs_service="plain", lvs_maintenance="false")))
    wait_until(lambda: sorry(cluster) == set(), seconds=30, what="the real servers on both")
    assert weights(cluster, "lb1") == weights(cluster, "lb2") == WEIGHTS


def sorry(cluster: Cluster) -> set[str]:
    """The directors on which the sorry server answers."""
    return {director for director in ("lb1", "lb2") if SORRY in cluster.table(director)[PLAIN]}


def test_connections(jobs: Runner, cluster: Cluster) -> None:
    (served,) = cluster.serve("client", "10.0.0.5", 8080, 1)
    told = done(jobs.run("connections", answered("connections", lvs_client="10.0.0.100")))
    assert served in DESTINATIONS
    assert f"{served} (192.168.0." in told.output, told.output
    assert told.artifacts["lvs_connections"]
    assert told.changed == {}


def test_figures(jobs: Runner, cluster: Cluster) -> None:
    assert set(done(jobs.run("metrics", answered("metrics"))).changed) == {"lb1", "lb2"}
    wait_until(
        lambda: all("keepalived_running 1" in one for one in figures(cluster)), seconds=60, what="figures of both"
    )
    done(jobs.run("metrics", answered("metrics", lvs_metrics="false")))
    assert figures(cluster) == ["", ""]


def figures(cluster: Cluster) -> list[str]:
    return [cluster.run(director, "cat", FIGURES, check=False) for director in ("lb1", "lb2")]


def test_failover_and_back(jobs: Runner, cluster: Cluster) -> None:
    done(jobs.run("failover", answered("failover", lvs_host="lb2")))
    assert cluster.holders("10.0.0.5") == ["lb2"]
    done(jobs.run("failover", answered("failover", lvs_back="true")))
    assert cluster.holders("10.0.0.5") == ["lb1"]


def test_rolling(jobs: Runner, cluster: Cluster) -> None:
    rolled = done(jobs.run("rolling", answered("rolling", lvs_service="plain", lvs_command="touch /root/rolled")))
    assert rolled.artifacts["lvs_rolling"]["hosts"] == ["rs1", "rs2"]
    for host in DESTINATIONS:
        cluster.run(host, "test", "-e", "/root/rolled")
    assert weights(cluster, "lb1") == weights(cluster, "lb2") == WEIGHTS


def test_rollback(jobs: Runner, cluster: Cluster) -> None:
    files = ("lb1", "cat", "/etc/keepalived/keepalived.conf")
    before = cluster.run(*files)
    done(jobs.run("site", answered("site") | {"lvs_keepalived_global": {"smtp_connect_timeout": 31}}))
    assert "smtp_connect_timeout 31" in cluster.run(*files)
    assert done(jobs.run("rollback", answered("rollback", lvs_list="true"))).changed == {}
    assert set(done(jobs.run("rollback", answered("rollback"))).changed) == {"lb1", "lb2"}
    assert cluster.run(*files) == before
    assert done(jobs.run("site", answered("site"))).changed == {}


def test_upgrade(jobs: Runner, cluster: Cluster) -> None:
    boot = ("cat", "/proc/sys/kernel/random/boot_id")
    before = {director: cluster.run(director, *boot) for director in ("lb1", "lb2")}
    upgraded = done(jobs.run("upgrade", answered("upgrade", lvs_host="lb2", lvs_reboot="true")))
    assert upgraded.artifacts["lvs_upgrade"]["lb2"]["rebooted"]
    assert cluster.run("lb1", *boot) == before["lb1"]
    assert cluster.run("lb2", *boot) != before["lb2"]
    assert cluster.holders("10.0.0.5") == ["lb1"]


def test_adopt(jobs: Runner) -> None:
    """The inventory is the user's, and what holds passwords nobody else's."""
    folder = jobs.private / "adopted"
    adopted = done(jobs.run("adopt", answered("adopt", lvs_report_dir=str(folder), lvs_adopt_directors="lb1,lb2")))
    assert set(adopted.artifacts["lvs_adopt"]["hosts"]) == {"lb1", "lb2", "rs1", "rs2"}
    with_password = [path for path in folder.rglob("*") if path.is_file() and PASSWORD in path.read_text()]
    assert [path.name for path in with_password] == ["vault.yml"]
    assert stat.S_IMODE(with_password[0].stat().st_mode) == 0o600
    assert {path.stat().st_uid for path in folder.rglob("*")} == {USER}
    assert "address: 10.0.0.5\n" in (folder / "group_vars" / "directors" / "main.yml").read_text()


def test_zz_absent(jobs: Runner, cluster: Cluster) -> None:
    gone = done(jobs.run("absent", answered("absent", lvs_confirm="default")))
    assert set(gone.artifacts["lvs_absent"]["hosts"]) == {"lb1", "lb2", "rs1", "rs2"}
    for director in ("lb1", "lb2"):
        assert cluster.table(director) == {}
        assert "10.0.0.5" not in cluster.addresses(director)
