"""What the modules refuse on a real host: rights, a missing module, keepalived's services, what the kernel refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.cluster import Cluster
from tests.support.guest_modules import GuestModules, command, module

TCP: dict[str, Any] = {"address": "10.9.0.1", "port": 80}
TCP6: dict[str, Any] = {"address": "2001:db8:9::1", "port": 80}
REAL: dict[str, Any] = {"address": "192.168.9.11"}
REAL6: dict[str, Any] = {"address": "2001:db8:99::11"}
LIST = command("ipvsadm", "--list", "--numeric")
SAVE = command("ipvsadm", "--save", "--numeric")
LOADED = command("ls", "/proc/net/ip_vs")
CHECKS = [
    module("ipvs_service", **TCP, check=True),
    module("ipvs_dest", service=TCP, **REAL, check=True),
    module("ipvs_table", services=[{**TCP, "destinations": [REAL]}], timeouts={"tcp": 60}, check=True,
           sync_daemons=[{"role": "master", "interface": "eth0"}]),
    module("ipvs_info", check=True),
    module("ipvs_info"),
    module("ipvs_service", **TCP, state="absent"),
    module("ipvs_dest", service=TCP, **REAL, state="absent"),
    module("ipvs_dest", service=TCP, **REAL, state="drained", remove=True),
    module("ipvs_table", services=[], purge=True, sync_daemons=[]),
]  # fmt: skip
ANY = [
    module("ipvs_service", **TCP), module("ipvs_dest", service=TCP, **REAL), module("ipvs_table", services=[]),
    module("ipvs_info"),
]  # fmt: skip


@pytest.fixture
def unloaded(box: GuestModules) -> GuestModules:
    """A kernel without ip_vs."""
    box.run(command("sh", "-c", "rmmod $(lsmod | awk '/^ip_vs_/ {print $1}') ip_vs"))
    assert box.run(LOADED)[0]["rc"] != 0
    return box


def test_nothing_that_only_looks_loads_the_module(unloaded: GuestModules) -> None:
    *results, loaded = unloaded.run(*CHECKS, LOADED)
    assert [result.get("msg") for result in results] == [None] * len(CHECKS)
    assert [result["changed"] for result in results] == [True] * 3 + [False] * 6
    assert results[3]["loaded"] is False
    assert results[2]["diff"]["after"] == (
        "tcp 10.9.0.1:80 scheduler=wlc\n  -> 192.168.9.11:80 forwarding=nat weight=1\n"
        "timeouts tcp=60 tcp_fin=120 udp=300\nsync_daemon master interface=eth0\n"
    )
    assert loaded["rc"] != 0


def test_module_that_is_missing(unloaded: GuestModules) -> None:
    hide = "cd /lib/modules/$(uname -r)/kernel/net/netfilter/ipvs && mv {} {}"
    unloaded.run(command("sh", "-c", hide.format("ip_vs.ko", "hidden")))
    try:
        result, info = unloaded.run(module("ipvs_service", **TCP), module("ipvs_info"))
    finally:
        unloaded.run(command("sh", "-c", hide.format("hidden", "ip_vs.ko")))
    assert result["msg"].startswith("the kernel has no IPVS: the module ip_vs is not loaded and could not be; ")
    assert info["loaded"] is False
    assert unloaded.run(module("ipvs_service", **TCP))[0]["changed"] is True


def test_no_privilege_is_never_an_empty_table(box: GuestModules) -> None:
    box.run(module("ipvs_service", **TCP))
    for result in box.run(*({**step, "uid": 65534} for step in ANY)):
        assert result["msg"] == (
            "the user of this task has no CAP_NET_ADMIN, which IPVS wants for reading too; use become: true"
        )
    for result in box.run_under(("unshare", "--user", "--map-root-user"), *ANY):
        assert result["msg"].startswith("this process is in a user namespace")


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (module("ipvs_service", **TCP, scheduler="nosuch"),
         "virtual service tcp 10.9.0.1:80: this kernel has no scheduler nosuch; see whether modprobe ip_vs_nosuch "
         "finds it"),
        (module("ipvs_service", **TCP, persistence_timeout=9, persistence_engine="nosuch"),
         "virtual service tcp 10.9.0.1:80: this kernel has no persistence engine nosuch; see whether modprobe "
         "ip_vs_pe_nosuch finds it"),
        (module("ipvs_service", **TCP, namespace="nowhere"),
         "namespace: there is no network namespace nowhere on this host; see ip netns list"),
        (module("ipvs_table", sync_daemons=[{"role": "master", "interface": "eth9"}]),
         "sync_daemons: the master daemon can't be started: there is no interface eth9 here; see ip link"),
        (module("ipvs_table", sync_daemons=[{"role": "master", "interface": "eth9"}], timeouts={"tcp": 60}, check=True),
         "sync_daemons: the master daemon can't be started: there is no interface eth9 here; see ip link"),
        (module("ipvs_table", src="/run/none.json"),
         "src: /run/none.json can't be read on this host: No such file or directory"),
        (module("ipvs_table", services=[], src="/run/none.json"), "src: is given beside services; give one of them"),
        (module("ipvs_table", purge=True), "purge: is given without services; list those that stay, [] for none"),
        (module("ipvs_service", **TCP, purge_destinations=True),
         "purge_destinations: is given without destinations; list those that stay, [] for none"),
        (module("ipvs_service", **TCP, fwmark=1),
         "fwmark: stands beside address, port; name a service by its mark or by its address"),
        (module("ipvs_service"), "address: is missing, and so is fwmark; name the virtual service by one of them"),
        (module("ipvs_dest", service=TCP, **REAL, state="drained", weight=3),
         "weight: goes with state present, not drained; leave it out"),
        (module("ipvs_dest", service=TCP, **REAL, forwarding="dr", port=81),
         "port: 81 is not the service's port 80, and dr maps no ports; leave port out, or use forwarding nat"),
    ],
    ids=lambda value: value if isinstance(value, str) else value["module"],
)  # fmt: skip
def test_one_clear_error_and_nothing_done(box: GuestModules, step: dict[str, Any], message: str) -> None:
    if step["module"] == "ipvs_dest":
        box.run(module("ipvs_service", **TCP))
    before, result, after = box.run(LIST, step, LIST)
    assert result["msg"].partition(" (")[0] == message.partition(" (")[0]
    assert not result.get("changed")
    assert after["stdout"] == before["stdout"]


@pytest.fixture
def without_ipv6(cluster: Cluster) -> Iterator[GuestModules]:
    """The modules on a guest that was booted with ipv6.disable=1."""
    modules = GuestModules(cluster, "rs2")
    yield modules
    modules.run(command("sh", "-c", "ipvsadm --clear; rmmod $(lsmod | awk '/^ip_vs_/ {print $1}') ip_vs"))
    modules.close()


def test_ipv6_that_is_off(without_ipv6: GuestModules) -> None:
    """Said before ip_vs is loaded or an IPv4 service beside it added; IPv4 alone goes on."""
    steps = [
        module("ipvs_service", **TCP6), module("ipvs_service", **TCP6, check=True),
        module("ipvs_service", fwmark=1, family="ipv6"),
        module("ipvs_service", **TCP, destinations=[{**REAL6, "forwarding": "tun"}]),
        module("ipvs_dest", service=TCP6, **REAL6),
        module("ipvs_table", services=[TCP, TCP6]),
        module("ipvs_table", services=[{**TCP, "destinations": [{**REAL6, "forwarding": "tun"}]}], check=True),
    ]  # fmt: skip
    *results, loaded, four, listed = without_ipv6.run(
        *steps, LOADED, module("ipvs_table", services=[{**TCP, "destinations": [REAL]}]), LIST
    )
    assert {result["msg"] for result in results} == {
        "IPv6 is off in this kernel (ipv6.disable=1, or built without); switch it on, or use IPv4 services"
    }
    assert not any(result.get("changed") for result in results)
    assert loaded["rc"] != 0
    assert four["changed"] is True
    assert [line.split()[:2] for line in listed["stdout"].splitlines()[3:]] == [
        ["TCP", "10.9.0.1:80"], ["->", "192.168.9.11:80"],
    ]  # fmt: skip


def test_a_sync_daemon_without_its_interface_is_refused_before_anything_changes(box: GuestModules) -> None:
    runs, missing = ({"role": "master", "interface": name} for name in ("eth0", "eth9"))
    table = module("ipvs_table", services=[{**TCP, "destinations": [REAL]}], sync_daemons=[missing])
    failed, listed, daemons = box.run(
        module("ipvs_table", sync_daemons=[runs]), table, LIST, command("ipvsadm", "--list", "--daemon")
    )[1:]
    assert failed["failed"] is True
    assert failed["msg"].startswith("sync_daemons: the master daemon can't be started: there is no interface eth9 here")
    assert not failed.get("changed")
    assert "10.9.0.1:80" not in listed["stdout"]
    assert "mcast=eth0" in daemons["stdout"]


def test_entry_that_the_kernel_refuses_in_the_middle(box: GuestModules) -> None:
    """7,200 entries, the 7,000th with a scheduler that isn't there: it is named, and the next run goes on."""

    def services(scheduler: str) -> list[dict[str, Any]]:
        return [{"fwmark": mark, "scheduler": scheduler if mark == 7000 else "rr"} for mark in range(1, 7201)]

    def table(scheduler: str) -> tuple[dict[str, Any], dict[str, Any]]:
        content = json.dumps({"services": services(scheduler)})
        return command("tee", "/run/table.json", stdin=content), module("ipvs_table", src="/run/table.json")

    failed, saved = box.run(*table("nosuch"), SAVE)[1:]
    assert failed["msg"].startswith("virtual service fwmark 7000: this kernel has no scheduler nosuch; ")
    assert failed["refused"] == {"service": {"fwmark": 7000, "family": "ipv4"}}
    done = failed["operations"]["services"]["added"]
    assert saved["stdout"].count("-A -f ") == done
    assert 6999 <= done < 7200
    went_on, again, saved = box.run(*table("wrr"), module("ipvs_table", src="/run/table.json"), SAVE)[1:]
    assert went_on["operations"]["services"] == {"added": 7200 - done, "changed": 0, "deleted": 0}
    assert again["changed"] is False
    assert saved["stdout"].count("-A -f ") == 7200


