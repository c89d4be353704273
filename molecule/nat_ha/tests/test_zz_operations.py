"""An operator's work on two directors with keepalived, under load. Late by its name: wlc makes up for it afterwards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support import operations
from tests.support.cluster import Cluster, wait_until
from tests.support.direct import boot_id
from tests.support.load import Load
from tests.support.operations import Setup, extra, ran
from tests.support.variants import edited

SETUP = Setup(
    vip="10.0.0.5", port=8080, service="plain", entry="TCP 10.0.0.5:8080", victim="rs1", other="rs2",
    destinations={"rs1": "192.168.0.12:80", "rs2": "192.168.0.13:80"}, weights={"rs1": 20, "rs2": 8},
    directors=("lb1", "lb2"),
)  # fmt: skip


def test_drain_and_undrain(cluster: Cluster) -> None:
    operations.drain_and_undrain(cluster, SETUP)


@pytest.mark.late
def test_drain_that_takes_too_long(cluster: Cluster) -> None:
    operations.drain_that_takes_too_long(cluster, SETUP)


@pytest.mark.late
def test_temporary_weight(cluster: Cluster) -> None:
    operations.temporary_weight(cluster, SETUP)


@pytest.mark.late
def test_rolling_change(cluster: Cluster) -> None:
    operations.rolling_change(cluster, SETUP)


@pytest.mark.late
def test_rolling_reboot(cluster: Cluster) -> None:
    """The second of two is taken out when health checks let the first serve again, which takes them a while here."""
    patient = [{**service, "delay_loop": 15} for service in services(rs1=20, rs2=8)]
    change = ["--extra-vars", json.dumps({"lvs_virtual_services": patient})]
    before = {host: boot_id(cluster, host) for host in SETUP.destinations}
    with operations.undisturbed(cluster, SETUP):
        ran(cluster.playbook("site", *change))
        ran(cluster.playbook("rolling", *change, *extra(lvs_service="plain", lvs_reboot="true")))
        # As soon as the run has ended.
        assert operations.weights(cluster, SETUP)["lb1"] == SETUP.weights
        ran(cluster.playbook("site"))
    assert all(boot_id(cluster, host) != boot for host, boot in before.items())
    operations.has_weights(cluster, SETUP)


@pytest.mark.late
def test_client_is_found(cluster: Cluster) -> None:
    operations.client_is_found(cluster, SETUP, "10.0.0.100")


@pytest.mark.late
def test_second_run_is_told_of_the_first(cluster: Cluster) -> None:
    operations.second_run_is_told_of_the_first(cluster, SETUP)


@pytest.mark.late
def test_bad_input(cluster: Cluster) -> None:
    operations.bad_input(cluster, SETUP)


def services(**weights: int) -> list[dict[str, object]]:
    """The inventory's virtual service `plain` with other real servers, and `intranet` as it is."""
    common = {"address": "10.0.0.5", "forwarding": "nat", "scheduler": "wlc"}
    return [
        {
            **common,
            "name": "intranet",
            "port": 80,
            "delay_loop": 30,
            "persistence_timeout": 50,
            "health_checks": [
                {
                    **{"type": "http", "path": "/", "status_code": 200},
                    **{"connect_timeout": 5, "retry": 3, "delay_before_retry": 2},
                }
            ],
            "real_servers": [{"group": "real_servers_nat", "port": 80}],
        },
        {
            **common,
            "name": "plain",
            "port": 8080,
            "delay_loop": 2,
            "health_checks": [{"type": "tcp", "connect_timeout": 2, "retry": 1, "delay_before_retry": 1}],
            "real_servers": [{"host": host, "port": 80, "weight": weight} for host, weight in weights.items()],
        },
    ]


@pytest.mark.late
def test_maintenance(cluster: Cluster) -> None:
    """The sorry server answers while the real servers are out. With both inhibits nothing under way ends."""
    graceful = services(rs1=20, rs2=8)
    graceful[1]["inhibit_on_failure"] = True
    graceful[1]["sorry_server"] = {"address": "192.168.0.1", "port": 80, "inhibit": True}
    wanted = ["--extra-vars", json.dumps({"lvs_virtual_services": graceful})]
    ran(cluster.playbook("site", *wanted))
    with Load(cluster.lab, SETUP.client, [(SETUP.vip, SETUP.port)]) as load:
        ran(cluster.playbook("maintenance", *extra(lvs_service="plain"), *wanted))
        wait_until(
            lambda: operations.served_by(cluster, SETUP, 5) == {"lb1"}, seconds=10, what="the sorry server to answer"
        )
        assert not ran(cluster.playbook("site", *wanted)).changed
        ran(cluster.playbook("maintenance", *extra(lvs_service="plain", lvs_maintenance="false"), *wanted))
        operations.has_weights(cluster, SETUP)
    print(f"{load.sent} requests, {len(load.failed)} failed")
    assert load.failed == []
    ran(cluster.playbook("site"))


