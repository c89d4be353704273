"""What the modules do to connections that are under way, and beside others who write to the table."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from tests.support.cluster import Cluster, wait_until
from tests.support.download import Downloads
from tests.support.guest_modules import GuestModules, command, module
from tests.support.stream import Stream

VIP, PORT = "10.9.0.1", 80
SERVICE: dict[str, Any] = {"address": VIP, "port": PORT}
RS1: dict[str, Any] = {"address": "192.168.9.11"}
RS2 = {"address": "192.168.9.12"}
MEGABYTE = 1024 * 1024
SAVE = command("ipvsadm", "--save", "--numeric")


@pytest.fixture(autouse=True)
def no_connections(box: GuestModules) -> None:
    """Connections outlast their service in the kernel, and count again for the next one of that name."""
    box.run(command("sh", "-c", "rmmod $(lsmod | awk '/^ip_vs_/ {print $1}') ip_vs"))


def active(box: GuestModules) -> dict[str, int]:
    (info,) = box.run(module("ipvs_info", **SERVICE))
    return {one["address"]: one["connections"]["active"] for one in info["services"][0]["destinations"]}


def counted(box: GuestModules) -> int:
    (info,) = box.run(module("ipvs_info", **SERVICE))
    return int(info["services"][0]["statistics"]["conns"])


def test_new_weight_keeps_connections_and_resets_nothing(cluster: Cluster, box: GuestModules) -> None:
    limits = {"upper_threshold": 500, "lower_threshold": 100}
    box.run(module("ipvs_service", **SERVICE, scheduler="wrr", persistence_timeout=300, persistence_netmask="24",
                   destinations=[{**RS1, "weight": 2, **limits}, {**RS2, "weight": 1, **limits}]))  # fmt: skip
    thresholds = command("ipvsadm", "--list", "--numeric", "--thresholds")
    with Downloads(cluster.lab, "client", VIP, PORT, number=4, seconds=10, size=4 * MEGABYTE) as downloads:
        # The kernel renews its counters every 2 s.
        wait_until(lambda: counted(box) == 4, seconds=5, what="the kernel to count the connections")
        before, was = box.run(module("ipvs_info", **SERVICE), thresholds)
        changed, after, now = box.run(
            module("ipvs_dest", service=SERVICE, **RS1, weight=7), module("ipvs_info", **SERVICE), thresholds
        )
        finished = downloads.finished()
    assert [(one.received, one.error) for one in finished] == [(4 * MEGABYTE, "")] * 4
    assert changed["operations"]["destinations"] == {"added": 0, "changed": 1, "deleted": 0}
    assert now["stdout"] == was["stdout"]
    (old,), (new,) = before["services"], after["services"]
    assert sum(one["connections"]["active"] for one in old["destinations"]) == 4
    assert (old["statistics"]["conns"], new["statistics"]["conns"]) == (4, 4)
    for one, other in zip(old["destinations"], new["destinations"], strict=True):
        assert one["connections"] == other["connections"]
        changes = {name for name in one if one[name] != other[name]} - {"statistics"}
        assert changes == ({"weight"} if one["address"] == RS1["address"] else set())
        assert other["statistics"]["inbytes"] >= one["statistics"]["inbytes"]
    settings = {name: old[name] for name in ("scheduler", "persistence_timeout", "persistence_netmask")}
    assert settings == {name: new[name] for name in settings}
    assert settings == {"scheduler": "wrr", "persistence_timeout": 300, "persistence_netmask": "255.255.255.0"}


def test_drain_lets_downloads_finish(cluster: Cluster, box: GuestModules) -> None:
    box.run(module("ipvs_service", **SERVICE, scheduler="wrr", destinations=[RS1, RS2]))
    with (
        Downloads(cluster.lab, "client", VIP, PORT, number=10, seconds=10, size=3 * MEGABYTE) as downloads,
        Stream(cluster.lab, "client", VIP, PORT, timeout=5) as stream,
    ):
        assert min(active(box).values()) >= 5
        (drained,) = box.run(module("ipvs_dest", service=SERVICE, **RS1, state="drained", timeout=60, remove=True))
        (listed,) = box.run(SAVE)
        finished = downloads.finished()
    assert [(one.received, one.error) for one in finished] == [(3 * MEGABYTE, "")] * 10
    assert {one.by for one in finished} == {"rs1", "rs2"}
    assert stream.failed == 0
    assert drained["operations"]["destinations"] == {"added": 0, "changed": 1, "deleted": 1}
    assert drained["connections"]["active"] == 0
    assert drained["progress"][0]["active"] >= 5
    assert drained["progress"][-1]["active"] == 0
    assert drained["progress"][-1]["seconds"] > 2
    assert "192.168.9.11" not in listed["stdout"]
    again, checked = box.run(
        module("ipvs_dest", service=SERVICE, **RS1, state="drained", remove=True),
        module("ipvs_dest", service=SERVICE, **RS2, state="drained", check=True),
    )
    assert (again["changed"], checked["changed"]) == (False, True)
    assert (again["connections"]["active"], again["progress"]) == (0, [])


def test_drain_that_takes_too_long_says_so_and_goes_on_later(cluster: Cluster, box: GuestModules) -> None:
    box.run(module("ipvs_service", **SERVICE, destinations=[RS1]))
    drain: dict[str, Any] = {"service": SERVICE, **RS1, "state": "drained", "remove": True}
    with Downloads(cluster.lab, "client", VIP, PORT, number=2, seconds=10, size=2 * MEGABYTE) as downloads:
        short, listed = box.run(module("ipvs_dest", **drain, timeout=1), SAVE)
        assert short["msg"].startswith(
            "destination 192.168.9.11:80 of virtual service tcp 10.9.0.1:80 still has 2 active "
        )
        assert short["changed"] is True
        assert short["operations"]["destinations"] == {"added": 0, "changed": 1, "deleted": 0}
        assert short["connections"]["active"] == 2
        assert "-r 192.168.9.11:80 -m -w 0" in listed["stdout"]
        (rest,) = box.run(module("ipvs_dest", **drain, timeout=60))
        assert rest["operations"]["destinations"] == {"added": 0, "changed": 0, "deleted": 1}
        assert {one.error for one in downloads.finished()} == {""}


def test_purge_quiesces_before_it_deletes(cluster: Cluster, box: GuestModules) -> None:
    both = [{**SERVICE, "scheduler": "wrr", "destinations": [RS1, RS2]}]
    one = [{**SERVICE, "scheduler": "wrr", "destinations": [RS2]}]
    box.run(module("ipvs_table", services=both))
    with (
        Downloads(cluster.lab, "client", VIP, PORT, number=6, seconds=10, size=2 * MEGABYTE) as downloads,
        Stream(cluster.lab, "client", VIP, PORT, timeout=5) as stream,
    ):
        checked, purged, again = box.run(
            module("ipvs_table", services=one, purge=True, check=True),
            module("ipvs_table", services=one, purge=True), module("ipvs_table", services=one, purge=True),
        )  # fmt: skip
        assert {download.error for download in downloads.finished()} == {""}
    assert stream.failed == 0
    assert checked["operations"]["destinations"] == {"added": 0, "changed": 0, "deleted": 1}
    assert purged["operations"]["destinations"] == {"added": 0, "changed": 1, "deleted": 1}
    assert purged["drain"]["done"] is True
    assert purged["drain"]["progress"][0]["active"] >= 3
    assert again["changed"] is False


def test_purge_cuts_what_outlasts_its_grace(cluster: Cluster, box: GuestModules) -> None:
    box.run(module("ipvs_table", services=[{**SERVICE, "destinations": [RS1]}]))
    with Downloads(cluster.lab, "client", VIP, PORT, number=2, seconds=10, size=2 * MEGABYTE):
        (purged,) = box.run(module("ipvs_table", services=[], purge=True, drain_timeout=1))
        assert purged["drain"]["done"] is False
        assert purged["drain"]["connections"]["active"] == 2
        assert "2 active connections of what was purged were left after 1 s and were cut" in str(purged["warnings"])
        assert purged["operations"]["services"] == {"added": 0, "changed": 0, "deleted": 1}
        box.run(module("ipvs_table", services=[{**SERVICE, "destinations": [RS1]}]))  # so that they can end


def wanted(number: int) -> list[dict[str, Any]]:
    return [
        {"address": VIP, "port": 10000 + port, "scheduler": "wrr",
         "destinations": [{"address": f"192.168.9.{last}", "weight": port % 7 + last} for last in range(20, 30)]}
        for port in range(number)
    ]  # fmt: skip


def as_saved(services: list[dict[str, Any]]) -> list[str]:
    """The table as ipvsadm saves it."""
    lines = []
    for one in services:
        lines.append(f"-A -t {one['address']}:{one['port']} -s {one['scheduler']}")
        lines += [f"-a -t {one['address']}:{one['port']} -r {d['address']}:{one['port']} -m -w {d['weight']}"
                  for d in one["destinations"]]  # fmt: skip
    return sorted(lines)


def test_two_runs_at_once(box: GuestModules) -> None:
    """Neither fails, and the table is as both want it."""
    services = wanted(300)
    box.run(command("tee", "/run/table.json", stdin=json.dumps({"services": services})))
    run = module("ipvs_table", src="/run/table.json")
    results, again, saved = box.run({"together": [run, run]}, run, SAVE)
    assert [one.get("msg") for one in results["together"]] == [None, None]
    added = [one["operations"]["services"]["added"] for one in results["together"]]
    assert sum(added) == 300
    assert again["changed"] is False
    assert sorted(saved["stdout"].split("\n")[:-1]) == as_saved(services)


LOOP = """
i=0
while [ ! -e /run/stop ] && [ $i -lt 2000 ]; do
    ipvsadm -d -t 10.9.0.1:10000 -r 192.168.9.20; ipvsadm -e -t 10.9.0.1:10001 -r 192.168.9.21:10001 -m -w 99
    ipvsadm -A -t 10.9.0.1:7777; ipvsadm -D -t 10.9.0.1:10002; ipvsadm -D -t 10.9.0.1:7777; i=$((i + 1))
    touch /run/looping
