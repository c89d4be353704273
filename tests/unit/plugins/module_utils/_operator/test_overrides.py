"""What an operator has set, as it stands in weight files and in the record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._boot import files
from ansible_collections.lvs.cluster.plugins.module_utils._boot.errors import BootError
from ansible_collections.lvs.cluster.plugins.module_utils._ipvs.model import DestinationKey, ServiceKey
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import weights
from ansible_collections.lvs.cluster.plugins.module_utils._operator import overrides
from ansible_collections.lvs.cluster.plugins.module_utils._operator.overrides import Override

SINCE, UNTIL = "2026-11-26T20:00:00Z", "2026-11-26T21:00:00Z"
DRAIN = Override(0, SINCE, "", "otto", "drain")
FIVE = Override(5, SINCE, UNTIL, "otto", "weight")
NAME = (ServiceKey("ipv4", "tcp", "10.0.0.5", 80), DestinationKey("ipv4", "192.168.0.12", 80))


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(files, "STATE_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("override", "state"),
    [
        (DRAIN, "drained"),
        (Override(0), "drained"),
        (FIVE, "weighted"),
        # It comes back by itself, so nobody must give it back.
        (Override(0, SINCE, UNTIL), "weighted"),
        (Override(5), "weighted"),
    ],
)
def test_state(override: Override, state: str) -> None:
    assert override.state == state


@pytest.mark.parametrize(
    ("until", "moment", "expired"),
    [
        (UNTIL, "2026-11-26T20:59:59Z", False),
        (UNTIL, UNTIL, True),
        (UNTIL, "2026-12-01T00:00:00Z", True),
        ("", "2099-01-01T00:00:00Z", False),
    ],
)
def test_expiry(until: str, moment: str, expired: bool) -> None:
    assert overrides.is_expired(Override(5, until=until), moment) is expired


def test_now_has_the_form_that_is_compared() -> None:
    assert len(overrides.now()) == len(UNTIL)
    assert overrides.now(-60) < overrides.now() < overrides.now(3600)


# -- weight files


@pytest.mark.parametrize(
    ("override", "number"), [(DRAIN, weights.HELD_VALUE), (FIVE, 5 - 20), (FIVE._replace(weight=25), 5)]
)
def test_keepalived_adds_the_number_to_the_configured_weight(override: Override, number: int) -> None:
    assert overrides.file_text(override, 20, "rs1 in web").startswith(f"{number}\n")


@pytest.mark.parametrize("override", [DRAIN, FIVE, FIVE._replace(weight=20), FIVE._replace(weight=0)])
def test_a_file_says_again_what_was_set(override: Override) -> None:
    text = overrides.file_text(override, 20, "rs1\nin web")
    assert overrides.file_override(text) == override
    assert text.count("\n") == 2
    assert '"server": "rs1 in web"' in text
    # A run that takes the server out of the plan knows it for ours.
    assert weights.is_ours(text)
    # keepalived reads no further than this.
    assert text.index("\n") < 127


@pytest.mark.parametrize(
    ("text", "override"),
    [
        (weights.text_for(weights.READY, "rs1"), None),
        (weights.text_for(weights.HELD, "rs1"), None),
        ("0\n", None),
        ("", None),
        # By hand.
        ("-2147483647\n", Override(0)),
        ("-5\n", Override(0)),
        ("-2147483647\n# broken disk, otto\n", Override(0)),
        ('-2147483647\n# lvs.cluster {"weight": 0}\n', Override(0)),
        ("-2147483647\n# lvs.cluster {broken\n", Override(0)),
        ('-2147483647\n# lvs.cluster {"weight": "many", "since": "", "until": "", "by": "", "why": ""}\n', Override(0)),
        # A person who gave it back wrote the number alone.
        ("0\n" + overrides.file_text(DRAIN, 20, "").split("\n", 1)[1], None),
        # keepalived ignores it.
        ("99999999999\n", None),
    ],
)
def test_what_a_file_means(text: str, override: Override | None) -> None:
    assert overrides.file_override(text) == override


@pytest.mark.parametrize(
    ("method", "held", "ready", "after", "held_after"),
    [
        ("nat", False, False, "nat", True),
        ("nat", False, True, "dr", False),
        ("nat", True, True, "dr", False),
        ("", True, True, "dr", False),
        ("", False, True, "dr", False),
        ("", False, False, None, False),
        ("dr", False, True, None, False),
        ("dr", False, False, None, False),
        ("dr", True, False, None, True),
    ],
)
def test_a_drained_server_and_its_method(
    method: str, held: bool, ready: bool, after: str | None, held_after: bool
) -> None:
    text = overrides.file_text(DRAIN._replace(held=held), 20, "rs1", method)
    updated = overrides.updated_text(text, "dr", ready=ready)
    assert (updated is None) == (after is None)
    if updated is not None:
        assert overrides.file_override(updated) == DRAIN._replace(held=held_after)
        assert weights.forwarding_of(updated) == after
        assert overrides.updated_text(updated, "dr", ready=ready) is None


@pytest.mark.parametrize("text", [weights.text_for(weights.READY, "rs1", "nat"), "-2147483647\n", "0\n"])
def test_what_no_operator_set_is_left(text: str) -> None:
    for ready in (True, False):
        assert overrides.updated_text(text, "dr", ready=ready) is None


@pytest.mark.parametrize(
    ("number", "weight", "state"),
    [
        ("-2147483647", 0, "drained"),
        ("-20", 0, "drained"),
        # New connections still come.
        ("-19", 1, "weighted"),
        ("-15", 5, "weighted"),
        ("30", 50, "weighted"),
    ],
)
def test_a_number_by_hand_is_added_to_the_weight(number: str, weight: int, state: str) -> None:
    override = overrides.file_override(f"{number}\n", 20)
    assert override is not None
    assert (override.weight, override.state) == (weight, state)


def test_a_number_by_hand_gives_a_weight_to_one_that_is_planned_without() -> None:
    assert overrides.file_override("30\n", 0) == Override(30)


# -- the record


def record() -> dict[Any, Override]:
    mark = (ServiceKey("ipv6", fwmark=7), DestinationKey("ipv6", "2001:db8::1", 0))
    return {NAME: DRAIN._replace(planned=20), mark: FIVE}


def test_a_record_survives_its_file(state: Path) -> None:
    placed = overrides.record_file(record())
    assert placed is not None
    assert placed.mode == 0o600
    (state / "lvs-director-overrides.json").write_bytes(placed.data)
    assert overrides.read_record("lvs-director") == record()
    assert overrides.read_record("other") == {}


def test_an_empty_record_has_no_file() -> None:
    assert overrides.record_file({}) is None


@pytest.mark.parametrize("content", ['{"overrides": [[1, 2]]}', "{}", '{"overrides": [[{}, {}, {}]]}', "[", "[]"])
def test_a_record_that_can_not_be_read_is_never_an_empty_one(state: Path, content: str) -> None:
    (state / "lvs-director-overrides.json").write_text(content)
    with pytest.raises(BootError, match=r"lvs-director-overrides\.json"):
        overrides.read_record("lvs-director")


# -- both


def test_all_that_keeps_a_server_from_its_planned_weight(state: Path) -> None:
    placed = overrides.record_file({NAME: FIVE._replace(planned=20)})
    assert placed is not None
    (state / "lvs-director-overrides.json").write_bytes(placed.data)
    folder = state / "weights"
    folder.mkdir()
    (folder / "a").write_text(overrides.file_text(DRAIN, 20, "rs1"))
    (folder / "b").write_text(weights.text_for(weights.HELD))
    (folder / "c").write_text(weights.text_for(weights.READY))
    (folder / "d").write_text("-2147483647\n")
    nothing = {"weight": 0, "since": "", "until": "", "by": "", "why": ""}
    drain = {"since": SINCE, "by": "otto", "why": "drain"}
    five = {"weight": 5, "since": SINCE, "until": UNTIL, "by": "otto", "why": "weight"}
    assert overrides.present("lvs-director", str(folder)) == [
        {"server": "tcp 10.0.0.5:80 -> 192.168.0.12:80", "state": "weighted", **five},
        {"server": "a", "state": "drained", **nothing, **drain},
        {"server": "b", "state": "held", **nothing},
        {"server": "d", "state": "drained", **nothing},
    ]
    json.dumps(overrides.present("lvs-director", str(folder)))


def test_nothing_was_set(state: Path) -> None:
    assert overrides.present("lvs-director", str(state / "weights")) == []