@pytest.mark.late
def test_maintenance_is_no_failure_in_the_status(cluster: Cluster, tmp_path: Path) -> None:
    """Without inhibits, too: keepalived takes the servers out of the table then."""
    ran(cluster.playbook("maintenance", *extra(lvs_service="plain")))
    try:
        wait_until(
            lambda: set(cluster.table("lb1")[SETUP.entry]) == {"192.168.0.1:80"},
            seconds=10,
            what="the sorry server alone",
        )
        ran(cluster.playbook("status", *extra(lvs_report_dir=tmp_path)))
    finally:
        ran(cluster.playbook("maintenance", *extra(lvs_service="plain", lvs_maintenance="false")))
    operations.has_weights(cluster, SETUP)
    report = json.loads((tmp_path / "status.json").read_text())
    (plain,) = (service for service in report["services"] if service["name"] == "plain")
    states = {server["name"]: server["state"] for server in plain["real_servers"]}
    assert states == {"rs1": "drained", "rs2": "drained", "192.168.0.1": "sorry"}
    assert report["problems"] == ["plain (tcp 10.0.0.5:8080) is answered by its sorry server on lb1"]


@pytest.mark.late
def test_failover_and_back(cluster: Cluster) -> None:
    """By priority: what was drained stays so, and runs of site.yml leave it all as it is.

    There is no sync daemon here, so what is under way at a takeover ends: at 200 requests a second one or two.
    """
    with Load(cluster.lab, SETUP.client, [(SETUP.vip, SETUP.port)]) as load:
        ran(cluster.playbook("drain", *extra(lvs_host="rs1")))
        ran(cluster.playbook("failover", *extra(lvs_host="lb2")))
        assert cluster.holders(SETUP.vip) == ["lb2"]
        assert operations.served_by(cluster, SETUP) == {"rs2"}
        reloaded = ran(
            cluster.playbook("site", "--extra-vars", json.dumps({"lvs_virtual_services": services(rs1=20, rs2=9)}))
        )
        assert reloaded.changed
        assert cluster.holders(SETUP.vip) == ["lb2"]
        operations.has_weights(cluster, SETUP, rs1=0, rs2=9)
        ran(cluster.playbook("site"))
        again = ran(cluster.playbook("failover", *extra(lvs_host="lb2")))
        assert not again.changed
        ran(cluster.playbook("failover", *extra(lvs_back="true")))
        assert cluster.holders(SETUP.vip) == ["lb1"]
        ran(cluster.playbook("undrain", *extra(lvs_host="rs1")))
        operations.has_weights(cluster, SETUP)
    print(f"{load.sent} requests, {len(load.failed)} failed")
    assert len(load.failed) <= 4, load.failed[:20]
    operations.refused(cluster.playbook("failover", *extra(lvs_host="rs1")), "rs1")


@pytest.mark.late
def test_guard_stops_a_run(cluster: Cluster) -> None:
    operations.guard_stops_a_run(cluster, SETUP, services(rs2=8), "192.168.0.12:80")


def test_drift_is_named(cluster: Cluster) -> None:
    vip = "10.0.0.5:8080"
    operations.drift_is_named(
        cluster,
        SETUP,
        [
            (["ipvsadm", "-e", "-t", vip, "-r", "192.168.0.12:80", "-m", "-w", "9"], "weight"),
            (["ipvsadm", "-d", "-t", vip, "-r", "192.168.0.13:80"], "192.168.0.13:80"),
            # Without weight: no connection to a host that isn't there may be left for what comes after.
            (["ipvsadm", "-a", "-t", vip, "-r", "192.168.0.99:80", "-m", "-w", "0"], "192.168.0.99:80"),
            (["ipvsadm", "-E", "-t", vip, "-s", "rr"], "scheduler"),
            (["ipvsadm", "-A", "-t", "10.0.0.66:81", "-s", "rr"], "10.0.0.66:81"),
        ],
    )


@pytest.mark.late
def test_rolled_back(cluster: Cluster) -> None:
    operations.rolled_back(cluster, SETUP, services(rs1=9, rs2=8))
    operations.rollback_of_one_director(cluster, SETUP, services(rs1=9, rs2=8))