CONFIGURATION = """
virtual_server 10.9.0.1 80 {
    lb_algo wrr
    lb_kind NAT
    protocol TCP
    real_server 192.168.9.11 80 {
        weight 5
    }
}
virtual_server fwmark 9 {
    lb_algo rr
    lb_kind NAT
    real_server 192.168.9.11 80 {
        weight 5
    }
}
"""


@pytest.fixture
def keepalived(cluster: Cluster, box: GuestModules) -> Iterator[GuestModules]:
    """A keepalived with two virtual servers of its own."""
    cluster.run("box", "tee", "/etc/keepalived/keepalived.conf", stdin=CONFIGURATION)
    cluster.run("box", "systemctl", "start", "keepalived")
    wait = "for i in $(seq 300); do ipvsadm -Sn | grep -q -e '-a -f 9' && exit; sleep 0.1; done; exit 1"
    assert box.run(command("sh", "-c", wait))[0]["rc"] == 0
    yield box
    cluster.run("box", "systemctl", "stop", "keepalived")
    cluster.run("box", "rm", "/etc/keepalived/keepalived.conf")


def test_services_of_a_running_keepalived_are_refused(keepalived: GuestModules) -> None:
    steps = [
        module("ipvs_service", **TCP, scheduler="rr"), module("ipvs_service", fwmark=9, state="absent"),
        module("ipvs_dest", service=TCP, **REAL, weight=1),
        module("ipvs_dest", service={"fwmark": 9}, **REAL, state="drained"),
        module("ipvs_table", services=[{**TCP, "scheduler": "rr"}]), module("ipvs_table", services=[], purge=True),
    ]  # fmt: skip
    before, *results, after = keepalived.run(SAVE, *steps, SAVE)
    for result, name in zip(results, ("tcp 10.9.0.1:80", "fwmark 9") * 3, strict=True):
        assert result["failed"]
        assert name in result["msg"]
        assert "a keepalived that runs on this host has it in its configuration" in result["msg"]
        assert "force: true" in result["msg"]
    assert after["stdout"] == before["stdout"]


