"""A director without keepalived, from the first --check to its removal: every forwarding method, both families, load.

The tests follow each other on one lab. LVS_TEST_RELEASE and LVS_LAB_IMAGE choose the guests: `make test-full` also runs
this with bare guests and with Debian 13.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.cluster import Cluster, Run, booted
from tests.support.load import Load
from tests.support.snapshot import difference, snapshots

RELEASE = os.environ.get("LVS_TEST_RELEASE", "bookworm")
IMAGE = os.environ.get("LVS_LAB_IMAGE", "full")
CONTENT: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "inventory.yml").read_text())
HOSTS = ("lb1", "rs1", "rs2", "rs3", "client", "router")
ONE_TO_TWO = [
    ("10.0.0.6", 80),
    ("fd00:10::6", 80),
    ("10.0.0.7", 80),
    ("10.0.0.7", 443),
    ("10.0.0.8", 8080),
    ("10.0.0.9", 80),
]

# Rules of somebody else, in every place where ours go, beside and around them.
FOREIGN_RULES = """
*mangle
:THEIRS - [0:0]
-A PREROUTING -s 10.9.0.0/24 -j THEIRS
-A THEIRS -m mark --mark 0x0/0xff00 -j MARK --set-xmark 0x700/0xff00
-A THEIRS -j RETURN
-A INPUT -s 203.0.113.0/24 -j DROP
COMMIT
*filter
:THEIRS-TOO - [0:0]
-A INPUT -s 203.0.113.9/32 -p tcp -m tcp --dport 25 -j THEIRS-TOO
-A THEIRS-TOO -m comment --comment "keep me" -j REJECT --reject-with icmp-port-unreachable
COMMIT
"""
FOREIGN_RULES6 = """
*mangle
:THEIRS - [0:0]
-A PREROUTING -s fd00:99::/64 -j THEIRS
COMMIT
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    file = tmp_path_factory.mktemp("static") / "inventory.json"
    file.write_text(json.dumps({"all": {"children": CONTENT, "vars": {"lab_release": RELEASE}}}))
    with booted("static", file, IMAGE) as cluster:
        if IMAGE == "bare":
            cluster.run(
                "lb1", "sh", "-c", "apt-get -q update && apt-get -q -y --no-install-recommends install iptables"
            )
        cluster.run("lb1", "iptables-restore", "--noflush", stdin=FOREIGN_RULES)
        cluster.run("lb1", "ip6tables-restore", "--noflush", stdin=FOREIGN_RULES6)
        cluster.run("rs1", "ip", "address", "add", "198.51.100.9/32", "dev", "lo")
        yield cluster


@pytest.fixture(scope="module")
def fresh(cluster: Cluster) -> dict[str, list[str]]:
    """What the hosts looked like before anything ran."""
    return snapshots(cluster, HOSTS)


@pytest.fixture(scope="module")
def rules(cluster: Cluster) -> list[str]:
    """The director's firewall rules before anything ran: those of somebody else alone."""
    return firewall(cluster)


@pytest.fixture(scope="module")
def configured(cluster: Cluster, fresh: dict[str, list[str]], rules: list[str]) -> Cluster:
    run = cluster.playbook("site")
    assert run.status == 0, run.output
    return cluster


def firewall(cluster: Cluster) -> list[str]:
    """All rules of both families, without counters and comments."""
    saved = [cluster.run("lb1", program) for program in ("iptables-save", "ip6tables-save")]
    lines = [line for text in saved for line in text.splitlines() if not line.startswith("#")]
    return [line.split(" [")[0] if line.startswith(":") else line for line in lines]


def variant(tmp_path: Path, **services_changed: dict[str, Any]) -> Path:
    """The inventory with these services changed."""
    content = copy.deepcopy(CONTENT)
    services = {one["name"]: one for one in content["directors"]["vars"]["lvs_virtual_services"]}
    for name, changes in services_changed.items():
        services[name].update(changes)
    file = tmp_path / "inventory.json"
    file.write_text(json.dumps({"all": {"children": content, "vars": {"lab_release": RELEASE}}}))
    return file


def test_check_on_fresh_hosts_touches_nothing(cluster: Cluster, fresh: dict[str, list[str]], rules: list[str]) -> None:
    run = cluster.playbook("site", "--check", "--diff")
    assert run.status == 0, run.output
    changes = {host: counts[0] > 0 for host, counts in run.recap.items()}
    assert changes == {host: host not in ("client", "router") for host in HOSTS}
    for host, now in snapshots(cluster, HOSTS).items():
        assert difference(fresh[host], now) == [], host
    assert firewall(cluster) == rules


def test_second_run_changes_nothing(configured: Cluster) -> None:
    run = configured.playbook("site")
    assert (run.status, run.changed) == (0, {}), run.output


def test_every_method_and_family_serves_by_weight(configured: Cluster) -> None:
    for address, port in ONE_TO_TWO:
        assert configured.serve("client", address, port, 30) == {"rs1": 10, "rs2": 20}, address
    assert configured.serve("client", "10.0.0.10", 80, 30) == {"rs1": 10, "rs2": 10, "rs3": 10}


@pytest.mark.parametrize("address", ["10.0.0.16", "10.0.0.17"])
def test_a_director_that_is_a_real_server_takes_its_share(configured: Cluster, address: str) -> None:
    """Without a mark and with one. Unlike other real servers it has the VIP only where clients ask for it."""
    assert configured.serve("client", address, 80, 30) == {"rs1": 15, "lb1": 15}
    assert address not in configured.run("lb1", "ip", "-brief", "address", "show", "dev", "lo")


