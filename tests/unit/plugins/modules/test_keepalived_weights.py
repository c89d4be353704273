# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import host
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    Destination,
    DestinationKey,
    Entry,
    ServiceKey,
    Settings,
    Table,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.session import Session
from ansible_collections.lvs.cluster.plugins.module_utils._operator import overrides
from ansible_collections.lvs.cluster.plugins.modules import keepalived_weights


def run(capsys: pytest.CaptureFixture[str], directory: Path, *, check: bool = False, **options: Any) -> dict[str, Any]:
    arguments = {"directory": str(directory), "_ansible_check_mode": check, "_ansible_diff": True, **options}
    with patch_module_args(arguments), pytest.raises(SystemExit):
        keepalived_weights.main()
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


def server(name: str, *, ready: bool) -> dict[str, Any]:
    return {"file": name, "ready": ready, "label": "a label"}


def test_a_server_from_held_to_serving(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    directory = tmp_path / "lvs-cluster" / "weights"
    held, ready = [server("a", ready=False)], [server("a", ready=True)]
    checked = run(capsys, directory, check=True, servers=held)
    assert (checked["changed"], checked["held"], directory.exists()) == (True, ["a"], False)
    first = run(capsys, directory, servers=held)
    assert (first["changed"], first["held"], first["diff"]["after"]) == (True, ["a"], "a: held\n")
    assert not run(capsys, directory, check=True, servers=held)["changed"]
    assert not run(capsys, directory, servers=held)["changed"]
    released = run(capsys, directory, servers=ready)
    assert (released["changed"], released["released"], released["held"]) == (True, ["a"], [])
    assert (directory / "a").read_text() == "0\n# lvs.cluster ready: a label\n"
    assert not run(capsys, directory, servers=ready)["changed"]


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> Table:
    """The kernel's table, whatever this machine's is: empty until a test fills it."""
    found: Table = {}
    monkeypatch.setattr(host, "require_privilege", lambda: None)
    monkeypatch.setattr(Session, "table", lambda _session: found)
    return found


@pytest.fixture
def live(tmp_path: Path, table: Table) -> Path:
    """A director that serves and has no weight files; returns where they go."""
    servers = {
        DestinationKey("ipv4", "192.168.0.12", 80): Destination("nat", 20),
        DestinationKey("ipv4", "192.168.0.13", 80): Destination("nat", 0),
    }
    table[ServiceKey("ipv4", "tcp", "10.0.0.5", 80)] = Entry(Settings(), servers)
    return tmp_path / "weights"


FIRST, SECOND = "web_10.0.0.5_tcp_80_192.168.0.12_80", "web_10.0.0.5_tcp_80_192.168.0.13_80"


def test_what_served_before_there_were_files_goes_on(capsys: pytest.CaptureFixture[str], live: Path) -> None:
    """A director that somebody else had set up, in a run that leaves the real servers out."""
    both = [{**server(name, ready=False), "forwarding": "nat"} for name in (FIRST, SECOND)]
    checked = run(capsys, live, check=True, servers=both)
    result = run(capsys, live, servers=both)
    assert (checked["changed"], checked["held"]) == (result["changed"], result["held"]) == (True, [SECOND])
    assert (live / FIRST).read_text() == "0\n# lvs.cluster ready (nat): a label\n"
    assert not run(capsys, live, servers=both)["changed"]


def test_what_served_by_another_method_is_held(capsys: pytest.CaptureFixture[str], live: Path) -> None:
    assert run(capsys, live, servers=[{**server(FIRST, ready=False), "forwarding": "dr"}])["held"] == [FIRST]


def test_a_file_says_more_than_the_table(capsys: pytest.CaptureFixture[str], live: Path) -> None:
    """keepalived has not looked yet, or its weight comes from elsewhere."""
    live.mkdir()
    (live / FIRST).write_text("-2147483647\n# lvs.cluster held until site.yml has prepared it or taken it out\n")
    assert run(capsys, live, servers=[{**server(FIRST, ready=False), "forwarding": "nat"}])["held"] == [FIRST]


def test_a_drained_server_stays_drained(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "a").write_text("-2147483647\n")
    result = run(capsys, tmp_path, servers=[server("a", ready=True)])
    assert (result["changed"], result["drained"], result["released"]) == (False, ["a"], [])
    assert (tmp_path / "a").read_text() == "-2147483647\n"


def given(weight: int, seconds: float | None) -> str:
    """A file in which an operator gave a server of weight 20 another one, until so many seconds from now."""
    until = "" if seconds is None else overrides.now(seconds)
    return overrides.file_text(overrides.Override(weight, overrides.now(), until, "otto", "weight"), 20, "a label")


@pytest.mark.parametrize("weight", [5, 0, 20])
def test_a_temporary_weight_ends_with_the_first_run_after_its_time(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, weight: int
) -> None:
    (tmp_path / "a").write_text(given(weight, 60))
    assert not run(capsys, tmp_path, servers=[server("a", ready=True)])["changed"]
    assert overrides.file_override((tmp_path / "a").read_text()) is not None
    (tmp_path / "a").write_text(given(weight, -1))
    for check in (True, False):
        result = run(capsys, tmp_path, check=check, servers=[server("a", ready=True)])
        assert (result["changed"], result["released"], result["drained"]) == (True, ["a"], [])
    assert (tmp_path / "a").read_text() == "0\n# lvs.cluster ready: a label\n"
    assert not run(capsys, tmp_path, servers=[server("a", ready=True)])["changed"]


def test_one_whose_host_was_not_prepared_keeps_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A run that is limited to directors says nothing of a real server."""
    (tmp_path / "a").write_text(given(5, -1))
    assert not run(capsys, tmp_path, servers=[server("a", ready=False)])["changed"]
    assert (tmp_path / "a").read_text().startswith("-15\n")


def test_what_was_set_for_good_stays(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for weight in (0, 5):
        (tmp_path / "a").write_text(given(weight, None))
        assert not run(capsys, tmp_path, servers=[server("a", ready=True)])["changed"]
        assert f'"weight": {weight}' in (tmp_path / "a").read_text()


def test_purge_waits_for_the_reload(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    run(capsys, tmp_path, servers=[server("a", ready=True), server("b", ready=True)])
    kept = run(capsys, tmp_path, servers=[server("a", ready=True)], unnamed="keep")
    assert (kept["changed"], kept["purged"], (tmp_path / "b").exists()) == (False, [], True)
    purged = run(capsys, tmp_path, servers=[server("a", ready=True)], unnamed="purge")
    assert (purged["changed"], purged["purged"], (tmp_path / "b").exists()) == (True, ["b"], False)


def test_absent(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    directory = tmp_path / "lvs-cluster" / "weights"
    run(capsys, directory, servers=[server("a", ready=True)])
    assert run(capsys, directory, check=True, state="absent")["changed"]
    assert directory.exists()
    assert run(capsys, directory, state="absent")["purged"] == ["a"]
    assert list(tmp_path.iterdir()) == []
    assert not run(capsys, directory, state="absent")["changed"]


def test_absent_leaves_what_is_not_ours_and_settles(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("buy milk\n")
    assert not run(capsys, tmp_path, state="absent")["changed"]
    assert (tmp_path / "notes").exists()


def test_a_number_that_keepalived_ignores_is_warned_of(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where another test has loaded controller code, Ansible prints a module's warning and does not return it.
    warned: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _module, message: warned.append(message))
    (tmp_path / "a").write_text("99999999999\n")
    assert not run(capsys, tmp_path, servers=[server("a", ready=True)])["changed"]
    assert len(warned) == 1
    assert warned[0].startswith(f"{tmp_path}/a holds a number that keepalived ignores")


def test_bad_names_are_refused_all_at_once(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    servers = [server("../x", ready=True), server("a", ready=True), server("a", ready=False)]
    result = run(capsys, tmp_path, servers=servers)
    assert result["failed"]
    assert "servers: '../x': a weight file's name" in result["msg"]
    assert "servers: a is named more than once" in result["msg"]
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("/dev/null")
    result = run(capsys, tmp_path, servers=[server("a", ready=True)])
    assert (result["failed"], result["msg"]) == (True, f"{tmp_path}/a is not a regular file: remove it")


def test_a_server_that_was_drained_while_it_was_held_is_no_longer_held(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Once its host is prepared, whoever gives it back gives it its weight."""
    directory = tmp_path / "weights"
    run(capsys, directory, servers=[server("a", ready=False)])
    override = overrides.Override(0, "2026-11-26T20:31:00Z", "", "anna", "drain", held=True)
    (directory / "a").write_text(overrides.file_text(override, 1, "rs1"))
    assert not run(capsys, directory, servers=[server("a", ready=False)])["changed"]
    held = overrides.file_override((directory / "a").read_text())
    assert held is not None
    assert held.held
    assert run(capsys, directory, servers=[server("a", ready=True)])["drained"] == ["a"]
    assert overrides.file_override((directory / "a").read_text()) == override._replace(held=False)
    assert not run(capsys, directory, servers=[server("a", ready=True)])["changed"]


# -- the forwarding method


def by(method: str, *, ready: bool) -> list[dict[str, Any]]:
    return [{**server("a", ready=ready), "forwarding": method}]


def test_a_server_that_is_prepared_for_another_method_alone_is_held(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """From nat to dr while its host could not be reached: it has no VIP, and its health check would pass."""
    run(capsys, tmp_path, servers=by("nat", ready=True))
    assert not run(capsys, tmp_path, servers=by("nat", ready=False))["changed"]
    for check in (True, False):
        result = run(capsys, tmp_path, check=check, servers=by("dr", ready=False))
        assert (result["changed"], result["held"]) == (True, ["a"])
        assert (result["diff"]["before"], result["diff"]["after"]) == ("a: ready (nat)\n", "a: held\n")
    assert (tmp_path / "a").read_text().startswith("-2147483647\n# lvs.cluster held")
    assert not run(capsys, tmp_path, servers=by("dr", ready=False))["changed"]
    assert run(capsys, tmp_path, servers=by("dr", ready=True))["released"] == ["a"]
    assert (tmp_path / "a").read_text() == "0\n# lvs.cluster ready (dr): a label\n"
    assert not run(capsys, tmp_path, servers=by("dr", ready=True))["changed"]


def test_files_of_an_earlier_version_change_no_weight(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    old = "0\n# lvs.cluster ready: a label\n"
    (tmp_path / "a").write_text(old)
    assert not run(capsys, tmp_path, servers=by("dr", ready=False))["changed"]
    assert (tmp_path / "a").read_text() == old
    result = run(capsys, tmp_path, servers=by("dr", ready=True))
    assert (result["changed"], result["held"], result["diff"]["after"]) == (True, [], "a: ready (dr)\n")
    assert (tmp_path / "a").read_text() == "0\n# lvs.cluster ready (dr): a label\n"
    assert not run(capsys, tmp_path, servers=by("dr", ready=True))["changed"]


@pytest.mark.parametrize("seconds", [None, 60, -1])
def test_a_weight_of_an_operator_ends_where_the_host_is_not_prepared(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, seconds: int | None
) -> None:
    until = "" if seconds is None else overrides.now(seconds)
    five = overrides.Override(5, overrides.now(), until, "otto", "weight")
    (tmp_path / "a").write_text(overrides.file_text(five, 20, "a label", "nat"))
    assert not run(capsys, tmp_path, servers=by("nat", ready=False))["changed"]
    result = run(capsys, tmp_path, servers=by("dr", ready=False))
    assert (result["changed"], result["held"], result["drained"]) == (True, ["a"], [])
    assert (tmp_path / "a").read_text().startswith("-2147483647\n# lvs.cluster held")
    assert not run(capsys, tmp_path, servers=by("dr", ready=False))["changed"]


def test_a_drained_server_is_held_when_it_comes_back(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    drain = overrides.Override(0, overrides.now(), "", "otto", "drain")
    (tmp_path / "a").write_text(overrides.file_text(drain, 20, "a label", "nat"))
    result = run(capsys, tmp_path, servers=by("dr", ready=False))
    assert (result["changed"], result["drained"]) == (True, ["a"])
    assert overrides.file_override((tmp_path / "a").read_text()) == drain._replace(held=True)
    assert not run(capsys, tmp_path, servers=by("dr", ready=False))["changed"]
    assert run(capsys, tmp_path, servers=by("dr", ready=True))["drained"] == ["a"]
    assert overrides.file_override((tmp_path / "a").read_text()) == drain
    assert not run(capsys, tmp_path, servers=by("dr", ready=True))["changed"]


def test_another_name_and_another_method_at_once_end_a_weight_of_an_operator(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    five = overrides.Override(5, overrides.now(), "", "otto", "weight")
    (tmp_path / FIRST).write_text(overrides.file_text(five, 20, "a label", "nat"))
    new = FIRST.replace("web", "shop")
    servers = [{**server(new, ready=False), "forwarding": "dr"}]
    checked = run(capsys, tmp_path, check=True, servers=servers)
    result = run(capsys, tmp_path, servers=servers)
    assert checked["diff"] == result["diff"]
    assert (result["held"], result["drained"], result["diff"]["before"]) == ([new], [], "")
    assert (tmp_path / new).read_text().startswith("-2147483647\n# lvs.cluster held")


@pytest.mark.parametrize(
    ("new", "method", "held"),
    [
        (FIRST.replace("web", "shop"), "dr", True),
        (FIRST.replace("web", "shop"), "nat", False),
        # Its name does not tell which services it has now.
        ("web_group_192.168.0.12_80", "nat", True),
    ],
)
def test_what_was_drained_under_another_name_is_held_when_it_comes_back(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, new: str, method: str, held: bool
) -> None:
    drain = overrides.Override(0, overrides.now(), "", "otto", "drain")
    (tmp_path / FIRST).write_text(overrides.file_text(drain, 20, "a label", "nat"))
    result = run(capsys, tmp_path, servers=[{**server(new, ready=False), "forwarding": method}])
    assert result["drained"] == [new]
    assert overrides.file_override((tmp_path / new).read_text()) == drain._replace(held=held)
    assert run(capsys, tmp_path, servers=[{**server(new, ready=True), "forwarding": method}])["drained"] == [new]
    assert overrides.file_override((tmp_path / new).read_text()) == drain
