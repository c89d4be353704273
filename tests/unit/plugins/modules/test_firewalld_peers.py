"""firewalld_peers with a firewalld that answers as 1.3.3 does (captured)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.cluster.plugins.module_utils._firewall import firewalld
from ansible_collections.lvs.cluster.plugins.module_utils._tasks import firewalld_peers
from ansible_collections.lvs.cluster.plugins.module_utils._tasks.ending import TaskError

VRRP = {"family": "ipv4", "interface": "eth0", "source": "10.0.0.4", "protocol": "vrrp", "port": None}
SYNC = {"family": "ipv4", "interface": "eth1", "source": None, "protocol": "udp", "port": 8848}
VRRP_RULE = 'rule family="ipv4" source address="10.0.0.4" protocol value="112" accept'
SYNC_RULE = 'rule family="ipv4" port port="8848" protocol="udp" accept'


class Firewalld:
    """Zones with rich rules; eth1 is in zone internal, all else in the default zone."""

    def __init__(self) -> None:
        self.state = 0
        self.zones: dict[tuple[str, str], list[str]] = {
            (zone, where): [] for zone in ("public", "internal") for where in ("runtime", "permanent")
        }
        self.refused = ""
        self.other_words = False
        self.changes: list[str] = []

    def __call__(self, argv: Sequence[str]) -> tuple[int, str, str]:
        if self.state == 127:
            return 127, "", f"{argv[0]} is not installed"
        words = list(argv[1:])
        if words == ["--state"]:
            return self.state, "running\n" if self.state == 0 else "", "" if self.state == 0 else "not running"
        if self.state != 0 and argv[0] != "firewall-offline-cmd":
            return self.state, "", "FirewallD is not running"
        if words == ["--get-default-zone"]:
            return 0, "public\n", ""
        if words[0].startswith("--get-zone-of-interface="):
            return (0, "internal\n", "") if words[0].endswith("=eth1") else (2, "", "no zone")
        where = "permanent" if words[0] == "--permanent" or argv[0] == "firewall-offline-cmd" else "runtime"
        zone, verb = [word for word in words if word != "--permanent"]
        key = zone.partition("=")[2], where
        if key not in self.zones:
            return 112, "", f"Error: INVALID_ZONE: {key[0]}"
        return self._rich(self.zones[key], key, *verb[2:].partition("=")[::2])

    def _rich(self, rules: list[str], key: tuple[str, str], verb: str, rule: str) -> tuple[int, str, str]:
        if verb == "list-rich-rules":
            return 0, "".join(f"{one.upper() if self.other_words else one}\n" for one in rules), ""
        if verb == "query-rich-rule":
            return (0, "yes\n", "") if rule in rules else (1, "no\n", "")
        if self.refused and self.refused in f"{verb} {rule}" and key[1] == "permanent":
            return 122, "", "Error: INVALID_RULE: refused"
        (rules.append if verb == "add-rich-rule" else rules.remove)(rule)
        self.changes.append(f"{verb} {' '.join(key)}")
        return 0, "success\n", ""


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Firewalld:
    found = Firewalld()
    monkeypatch.setattr(firewalld_peers, "run_command", found)
    monkeypatch.setattr(firewalld, "record_path", lambda owner: str(tmp_path / f"{owner}-firewalld.json"))
    return found


def peers(*traffic: dict[str, Any], state: str = "present", check: bool = False) -> dict[str, Any]:
    return peers_of("lvs-a", *traffic, state=state, check=check)


def peers_of(owner: str, *traffic: dict[str, Any], state: str, check: bool) -> dict[str, Any]:
    params = {"name": owner, "peer_traffic": list(traffic), "state": state}
    return firewalld_peers.run(cast(AnsibleModule, SimpleNamespace(params=params, check_mode=check)))


def record(tmp_path: Path) -> list[list[str]]:
    path = tmp_path / "lvs-a-firewalld.json"
    return list(json.loads(path.read_text())["rules"]) if path.exists() else []


def test_check_run_run_change_and_back(daemon: Firewalld, tmp_path: Path) -> None:
    first = peers(VRRP, SYNC, check=True)
    assert (first["changed"], daemon.changes, record(tmp_path)) == (True, [], [])
    done = peers(VRRP, SYNC)
    assert done == first
    assert done["active"]
    assert done["diff"] == {
        "before": "",
        "after": (
            f"zone internal, permanent: {SYNC_RULE}\nzone internal, runtime: {SYNC_RULE}\n"
            f"zone public, permanent: {VRRP_RULE}\nzone public, runtime: {VRRP_RULE}\n"
        ),
    }
    assert daemon.zones == {
        ("public", "runtime"): [VRRP_RULE],
        ("public", "permanent"): [VRRP_RULE],
        ("internal", "runtime"): [SYNC_RULE],
        ("internal", "permanent"): [SYNC_RULE],
    }
    again = peers(VRRP, SYNC)
    assert (again["changed"], again["rules"]) == (False, done["rules"])

    assert peers(VRRP)["diff"]["after"] == ""
    assert daemon.zones["internal", "permanent"] == daemon.zones["internal", "runtime"] == []
    assert [entry[0] for entry in record(tmp_path)] == ["public", "public"]
    assert peers(VRRP, state="absent")["changed"]
    assert not any(daemon.zones.values())
    assert record(tmp_path) == []
    assert not peers(state="absent")["changed"]


def test_what_was_there_before_stays_somebody_elses(daemon: Firewalld, tmp_path: Path) -> None:
    daemon.zones["public", "permanent"] = ['rule priority="1" accept', VRRP_RULE]
    assert peers(VRRP)["diff"]["after"] == f"zone public, runtime: {VRRP_RULE}\n"
    assert record(tmp_path) == [["public", "runtime", VRRP_RULE]]
    peers(state="absent")
    assert daemon.zones["public", "permanent"] == ['rule priority="1" accept', VRRP_RULE]
    assert daemon.zones["public", "runtime"] == []


def test_one_that_somebody_removed_comes_back(daemon: Firewalld) -> None:
    peers(VRRP)
    daemon.zones["public", "runtime"].clear()
    assert peers(VRRP)["diff"]["after"] == f"zone public, runtime: {VRRP_RULE}\n"
    daemon.zones["public", "permanent"].clear()
    daemon.changes.clear()
    peers(state="absent")
    assert daemon.changes == ["remove-rich-rule public runtime"]


def test_words_of_another_version_are_the_same_rule(daemon: Firewalld) -> None:
    daemon.other_words = True
    peers(VRRP)
    assert not peers(VRRP)["changed"]
    assert peers(state="absent")["changed"]
    assert not any(daemon.zones.values())


def test_a_zone_that_is_gone_needs_nothing(daemon: Firewalld, tmp_path: Path) -> None:
    peers(SYNC)
    del daemon.zones["internal", "permanent"], daemon.zones["internal", "runtime"]
    daemon.changes.clear()
    assert peers(state="absent")["changed"]
    assert (daemon.changes, record(tmp_path)) == ([], [])


@pytest.mark.parametrize("state", [127, 252])
def test_nothing_is_done_where_it_does_not_run(daemon: Firewalld, tmp_path: Path, state: int) -> None:
    daemon.state = state
    done = peers(VRRP)
    assert (done["changed"], done["active"], done["rules"]) == (False, False, [])
    assert not peers(state="absent")["changed"]
    assert (daemon.changes, record(tmp_path)) == ([], [])


def test_absent_takes_rules_out_of_the_files_of_one_that_is_stopped(daemon: Firewalld, tmp_path: Path) -> None:
    peers(VRRP)
    daemon.state = 252
    kept = record(tmp_path)
    assert not peers(SYNC)["changed"]
    assert record(tmp_path) == kept
    daemon.changes.clear()
    assert peers(state="absent")["diff"]["before"] == f"zone public, permanent: {VRRP_RULE}\n"
    assert daemon.changes == ["remove-rich-rule public permanent"]
    assert record(tmp_path) == []


def test_absent_forgets_one_that_was_uninstalled(daemon: Firewalld, tmp_path: Path) -> None:
    peers(VRRP)
    daemon.state = 127
    assert peers(state="absent")["changed"]
    assert record(tmp_path) == []


def test_a_refused_rule_undoes_the_run(daemon: Firewalld, tmp_path: Path) -> None:
    peers(VRRP)
    kept, zones = record(tmp_path), json.dumps([*daemon.zones.values()])
    daemon.refused = SYNC_RULE
    with pytest.raises(TaskError) as caught:
        peers(SYNC)
    assert "--permanent --zone=internal --add-rich-rule=" in str(caught.value)
    assert "INVALID_RULE: refused; what this run had changed was put back" in str(caught.value)
    assert json.dumps([*daemon.zones.values()]) == zones
    assert record(tmp_path) == kept


@pytest.mark.parametrize(
    ("state", "fault"),
    [(251, "could not load its configuration"), (253, "firewall-cmd --state failed with status 253: not running")],
)
def test_faults(daemon: Firewalld, state: int, fault: str) -> None:
    daemon.state = state
    with pytest.raises(TaskError) as caught:
        peers(VRRP)
    assert fault in str(caught.value)


def test_a_record_of_something_else_and_a_bad_name(daemon: Firewalld, tmp_path: Path) -> None:
    (tmp_path / "lvs-a-firewalld.json").write_text('{"rules": [["public"]]}')
    with pytest.raises(TaskError, match="is not what we wrote"):
        peers(VRRP)
    with pytest.raises(TaskError, match="is no name of an owner"):
        peers_of("../x", state="present", check=True)
