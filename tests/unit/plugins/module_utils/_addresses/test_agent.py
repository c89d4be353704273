"""The service's looks, and its command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._addresses import agent, kernel, model
from ansible_collections.lvs.cluster.plugins.module_utils._addresses.model import Address, Link, Live
from ansible_collections.lvs.cluster.plugins.module_utils._boot import systemd
from ansible_collections.lvs.cluster.plugins.module_utils._boot.watch import Pace

VIP = Address("10.0.0.6/32", "eth0")
ON_LO, SIX_ON_LO = Address("10.0.0.6/32", "lo"), Address("fd00::6/128", "lo")
BY_VRRP = (Address("10.0.0.6/24", "eth0"), Address("fd00::6/64", "eth0"))


class Machine:
    """Keeps addresses as ip does, and what was changed by way of it."""

    def __init__(self) -> None:
        self.addresses: set[Address] = set()
        self.indexes = {"lo": 1, "eth0": 2}
        self.changes: list[str] = []
        self.fault = ""

    def run(self, argv: Sequence[str]) -> tuple[int, str, str]:
        if "show" in argv:
            flags = {"lo": ["UP", "LOOPBACK"]}
            links = [self._link(name, flags.get(name, ["UP", "LOWER_UP"])) for name in self.indexes]
            return 0, json.dumps(links), ""
        self.changes.append(" ".join(argv))
        if argv[0] == "systemctl":
            return 1 if self.fault else 0, "", self.fault
        _ip, _address, word, address, _dev, interface, *_more = argv
        (self.addresses.add if word == "add" else self.addresses.remove)(Address(address, interface))
        return 0, "", ""

    def _link(self, name: str, flags: list[str]) -> dict[str, object]:
        shown = [
            {"family": "inet" if item.is_ipv4 else "inet6", "local": item.ip, "prefixlen": item.address.split("/")[1]}
            for item in sorted(self.addresses)
            if item.interface == name
        ]
        return {"ifindex": self.indexes[name], "ifname": name, "flags": flags, "addr_info": shown}

    def delete_link(self, name: str) -> None:
        del self.indexes[name]
        self.addresses = {item for item in self.addresses if item.interface != name}

    def told(self) -> list[str]:
        """The changes since the last time, each by its verb and what it is about."""
        found, self.changes = self.changes, []
        return [" ".join(text.split()[1:4]) for text in found]


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


RELOAD, ADD = "reload x.service", "address add 10.0.0.6/32"
OWN = Address("10.0.0.2/24", "eth0")


@pytest.fixture
def clusterip(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host with a service that loads rules before the addresses: its unit."""
    config.write_text(json.dumps(model.config_of(model.Wanted((VIP,), behind=frozenset({VIP})))))
    monkeypatch.setattr(systemd, "FOLDER", str(tmp_path))
    unit = tmp_path / "x.service"
    unit.touch()
    return unit


def test_a_link_that_was_made_again_gets_its_rules_before_its_vip(clusterip: Path) -> None:
    """With the link the kernel forgot that it listens to the cluster MAC, and what tells it to neighbours."""
    machine = Machine()
    watcher = agent.Agent("x", machine.run, Pace(0.2))
    machine.addresses.add(OWN)
    watcher.look(0.0)
    assert machine.told() == [ADD]  # at boot it was loaded first
    machine.addresses.remove(VIP)  # by somebody who left the link
    watcher.look(100.0)
    assert machine.told() == [ADD]
    machine.delete_link("eth0")
    watcher.look(200.0)
    machine.indexes["eth0"] = 7
    watcher.look(201.0)  # it has no address of its own yet, and the VIP waits for that
    assert machine.told() == []
    machine.addresses.add(OWN)
    watcher.look(202.0)
    assert machine.told() == [RELOAD, ADD]
    machine.addresses.remove(VIP)
    watcher.look(300.0)
    assert machine.told() == [ADD]


def test_without_its_rules_the_vip_stays_away(clusterip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    machine, pace = Machine(), Pace(0.2)
    watcher = agent.Agent("x", machine.run, pace)
    machine.addresses.add(OWN)
    watcher.look(0.0)
    machine.told()
    machine.indexes["eth0"] = 7
    machine.addresses.remove(VIP)
    machine.fault = "Job failed"
    watcher.look(100.0)
    watcher.look(101.0)
    assert (machine.told(), pace.failures) == ([RELOAD, RELOAD], 2)
    assert "will be tried again: systemctl reload x.service failed with status 1: Job failed" in capsys.readouterr().err
    machine.fault = ""
    watcher.look(102.0)
    assert (machine.told(), pace.failures) == ([RELOAD, ADD], 0)


def test_a_host_without_such_a_service(clusterip: Path) -> None:
    clusterip.unlink()
    machine = Machine()
    watcher = agent.Agent("x", machine.run, Pace(0.2))
    machine.addresses.add(OWN)
    watcher.look(0.0)
    machine.indexes["eth0"] = 7
    machine.addresses.remove(VIP)
    watcher.look(100.0)
    assert machine.told() == [ADD, ADD]


@pytest.mark.parametrize(
    "argv", [["x-addresses"], ["x-addresses", "stop"], ["/a/x-addresses", "run", "more"], ["x", "run"]]
)
def test_usage(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert agent.main(argv) == 64
    assert "usage: NAME-addresses run" in capsys.readouterr().err
