"""An operator's work on a director without keepalived, under load."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support import operations
from tests.support.cluster import Cluster
from tests.support.download import Downloads
from tests.support.operations import MEGABYTE, Setup, extra, ran

SETUP = Setup(
    vip="10.0.0.6", port=80, service="web", entry="FWM 1", victim="rs1", other="rs2",
    destinations={"rs1": "10.0.0.11:0", "rs2": "10.0.0.12:0"}, weights={"rs1": 1, "rs2": 2}, directors=("lb1",),
)  # fmt: skip


@pytest.mark.late
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
def test_client_is_found(cluster: Cluster) -> None:
    operations.client_is_found(cluster, SETUP, "10.0.0.100")


@pytest.mark.late
def test_second_run_is_told_of_the_first(cluster: Cluster) -> None:
    operations.second_run_is_told_of_the_first(cluster, SETUP)


@pytest.mark.late
def test_bad_input(cluster: Cluster) -> None:
    operations.bad_input(cluster, SETUP)


def test_maintenance_needs_a_sorry_server(cluster: Cluster) -> None:
    operations.refused(cluster.playbook("maintenance", *operations.extra(lvs_service="web")), "web has no sorry_server")


def services(**weights: int) -> list[dict[str, Any]]:
    """The inventory's virtual services with other real servers."""
    real_servers = [{"host": host, "weight": weight} for host, weight in weights.items()]
    web = {"address": "10.0.0.6", "protocol": "tcp", "port": 80}
    shop = [{"address": address, "protocol": "tcp", "ports": [80, 443]} for address in ("10.0.0.7", "10.0.0.8")]
    return [
        {"name": "web", "fwmark": 1, "match": [web], "real_servers": real_servers},
        {"name": "shop", "fwmark": 2, "match": shop, "persistence_timeout": 300, "real_servers": real_servers},
    ]


@pytest.mark.late
def test_guard_stops_a_run(cluster: Cluster) -> None:
    operations.guard_stops_a_run(cluster, SETUP, services(rs1=1), "10.0.0.12")


@pytest.mark.late
def test_real_servers_of_a_mark_with_a_port(cluster: Cluster) -> None:
    """The kernel's table has no port for them, and they are found in it all the same."""
    with_ports = services(rs1=1, rs2=2)
    for service in with_ports:
        service["real_servers"] = [{**server, "port": 80} for server in service["real_servers"]]
    also = ["--extra-vars", json.dumps({"lvs_virtual_services": with_ports})]
    assert not ran(cluster.playbook("site", *also)).changed
    with operations.undisturbed(cluster, SETUP):
        with Downloads(
            cluster.lab, SETUP.client, SETUP.vip, SETUP.port, number=6, seconds=15, size=MEGABYTE
        ) as downloads:
            waited = ran(cluster.playbook("drain", *also, *extra(lvs_host=SETUP.victim, lvs_timeout=120)))
        operations.has_weights(cluster, SETUP, rs1=0)
        assert "0 connections are left" in waited.output, waited.output
        last = cluster.playbook("drain", *also, *extra(lvs_host=SETUP.other))
        operations.refused(last, "nobody else serves there")
        assert "is drained" in ran(cluster.playbook("status", *also)).output
        ran(cluster.playbook("undrain", *also, *extra(lvs_host=SETUP.victim)))
        operations.has_weights(cluster, SETUP)
    assert [one.error for one in downloads.finished()] == [""] * 6


@pytest.mark.late
def test_drift_is_named(cluster: Cluster) -> None:
    operations.drift_is_named(
        cluster,
        SETUP,
        [
            (["ipvsadm", "-e", "-f", "1", "-r", "10.0.0.11", "-g", "-w", "9"], "weight"),
            (["ipvsadm", "-d", "-f", "1", "-r", "10.0.0.12"], "10.0.0.12"),
            (["ipvsadm", "-a", "-f", "1", "-r", "10.0.0.99", "-g", "-w", "0"], "10.0.0.99"),
            (["ipvsadm", "-E", "-f", "2", "-s", "rr", "-p", "300"], "scheduler"),
            (["ipvsadm", "-A", "-t", "10.0.0.66:81", "-s", "rr"], "10.0.0.66:81"),
        ],
    )


@pytest.mark.late
def test_rolled_back(cluster: Cluster) -> None:
    operations.rolled_back(cluster, SETUP, services(rs1=3, rs2=3))


@pytest.mark.late
def test_figures_for_prometheus(cluster: Cluster) -> None:
    seen = operations.figures_for_prometheus(cluster, SETUP)
    assert {value for name, value in seen.items() if "collector_success" in name} == {1}
    assert not [name for name in seen if "vrrp" in name]


def test_status_page(cluster: Cluster, tmp_path: Path) -> None:
    page = operations.page_shows_every_service(cluster, tmp_path)
    assert "rs1" in page
    assert "rs2" in page
