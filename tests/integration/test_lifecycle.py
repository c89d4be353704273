"""A cluster's life from the first --check to its removal: what runs change, what they must not, what they leave.

The tests follow each other on one lab. LVS_TEST_RELEASE and LVS_LAB_IMAGE choose the guests: `make test-full` also runs
this with bare guests and with Debian 13, and then those tests, too, that are marked late.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from lab import state
from lab.networks import management_address
from tests.support.cluster import ROOT, Cluster, booted, wait_until
from tests.support.snapshot import difference, snapshot, snapshots
from tests.support.stream import Stream

RELEASE = os.environ.get("LVS_TEST_RELEASE", "bookworm")
IMAGE = os.environ.get("LVS_LAB_IMAGE", "full")
HOSTS = ("lb1", "lb2", "rs1", "rs2", "client")
VIP, PLAIN = "10.0.0.5", 8080
RS1, RS2 = "192.168.0.12:80", "192.168.0.13:80"
SERVICE, BOTH = f"TCP {VIP}:{PLAIN}", {RS1: 20, RS2: 8}
# In none of the directors' networks, each with the interface that it is put on.
ROUTED = {"203.0.113.5": "eth0", "203.0.113.6": "lo"}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("inventories") / "nat_ha"
    shutil.copytree(ROOT / "inventories" / "nat_ha", folder)
    (folder / "group_vars" / "all.yml").write_text(json.dumps({"lab_release": RELEASE}))
    with booted("life", folder, IMAGE) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def fresh(cluster: Cluster) -> dict[str, list[str]]:
    """What the hosts looked like before anything ran."""
    return snapshots(cluster, HOSTS)


@pytest.fixture(scope="module")
def configured(cluster: Cluster, fresh: dict[str, list[str]]) -> Cluster:
    run = cluster.playbook("site")
    assert run.status == 0, run.output
    wait_until(lambda: cluster.holders(VIP) == ["lb1"], seconds=20, what="lb1 to be master")
    return cluster


def extra(**variables: object) -> list[str]:
    return ["--extra-vars", json.dumps(variables)]


def variant(cluster: Cluster, tmp_path: Path, **host_variables: dict[str, object]) -> Path:
    """The cluster's inventory with other variables for some hosts."""
    folder = tmp_path / "nat_ha"
    shutil.copytree(cluster.inventory, folder)
    for host, variables in host_variables.items():
        (folder / "host_vars").mkdir(exist_ok=True)
        (folder / "host_vars" / f"{host}.yml").write_text(json.dumps(variables))
    return folder


def test_check_on_fresh_hosts_touches_nothing(cluster: Cluster, fresh: dict[str, list[str]]) -> None:
    run = cluster.playbook("site", "--check", "--diff")
    assert run.status == 0, run.output
    assert run.recap.keys() == set(HOSTS)
    assert {host: counts[0] > 0 for host, counts in run.recap.items()} == {host: host != "client" for host in HOSTS}
    for host, now in snapshots(cluster, HOSTS).items():
        assert difference(fresh[host], now) == [], host
    if IMAGE == "bare":
        assert "not tested" in run.output


def test_second_run_changes_nothing(configured: Cluster) -> None:
    run = configured.playbook("site")
    assert (run.status, run.changed) == (0, {}), run.output


def test_lab_only_host_is_left_alone(configured: Cluster, fresh: dict[str, list[str]]) -> None:
    assert difference(fresh["client"], snapshot(configured, "client")) == []


def test_passwords_are_shown_nowhere(configured: Cluster) -> None:
    run = configured.playbook("site", "--check", "--diff", "-vvv", *extra(vault_vrrp_pass="n3wS3cre"))
    assert run.status == 0, run.output
    assert run.changed.keys() == {"lb1", "lb2"}
    for secret in ("n3wS3cre", "rehearse"):
        assert secret not in run.output
    journal = configured.run("lb1", "journalctl", "--no-pager", "--boot")
    assert "keepalived" in journal
    assert "rehearse" not in journal


def test_rejected_configuration_never_replaces_the_running_one(configured: Cluster) -> None:
    file = "/etc/keepalived/keepalived.conf"
    before = configured.run("lb1", "md5sum", file)
    bad = extra(lvs_keepalived_global={"options": {"no_such_keyword": 1}})
    for arguments in (["--check", *bad], bad):
        run = configured.playbook("site", *arguments)
        assert run.status != 0
        assert "no_such_keyword" in run.output
        assert configured.run("lb1", "md5sum", file) == before
    assert configured.serve("client", VIP, PLAIN, 10).keys() <= {"rs1", "rs2"}


