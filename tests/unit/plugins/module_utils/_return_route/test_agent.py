"""The service's looks, and its command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot import alone as locks
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._boot.watch import Pace
from ansible_collections.lvs.cluster.plugins.module_utils._return_route import agent, kernel


def refusing(argv: Sequence[str]) -> tuple[int, str, str]:
    return (0, "[]", "") if "show" in argv else (2, "", "Error: Nexthop has invalid gateway.")


def test_a_complaint_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    route = {"family": "ipv4", "source": "192.168.0.12", "gateway": "192.168.0.1", "interface": "", "table": 200}
    config = tmp_path / "config"
    config.write_text(json.dumps({"form": "policy", "rule_priority": 5000, "routes": [route]}))
    monkeypatch.setattr(agent, "CONFIG", str(config))
    monkeypatch.setattr(agent, "SAVED", str(tmp_path / "saved"))
    pace = Pace(0.2)
    said: list[str] = []
    agent.look(pace, refusing, said, 0.0)
    agent.look(pace, refusing, said, 1.0)
    assert pace.failures == 2
    assert capsys.readouterr().err.count("not possible now, will be tried again") == 1


def test_a_lost_configuration_is_no_reason_to_do_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Sequence[str]] = []

    def noting(argv: Sequence[str]) -> tuple[int, str, str]:
        asked.append(argv)
        return 0, "[]", ""

    monkeypatch.setattr(agent, "CONFIG", str(tmp_path / "none"))
    agent.look(Pace(0.2), noting, [], 0.0)
    assert asked == []


@pytest.mark.parametrize("command", ["look", "apply", "remove", "restore"])
def test_what_changes_routes_is_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """A look that had read the old configuration would put back what a run has just taken away."""
    asked = []

    def asking(argv: Sequence[str]) -> tuple[int, str, str]:
        if argv[0] == "ip":
            with pytest.raises(BootError, match="another process"), locks.alone("return-route", 0.0):
                pass
            asked.append(argv)
        return 0, "[]" if "-j" in argv else "", ""

    route = {"family": "ipv4", "source": "192.168.0.12", "gateway": "192.168.0.1", "interface": "", "table": 200}
    (tmp_path / "config").write_text(json.dumps({"form": "policy", "rule_priority": 5000, "routes": [route]}))
    monkeypatch.setattr(agent, "CONFIG", str(tmp_path / "config"))
    monkeypatch.setattr(agent, "SAVED", str(tmp_path / "saved"))
    monkeypatch.setattr(agent, "run_command", asking)
    if command == "look":
        agent.look(Pace(0.2), asking, [], 0.0)
    elif command == "restore":
        agent.restore({"config": None, "files": {kernel.CONFIG: None}, "enabled": False}, asking)
    else:
        assert agent.main(["return-route", command]) == 0
    assert asked != []


def test_a_rollback_does_not_wait_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody would come back to it: the host stays out of reach."""
    asked = []

    def asking(argv: Sequence[str]) -> tuple[int, str, str]:
        asked.append(" ".join(argv))
        return 0, "[]" if "-j" in argv else "", ""

    config, pending = tmp_path / "config", tmp_path / "rollback" / "pending"
    config.write_text("{}")
    pending.parent.mkdir()
    pending.write_text(json.dumps({"config": None, "files": {str(config): None}, "enabled": False}))
    monkeypatch.setattr(agent, "CONFIG", str(config))
    monkeypatch.setattr(agent, "SAVED", str(tmp_path / "saved"))
    monkeypatch.setattr(agent, "PENDING", str(pending))
    monkeypatch.setattr(agent, "ROLLBACK_DIR", str(pending.parent))
    monkeypatch.setattr(agent, "UNDONE", str(tmp_path / "undone"))
    monkeypatch.setattr(agent, "alone", lambda: locks.alone("return-route", 0.0))
    with locks.alone("return-route"), pytest.raises(BootError, match="another process has had"):
        agent.rollback(asking)
    assert not config.exists()
    assert asked[-2:] == [
        "systemctl disable lvs-return-route.service",
        "systemctl --no-block stop lvs-return-route.service",
    ]
    assert "ip -N -j -4 rule show" in asked


@pytest.mark.parametrize("argv", [["return-route"], ["return-route", "stop"], ["return-route", "run", "more"]])
def test_usage(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert agent.main(argv) == 64
    assert "run|apply|remove|rollback" in capsys.readouterr().err
