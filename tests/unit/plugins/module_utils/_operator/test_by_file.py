"""Weights of a director with keepalived."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import weights
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.conf import UnreadableError, read_text
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.weight_files import read_directory
from ansible_collections.lvs.cluster.plugins.module_utils._operator import targets
from ansible_collections.lvs.cluster.plugins.module_utils._operator.by_file import ByFile, configured_weights
from ansible_collections.lvs.cluster.plugins.module_utils._operator.decide import Decision
from ansible_collections.lvs.cluster.plugins.module_utils._operator.overrides import Override, file_override
from ansible_collections.lvs.cluster.plugins.module_utils._operator.select import targets as meant
from ansible_collections.lvs.cluster.plugins.module_utils._operator.targets import Target
from tests.unit.plugins.module_utils._operator.plans import CASES, plans

GOLDEN = CASES.parents[1] / "_keepalived" / "golden"
FILE = "intranet_10.0.0.5_tcp_80_192.168.0.12_80"
DRAIN = Override(0, "2026-11-26T20:00:00Z", "", "otto", "drain")


def target() -> Target:
    (one,) = targets.read(meant(plans("nat_ha"), "rs1", "intranet")["directors"]["lb1"]["servers"])
    assert one.file == FILE
    return one


def keeper(folder: Path, configuration: Path = GOLDEN / "nat_ha.conf") -> ByFile:
    return ByFile(str(folder), str(configuration), "lb1")


def test_a_director_that_has_no_file_does_not_know_the_server(tmp_path: Path) -> None:
    found = keeper(tmp_path / "weights")
    assert not found.knows(target())
    text = f"rs1 in intranet: {tmp_path}/weights/{FILE} is not there; run lvs.cluster.site first"
    assert found.missing(target()) == text


@pytest.mark.parametrize(
    ("text", "override", "held"),
    [
        (weights.text_for(weights.READY), None, False),
        (weights.text_for(weights.HELD), None, True),
        ("-2147483647\n", Override(0), False),
        # Its planned weight is 20, and new connections come to it: a drain must do something.
        ("-15\n", Override(5), False),
    ],
)
def test_what_is_there(tmp_path: Path, text: str, override: Override | None, held: bool) -> None:
    (tmp_path / FILE).write_text(text)
    found = keeper(tmp_path)
    assert (found.knows(target()), found.override(target()), found.is_held(target())) == (True, override, held)


def test_a_drain_and_its_end(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(weights.text_for(weights.READY))
    # No configuration is read for it: a director whose file is broken can be drained.
    keeper(tmp_path, tmp_path / "none.conf").write([(target(), Decision("changed", "ready", "drained", DRAIN))])
    assert weights.state_of((tmp_path / FILE).read_text()) == weights.DRAINED
    assert file_override((tmp_path / FILE).read_text()) == DRAIN
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o644
    keeper(tmp_path).write([(target(), Decision("changed", "drained", "ready", None))])
    assert read_directory(str(tmp_path)) == {FILE: weights.text_for(weights.READY, "rs1 in intranet")}


def test_one_that_was_held_is_held_again(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(weights.text_for(weights.HELD))
    override = DRAIN._replace(held=True)
    keeper(tmp_path).write([(target(), Decision("changed", "held", "drained", override))])
    assert file_override((tmp_path / FILE).read_text()) == override
    keeper(tmp_path).write([(target(), Decision("changed", "drained", "held", None))])
    assert weights.state_of((tmp_path / FILE).read_text()) == weights.HELD


def test_the_method_that_it_was_prepared_for_is_kept(tmp_path: Path) -> None:
    """Else a server that was drained once would never count as one with another method."""
    ready = weights.text_for(weights.READY, "rs1 in intranet", "nat")
    (tmp_path / FILE).write_text(ready)
    five = DRAIN._replace(weight=5, why="weight")
    for decision in (
        Decision("changed", "ready", "drained", DRAIN),
        Decision("changed", "drained", "weighted", five),
        Decision("changed", "weighted", "ready", None),
    ):
        keeper(tmp_path).write([(target(), decision)])
        assert weights.forwarding_of((tmp_path / FILE).read_text()) == "nat"
        assert file_override((tmp_path / FILE).read_text()) == decision.override
    assert (tmp_path / FILE).read_text() == ready


def test_a_weight_is_put_over_the_one_that_is_configured_now(tmp_path: Path) -> None:
    """Not over the plan's, which the next run brings."""
    conf = tmp_path / "keepalived.conf"
    conf.write_text((GOLDEN / "nat_ha.conf").read_text().replace("weight 20", "weight 12"))
    folder = tmp_path / "weights"
    folder.mkdir()
    five = DRAIN._replace(weight=5, why="weight")
    (folder / FILE).write_text("0\n")
    keeper(folder, conf).write([(target(), Decision("changed", "ready", "weighted", five))])
    assert (folder / FILE).read_text().startswith("-7\n")
    # A server that the configuration doesn't have yet: the plan's.
    conf.write_text("global_defs {\n}\n")
    keeper(folder, conf).write([(target(), Decision("changed", "ready", "weighted", five))])
    assert (folder / FILE).read_text().startswith("-15\n")


def test_a_configuration_that_is_not_understood_is_an_error(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("0\n")
    decision = Decision("changed", "ready", "weighted", DRAIN._replace(weight=5))
    with pytest.raises(UnreadableError):
        keeper(tmp_path, tmp_path / "none.conf").write([(target(), decision)])
    assert (tmp_path / FILE).read_text() == "0\n"


def test_configured_weights() -> None:
    found = configured_weights(read_text((GOLDEN / "nat_ha.conf").read_text(), "lb1"))
    assert found == {
        "intranet_10.0.0.5_tcp_80_192.168.0.12_80": 20,
        "intranet_10.0.0.5_tcp_80_192.168.0.13_80": 8,
    }


def test_a_real_server_without_a_weight_has_one() -> None:
    text = (
        "virtual_server 10.0.0.5 80 {\n real_server 10.0.0.1 80 {\n FILE_CHECK {\n track_file a\n }\n }\n"
        " real_server 10.0.0.2 80 {\n weight 7\n }\n}\n"
    )
    assert configured_weights(read_text(text, "lb1")) == {"a": 1}