done 2>/dev/null
rm -f /run/stop /run/looping
"""


def test_runs_beside_loops_of_ipvsadm(cluster: Cluster, box: GuestModules) -> None:
    """Whatever they delete and change in between: no run fails, and the last one leaves the wanted table."""
    services = wanted(100)
    box.run(
        command("tee", "/run/table.json", stdin=json.dumps({"services": services})), command("rm", "-f", "/run/stop")
    )
    loop = threading.Thread(target=cluster.run, args=("box", "sh", "-c", LOOP))
    loop.start()
    try:
        wait_until(lambda: box.run(command("ls", "/run/looping"))[0]["rc"] == 0, seconds=20, what="the loop to begin")
        results = box.run(*[module("ipvs_table", src="/run/table.json")] * 30)
    finally:
        box.run(command("touch", "/run/stop"))
        loop.join()
    assert {one.get("msg") for one in results} == {None}
    assert any(one["changed"] for one in results[1:])
    last, again, saved = box.run(*[module("ipvs_table", src="/run/table.json", purge=True, quiesce=False)] * 2, SAVE)
    assert "failed" not in last
    assert again["changed"] is False
    assert sorted(saved["stdout"].split("\n")[:-1]) == as_saved(services)


@pytest.mark.parametrize("role", ["master", "backup"])
def test_sync_daemons_and_timeouts(box: GuestModules, role: str) -> None:
    daemon = {"role": role, "interface": "eth0", "id": 7}
    one = module("ipvs_table", sync_daemons=[daemon], timeouts={"tcp": 700})
    first, again, listed, timeouts, more, moved, stopped, gone = box.run(
        one, one, command("ipvsadm", "--list", "--daemon"), command("ipvsadm", "--list", "--timeout"),
        module("ipvs_table", sync_daemons=[{**daemon, "port": 8849, "ttl": 2, "group": "224.0.0.90"}]),
        command("ipvsadm", "--list", "--daemon"),
        module("ipvs_table", sync_daemons=[], timeouts={"tcp": 900}), command("ipvsadm", "--list", "--daemon"),
    )  # fmt: skip
    assert first["operations"]["sync_daemons"] == {"started": 1, "stopped": 0}
    assert first["operations"]["timeouts"] == {"changed": 1}
    assert again["changed"] is False
    assert (
        f"{role} sync daemon (mcast=eth0, syncid=7, maxlen=1472, group=224.0.0.81, port=8848, ttl=1)"
        in listed["stdout"]
    )
    assert timeouts["stdout"] == "Timeout (tcp tcpfin udp): 700 120 300\n"
    assert more["operations"]["sync_daemons"] == {"started": 1, "stopped": 1}
    assert "group=224.0.0.90, port=8849, ttl=2" in moved["stdout"]
    assert stopped["operations"]["sync_daemons"] == {"started": 0, "stopped": 1}
    assert gone["stdout"] == ""
