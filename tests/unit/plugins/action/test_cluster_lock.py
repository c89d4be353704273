"""Who takes the lock, seen from real runs of ansible-playbook on this machine, and what playbooks/tasks make of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.lvs.cluster.plugins.module_utils._lock.model import Holder, to_json
from ansible_collections.lvs.cluster.plugins.module_utils._lock.model import Lock as Content
from ansible_collections.lvs.cluster.plugins.module_utils._lock.runs import this_run
from tests.support.cluster import ROOT

LOCK = {"ansible.builtin.include_tasks": str(ROOT / "playbooks/tasks/lock.yml"), "vars": {"__lock_purpose": "a test"}}
UNLOCK = {"ansible.builtin.include_tasks": str(ROOT / "playbooks/tasks/unlock.yml")}
ELSEWHERE = Holder("c2/9", "otto", "control2", 9, "90", "boot", "1:2", "17")


class Run:
    """What a run said: its status, its output and the pid of ansible-playbook."""

    def __init__(self, status: int, output: str, pid: int) -> None:
        self.status, self.output, self.pid = status, output, pid


class Hosts:
    """Two hosts that are this machine, each with a lock of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, host: str) -> Path:
        return self.folder / host / "lock.json"

    def lock(self, host: str) -> Any:
        return json.loads(self.path(host).read_text())

    def put(self, host: str, holder: Holder) -> None:
        self.path(host).parent.mkdir()
        content = to_json(Content(holder, "lvs.cluster.site", 1_795_724_460, 2**32))
        self.path(host).write_text(json.dumps(content))

    def play(self, *tasks: dict[str, Any], arguments: tuple[str, ...] = (), **keywords: Any) -> Run:
        defaults = {"lvs.cluster.cluster_lock": {"path": f"{self.folder}/{{{{ inventory_hostname }}}}/lock.json"}}
        play = {"hosts": "all", "gather_facts": False, "module_defaults": defaults, "tasks": list(tasks), **keywords}
        file = self.folder / "play.yml"
        file.write_text(yaml.safe_dump([play]))
        hosts = {name: {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
                 for name in ("lb1", "lb2")}  # fmt: skip
        inventory = self.folder / "hosts.yml"
        inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts}}))
        argv = [str(ROOT / ".venv/bin/ansible-playbook"), "-i", str(inventory), str(file), *arguments]
        environment = {
            **os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".venv/collections"), "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_HOME": str(self.folder / "home"), "LC_ALL": "C.UTF-8",
        }  # fmt: skip
        with subprocess.Popen(
            argv, cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            output = process.communicate(timeout=120)[0]
        return Run(process.returncode, output, process.pid)


@pytest.fixture
def hosts(tmp_path: Path) -> Hosts:
    return Hosts(tmp_path)


def test_a_run_takes_it_on_all_hosts_and_gives_it_back(hosts: Hosts) -> None:
    file = f"{hosts.folder}/{{{{ inventory_hostname }}}}/lock.json"
    copies = [
        {"ansible.builtin.command": {"argv": ["cp", file, f"{file}.{number}"]}, "changed_when": False}
        for number in (1, 2)
    ]
    run = hosts.play(LOCK, copies[0], LOCK, copies[1], UNLOCK)
    assert run.status == 0, run.output
    assert "changed=0" in run.output
    kept = [json.loads((hosts.folder / host / f"lock.json.{copy}").read_text())["holder"]
            for host in ("lb1", "lb2") for copy in "12"]  # fmt: skip
    # One run, whatever the host, the task and the child that does it: the process that was started here.
    assert kept == [kept[0]] * 4
    assert (kept[0]["pid"], kept[0]["controller"]) == (run.pid, os.uname().nodename)
    assert not any(hosts.path(host).exists() for host in ("lb1", "lb2"))


def test_all_hosts_or_none(hosts: Hosts) -> None:
    hosts.put("lb2", ELSEWHERE)
    before = hosts.path("lb2").read_bytes()
    after = {"ansible.builtin.file": {"path": str(hosts.folder / "went-on"), "state": "touch"}}
    run = hosts.play(LOCK, after)
    assert run.status != 0
    assert "lb2 is being changed by otto on control2 (lvs.cluster.site, AWX job 17, since 2026-11-26T20:21:00Z" in (
        run.output.replace("\n", " ")
    )
    assert not hosts.path("lb1").exists()
    assert hosts.path("lb2").read_bytes() == before
    assert not (hosts.folder / "went-on").exists()
    broken = hosts.play(LOCK, arguments=("-e", "lvs_lock_break=true", "-e", "lvs_lock_expires=120"))
    assert broken.status == 0, broken.output
    assert hosts.lock("lb2")["holder"]["pid"] == broken.pid
    assert hosts.lock("lb2")["purpose"] == "a test"


def test_a_host_that_does_not_answer_is_not_locked(hosts: Hosts) -> None:
    connection = "{{ 'ssh' if inventory_hostname == 'lb2' else 'local' }}"
    run = hosts.play(LOCK, arguments=("-e", json.dumps({"ansible_connection": connection, "ansible_port": 1})))
    assert run.status != 0
    assert "No lock, so nothing more is changed" in run.output
    assert not hosts.path("lb1").exists()


def test_a_run_of_this_machine_that_ended_is_no_obstacle(hosts: Hosts) -> None:
    failed = hosts.play(LOCK, {"ansible.builtin.fail": {"msg": "halfway"}})
    assert failed.status != 0
    assert hosts.lock("lb1")["holder"]["pid"] == failed.pid
    again = hosts.play(LOCK)
    assert again.status == 0, again.output
    assert "its run has ended" in " ".join(again.output.split())
    assert hosts.lock("lb1")["holder"]["pid"] == again.pid


def test_a_run_of_this_machine_that_lives_is_one(hosts: Hosts) -> None:
    hosts.put("lb1", this_run({}, os.getpid()))
    before = hosts.path("lb1").read_bytes()
    assert hosts.play(LOCK).status != 0
    assert hosts.path("lb1").read_bytes() == before


def test_check_mode_tells_and_goes_on(hosts: Hosts) -> None:
    hosts.put("lb2", ELSEWHERE)
    run = hosts.play(LOCK, UNLOCK, arguments=("--check",))
    assert run.status == 0, run.output
    assert "A real run would fail: lb2 is being changed by otto" in run.output
    assert not hosts.path("lb1").exists()


def test_what_is_filled_in_is_not_for_playbooks(hosts: Hosts) -> None:
    run = hosts.play({"lvs.cluster.cluster_lock": {"holder": {}, "gone": "x"}})
    assert run.status != 0
    assert "holder, gone: not for playbooks" in run.output