@pytest.mark.late
def test_figures_for_prometheus(cluster: Cluster) -> None:
    seen = operations.figures_for_prometheus(cluster, SETUP)
    assert {value for name, value in seen.items() if "collector_success" in name} == {1}
    assert seen["lvs_cluster_keepalived_running"] == 1
    assert seen["lvs_cluster_vrrp_master interface=eth0 vrrp_instance=VI_1"] == 1
    # The drained server's weight is what its file says, so it is no drift.
    assert {value for name, value in seen.items() if "drift_entries" in name} == {0}


def test_status_page(cluster: Cluster, tmp_path: Path) -> None:
    page = operations.page_shows_every_service(cluster, tmp_path)
    assert "MASTER" in page


@pytest.mark.late
def test_upgrade_reboots_one_director_after_the_other(cluster: Cluster) -> None:
    before = {director: boot_id(cluster, director) for director in SETUP.directors}
    with Load(cluster.lab, SETUP.client, [(SETUP.vip, SETUP.port)]) as load:
        ran(cluster.playbook("upgrade", *extra(lvs_reboot="true")))
        assert cluster.holders(SETUP.vip) == ["lb1"]
    print(f"{load.sent} requests, {len(load.failed)} failed")
    assert len(load.failed) <= 4, load.failed[:20]
    assert all(boot_id(cluster, director) != boot for director, boot in before.items())
    operations.has_weights(cluster, SETUP)
    assert not ran(cluster.playbook("site")).changed


@pytest.mark.late
def test_a_director_that_can_not_serve_with_a_change_keeps_it_from_the_active_one(cluster: Cluster) -> None:
    """A reload does not bring back what is missing in lb2's table. To run again is no way past that."""
    change = (
        "--extra-vars",
        json.dumps({"lvs_keepalived_global": {"router_id": "changed"}, "director_healthy_timeout": 3}),
    )
    file = "/etc/keepalived/keepalived.conf"
    before = cluster.run("lb1", "md5sum", file)
    cluster.run("lb2", "ipvsadm", "--delete-service", "--tcp-service", "10.0.0.5:80")
    with operations.undisturbed(cluster, SETUP):
        for number in range(2):
            run = cluster.playbook("site", *change)
            assert run.status != 0
            assert "tcp 10.0.0.5:80" in run.output, f"run {number}:\n{run.output}"
            assert cluster.run("lb1", "md5sum", file) == before
        # As one that took it by itself: to its files it is done, and only lb1 differs.
        cluster.run("lb2", "sh", "-c", "rm /run/lvs-cluster/keepalived*")
        run = cluster.playbook("site", *change)
        assert run.status != 0
        assert (
            "lb2: keepalived has its configuration, and not all of its virtual services are in the table" in run.output
        )
        assert cluster.run("lb1", "md5sum", file) == before
        cluster.run("lb2", "systemctl", "restart", "keepalived")
        ran(cluster.playbook("site", *change))
        ran(cluster.playbook("site"))
    operations.has_weights(cluster, SETUP)
    assert not ran(cluster.playbook("site")).changed


@pytest.mark.late
def test_the_active_director_leaves_by_the_inventory(cluster: Cluster, tmp_path: Path) -> None:
    """lb2 takes over as soon as keepalived ends on lb1, and that does not end while lb2 could not take over."""

    def leave(hosts: dict[str, Any]) -> None:
        hosts["all"]["children"]["directors"]["hosts"]["lb1"]["lvs_state"] = "absent"

    without = edited(cluster.inventory, tmp_path, "hosts.yml", leave)
    assert cluster.holders(SETUP.vip) == ["lb1"]
    cluster.lab.link("lb2", "eth0", plugged=False)
    try:
        run = cluster.playbook("site", inventory=without)
        assert run.status != 0
        assert "lb2 in FAULT could not take over" in run.output
        assert cluster.holders(SETUP.vip) == ["lb1"]
        operations.has_weights(cluster, SETUP)
    finally:
        cluster.lab.link("lb2", "eth0", plugged=True)
    with Load(cluster.lab, SETUP.client, [(SETUP.vip, SETUP.port)]) as load:
        ran(cluster.playbook("site", inventory=without))
        assert cluster.holders(SETUP.vip) == ["lb2"]
        assert "keepalived" not in cluster.run("lb1", "ps", "-e", "-o", "comm")
        assert not ran(cluster.playbook("site", inventory=without)).changed
    print(f"{load.sent} requests, {len(load.failed)} failed, none was answered for {load.gap:.2f} s")
    assert len(load.failed) <= 4, load.failed[:20]
    # An advert is due each second, and the one that says goodbye makes the backup wait for less than that.
    assert load.gap <= 1.5
    ran(cluster.playbook("site"))
    wait_until(lambda: cluster.holders(SETUP.vip) == ["lb1"], seconds=20, what="lb1 to be master again")
    operations.has_weights(cluster, SETUP)


