"""Weights of a director without keepalived, on a model of the kernel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot import files
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs import host, persistent, report, weights
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import (
    Destination,
    DestinationKey,
    Entry,
    ServiceKey,
    Settings,
)
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.session import Session
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.transport import Ipvs
from ansible_collections.lvs.cluster.plugins.module_utils._operator.by_table import ByTable
from ansible_collections.lvs.cluster.plugins.module_utils._operator.decide import Decision
from ansible_collections.lvs.cluster.plugins.module_utils._operator.overrides import Override, read_record
from ansible_collections.lvs.cluster.plugins.module_utils._operator.standing import Server
from ansible_collections.lvs.cluster.plugins.module_utils._operator.targets import Target
from tests.unit.plugins.module_utils._ipvs.kernel_model import FakeIpvs, Kernel

OWNER = "lvs-director"
NAMES = persistent.Names(OWNER)
WEB = ServiceKey("ipv4", fwmark=1)
RS1, RS2 = (DestinationKey("ipv4", f"10.0.0.{number}", 0) for number in (12, 13))
DRAIN = Override(0, "2026-11-26T20:00:00Z", "", "otto", "drain")
FIVE = DRAIN._replace(weight=5, until="2026-11-26T21:00:00Z", why="weight")
DRAINING = Decision("changed", "ready", "drained", DRAIN)
GIVING_BACK = Decision("changed", "drained", "ready", None)


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(files, "STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setattr(persistent.Names, "config", property(lambda _names: str(tmp_path / "table.json")))
    monkeypatch.setattr(host, "require_privilege", lambda: None)
    return tmp_path


def kernel(weight: int = 20) -> Kernel:
    there = {RS1: Destination("dr", weight, upper_threshold=9), RS2: Destination("dr", 8)}
    return Kernel({WEB: Entry(Settings("wrr"), there)})


def keeper(found: Kernel) -> ByTable:
    session = Session(check=False)
    session._kernel = cast(Ipvs, FakeIpvs(found))
    return ByTable(session, OWNER)


def target(name: DestinationKey = RS1, weight: int = 20) -> Target:
    return Target(Server(WEB, name, "rs1 in web"), "web_a", weight, ())


def weight(found: Kernel, name: DestinationKey = RS1) -> int:
    return found.table[WEB].destinations[name].weight


def record_zero(*names: DestinationKey) -> None:
    files.write_file(NAMES.zero, files.to_json({"zero": weights.names_to_json((WEB, name) for name in names)}))


def boot() -> dict[str, int]:
    """The weights that a reboot brings."""
    (service,) = json.loads(Path(NAMES.config).read_text())["services"]
    return {one["address"]: one["weight"] for one in service["destinations"]}


def place_boot(found: Kernel) -> None:
    services: list[Any] = [report.entry_options(key, entry) for key, entry in found.table.items()]
    files.write_file(NAMES.config, files.to_json({"services": services}))


def test_what_is_not_in_the_table_is_not_known() -> None:
    found = keeper(kernel())
    stranger = target(DestinationKey("ipv4", "10.0.0.99", 0))
    assert (found.knows(target()), found.knows(stranger)) == (True, False)
    assert found.missing(stranger) == (
        "rs1 in web: the table has no fwmark 1 -> 10.0.0.99:0; run lvs.cluster.site first"
    )
    assert not keeper(Kernel()).knows(target())


def test_a_drain_and_its_end() -> None:
    found = kernel()
    place_boot(found)
    keeper(found).write([(target(), DRAINING)])
    assert (weight(found), weight(found, RS2)) == (0, 8)
    # Nothing else of it changes.
    assert found.table[WEB].destinations[RS1] == Destination("dr", 0, upper_threshold=9)
    assert boot() == {"10.0.0.12": 0, "10.0.0.13": 8}
    assert read_record(OWNER) == {(WEB, RS1): DRAIN._replace(planned=20)}
    assert Path(NAMES.overrides).stat().st_mode & 0o777 == 0o600
    again = keeper(found)
    assert again.override(target()) == DRAIN._replace(planned=20)
    assert not again.is_held(target())
    again.write([(target(), GIVING_BACK)])
    assert (weight(found), boot()["10.0.0.12"]) == (20, 20)
    assert not Path(NAMES.overrides).exists()


def test_a_temporary_weight_keeps_in_mind_what_was_before() -> None:
    found = kernel()
    keeper(found).write([(target(weight=30), Decision("changed", "ready", "weighted", FIVE))])
    keeper(found).write([(target(weight=30), DRAINING)])
    assert weight(found) == 0
    assert read_record(OWNER) == {(WEB, RS1): DRAIN._replace(planned=20)}
    assert not Path(NAMES.config).exists()


def test_a_zero_of_nobody_is_a_persons() -> None:
    found = keeper(kernel(0))
    assert found.override(target()) == Override(0)
    assert not found.is_held(target())
    # The plan wants it so.
    assert found.override(target(weight=0)) is None


def test_a_zero_of_ours_is_held() -> None:
    record_zero(RS1)
    found = keeper(kernel(0))
    assert (found.is_held(target()), found.override(target())) == (True, None)
    # It has a weight: the record is old.
    assert not keeper(kernel(5)).is_held(target())


def test_one_that_is_held_can_be_drained_and_is_no_longer_told_as_held() -> None:
    record_zero(RS1)
    found = kernel(0)
    keeper(found).write([(target(), Decision("changed", "held", "drained", DRAIN))])
    again = keeper(found)
    assert (again.is_held(target()), again.override(target())) == (False, DRAIN._replace(planned=20))


def test_the_record_is_written_before_the_kernel_is_told() -> None:
    """A run that is broken off must not look like a person's work."""
    found = kernel()
    found.refuse[WEB, RS1] = 22
    with pytest.raises(Exception, match="refuses"):
        keeper(found).write([(target(), DRAINING)])
    assert read_record(OWNER) == {(WEB, RS1): DRAIN._replace(planned=20)}


def test_nothing_is_sent_where_the_weight_is_so_already() -> None:
    found = kernel(5)
    keeper(found).write([(target(), Decision("changed", "ready", "weighted", FIVE))])
    assert found.log == []