def test_what_is_refused_changes_nothing_not_even_before(keepalived: GuestModules) -> None:
    """Neither timeouts nor other services, whose turn comes before what is refused."""
    times = command("ipvsadm", "-l", "--timeout")
    file = "/var/lib/lvs-cluster/broken.json"
    more: dict[str, Any] = {"services": [{**TCP, "port": 82}], "timeouts": {"tcp": 1111}}
    before, set_before, *results, after, set_after, _gone = keepalived.run(
        SAVE, times, command("sh", "-c", f"mkdir -p /var/lib/lvs-cluster; echo half > {file}"),
        module("ipvs_table", **more, purge=True), module("ipvs_table", **more, state_file=file),
        module("ipvs_table", services=[{**TCP, "scheduler": "rr"}], timeouts={"tcp": 1111}),
        SAVE, times, command("rm", file),
    )  # fmt: skip
    for result, text in zip(results[1:], ("purge would delete", file, "tcp 10.9.0.1:80"), strict=True):
        assert result["failed"]
        assert text in result["msg"]
    assert (after["stdout"], set_after["stdout"]) == (before["stdout"], set_before["stdout"])


def test_a_drain_of_what_is_not_there_fails_in_check_mode_too(box: GuestModules) -> None:
    drain: dict[str, Any] = {"service": TCP, **REAL, "state": "drained", "check": True}
    without, _service, wrong, _back = box.run(
        module("ipvs_dest", **drain), module("ipvs_service", **TCP), module("ipvs_dest", **drain),
        module("ipvs_service", **TCP, state="absent"),
    )  # fmt: skip
    assert not without.get("failed")
    assert "there is no virtual service tcp 10.9.0.1:80 yet" in str(without["warnings"])
    assert wrong["failed"]
    assert "has no destination 192.168.9.11:80 to drain" in wrong["msg"]


