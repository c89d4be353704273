"""clusterip_failover in folders of its own, with a service that only takes notes and a keepalived that is a script."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.lvs.cluster.plugins.module_utils._boot import commands, files, program
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover import install
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.health import Check
from ansible_collections.lvs.cluster.plugins.module_utils._clusterip.failover.settings import Places, digest, read
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import verdict
from ansible_collections.lvs.cluster.plugins.module_utils._tasks import clusterip_failover as task
from ansible_collections.lvs.cluster.plugins.modules import clusterip_failover

TEXT = "# Managed\nvrrp_instance LVS_BUCKET_1 {\n}\n"
CHECK = {"type": "http", "address": "10.0.0.9", "port": 80, "path": "/alive"}
WANTED: dict[str, Any] = {"content": TEXT, "buckets": 12, "checks": [CHECK]}
ABSENT: dict[str, Any] = {"state": "absent"}

# Refuses what says so, in keepalived's words, and keeps what it was asked.
_KEEPALIVED = """#!/bin/sh
echo "$@" >> {folder}/asked
cp "$3" {folder}/tested
grep -q sleeps "$3" && sleep 60
grep -q nonsense "$3" || exit 0
echo "($3: Line 2) Unknown keyword 'nonsense'" >&2
exit 4
"""


class Machine:
    """A host with its folders, its systemd and its service, and the module on it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.places = Places(str(folder / "etc" / "clusterip"), str(folder / "run"), str(folder / "choices"))
        self.enabled = self.active = False
        self.reads = True  # whether the service takes its files when it is told to
        self.refuses = ""
        self._calls: list[str] = []
        self._capsys = capsys

    def command(self, argv: Sequence[str]) -> tuple[int, str, str]:
        if argv[0] != "systemctl":
            return commands.run_command(argv)
        verb = argv[1]
        if verb in ("is-enabled", "is-active"):
            return (0 if {"is-enabled": self.enabled, "is-active": self.active}[verb] else 1), "", ""
        if verb != "daemon-reload":
            assert argv[-1] == "lvs-clusterip-failover.service"
        self._calls.append(" ".join(argv[1:-1] if verb != "daemon-reload" else argv[1:]))
        if verb == self.refuses:
            return 1, "", "Job failed"
        if verb in ("enable", "disable"):
            self.enabled = verb == "enable"
        if verb in ("start", "restart", "reload"):
            self.active = True
            if self.reads:
                self.reload()
        if "--now" in argv:
            self.active = verb == "enable"
        return 0, "", ""

    def reload(self) -> None:
        """The service reads its files and says so."""
        files.write_file(self.places.loaded, f"{digest(self.places)}\n".encode())

    def calls(self) -> list[str]:
        """What systemctl was asked to change since the last time this was asked."""
        found, self._calls = self._calls, []
        return found

    def run(self, *, check: bool = False, **options: Any) -> dict[str, Any]:
        options.update(_ansible_check_mode=check, _ansible_diff=True, _ansible_tmpdir=str(self.folder))
        with patch_module_args(options), pytest.raises(SystemExit):
            clusterip_failover.main()
        result: dict[str, Any] = json.loads(self._capsys.readouterr().out)
        return result

    def good(self, **options: Any) -> dict[str, Any]:
        result = self.run(**options)
        assert "failed" not in result, result["msg"]
        return result

    def settled(self, **options: Any) -> None:
        for check in (True, False):
            result = self.good(check=check, **options)
            assert (result["changed"], result["diff"], result["restarted"]) == (
                False,
                {"before": {}, "after": {}},
                False,
            )
        assert self.calls() == []

    def contents(self) -> dict[str, tuple[bytes, int]]:
        """Every file of ours with its mode."""
        places = [path for path in self.folder.rglob("*") if path.is_file() and path.parent.name != "bin"]
        return {
            str(path.relative_to(self.folder)): (path.read_bytes(), path.stat().st_mode & 0o777)
            for path in places
            if path.name not in ("asked", "tested")
        }


