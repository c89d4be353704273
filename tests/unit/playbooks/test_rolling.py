"""rolling.yml on hosts that take notes: of what a real server is taken out while it is worked on."""

from __future__ import annotations

from pathlib import Path

from tests.unit.playbooks.staged import Stage


def stage(folder: Path) -> Stage:
    found = Stage(folder, "nat_ha", ["cluster_lock", "director_weights", "port_open", "handled"])
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


def role(folder: Path, tasks: str, handlers: str = "[]") -> str:
    """A role of the user's, by its path."""
    for name, text in (("tasks", tasks), ("handlers", handlers)):
        (folder / "mine" / name).mkdir(parents=True)
        (folder / "mine" / name / "main.yml").write_text(text)
    return f"lvs_role={folder / 'mine'}"


def states(staged: Stage, host: str) -> list[str]:
    """What was done with this real server's weight on the first director, and what its handler did, in that order."""
    told = staged.notes("director_weights", "handled")
    return [
        name if name == "handled" else words["state"]
        for on, name, words in told
        if (on == host if name == "handled" else on == "lb1" and words["servers"][0]["label"].startswith(host))
    ]


def test_handlers_of_a_role_run_while_the_server_is_out(tmp_path: Path) -> None:
    """At the end of the play they would restart what serves under load."""
    staged = stage(tmp_path)
    mine = role(
        tmp_path,
        "- {name: Change a file, command: 'true', changed_when: true, notify: restarted}",
        "- {name: restarted, lvs.cluster.handled: {}}",
    )
    status, output = staged.play("rolling", "lvs_hosts=rs1,rs2", mine)
    assert status == 0, output
    for host in ("rs1", "rs2"):
        assert states(staged, host) == ["drained", "drained", "drained", "handled", "restored", "restored"]


def test_a_role_beside_the_users_own_playbook_is_found(tmp_path: Path) -> None:
    role(tmp_path / "project" / "roles", "- {name: Work, lvs.cluster.handled: {}}")
    staged = stage(tmp_path)
    status, output = staged.play("rolling", "lvs_hosts=rs1", "lvs_role=mine", called_in=tmp_path / "project")
    assert status == 0, output
    assert "handled" in states(staged, "rs1")


def test_a_role_that_ends_its_host_stops_the_run(tmp_path: Path) -> None:
    """It ends well for Ansible, and with weight 0 for the server."""
    mine = role(tmp_path, "- {name: Nothing to do, meta: end_host}")
    for hosts, name in (("rs1,rs2", "rs1"), ("rs2", "rs2")):
        folder = tmp_path / name
        folder.mkdir()
        staged = stage(folder)
        status, output = staged.play("rolling", f"lvs_hosts={hosts}", mine)
        assert status != 0
        assert f"{name} was taken out and not given back" in output
        assert states(staged, "rs1" if name == "rs2" else "rs2") == []


def test_a_server_is_taken_out_only_if_something_can_be_done_there(tmp_path: Path) -> None:
    (tmp_path / "away").mkdir()
    staged = stage(tmp_path / "away")
    staged.away("rs1")
    status, output = staged.play("rolling", "lvs_hosts=rs1,rs2", "lvs_command=true")
    assert (status, states(staged, "rs1") + states(staged, "rs2")) == (4, []), output

    (tmp_path / "role").mkdir()
    staged = stage(tmp_path / "role")
    status, output = staged.play("rolling", "lvs_hosts=rs1", "lvs_role=no_such_role")
    assert status != 0
    assert "no_such_role" in output
    assert states(staged, "rs1") == []


def test_a_director_that_can_not_be_reached_leaves_no_lock_on_the_others(tmp_path: Path) -> None:
    staged = stage(tmp_path)
    staged.away("lb2")
    status, output = staged.play("rolling", "lvs_hosts=rs1", "lvs_command=true")
    assert status != 0
    assert "No lock, so nothing more is changed: " in output
    assert [(host, words.get("state", "taken")) for host, _name, words in staged.notes("cluster_lock")] == [
        ("lb1", "taken"),
        ("lb1", "released"),
    ]
    assert states(staged, "rs1") == []