def test_rules_of_others_are_there_byte_for_byte(configured: Cluster, rules: list[str]) -> None:
    now = firewall(configured)
    assert [line for line in now if "LVS-" not in line] == rules
    assert any("-A PREROUTING -j LVS-MARK" in line for line in now)


def near(requests: int) -> Any:
    """Where in its turn the scheduler was when the load ended is anybody's guess."""
    return pytest.approx(requests, abs=2)


def under_load(cluster: Cluster, inventory: Path) -> Run:
    """Run site.yml while a client sends 200 requests a second, each over a new connection: none of them fails."""
    with Load(cluster.lab, "client", ONE_TO_TWO, rate=200, timeout=5) as load:
        run = cluster.playbook("site", inventory=inventory)
    print(f"{load.sent} requests, {load.rate:.0f} a second, {len(load.failed)} failed")
    assert run.status == 0, run.output
    assert load.failed == []
    assert load.sent > 1000
    return run


def test_weights_change_a_server_joins_and_a_mark_is_renumbered_under_load(configured: Cluster, tmp_path: Path) -> None:
    three = {"real_servers": [{"host": "rs1", "weight": 2}, {"host": "rs2", "weight": 1}, {"host": "rs3", "weight": 1}]}
    ported = {"real_servers": [{**one, "port": 80} for one in three["real_servers"]]}
    turned = {"real_servers": three["real_servers"][:2]}
    inventory = variant(tmp_path, direct=three, direct6=three, marked={**three, "fwmark": 6}, nat=ported, tunnel=turned)
    run = under_load(configured, inventory)
    assert run.changed.keys() == {"lb1", "rs3"}
    for address, port in ONE_TO_TWO[:-1]:
        assert configured.serve("client", address, port, 40) == {"rs1": near(20), "rs2": near(10), "rs3": near(10)}, (
            address
        )
    assert configured.serve("client", *ONE_TO_TWO[-1], 30) == {"rs1": near(20), "rs2": near(10)}
    assert "FWM 1" not in configured.table("lb1")


def test_a_server_is_drained_and_taken_out_under_load(configured: Cluster, tmp_path: Path) -> None:
    """rs3 leaves three services, is drained in the fourth, and keeps what the fifth sends it; the mark turns back."""
    drained = [{"host": "rs1"}, {"host": "rs2", "weight": 2}, {"host": "rs3", "weight": 0}]
    run = under_load(configured, variant(tmp_path, direct={"real_servers": drained}))
    assert "Take away what the directors have let go" in run.output
    table = configured.table("lb1")
    assert table["TCP 10.0.0.6:80"] == {"10.0.0.11:80": 1, "10.0.0.12:80": 2, "10.0.0.13:80": 0}
    assert table["FWM 1"] == {"10.0.0.11:0": 1, "10.0.0.12:0": 2}
    assert configured.addresses("rs3") & {"10.0.0.6", "10.0.0.7", "fd00:10::6"} == {"10.0.0.6"}
    for address, port in ONE_TO_TWO:
        assert configured.serve("client", address, port, 30) == {"rs1": near(10), "rs2": near(20)}, address


def test_limited_run_gives_no_weight_to_what_nobody_prepared(configured: Cluster, tmp_path: Path) -> None:
    three = [{"host": "rs1"}, {"host": "rs2", "weight": 2}, {"host": "rs3"}]
    limited = configured.playbook(
        "site", "--limit", "directors", inventory=variant(tmp_path, direct6={"real_servers": three})
    )
    assert limited.status == 0, limited.output
    table = configured.table("lb1")
    assert table["TCP [fd00:10::6]:80"] == {"[fd00:10::11]:80": 1, "[fd00:10::12]:80": 2, "[fd00:10::13]:80": 0}
    assert "tcp [fd00:10::6]:80 -> [fd00:10::13]:80" in limited.output
    # What was drained is gone, and nobody but its own role takes the VIP from the real server.
    assert table["TCP 10.0.0.6:80"] == {"10.0.0.11:80": 1, "10.0.0.12:80": 2}
    assert "10.0.0.6" in configured.addresses("rs3")


def test_run_that_leaves_the_director_out_takes_no_vip_away(configured: Cluster) -> None:
    """It can't know what the director still sends."""
    run = configured.playbook("site", "--limit", "rs3")
    assert run.status == 0, run.output
    assert "10.0.0.6" in configured.addresses("rs3")
    whole = configured.playbook("site")
    assert whole.status == 0, whole.output
    assert "10.0.0.6" not in configured.addresses("rs3")


def test_absent_leaves_nothing(configured: Cluster, fresh: dict[str, list[str]], rules: list[str]) -> None:
    run = configured.playbook("site", "--extra-vars", '{"lvs_state": "absent"}')
    assert run.status == 0, run.output
    assert firewall(configured) == rules
    for host, now in snapshots(configured, HOSTS).items():
        assert "\n".join(left(fresh[host], now)) == "", host
    again = configured.playbook("site", "--extra-vars", '{"lvs_state": "absent"}')
    assert (again.status, again.changed) == (0, {}), again.output


def left(before: list[str], after: list[str]) -> list[str]:
    """What removal left. Packages stay by design, and so do kernel modules, with the idle devices that they bring."""
    devices = ("tunl0", "gre0", "gretap0", "erspan0", "ip6tnl0", "sit0")
    lines = [line for line in difference(before, after) if not any(name in line for name in devices)]
    if IMAGE == "full":
        return lines
    ours = ("lvs", "/proc/sys/", "from ", "proto ", "10.0.0.", "192.168.0.1/", "fd00:10::6")
    return [line for line in lines if any(word in f"{line} " for word in ours)]