@pytest.fixture
def machine(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Machine:
    found = Machine(tmp_path, capsys)
    monkeypatch.setattr(install, "Places", partial(Places, *found.places))
    monkeypatch.setattr(install, "AGENT", str(tmp_path / "lib" / "lvs-clusterip-failover"))
    monkeypatch.setattr(install, "UNIT", str(tmp_path / "units" / "lvs-clusterip-failover.service"))
    monkeypatch.setattr(files, "_OUR_FOLDERS", tuple(str(tmp_path / name) for name in ("etc/clusterip", "etc", "lib")))
    monkeypatch.setattr(task, "run_command", found.command)
    (tmp_path / "units").mkdir()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "keepalived").write_text(_KEEPALIVED.format(folder=tmp_path))
    (tmp_path / "bin" / "keepalived").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin", prepend=":")
    return found


# --- present and absent -----------------------------------------------------------------------------------------


def test_check_run_check_run_and_back(machine: Machine) -> None:
    first = machine.good(check=True, **WANTED)
    assert (first["changed"], first["restarted"]) == (True, False)
    assert (machine.contents(), machine.calls()) == ({}, [])
    assert not (machine.folder / "asked").exists()

    done = machine.good(**WANTED)
    assert (done["changed"], done["diff"], done["restarted"]) == (True, first["diff"], False)
    assert machine.calls() == ["daemon-reload", "enable --quiet", "start"]
    assert (machine.folder / "tested").read_text() == TEXT
    before, after = done["diff"]["before"], done["diff"]["after"]
    conf = f"{machine.places.config_dir}/keepalived.conf"
    assert (before[conf], after[conf]) == ("absent", TEXT.splitlines())
    assert before["service"] == "not enabled, not running so"
    assert after["service"] == "enabled, running with these files"

    found = machine.contents()
    assert {name: mode for name, (_data, mode) in found.items()} == {
        "etc/clusterip/failover.json": 0o644,
        "etc/clusterip/keepalived.conf": 0o640,
        "lib/lvs-clusterip-failover": 0o755,
        "run/loaded": 0o644,
        "units/lvs-clusterip-failover.service": 0o644,
    }
    settings = read(machine.places)
    assert (settings.buckets, settings.config, settings.rhythm) == (12, conf, (1, 2, 2))
    assert settings.checks == (("http", "10.0.0.9", 80, "/alive", (200,), 2),)
    machine.settled(**WANTED)
    assert machine.contents() == found

    gone = machine.good(check=True, **ABSENT)
    assert (gone["changed"], machine.contents()) == (True, found)
    assert machine.good(**ABSENT)["diff"] == gone["diff"]
    assert machine.calls() == ["disable --now --quiet", "daemon-reload"]
    assert machine.contents() == {}
    assert not (machine.folder / "etc").exists()
    machine.settled(**ABSENT)


def test_the_vips_stay_when_the_failover_goes(machine: Machine) -> None:
    machine.good(**WANTED)
    vip = Path(machine.places.config_dir, "10.0.0.9.json")
    vip.write_text("{}")
    machine.good(**ABSENT)
    assert list(machine.contents()) == ["etc/clusterip/10.0.0.9.json"]


def test_its_program_is_whole(machine: Machine) -> None:
    """With no part of the collection but what is in it."""
    machine.good(**WANTED)
    machine.calls()
    words = ["/usr/bin/python3", "-IS", install.AGENT, "nothing"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd="/")
    assert (done.returncode, done.stderr) == (64, "usage: lvs-clusterip-failover run | release\n")
    unit = Path(install.UNIT).read_text()
    assert f"ExecStart={program.interpreter('')} -IS {install.AGENT} run\n" in unit
    assert f"ExecStopPost={program.interpreter('')} -IS {install.AGENT} release\n" in unit
    assert f"RequiresMountsFor={machine.places.config_dir} " in unit


# --- reload, restart, start -------------------------------------------------------------------------------------

CHANGES: list[dict[str, Any]] = [{"content": TEXT + "#\n"}, {"checks": []}, {"buckets": 4}, {"interval": 3, "fall": 4}]


