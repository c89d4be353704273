"""In which order directors are changed, and who may stand in the way: rollback.yml up to its first change."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.playbooks.staged import Stage

HANGS = {"failed": True, "msg": "keepalived does not answer"}
BACKUP = {"instances": {"VI_1": {"state": "BACKUP"}}, "missing": []}


@pytest.fixture
def staged(tmp_path: Path) -> Stage:
    """Both directors would get another configuration."""
    found = Stage(tmp_path, "nat_ha", ["cluster_lock", "config_history", "keepalived_state"])
    found.local("lb1", "lb2")
    time = "2026-11-26T20:30:00Z"
    entry = {"name": "keepalived.conf@x", "number": 1, "time": time, "run": "aaaaaaaa"}
    history = {"changed": True, "pending": False, "kind": "keepalived", "entry": entry, "times": [time]}
    for director in ("lb1", "lb2"):
        found.answers(director, "cluster_lock", {"mine": True})
        found.answers(director, "config_history", history)
        found.answers(director, "keepalived_state", BACKUP)
    return found


def test_a_peer_that_is_left_out_and_hangs_stops_nothing(staged: Stage) -> None:
    """Who has lost a director must be able to change the other."""
    staged.answers("lb2", "keepalived_state", HANGS)
    status, output = staged.play("rollback", limit="lb1", check=True)
    assert status == 0, output
    assert {host for host, _name, _words in staged.notes("keepalived_state")} == {"lb1", "lb2"}


def test_a_director_of_the_run_that_hangs_stops_it(staged: Stage) -> None:
    staged.answers("lb2", "keepalived_state", HANGS)
    status, output = staged.play("rollback", check=True)
    assert status != 0
    assert "lb2 could not be asked what VRRP says there, so it is not changed: keepalived does not answer" in output
    assert "Nothing was changed. lb2 could not be asked what VRRP says there" in output


def test_both_that_answer_are_grouped(staged: Stage) -> None:
    status, output = staged.play("rollback", check=True)
    assert status == 0, output
    assert "different runs" not in output


def test_entries_of_different_runs_are_not_put_back(staged: Stage) -> None:
    time = "2026-11-26T21:30:00Z"
    entry = {"name": "keepalived.conf@y", "number": 1, "time": time, "run": "bbbbbbbb"}
    history = {"changed": True, "pending": False, "kind": "keepalived", "entry": entry}
    staged.answers("lb2", "config_history", {**history, "times": [time, "2026-11-26T20:29:00Z"]})
    for check in (True, False):
        status, output = staged.play("rollback", check=check)
        assert status != 0
        assert (
            "Nothing was changed. lvs_entry: would put back what lb1 had until 2026-11-26T20:30:00Z, "
            "lb2 had until 2026-11-26T21:30:00Z" in output
        )
    assert staged.notes("keepalived_state") == []
    # The lock that the second run took is given back.
    states = [words.get("state", "taken") for _host, _name, words in staged.notes("cluster_lock")]
    assert states[-4:] == ["taken", "taken", "released", "released"]
    status, output = staged.play("rollback", limit="lb2", check=True)
    assert status == 0, output