def test_unreachable_director_stops_the_change_of_the_other(configured: Cluster) -> None:
    before = configured.run("lb2", "md5sum", "/etc/keepalived/keepalived.conf")
    with configured.without_power("lb1"):
        run = configured.playbook("site", *extra(lvs_keepalived_global={"router_id": "changed"}))
        assert run.status != 0
        assert run.recap["lb1"][1] == 1
        assert configured.run("lb2", "md5sum", "/etc/keepalived/keepalived.conf") == before
    wait_until(lambda: configured.holders(VIP) == ["lb1"], seconds=30, what="lb1 to be master again")


@pytest.mark.late
def test_change_under_load_fails_no_request(configured: Cluster, tmp_path: Path) -> None:
    """rs2 leaves: it is drained, taken out, and its way back removed; not one request fails meanwhile."""
    inventory = variant(configured, tmp_path, rs2={"lvs_state": "absent"})
    # Without the directors, which still send it requests, nothing is taken from it.
    alone = configured.playbook("site", "--limit", "rs2", inventory=inventory)
    assert (alone.status, alone.changed) == (0, {}), alone.output
    with Stream(configured.lab, "client", VIP, PLAIN, timeout=2) as stream:
        run = configured.playbook("site", inventory=inventory)
    assert run.status == 0, run.output
    assert len(stream.answers) > 100
    assert stream.failed == 0
    assert stream.answers[-1].by == "rs1"
    for director in ("lb1", "lb2"):
        assert configured.table(director)[f"TCP {VIP}:{PLAIN}"] == {RS1: 20}
        files = configured.run(director, "ls", "/var/lib/lvs-cluster/weights").split()
        assert [name for name in files if "192.168.0.13" in name] == []


@pytest.mark.late
def test_rs2_left_nothing_behind(configured: Cluster, fresh: dict[str, list[str]]) -> None:
    assert left(fresh["rs2"], snapshot(configured, "rs2")) == []


@pytest.mark.late
def test_new_real_server_is_held_back_until_it_was_prepared(configured: Cluster) -> None:
    """rs2 comes back. A run that is limited to the directors knows it, and gives it no weight."""
    limited = configured.playbook("site", "--limit", "directors")
    assert limited.status == 0, limited.output
    wait_until(
        lambda: configured.table("lb1")[f"TCP {VIP}:{PLAIN}"] == {RS1: 20, RS2: 0}, seconds=15, what="rs2 with weight 0"
    )
    assert configured.serve("client", VIP, PLAIN, 20) == {"rs1": 20}
    full = configured.playbook("site")
    assert full.status == 0, full.output
    for director in ("lb1", "lb2"):
        wait_until(
            lambda host=director: configured.table(host)[f"TCP {VIP}:{PLAIN}"] == {RS1: 20, RS2: 8},  # type: ignore[misc]
            seconds=15, what="rs2 to have its weight",
        )  # fmt: skip


@pytest.mark.late
def test_director_without_its_notes_keeps_those_who_serve(configured: Cluster) -> None:
    """As one that keepalived ran on before this collection did. The run includes no real server."""
    run_without_notes(configured, "lb2")
    limited = configured.playbook("site", "--limit", "lb2")
    assert limited.status == 0, limited.output
    wait_until(lambda: configured.table("lb2")[SERVICE] == BOTH, seconds=15, what="lb2 to check both")
    assert "ready (nat)" in configured.run("lb2", "grep", "-rh", "lvs.cluster", "/var/lib/lvs-cluster/weights")


@pytest.mark.late
def test_new_director_is_not_configured_without_its_real_servers(configured: Cluster) -> None:
    """It has a higher priority than its peer, so it would take over, with nobody to send requests to."""
    configured.run("lb1", "systemctl", "stop", "keepalived")
    wait_until(lambda: configured.holders(VIP) == ["lb2"], seconds=20, what="lb2 to be master")
    run_without_notes(configured, "lb1")
    for arguments in (["--check"], []):
        limited = configured.playbook("site", "--limit", "lb1", *arguments)
        said = " ".join(limited.output.split())
        assert limited.status != 0, limited.output
        assert "lb1: none of its real servers would have a weight" in said
        assert "name rs1, rs2 in --limit, too" in said
    assert configured.run("lb1", "sh", "-c", "systemctl is-active keepalived || true").strip() == "inactive"
    with Stream(configured.lab, "client", VIP, PLAIN, timeout=2) as stream:
        named = configured.playbook("site", "--limit", "lb1,rs1,rs2")
        wait_until(lambda: configured.holders(VIP) == ["lb1"], seconds=30, what="lb1 to be master again")
    assert named.status == 0, named.output
    assert {answer.by for answer in stream.answers} == {"rs1", "rs2"}