@pytest.mark.parametrize("options", CHANGES)
def test_another_configuration_is_a_reload(machine: Machine, options: dict[str, Any]) -> None:
    machine.good(**WANTED)
    machine.calls()
    first = machine.good(check=True, **{**WANTED, **options})
    done = machine.good(**{**WANTED, **options})
    assert (done["changed"], done["restarted"], done["diff"]) == (True, False, first["diff"])
    (name,) = {"content": ["keepalived.conf"]}.get(next(iter(options)), ["failover.json"])
    # The service does not run with what is wanted, not even before.
    assert done["diff"]["before"].keys() == {f"{machine.places.config_dir}/{name}"}
    assert machine.calls() == ["enable --quiet", "reload"]
    machine.settled(**{**WANTED, **options})


VRRP = "vrrp_instance A {\n    interface eth0\n    virtual_router_id 7\n    advert_int 1\n    priority 9\n}\n"


def test_what_nodes_must_not_differ_in_is_told(machine: Machine) -> None:
    for text, shared in (
        (VRRP, True),  # no VRRP before
        (VRRP.replace("priority 9", "priority 8"), False),
        (VRRP.replace("id 7", "id 8"), True),
        (VRRP.replace("advert_int 1", "advert_int 2"), True),
        (VRRP.replace("eth0", "eth1"), True),
    ):
        for check in (True, False):
            result = machine.good(check=check, **{**WANTED, "content": text})
            assert (result["changed"], result["shared"]) == (True, shared)
    assert machine.good(**ABSENT)["shared"]


@pytest.mark.parametrize("which", ["AGENT", "UNIT"])
def test_another_program_or_unit_is_a_restart(machine: Machine, which: str) -> None:
    machine.good(**WANTED)
    machine.calls()
    Path(getattr(install, which)).write_text("of an older release")
    assert machine.run(check=True, **WANTED)["restarted"]
    done = machine.good(**WANTED, interval=2)
    assert done["restarted"]
    assert done["diff"]["before"][getattr(install, which)] == "19 bytes"
    assert machine.calls() == [*(["daemon-reload"] if which == "UNIT" else []), "enable --quiet", "restart"]
    machine.settled(**WANTED, interval=2)


def test_a_service_that_does_not_run_is_started(machine: Machine) -> None:
    machine.good(**WANTED)
    machine.calls()
    machine.active = False  # its note is still there
    result = machine.good(check=True, **WANTED)
    assert result["diff"]["before"] == {"service": "enabled, not running so"}
    result = machine.good(**WANTED)
    assert (result["changed"], result["restarted"], machine.calls()) == (True, False, ["enable --quiet", "start"])
    machine.settled(**WANTED)

    # With another program as well: that is no restart, because no bucket moves.
    machine.active = False
    Path(install.AGENT).write_text("of an older release")
    assert not machine.good(**WANTED)["restarted"]
    assert machine.calls() == ["enable --quiet", "start"]


def test_a_service_that_boots_no_more_is_enabled(machine: Machine) -> None:
    machine.good(**WANTED)
    machine.calls()
    machine.enabled = False
    assert machine.good(**WANTED)["diff"]["before"] == {"service": "not enabled, running with these files"}
    assert machine.calls()[0] == "enable --quiet"
    machine.settled(**WANTED)


def test_a_service_that_has_read_other_files_is_told(machine: Machine) -> None:
    """As after a run that was interrupted, and where the module clusterip_node has changed a VIP."""
    machine.good(**WANTED)
    for place, text in (
        (machine.places.loaded, "0123\n"),
        (f"{machine.places.config_dir}/10.0.0.9.json", "{}"),
    ):
        Path(place).write_text(text)
        machine.calls()
        result = machine.good(**WANTED)
        assert result["diff"]["before"] == {"service": "enabled, not running so"}
        assert (result["changed"], result["restarted"], machine.calls()) == (True, False, ["enable --quiet", "reload"])
        machine.settled(**WANTED)
    Path(machine.places.loaded).unlink()
    assert machine.good(**WANTED)["changed"]


