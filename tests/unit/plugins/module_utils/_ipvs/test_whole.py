"""Sync daemons that can't be started, on a model of the kernel."""

from __future__ import annotations

import errno
import os
from typing import Any, cast

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import host, whole
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.errors import IpvsError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import SyncDaemon, Timeouts
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.session import Session
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.transport import Ipvs
from tests.unit.plugins.module_utils._ipvs.kernel_model import FakeIpvs, Kernel

MASTER, BACKUP = SyncDaemon("master", "eth0", 1), SyncDaemon("backup", "eth0", 2)


class Daemons(FakeIpvs):
    """A kernel with sync daemons, which starts none on the interfaces in `refused`."""

    def __init__(self, *running: SyncDaemon) -> None:
        super().__init__(Kernel())
        self.running = {one.role: one for one in running}
        self.refused: dict[str, int] = {}
        self.set: list[Timeouts] = []

    def timeouts(self) -> Timeouts:
        return Timeouts(900, 120, 300)

    def set_timeouts(self, timeouts: Timeouts) -> None:
        self.set.append(timeouts)

    def daemons(self) -> dict[str, SyncDaemon]:
        return dict(self.running)

    def stop_daemon(self, daemon: SyncDaemon) -> None:
        assert self.running.pop(daemon.role) == daemon

    def start_daemon(self, daemon: SyncDaemon) -> None:
        number = self.refused.get(daemon.interface)
        if number:
            raise OSError(number, os.strerror(number))
        assert daemon.role not in self.running
        self.running[daemon.role] = daemon


@pytest.fixture(autouse=True)
def _no_host(monkeypatch: pytest.MonkeyPatch) -> None:
    def index(name: str) -> int:
        if name == "none":
            raise OSError("no interface with this name")
        return 2

    monkeypatch.setattr(host, "require_privilege", lambda: None)
    monkeypatch.setattr(host, "is_loaded", lambda: True)
    monkeypatch.setattr(whole, "keepalived_owns", lambda _keys: set())
    monkeypatch.setattr("socket.if_nametoindex", index)


def bring(kernel: Daemons, *wanted: SyncDaemon, check: bool = False, **options: Any) -> dict[str, Any]:
    session = Session(check=check)
    session._kernel = cast(Ipvs, kernel)
    daemons = [{name: value for name, value in one._asdict().items() if value} for one in wanted]
    request = whole.Request(sync_daemons=daemons, **options)
    return whole.bring(session, request, diff=False, warn=lambda text: None)


@pytest.mark.parametrize("check", [False, True])
def test_an_interface_that_is_not_there_is_refused_before_the_first_change(check: bool) -> None:
    kernel = Daemons(MASTER)
    options = {"services": [{"fwmark": 7}], "timeouts": {"tcp": 60}}
    with pytest.raises(IpvsError) as caught:
        bring(kernel, MASTER._replace(interface="none"), check=check, **options)
    assert str(caught.value) == (
        "sync_daemons: the master daemon can't be started: there is no interface none here; see ip link"
    )
    assert not caught.value.facts.get("changed")
    assert (kernel.running, kernel.log, kernel.set) == ({"master": MASTER}, [], [])


def test_one_that_runs_needs_no_look_at_its_interface() -> None:
    gone = MASTER._replace(interface="none")
    assert bring(Daemons(gone), gone)["changed"] is False


def test_a_daemon_that_made_way_comes_back() -> None:
    kernel = Daemons(MASTER)
    kernel.refused["eth1"] = errno.ENETUNREACH
    with pytest.raises(IpvsError) as caught:
        bring(kernel, MASTER._replace(interface="eth1"))
    assert str(caught.value) == (
        "sync_daemons: the master daemon can't be started: Network is unreachable; the one on eth0 runs again as before"
    )
    assert kernel.running == {"master": MASTER}
    assert caught.value.facts["changed"] is False
    assert caught.value.facts["operations"]["sync_daemons"] == {"started": 0, "stopped": 0}


def test_a_daemon_that_made_way_and_cant_come_back_is_a_change() -> None:
    kernel = Daemons(MASTER)
    kernel.refused = {"eth0": errno.ENOMEM, "eth1": errno.ENODEV}
    with pytest.raises(IpvsError) as caught:
        bring(kernel, MASTER._replace(interface="eth1"))
    assert str(caught.value) == (
        "sync_daemons: the master daemon can't be started: there is no interface eth1 here, or it is down; the one on "
        "eth0 was stopped and can't be started again: Cannot allocate memory"
    )
    assert kernel.running == {}
    assert caught.value.facts["changed"] is True
    assert caught.value.facts["operations"]["sync_daemons"] == {"started": 0, "stopped": 1}


def test_what_was_done_before_is_told() -> None:
    """The other daemon's role, the timeouts and a service."""
    kernel = Daemons(MASTER, BACKUP)
    kernel.refused["eth2"] = errno.EINVAL
    wanted = (MASTER._replace(interface="eth1"), BACKUP._replace(interface="eth2"))
    with pytest.raises(IpvsError) as caught:
        bring(kernel, *wanted, services=[{"fwmark": 7}], timeouts={"tcp": 60})
    assert kernel.running == {"master": wanted[0], "backup": BACKUP}
    told = caught.value.facts
    assert told["changed"] is True
    assert told["operations"]["services"]["added"] == 1
    assert told["operations"]["timeouts"] == {"changed": 1}
    assert told["operations"]["sync_daemons"] == {"started": 1, "stopped": 1}


@pytest.mark.parametrize("check", [False, True])
def test_what_is_wanted_runs_and_the_other_stops(check: bool) -> None:
    kernel = Daemons(MASTER)
    told = bring(kernel, BACKUP, check=check)
    assert kernel.running == ({"master": MASTER} if check else {"backup": BACKUP})
    assert (told["changed"], told["operations"]["sync_daemons"]) == (True, {"started": 1, "stopped": 1})
    if not check:
        assert bring(kernel, BACKUP)["changed"] is False
        assert bring(kernel)["operations"]["sync_daemons"] == {"started": 0, "stopped": 1}
