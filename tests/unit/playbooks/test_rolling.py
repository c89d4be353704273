"""rolling.yml on hosts that take notes: of what a real server is taken out while it is worked on."""

from __future__ import annotations

from pathlib import Path

from tests.unit.playbooks.staged import Stage


def stage(folder: Path) -> Stage:
    found = Stage(folder, "nat_ha", ["cluster_lock", "director_weights", "port_open"])
    found.local("lb1", "lb2", "rs1", "rs2")
    found.replace("tasks/rolling.yml", "ansible.builtin.wait_for:", "lvs.cluster.port_open:")
    for director in ("lb1", "lb2"):
        found.answers(director, "cluster_lock", {"mine": True})
        left = {"label": "rs2 in plain", "outcome": "left"}
        answer = {"active_director": True, "connections": {"active": 0}, "servers": [left]}
        found.answers(director, "director_weights", answer)
    return found


def test_a_service_chooses_hosts_and_each_is_taken_out_of_all_that_it_is_in(tmp_path: Path) -> None:
    staged = stage(tmp_path)
    status, output = staged.play(
        "rolling", "lvs_service=intranet", "lvs_command=true", "lvs_steps=2", "lvs_step_seconds=1"
    )
    assert status == 0, output
    calls = [
        (host, words["state"], words.get("why"), "wait" in words, [one["label"] for one in words["servers"]])
        for host, _name, words in staged.notes("director_weights")
    ]
    for server in ("rs1", "rs2"):
        labels = [f"{server} in intranet", f"{server} in plain"]
        mine = [call[:4] for call in calls if call[4] == labels]
        # Looked at, drained, waited for, warmed up and given back, on both directors before anybody waits.
        one = [("drained", "rolling", False), ("drained", "rolling", False), ("drained", None, True)]
        one += [(state, "rolling", wait) for state in ("weighted", "restored") for wait in (False, True)]
        assert mine == [(director, *words) for words in one for director in ("lb1", "lb2")]
    assert len(calls) == 28
    assert "Still without its weight, as before: rs2 in plain" in output
    assert [words.get("state", "taken") for _host, _name, words in staged.notes("cluster_lock")] == ["taken"] * 2 + [
        "released"
    ] * 2


def test_a_real_server_that_limit_leaves_out_stops_it(tmp_path: Path) -> None:
    """Else the run would end well, and its statistic name a host that nobody has touched."""
    staged = stage(tmp_path)
    status, output = staged.play("rolling", "lvs_hosts=rs1,rs2", "lvs_command=true", limit="directors,rs1")
    assert status != 0
    assert "means rs2, too, and --limit leaves that out" in output
    assert staged.notes("director_weights", "cluster_lock") == []