def test_others_beside_keepalived_and_force(keepalived: GuestModules) -> None:
    other, forced, info, listed = keepalived.run(
        module("ipvs_service", **{**TCP, "port": 81}), module("ipvs_service", **TCP, scheduler="rr", force=True),
        module("ipvs_info", **TCP), LIST,
    )  # fmt: skip
    assert (other["changed"], forced["changed"]) == (True, True)
    assert info["services"][0]["scheduler"] == "rr"
    assert "TCP  10.9.0.1:81 wlc" in listed["stdout"]


def test_purge_of_ours_leaves_keepalived_and_foreign_services(keepalived: GuestModules) -> None:
    file: dict[str, Any] = {"state_file": "/var/lib/lvs-cluster/ipvs.json"}
    ours = [{**TCP, "port": port} for port in (8001, 8002)]
    keepalived.run(command("ipvsadm", "-A", "-t", "10.9.0.1:7000"), module("ipvs_table", services=ours, **file))
    mode, purged, again, info = keepalived.run(
        command("stat", "-c", "%a %U", file["state_file"]), module("ipvs_table", services=ours[:1], purge=True, **file),
        module("ipvs_table", services=ours[:1], purge=True, **file), module("ipvs_info", statistics=False),
    )  # fmt: skip
    assert mode["stdout"] == "600 root\n"
    assert purged["operations"]["services"] == {"added": 0, "changed": 0, "deleted": 1}
    assert again["changed"] is False
    names = [service.get("fwmark") or service["port"] for service in info["services"]]
    assert sorted(names) == [9, 80, 7000, 8001]
