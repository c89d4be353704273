# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import weights
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.weights import (
    DRAINED,
    HELD,
    INVALID,
    READY,
    file_name_fault,
    is_ours,
    plan,
    state_of,
    text_for,
)

INT_MAX = 2**31 - 1


@pytest.mark.parametrize("configured", [0, 1, 20, 65535, INT_MAX])
def test_the_held_value_makes_every_weight_zero_and_is_no_failure(configured: int) -> None:
    # keepalived's sum and clamp (real_weight), and its mark of a failed server (IPVS_WEIGHT_FAULT).
    assert max(0, configured + weights.HELD_VALUE) == 0
    assert weights.HELD_VALUE > -INT_MAX - 1


@pytest.mark.parametrize(
    ("text", "state"),
    [
        (text_for(READY, "rs1"), READY),
        (text_for(HELD, "rs1"), HELD),
        ("", READY),
        ("0\n", READY),
        ("drained\n", READY),
        ("-2147483647\n", DRAINED),
        ("-2147483648", DRAINED),
        (" \n-5 more\n", DRAINED),
        ("0x10", DRAINED),
        ("010", DRAINED),
        ("08", READY),
        ("2147483649", INVALID),
        ("-99999999999999999999", INVALID),
        (" " * 127 + "5", READY),
        ("-2147483647\n# lvs.cluster drained by lb-admin\n", DRAINED),
        ("\n-1\n# lvs.cluster held\n", DRAINED),
    ],
)
def test_states(text: str, state: str) -> None:
    assert state_of(text) == state


def test_the_texts_begin_with_the_number_and_name_the_server() -> None:
    assert text_for(READY) == "0\n# lvs.cluster ready\n"
    assert text_for(READY, "rs1\nweb") == "0\n# lvs.cluster ready: rs1 web\n"
    assert text_for(HELD, "rs1") == "-2147483647\n# lvs.cluster held until site.yml has prepared it: rs1\n"


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        (text_for(READY), True),
        (text_for(HELD), True),
        ("-5\n", True),
        ("", True),
        ("notes\n", False),
        ("5 apples", False),
    ],
)
def test_what_is_a_file_of_ours(text: str, ours: bool) -> None:
    assert is_ours(text) is ours


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", ".hidden", "-x", "a b", "a\n", "é", "x" * 256])
def test_bad_names(name: str) -> None:
    assert file_name_fault(name)


def test_good_name() -> None:
    assert file_name_fault("intranet_fd00--5_tcp_80_192.168.0.12_80") is None


@pytest.mark.parametrize(
    ("text", "ready", "after", "written"),
    [
        (None, True, READY, True),
        (None, False, HELD, True),
        (text_for(HELD), True, READY, True),
        (text_for(HELD), False, HELD, False),
        (text_for(READY), False, READY, False),
        (text_for(READY, "old label"), True, READY, False),
        ("-2147483647\n", True, DRAINED, False),
        ("-2147483647\n", False, DRAINED, False),
        ("99999999999", True, INVALID, False),
    ],
)
def test_what_becomes_of_a_file(text: str | None, ready: bool, after: str, written: bool) -> None:
    present = {} if text is None else {"a": text}
    result = plan(present, [{"file": "a", "ready": ready, "label": "x"}], purge=True)
    assert result.states == {"a": ("" if text is None else state_of(text), after)}
    assert dict(result.write) == ({"a": text_for(after, "x")} if written else {})
    assert result.released == (("a",) if text == text_for(HELD) and ready else ())
    assert {READY: (), HELD: result.held, DRAINED: result.drained, INVALID: result.invalid}[after] == (
        () if after == READY else ("a",)
    )


def test_purge_takes_files_of_ours_alone() -> None:
    present = {"a": text_for(READY), "gone": text_for(HELD), "byhand": "-5\n", "notes": "buy milk\n"}
    servers = [{"file": "a", "ready": True}]
    assert plan(present, servers, purge=True).purge == ("byhand", "gone")
    assert plan(present, servers, purge=False).purge == ()
    assert plan(present, servers, purge=True).drained == ()


def test_a_second_run_changes_nothing() -> None:
    servers = [{"file": "a", "ready": True}, {"file": "b", "ready": False}]
    first = plan({}, servers, purge=True)
    second = plan(dict(first.write), servers, purge=True)
    assert (dict(second.write), second.purge, second.released) == ({}, (), ())