# --- new health checks ------------------------------------------------------------------------------------------

TYPO = {**CHECK, "path": "/alvie"}


class Server:
    """What the module asks in place of a web server, and how often."""

    def __init__(self, **answers: list[str]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __call__(self, check: Check) -> str:
        name = check.path.strip("/")
        self.asked.append(name)
        left = self.answers.get(name, [])
        return left.pop(0) if left else ""


@pytest.fixture
def good(machine: Machine) -> Machine:
    """A node that serves, whose health is good."""
    machine.good(**WANTED)
    Path(machine.places.health).write_text("0\n")
    machine.calls()
    return machine


def test_a_new_check_that_is_bad_drives_no_bucket_away(good: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the node was bad when the run had gone on to the next one, which would be the same, up to the last."""
    server = Server(alvie=["timed out", "status 404"] * 2)
    monkeypatch.setattr(install, "probe", server)
    before = good.contents()
    wanted = {**WANTED, "checks": [CHECK, TYPO], "interval": 0.01}
    assert good.run(check=True, **wanted)["changed"]
    assert server.asked == []
    for _run in range(2):  # the next one does not count it as done
        result = good.run(**wanted)
        assert "http 10.0.0.9:80/alvie: status 404 (asked 2 times)" in result["msg"]
    assert server.asked == ["alvie"] * 4
    assert (good.contents(), good.calls()) == (before, [])
    good.settled(**WANTED)


def test_one_good_answer_is_enough(good: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(alvie=["refused", ""])
    monkeypatch.setattr(install, "probe", server)
    wanted = {**WANTED, "checks": [CHECK, TYPO], "interval": 0.01}
    good.good(**wanted)
    assert (server.asked, good.calls()) == (["alvie", "alvie"], ["enable --quiet", "reload"])
    # What it knows is not asked again, whatever else changes.
    good.settled(**wanted)
    good.good(**{**wanted, "content": TEXT + "#\n"})
    good.good(**{**wanted, "checks": [TYPO], "fall": 3})
    assert server.asked == ["alvie", "alvie"]


@pytest.mark.parametrize("why", ["it is bad already", "it does not run"])
def test_a_node_that_serves_nothing_takes_the_new_checks(
    good: Machine, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They may be what mends it."""
    monkeypatch.setattr(install, "probe", lambda check: pytest.fail(f"{check} was asked"))
    Path(good.places.health).write_text("1\n")
    if why == "it does not run":
        Path(good.places.health).write_text("0\n")
        good.active = False
    assert good.good(**{**WANTED, "checks": [TYPO]})["changed"]


@pytest.mark.parametrize("text", ["half a file", "[]", '{"checks": [{"type": "icmp"}]}'])
def test_checks_that_cannot_be_read_count_as_none(good: Machine, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()
    monkeypatch.setattr(install, "probe", server)
    Path(good.places.config_dir, "failover.json").write_text(text)
    good.good(**WANTED)
    assert server.asked == ["alive"]


# --- what fails -------------------------------------------------------------------------------------------------


def test_a_configuration_that_keepalived_refuses_changes_nothing(machine: Machine) -> None:
    refused = {**WANTED, "content": "# Managed\nnonsense\n"}
    result = machine.run(**refused)
    assert result["msg"].startswith("keepalived refuses the configuration of the failover, and nothing was changed: ")
    assert "Unknown keyword 'nonsense'" in result["msg"]
    assert (machine.contents(), machine.calls()) == ({}, [])

    machine.good(**WANTED)
    before = machine.contents()
    machine.calls()
    assert machine.run(**refused)["failed"]
    assert (machine.contents(), machine.calls()) == (before, [])
    assert machine.good(check=True, **refused)["changed"]
    machine.settled(**WANTED)


def test_a_host_without_keepalived(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = 127, "", "keepalived is not installed"
    monkeypatch.setattr(task, "run_command", lambda argv: missing if "keepalived" in argv else machine.command(argv))
    assert machine.run(**WANTED)["msg"] == "keepalived is not installed: the failover of cluster IPs needs it"
    assert machine.contents() == {}


def test_a_keepalived_that_does_not_end_is_not_waited_for(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdict, "LONGEST", 1)
    result = machine.run(**{**WANTED, "content": TEXT + "# sleeps\n"})
    assert result["msg"].endswith("nothing was changed: keepalived -t did not come to its end in 1 seconds")
    assert (machine.contents(), machine.calls()) == ({}, [])


def test_what_a_person_chose_stays_until_the_failover_goes(machine: Machine) -> None:
    machine.good(**WANTED)
    assert (machine.folder / "choices").is_dir()  # keepalived was to see it
    (machine.folder / "choices" / "3").write_text("-127\n")
    machine.good(**{**WANTED, "content": TEXT + "#\n"})
    assert (machine.folder / "choices" / "3").exists()
    # Also where the run ends early: one after it has nothing to do.
    machine.refuses = "daemon-reload"
    assert "systemctl daemon-reload" in machine.run(**ABSENT)["msg"]
    assert not (machine.folder / "choices").exists()
    machine.refuses = ""
    machine.calls()
    machine.settled(**ABSENT)


def test_a_service_that_does_not_take_its_files(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "PATIENCE", 0.1)
    machine.good(**WANTED)
    machine.reads = False
    result = machine.run(**WANTED, interval=2)
    assert "lvs-clusterip-failover.service has not taken its files within 0.1 seconds: see journalctl" in result["msg"]
    machine.reads = True
    machine.calls()
    assert machine.good(**WANTED, interval=2)["changed"]  # the files are there, and were not read
    assert machine.calls() == ["enable --quiet", "reload"]


@pytest.mark.parametrize("verb", ["daemon-reload", "enable", "start"])
def test_a_start_that_fails_is_made_up_for(machine: Machine, verb: str) -> None:
    machine.refuses = verb
    assert f"systemctl {verb}" in machine.run(**WANTED)["msg"]
    machine.refuses = ""
    assert machine.good(**WANTED)["changed"]
    machine.calls()
    machine.settled(**WANTED)


@pytest.mark.parametrize("verb", ["daemon-reload", "enable", "restart", "nothing"])
def test_a_restart_that_fails_is_made_up_for(machine: Machine, verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old program must not run on because its files are the new one's."""
    monkeypatch.setattr(install, "PATIENCE", 0.1)
    machine.good(**WANTED)
    for path in (install.AGENT, install.UNIT):
        Path(path).write_text("of an older release")
    machine.refuses, machine.reads = verb, False
    Path(machine.places.loaded).unlink()
    assert machine.run(**WANTED)["failed"]
    machine.reload()  # says the service of before, of the configuration, which is the same
    machine.refuses, machine.reads = "", True
    machine.calls()
    assert machine.good(**WANTED)["restarted"]
    assert machine.calls() == ["daemon-reload", "enable --quiet", "restart"]
    machine.settled(**WANTED)


def test_a_stop_that_fails_removes_nothing(machine: Machine) -> None:
    machine.good(**WANTED)
    before = machine.contents()
    machine.refuses = "disable"
    assert "systemctl disable --now --quiet lvs-clusterip-failover.service failed" in machine.run(**ABSENT)["msg"]
    assert machine.contents() == before
    machine.refuses = ""
    machine.good(**ABSENT)
    assert machine.contents() == {}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"content": TEXT}, "state is present but all of the following are missing: buckets"),
        ({"buckets": 12}, "state is present but all of the following are missing: content"),
        ({**WANTED, "checks": [{"type": "tcp", "port": 80}]}, "missing required arguments: address found in checks"),
        ({**WANTED, "checks": [{**CHECK, "type": "udp"}]}, "value of type must be one of: tcp, http"),
    ],
)
def test_what_is_missing(machine: Machine, options: dict[str, Any], message: str) -> None:
    assert message in machine.run(**options)["msg"]
    assert machine.contents() == {}