@pytest.mark.late
def test_the_gateway_changes_without_an_outage(cluster: Cluster, tmp_path: Path) -> None:
    """Real servers turn to a new gateway when a director has it, and back before the directors lose it."""

    def add(variables: dict[str, Any]) -> None:
        variables["lvs_vrrp_instances"][0]["virtual_ipaddress"].insert(
            1, {"address": "192.168.0.254/24", "dev": "eth1"}
        )

    with_another = edited(cluster.inventory, tmp_path, "group_vars/directors/main.yml", add)
    with operations.undisturbed(cluster, SETUP):
        left_alone = ran(cluster.playbook("site", "--limit", "real_servers_nat", inventory=with_another))
        assert not left_alone.changed
        assert gateways(cluster) == {"192.168.0.1"}
        ran(cluster.playbook("site", inventory=with_another))
        assert gateways(cluster) == {"192.168.0.254"}
        assert not ran(cluster.playbook("site", inventory=with_another)).changed
        ran(cluster.playbook("site"))
        assert gateways(cluster) == {"192.168.0.1"}
        assert not ran(cluster.playbook("site")).changed


@pytest.mark.late
def test_the_way_back_goes_when_no_service_needs_it(cluster: Cluster) -> None:
    """As where a service gets another forwarding method: not before the directors have let the server go."""

    def left() -> str:
        kept = (
            "ls /etc/lvs-cluster/return-route.json /etc/systemd/system/lvs-return-route.service; ip rule show table LVS"
        )
        return cluster.run("rs2", "sh", "-c", kept, check=False)

    without = [{**service, "real_servers": [{"host": "rs1", "port": 80, "weight": 20}]} for service in services()]
    change = ("--extra-vars", json.dumps({"lvs_virtual_services": without}), *extra(lvs_guard_threshold=1))
    before = left()
    assert "from 192.168.0.13" in before
    with operations.undisturbed(cluster, SETUP):
        assert not ran(cluster.playbook("site", "--limit", "rs2", *change)).changed
        assert left() == before
        assert "rs2" in ran(cluster.playbook("site", *change)).changed
        assert left() == ""
        assert not ran(cluster.playbook("site", *change)).changed
        ran(cluster.playbook("site"))
        assert left() == before
    operations.has_weights(cluster, SETUP)


def gateways(cluster: Cluster) -> set[str]:
    """Through which addresses the real servers answer."""
    routes = [cluster.run(host, "ip", "route", "show", "table", "LVS") for host in SETUP.destinations]
    return {route.split()[2] for route in routes}


@pytest.mark.late
def test_zz_absent_takes_all_away_and_a_needed_host_stays(cluster: Cluster) -> None:
    operations.refused(cluster.playbook("absent", *extra(lvs_host="rs1")), "rs1 serves intranet, plain for lb1, lb2")
    operations.refused(cluster.playbook("absent"), "lvs_confirm")
    without = [{**service, "real_servers": [{"host": "rs2", "port": 80}]} for service in services()]
    still = cluster.playbook(
        "absent", "--extra-vars", json.dumps({"lvs_virtual_services": without}), *extra(lvs_host="rs1")
    )
    operations.refused(still, "rs1 is still in the table of lb1; run lvs.cluster.site first")
    with Load(cluster.lab, SETUP.client, [(SETUP.vip, SETUP.port)]) as load:
        ran(cluster.playbook("absent", *extra(lvs_host="lb1")))
        assert cluster.holders(SETUP.vip) == ["lb2"]
        assert "keepalived" not in cluster.run("lb1", "ps", "-e", "-o", "comm")
        ran(cluster.playbook("site"))
        assert cluster.holders(SETUP.vip) == ["lb2"]
        ran(cluster.playbook("failover", *extra(lvs_back="true")))
        assert cluster.holders(SETUP.vip) == ["lb1"]
    print(f"{load.sent} requests, {len(load.failed)} failed")
    assert len(load.failed) <= 4, load.failed[:20]
    ran(cluster.playbook("metrics", *extra(lvs_metrics="true")))
    ran(cluster.playbook("absent", *extra(lvs_confirm="default")))
    for director in SETUP.directors:
        assert "metrics" not in cluster.run(director, "ls", "/etc/systemd/system")
        assert cluster.table(director) == {}
        assert SETUP.vip not in cluster.addresses(director)
        assert "keepalived" not in cluster.run(director, "ps", "-e", "-o", "comm")
        assert cluster.run(director, "sh", "-c", "ls -d /var/lib/lvs-cluster /etc/lvs-cluster", check=False) == ""
    ran(cluster.playbook("site"))
    operations.has_weights(cluster, SETUP)
