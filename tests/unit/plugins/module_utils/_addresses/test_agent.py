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
ON_LO, SIX_ON_LO = Address("10.0.0.6/32", "lo"), Address("fd00::6/128", "lo")
BY_VRRP = (Address("10.0.0.6/24", "eth0"), Address("fd00::6/64", "eth0"))


class Machine:
    """Keeps addresses as ip does, and what was changed by way of it."""

    def __init__(self) -> None:
        self.addresses: set[Address] = set()
        self.changes: list[str] = []

    def run(self, argv: Sequence[str]) -> tuple[int, str, str]:
        if "show" in argv:
            return 0, json.dumps([self._link("lo", ["UP", "LOOPBACK"]), self._link("eth0", ["UP", "LOWER_UP"])]), ""
        self.changes.append(" ".join(argv))
        _ip, _address, word, address, _dev, interface, *_more = argv
        (self.addresses.add if word == "add" else self.addresses.remove)(Address(address, interface))
        return 0, "", ""

    def _link(self, name: str, flags: list[str]) -> dict[str, object]:
        shown = [
            {"family": "inet" if item.is_ipv4 else "inet6", "local": item.ip, "prefixlen": item.address.split("/")[1]}
            for item in sorted(self.addresses)
            if item.interface == name
        ]
        return {"ifname": name, "flags": flags, "addr_info": shown}


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


def test_an_address_that_vrrp_moves_comes_and_goes_beside_ours(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    moves_to = frozenset((item.ip, item.interface) for item in BY_VRRP)
    config.write_text(json.dumps(model.config_of(model.Wanted((ON_LO, SIX_ON_LO), moves_to=moves_to))))
    machine, pace = Machine(), Pace(0.2)
    watcher = agent.Agent("x", machine.run, pace)
    machine.addresses.update(BY_VRRP)  # keepalived was there first
    watcher.look(0.0)
    assert machine.addresses == {ON_LO, SIX_ON_LO, *BY_VRRP}
    assert len(machine.changes) == 2
    assert kernel.read_record("x").addresses == {ON_LO, SIX_ON_LO}
    for now in (100.0, 200.0):
        machine.addresses.difference_update(BY_VRRP)
        watcher.look(now)
        machine.addresses.update(BY_VRRP)
        watcher.look(now + 1)
    assert len(machine.changes) == 2
    # What is lost of ours while the host is master comes back.
    machine.addresses.difference_update({ON_LO, SIX_ON_LO})
    watcher.look(300.0)
    assert machine.addresses == {ON_LO, SIX_ON_LO, *BY_VRRP}
    assert kernel.read_record("x").addresses == {ON_LO, SIX_ON_LO}
    assert pace.failures == 0
    assert "not possible" not in capsys.readouterr().err


def test_an_address_where_vrrp_does_not_put_it_is_a_complaint(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(json.dumps(model.config_of(model.Wanted((ON_LO,), moves_to=frozenset({(ON_LO.ip, "eth1")})))))
    machine = Machine()
    machine.addresses.add(BY_VRRP[0])
    agent.Agent("x", machine.run, Pace(0.2)).look(0.0)
    assert machine.changes == []
    assert "it stands on eth0 already" in capsys.readouterr().err


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
