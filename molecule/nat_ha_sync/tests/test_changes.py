"""Changes under load, and runs that must change nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support.adverts import Adverts
from tests.support.cluster import Cluster, wait_until
from tests.support.download import Downloads
from tests.support.load import Load
from tests.support.outward import Outward
from tests.support.variants import edited

VIP, NEW, SHOP = "200.200.200.200", "200.200.200.210", 8080
RS1, RS2, RS3 = (f"192.168.1.{number}:80" for number in (11, 12, 13))
DIRECTORS = ("lb1", "lb2")
VARIABLES = "group_vars/directors/main.yml"


def change(variables: dict[str, Any]) -> None:
    """Other weights, another check, a real server less, a service with a VIP of its own more."""
    services = variables["lvs_virtual_services"]
    services[1]["real_servers"] = [{"host": "rs1", "port": 80, "weight": 3}, {"host": "rs2", "port": 80, "weight": 1}]
    services[1]["health_checks"] = [
        {"type": "http", "path": "/", "status_code": 200, "connect_timeout": 3, "retry": 1, "delay_before_retry": 1}
    ]
    services.append({**services[1], "name": "new", "address": NEW, "port": 80})
    variables["lvs_vrrp_instances"][0]["virtual_ipaddress"].append(f"{NEW}/24")


@pytest.mark.late
def test_changes_under_load_fail_no_request_and_break_no_download(cluster: Cluster, tmp_path: Path) -> None:
    inventory = edited(cluster.inventory, tmp_path, VARIABLES, change)
    words = ["--extra-vars", "vault_vrrp_pass=rotated8", "--extra-vars", "director_drain_timeout=240"]
    lab = cluster.lab
    download: dict[str, Any] = {"number": 20, "size": 2_000_000}
    with (
        Adverts(lab, "client", "eth0") as outside,
        Adverts(lab, "rs1", "eth0") as inside,
        Load(lab, "client", [(VIP, SHOP)]) as load,
        Outward(lab, "rs1", "client", "200.200.200.100", 7001) as outward,
        ThreadPoolExecutor() as pool,
        # On all three real servers when it begins: rs3 is drained until the last of them has ended.
        Downloads(lab, "client", VIP, SHOP, seconds=60, **download) as first,
    ):
        running = pool.submit(cluster.playbook, "site", *words, inventory=inventory)
        # On a slow machine the first downloads have ended by then, and rs3 is soon gone.
        wait_until(
            lambda: cluster.table("lb1")[f"TCP {VIP}:{SHOP}"].get(RS3, 0) == 0, seconds=300, what="rs3 to be drained"
        )
        with Downloads(lab, "client", VIP, SHOP, seconds=120, **download) as second:
            run = running.result()
    assert run.status == 0, run.output
    print(f"{load.sent} requests at {load.rate:.0f}/s, {len(load.failed)} failed")
    assert load.failed == []
    assert load.rate > 150
    for downloads in (first, second):
        assert [one.error for one in downloads.finished()] == [""] * 20
        assert {one.received for one in downloads.finished()} == {2_000_000}
    assert {one.by for one in first.finished()} == {"rs1", "rs2", "rs3"}
    assert {one.by for one in second.finished()} <= {"rs1", "rs2"}
    assert outside.masters(1) == ["200.200.200.201"]
    assert inside.masters(2) == ["192.168.1.2"]
    assert (outward.peer, outward.error) == (VIP, "")
    for director in DIRECTORS:
        table = cluster.table(director)
        assert table[f"TCP {VIP}:{SHOP}"] == table[f"TCP {NEW}:80"] == {RS1: 3, RS2: 1}
        assert table[f"TCP {VIP}:80"] == {RS1: 1, RS2: 1, RS3: 1}
        assert "auth_pass rotated8" in cluster.run(director, "cat", "/etc/keepalived/keepalived.conf")
    assert cluster.holders(NEW) == ["lb1"]
    assert cluster.serve("client", NEW, 80, 40) == {"rs1": 30, "rs2": 10}

    with Load(lab, "client", [(VIP, SHOP)]) as load, Adverts(lab, "client", "eth0") as outside:
        back = cluster.playbook("site")
    assert back.status == 0, back.output
    assert load.failed == []
    assert outside.masters(1) == ["200.200.200.201"]
    assert cluster.holders(NEW) == []
    assert cluster.table("lb1")[f"TCP {VIP}:{SHOP}"] == {RS1: 1, RS2: 1, RS3: 1}
