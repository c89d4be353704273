"""upgrade.yml on hosts that take notes: who is locked, and when what a director serves is moved away."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.cluster import ROOT
from tests.unit.playbooks.staged import Stage

FAILOVER = """---
- name: Take a note of it
  lvs.cluster.failed_over:
    target: "{{ __failover_target }}"
"""
PACKAGES = """---
- name: Take a note of it
  lvs.cluster.packages:
- name: Keep both answers
  ansible.builtin.set_fact:
    __upgrade_changed: true
    __upgrade_asks_for_reboot: true
"""


def stage(folder: Path) -> Stage:
    stubs = ["cluster_lock", "keepalived_state", "failed_over", "packages", "reboot", "kernels", "required"]
    found = Stage(folder, "nat_ha", stubs)
    found.local("lb1", "lb2")
    found.tasks("failover.yml", FAILOVER)
    found.tasks("upgrade_apt.yml", PACKAGES)
    found.tasks("upgrade_dnf.yml", PACKAGES)
    found.replace("tasks/upgrade.yml", "ansible.builtin.reboot:", "lvs.cluster.reboot:")
    for director in ("lb1", "lb2"):
        found.answers(director, "cluster_lock", {"mine": True})
        states(found, director, "BACKUP")
    return found


def states(staged: Stage, director: str, *words: str) -> None:
    """What it is each time it is asked."""
    staged.answers(director, "keepalived_state", *({"instances": {"VI_1": {"state": word}}} for word in words))


def work(staged: Stage) -> list[tuple[str, ...]]:
    return [
        (host, name, *map(str, words.values()))[: 3 if name == "failed_over" else 2]
        for host, name, words in staged.notes("failed_over", "packages", "reboot")
    ]


def locks(staged: Stage) -> list[tuple[str, object]]:
    return sorted((host, words.get("state", "taken")) for host, _name, words in staged.notes("cluster_lock"))


def test_a_backup_that_becomes_master_meanwhile_is_not_rebooted_with_what_it_serves(tmp_path: Path) -> None:
    staged = stage(tmp_path)
    # At the start, before the packages, before the reboot, after it.
    states(staged, "lb1", "BACKUP", "BACKUP", "MASTER")
    states(staged, "lb2", "MASTER", "BACKUP")
    status, output = staged.play("upgrade")
    assert status == 0, output[-2500:]
    assert work(staged) == [
        ("lb1", "packages"),
        ("lb1", "failed_over", "lb2"),
        ("lb1", "reboot"),
        ("lb1", "failed_over", "lb1"),
        ("lb2", "packages"),
        ("lb2", "reboot"),
    ]
    assert locks(staged) == [(host, state) for host in ("lb1", "lb2") for state in ("released", "taken")]


def test_reboots_can_be_said_in_all_words_that_are_booleans(tmp_path: Path) -> None:
    staged = stage(tmp_path)
    for words, reboots in (("lvs_reboot=0", False), ("lvs_reboot=on", True)):
        status, output = staged.play("upgrade", "lvs_host=lb1", words)
        assert status == 0, output[-2500:]
        assert (("lb1", "reboot") in work(staged)) is reboots


@pytest.mark.parametrize(
    ("dnf", "reboots"),
    [
        # Red Hat's French one, where nobody asks for another language.
        ('[ "$LC_ALL" = C ] && echo "Reboot is required" || echo "Un redémarrage est requis"; exit 1', True),
        ('echo "No core libraries or services have been updated"', False),
        ('echo "No such command"; exit 1', None),
    ],
)
def test_dnf_asks_for_a_reboot_in_any_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dnf: str, reboots: bool | None
) -> None:
    (tmp_path / "dnf").write_text(f"#!/bin/sh\n{dnf}\n")
    (tmp_path / "dnf").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    staged = stage(tmp_path)
    # Which of the two files is taken is said by the system.
    staged.tasks("upgrade_apt.yml", (ROOT / "playbooks" / "tasks" / "upgrade_dnf.yml").read_text())
    staged.replace("tasks/upgrade_apt.yml", "ansible.builtin.dnf:", "lvs.cluster.packages:")
    status, output = staged.play("upgrade", "lvs_host=lb1")
    assert (status == 0) is (reboots is not None), output[-2500:]
    assert (("lb1", "reboot") in work(staged)) is bool(reboots)


def test_the_active_one_moves_what_it_serves_before_its_packages(tmp_path: Path) -> None:
    staged = stage(tmp_path)
    states(staged, "lb1", "MASTER", "MASTER", "BACKUP")
    status, output = staged.play("upgrade", "lvs_host=lb1")
    assert status == 0, output[-2500:]
    assert work(staged) == [
        ("lb1", "failed_over", "lb2"),
        ("lb1", "packages"),
        ("lb1", "reboot"),
        ("lb1", "failed_over", "lb1"),
    ]
    # The other one is locked, too, and given back; nothing else is done there.
    assert locks(staged) == [(host, state) for host in ("lb1", "lb2") for state in ("released", "taken")]
    assert {host for host, _name, _words in staged.notes("keepalived_state")} == {"lb1"}


def test_another_run_on_another_director_of_the_cluster_stops_it(tmp_path: Path) -> None:
    staged = stage(tmp_path)
    staged.answers("lb2", "cluster_lock", {"failed": True, "msg": "lb2 is being changed by anna"})
    status, output = staged.play("upgrade", "lvs_host=lb1")
    assert status != 0
    assert "No lock, so nothing more is changed: lb2 is being changed by anna" in output
    assert work(staged) == []
    assert locks(staged) == [("lb1", "released"), ("lb1", "taken"), ("lb2", "taken")]


@pytest.mark.parametrize("limit", [False, True])
def test_a_director_that_is_away_or_left_out_keeps_nobody_from_it(tmp_path: Path, limit: bool) -> None:
    staged = stage(tmp_path)
    staged.away("lb2")
    status, output = staged.play("upgrade", "lvs_host=lb1", limit="lb1" if limit else "")
    assert status == 0, output[-2500:]
    assert work(staged) == [("lb1", "packages"), ("lb1", "reboot")]
    assert locks(staged) == [("lb1", "released"), ("lb1", "taken")]
    assert ("lb2 does not answer, so it is not locked" in output) is not limit


@pytest.mark.parametrize(
    ("kernels", "reboots"),
    [
        # The one that runs, then those that are installed, the newest last.
        (["6.1.0-28-amd64", "6.1.0-28-amd64", "6.1.0-30-amd64"], True),
        (["6.1.0-30-amd64", "6.1.0-28-amd64", "6.1.0-30-amd64"], False),
        (["6.12.43+deb13-amd64", "6.12.43+deb13-amd64", "6.12.48+deb13-amd64"], True),
        # Of another kind, which nobody has chosen; none at all, as in a container; one that somebody has built.
        (["6.1.0-28-amd64", "6.1.0-28-amd64", "6.1.0-30-cloud-amd64"], False),
        (["6.1.0-28-amd64"], False),
        (["6.18.1", "6.1.0-30-amd64"], False),
    ],
)
def test_a_newer_kernel_asks_for_a_reboot(tmp_path: Path, kernels: list[str], reboots: bool) -> None:
    staged = stage(tmp_path)
    staged.tasks("upgrade_apt.yml", (ROOT / "playbooks" / "tasks" / "upgrade_apt.yml").read_text())
    staged.replace("tasks/upgrade_apt.yml", "ansible.builtin.apt:", "lvs.cluster.packages:")
    staged.replace("tasks/upgrade_apt.yml", "ansible.builtin.command:", "lvs.cluster.kernels:")
    staged.replace("tasks/upgrade_apt.yml", "ansible.builtin.stat:", "lvs.cluster.required:")
    staged.answers("lb1", "kernels", {"stdout_lines": kernels})
    staged.answers("lb1", "required", {"stat": {"exists": False}})
    status, output = staged.play("upgrade", "lvs_host=lb1")
    assert status == 0, output[-2500:]
    assert (("lb1", "reboot") in work(staged)) is reboots
