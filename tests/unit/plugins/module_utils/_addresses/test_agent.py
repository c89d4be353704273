"""The service's looks, and its command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._addresses import agent, kernel, model
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.model import Address, Link, Live
from ansible_collections.lvs.cluster.plugins.module_utils._boot.watch import Pace

VIP = Address("10.0.0.6/32", "eth0")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config"
    monkeypatch.setattr(kernel, "STATE_DIR", str(tmp_path))
    monkeypatch.setattr(agent, "config_path", lambda name: str(path))
    return path


def test_a_complaint_is_said_once(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def no_links(argv: Sequence[str]) -> tuple[int, str, str]:
        return 0, "[]", ""

    config.write_text(json.dumps(model.config_of(model.Wanted((VIP,), ("eth0",)))))
    pace = Pace(0.2)
    watcher = agent.Agent("x", no_links, pace)
    watcher.look(0.0)
    watcher.look(1.0)
    assert pace.failures == 2
    said = capsys.readouterr().err
    assert said == "not possible now, will be tried again: link eth0 does not exist: it must be made first\n"


def test_a_lost_configuration_is_no_reason_to_do_anything(config: Path) -> None:
    asked: list[Sequence[str]] = []

    def noting(argv: Sequence[str]) -> tuple[int, str, str]:
        asked.append(argv)
        return 0, "[]", ""

    agent.Agent("x", noting, Pace(0.2)).look(0.0)
    assert asked == []


def test_what_nobody_could_hear_is_announced_later(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[list[Address]] = []

    def announce(addresses: list[Address]) -> dict[Address, str]:
        heard.append(addresses)
        return {}

    monkeypatch.setattr(agent, "announce", announce)
    watcher = agent.Agent("x", lambda argv: (0, "", ""), Pace(0.2))
    watcher._announce([model.address_step(VIP)], Live(links={"eth0": Link(True, False, True)}))
    watcher._announce([], Live(links={"eth0": Link(True, True, True)}))
    watcher._announce([], Live(links={"eth0": Link(True, True, True)}))
    assert heard == [[], [VIP], []]


@pytest.mark.parametrize(
    "argv", [["x-addresses"], ["x-addresses", "stop"], ["/a/x-addresses", "run", "more"], ["x", "run"]]
)
def test_usage(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert agent.main(argv) == 64
    assert "usage: NAME-addresses run" in capsys.readouterr().err
