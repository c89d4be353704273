"""absent.yml where --limit leaves somebody out, or a director is gone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.playbooks.staged import Stage

STUBS = ["cluster_lock", "director_weights", "ipvs_info", "keepalived_state", "return_route"]
# rs1 serves nobody any more.
WITHOUT = json.dumps(
    {
        "lvs_virtual_services": [
            {
                **{"name": "plain", "address": "10.0.0.5", "port": 8080, "health_checks": []},
                "real_servers": [{"host": "rs2", "port": 80}],
            }
        ]
    }
)


def stage(folder: Path) -> Stage:
    found = Stage(folder, "nat_ha", STUBS)
    found.local("lb1", "lb2", "rs1", "rs2")
    for director in ("lb1", "lb2"):
        found.answers(director, "cluster_lock", {"mine": True})
        found.answers(director, "ipvs_info", {"services": []})
    return found


@pytest.mark.parametrize(
    ("limit", "extra", "left_out"),
    [
        ("rs1", ["lvs_confirm=default"], "lb1, lb2"),
        ("all:!lb2", ["lvs_confirm=default"], "lb2"),
        ("lb2", ["lvs_host=lb1"], "lb1"),
        ("lb1", ["lvs_host=lb1"], "lb2"),
        ("lb2", ["lvs_host=lb1", "lvs_alone=true"], "lb1"),
    ],
)
def test_who_has_to_act_must_be_in_the_run(tmp_path: Path, limit: str, extra: list[str], left_out: str) -> None:
    """Else real servers would be taken away under a director that serves, or the run say that it did what it didn't."""
    staged = stage(tmp_path)
    status, output = staged.play("absent", *extra, limit=limit)
    assert status == 2
    assert f"{left_out} must act, and --limit leaves that out, so nothing was changed" in output
    assert staged.notes() == []


def test_a_real_server_goes_without_a_director_that_is_gone(tmp_path: Path) -> None:
    staged = stage(tmp_path)
    staged.away("lb2")
    for extra, goes in (([], False), (["lvs_alone=true"], True)):
        status, output = staged.play("absent", "lvs_host=rs1", WITHOUT, *extra, limit="all:!lb2", check=True)
        assert (status == 0) is goes, output
        assert ("lb2 must act, and --limit leaves that out" in output) is not goes
        assert bool(staged.notes("return_route")) is goes