@pytest.mark.late
def test_vips_that_a_route_leads_to_move_with_its_next_hop(configured: Cluster, tmp_path: Path) -> None:
    inventory = with_routed_vips(configured, tmp_path)
    run = configured.playbook("site", inventory=inventory)
    assert run.status == 0, run.output
    assert "203.0.113.5 is in no network of its interface eth0 (10.0.0.0/24)" in " ".join(run.output.split())
    for address in ROUTED:
        configured.run("client", "ip", "route", "add", address, "via", VIP)
        wait_until(lambda at=address: configured.holders(at) == ["lb1"], seconds=10, what=f"lb1 to hold {address}")  # type: ignore[misc]
    answers_by_routed_vips(configured)
    with configured.without_power("lb1"):
        wait_until(lambda: configured.holders(VIP, ("lb2",)) == ["lb2"], seconds=20, what="lb2 to take over")
        answers_by_routed_vips(configured)
    wait_until(lambda: configured.holders(VIP) == ["lb1"], seconds=30, what="lb1 to be master again")
    back = configured.playbook("site")
    assert back.status == 0, back.output
    assert [configured.holders(address) for address in ROUTED] == [[], []]
    for address in ROUTED:
        configured.run("client", "ip", "route", "delete", address)


def with_routed_vips(cluster: Cluster, tmp_path: Path) -> Path:
    """An inventory that has them in the instance of the VIP, and on each what the VIP serves on the port PLAIN."""
    inventory = variant(cluster, tmp_path)
    file = inventory / "group_vars" / "directors" / "main.yml"
    variables = yaml.safe_load(file.read_text())
    [instance] = variables["lvs_vrrp_instances"]
    instance["virtual_ipaddress_excluded"] = [
        {"address": f"{address}/32", "dev": device} for address, device in ROUTED.items()
    ]
    services = variables["lvs_virtual_services"]
    [plain] = [service for service in services if service["port"] == PLAIN]
    services += [{**plain, "name": f"routed-{device}", "address": address} for address, device in ROUTED.items()]
    file.write_text(json.dumps(variables))
    return inventory


def answers_by_routed_vips(cluster: Cluster) -> None:
    for address in ROUTED:
        wait_until(
            lambda at=address: cluster.serve("client", at, PLAIN, 14).keys() == {"rs1", "rs2"},  # type: ignore[misc]
            seconds=20, what=f"both real servers to answer by {address}, and no request to fail",
        )  # fmt: skip


def run_without_notes(cluster: Cluster, director: str) -> None:
    """Move all weight files of a director away; keepalived takes one that is missing for the full weight."""
    cluster.run(director, "sh", "-c", "rm /var/lib/lvs-cluster/weights/*")


def only_rs1_serves(cluster: Cluster) -> None:
    """Send requests to rs1 while rs2's web server is stopped: its way back must work."""
    service = f"TCP {VIP}:{PLAIN}"
    cluster.run("rs2", "systemctl", "stop", "nginx")
    wait_until(lambda: cluster.table("lb1")[service] == {RS1: 20}, seconds=20, what="rs2 to leave the table")
    assert cluster.serve("client", VIP, PLAIN, 20) == {"rs1": 20}
    cluster.run("rs2", "systemctl", "start", "nginx")
    wait_until(lambda: cluster.table("lb1")[service] == {RS1: 20, RS2: 8}, seconds=20, what="rs2 to return")


@pytest.mark.late
def test_plain_default_route_and_back(configured: Cluster, tmp_path: Path) -> None:
    inventory = variant(configured, tmp_path, rs1={"lvs_route": "default"})
    run = configured.playbook("site", inventory=inventory)
    assert (run.status, set(run.changed)) == (0, {"rs1"}), run.output
    assert "default via 192.168.0.1 dev eth0" in configured.run("rs1", "ip", "route", "show", "default")
    assert "192.168.0.12" not in configured.run("rs1", "ip", "rule")
    only_rs1_serves(configured)
    configured.lab.power("rs1", "reset")
    wait_until(
        lambda: "via 192.168.0.1" in configured.run("rs1", "ip", "route", "show", "default"),
        seconds=20, what="the default route after a power cut",
    )  # fmt: skip
    back = configured.playbook("site")
    assert back.status == 0, back.output
    assert configured.run("rs1", "ip", "route", "show", "default") == ""


@pytest.fixture
def inband(configured: Cluster) -> Iterator[list[str]]:
    """Arguments by which Ansible reaches rs1 over its service address, from outside, through lb1."""
    lab = configured.lab
    outside = state.load(lab.folder).bridges["10.0.0.0/24"]
    lab.namespace.ip("address", "add", "10.0.0.250/24", "dev", outside)
    lab.namespace.ip("route", "add", "192.168.0.12", "via", "10.0.0.3")
    yield [
        *("--limit", "rs1"),
        *extra(
            ansible_host="192.168.0.12",
            ansible_control_path=str(lab.folder / "ssh.d" / "inband"),
            # The guest's host key is known under its management address.
            ansible_ssh_extra_args=f"-o HostKeyAlias={management_address(state.load(lab.folder).guests['rs1'].number)}",
            real_server_nat_rollback_timeout=20,
        ),
    ]
    lab.namespace.ip("address", "delete", "10.0.0.250/24", "dev", outside)


def way_out(cluster: Cluster) -> str:
    return cluster.run("rs1", "ip", "route", "get", "10.0.0.250", "from", "192.168.0.12")


@pytest.mark.late
def test_route_of_ansible_itself_is_kept_when_it_works(configured: Cluster, inband: list[str], tmp_path: Path) -> None:
    # lb1's own address forwards as well as the address that moves, and is another next hop.
    inventory = variant(configured, tmp_path, rs1={"lvs_gateway": "192.168.0.2"})
    run = configured.playbook("site", *inband, inventory=inventory)
    assert (run.status, set(run.changed)) == (0, {"rs1"}), run.output
    assert "Keep the route, now that Ansible came back over it" in run.output
    assert "via 192.168.0.2 dev eth0 table LVS" in way_out(configured)
    timers = configured.run("rs1", "systemctl", "list-timers", "--all", "--no-legend")
    assert "lvs-return-route" not in timers
    back = configured.playbook("site", *inband)
    assert (back.status, set(back.changed)) == (0, {"rs1"}), back.output
    assert "via 192.168.0.1 dev eth0 table LVS" in way_out(configured)


@pytest.mark.late
def test_a_gateway_that_nobody_has_is_not_taken(configured: Cluster, tmp_path: Path) -> None:
    run = configured.playbook("site", inventory=variant(configured, tmp_path, rs1={"lvs_gateway": "192.168.0.99"}))
    assert (run.status, run.changed) == (2, {}), run.output
    assert "rs1: nobody answers for the gateway 192.168.0.99" in run.output.replace("\n", " ")
    assert "via 192.168.0.1 dev eth0 table LVS" in way_out(configured)


@pytest.mark.late
def test_route_that_cuts_ansible_off_is_taken_back(configured: Cluster, inband: list[str], tmp_path: Path) -> None:
    # rs2 is there, and forwards nothing. By its own address in the inventory it would be a fault.
    configured.run("rs2", "ip", "address", "add", "192.168.0.98/24", "dev", "eth0")
    inventory = variant(configured, tmp_path, rs1={"lvs_gateway": "192.168.0.98"})
    run = configured.playbook("site", *inband, inventory=inventory)
    configured.run("rs2", "ip", "address", "delete", "192.168.0.98/24", "dev", "eth0")
    assert run.status != 0
    _changed, unreachable, failed = run.recap["rs1"]
    assert unreachable + failed == 1, run.output
    wait_until(lambda: "via 192.168.0.1 dev" in way_out(configured), seconds=40, what="the rollback")
    again = configured.playbook("site", *inband)
    assert (again.status, again.changed) == (0, {}), again.output


def test_absent_leaves_nothing(configured: Cluster, fresh: dict[str, list[str]]) -> None:
    run = configured.playbook("site", *extra(lvs_state="absent"))
    assert run.status == 0, run.output
    for host, now in snapshots(configured, HOSTS).items():
        assert "\n".join(left(fresh[host], now)) == "", host


@pytest.mark.late
def test_absent_again_changes_nothing(configured: Cluster) -> None:
    again = configured.playbook("site", *extra(lvs_state="absent"))
    assert (again.status, again.changed) == (0, {}), again.output


def left(before: list[str], after: list[str]) -> list[str]:
    """What removal left: packages stay by design, so on bare guests only what is ours or configures the host counts."""
    # lab0 is not in the inventory: it came with a boot while conf/default was ours, and keeps what it took from there
    # until the next boot (docs/nat.md, Limits).
    # /etc/rcN.d repeats for init scripts that keepalived is disabled, which the links of systemd said before.
    passed_over = ("/conf/lab0/send_redirects", " /etc/rc")
    lines = [line for line in difference(before, after) if not any(word in line for word in passed_over)]
    if IMAGE == "full":
        return lines
    ours = ("lvs", "/etc/keepalived/keepalived.conf ", "/proc/sys/", "from ", "proto ", "10.0.0.5", "192.168.0.1/")
    return [line for line in lines if any(word in f"{line} " for word in ours)]
