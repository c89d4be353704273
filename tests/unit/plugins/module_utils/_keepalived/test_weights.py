# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived import weights
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.weights import (
    DRAINED,
    HELD,
    HELD_VALUE,
    INVALID,
    READY,
    file_name_fault,
    forwarding_of,
    is_other,
    is_ours,
    number_of,
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
    reason = "held until site.yml has prepared it or taken it out: rs1"
    assert text_for(HELD, "rs1") == f"-2147483647\n# lvs.cluster {reason}\n"


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
    result = plan(present, [{"file": "a", "ready": ready, "label": "x"}], unnamed="purge")
    assert result.states == {"a": ("" if text is None else state_of(text), after)}
    assert dict(result.write) == ({"a": text_for(after, "x")} if written else {})
    assert result.released == (("a",) if text == text_for(HELD) and ready else ())
    assert {READY: (), HELD: result.held, DRAINED: result.drained, INVALID: result.invalid}[after] == (
        () if after == READY else ("a",)
    )


@pytest.mark.parametrize(
    ("text", "forwarding"),
    [
        (text_for(READY, "rs1", "dr"), "dr"),
        (text_for(READY, "", "tun"), "tun"),
        (text_for(READY, "(dr): rs1"), ""),
        (text_for(HELD, "(dr)", "dr"), ""),
        ('0\n# lvs.cluster {"forwarding": "nat", "weight": 0}\n', "nat"),
        ('0\n# lvs.cluster {"server": "\\"forwarding\\": \\"nat\\""}\n', ""),
        ("0\n", ""),
        ("", ""),
    ],
)
def test_which_method_a_server_was_prepared_for(text: str, forwarding: str) -> None:
    assert forwarding_of(text) == forwarding
    assert is_other(text, "dr") is (forwarding not in ("", "dr"))
    assert not is_other(text, "")


def test_a_file_with_its_method_is_one_as_before() -> None:
    text = text_for(READY, "rs1", "dr")
    assert text == "0\n# lvs.cluster ready (dr): rs1\n"
    assert (state_of(text), number_of(text), is_ours(text)) == (READY, 0, True)


@pytest.mark.parametrize(
    ("text", "ready", "after", "written"),
    [
        pytest.param(None, True, READY, True, id="new"),
        pytest.param(text_for(HELD), True, READY, True, id="held until now"),
        pytest.param(text_for(READY, "x", "dr"), True, READY, False, id="as it was"),
        pytest.param(text_for(READY, "x", "dr"), False, READY, False, id="a run that did not prepare it"),
        pytest.param(text_for(READY, "x", "nat"), False, HELD, True, id="prepared for another method alone"),
        pytest.param(text_for(READY, "x", "nat"), True, READY, True, id="prepared for the new one, too"),
        # Of an earlier version, or of a person who gave it back: counts as the same method, and is noted once known.
        pytest.param(text_for(READY, "x"), False, READY, False, id="no method, not prepared"),
        pytest.param(text_for(READY, "x"), True, READY, True, id="no method"),
        pytest.param("0\n", False, READY, False, id="a number, not prepared"),
        pytest.param("0\n", True, READY, True, id="a number"),
        pytest.param("0 not yours\n", True, READY, False, id="another's text"),
        pytest.param("-2147483647\n", False, DRAINED, False, id="drained"),
        pytest.param("-5\n# lvs.cluster ready (nat): x\n", False, DRAINED, False, id="a person's number"),
    ],
)
def test_another_method_counts_as_a_new_server(text: str | None, ready: bool, after: str, written: bool) -> None:
    present = {} if text is None else {"a": text}
    servers = [{"file": "a", "ready": ready, "label": "x", "forwarding": "dr"}]
    result = plan(present, servers, unnamed="purge")
    assert result.states["a"][1] == after
    assert dict(result.write) == ({"a": text_for(after, "x", "dr")} if written else {})
    assert result.held == (("a",) if after == HELD else ())
    assert not plan({**present, **result.write}, servers, unnamed="purge").write


def test_what_an_operator_says_is_no_note_to_be_written_over() -> None:
    """A temporary weight that is the configured one adds 0."""
    present = {"a": '0\n# lvs.cluster {"weight": 20}\n'}
    assert not plan(present, [{"file": "a", "ready": True, "forwarding": "dr"}], unnamed="keep").write


def test_purge_takes_files_of_ours_alone() -> None:
    present = {"a": text_for(READY), "gone": text_for(HELD), "byhand": "-5\n", "notes": "buy milk\n"}
    servers = [{"file": "a", "ready": True}]
    assert plan(present, servers, unnamed="purge").purge == ("byhand", "gone")
    assert plan(present, servers, unnamed="keep").purge == ()
    assert plan(present, servers, unnamed="purge").drained == ()


def test_a_second_run_changes_nothing() -> None:
    servers = [{"file": "a", "ready": True}, {"file": "b", "ready": False}]
    first = plan({}, servers, unnamed="purge")
    second = plan(dict(first.write), servers, unnamed="purge")
    assert (dict(second.write), second.purge, second.released) == ({}, (), ())


def test_server_that_leaves_gets_weight_0_while_another_serves() -> None:
    present = {"web_10.0.0.5_tcp_80_192.168.0.12_80": "0\n", "web_10.0.0.5_tcp_80_192.168.0.13_80": "0\n"}
    result = plan(present, [{"file": "web_10.0.0.5_tcp_80_192.168.0.12_80", "ready": True}], unnamed="drain")
    assert result.leaving == ("web_10.0.0.5_tcp_80_192.168.0.13_80",)
    text = result.write["web_10.0.0.5_tcp_80_192.168.0.13_80"]
    assert (state_of(text), text.split("\n")[0]) == ("held", str(HELD_VALUE))
    assert result.purge == ()


@pytest.mark.parametrize(
    ("there", "ready"),
    [
        pytest.param({"web_10.0.0.5_tcp_80_192.168.0.12_80": f"{HELD_VALUE}\n"}, True, id="the other is drained"),
        pytest.param({}, True, id="the other is new: keepalived does not know it yet"),
        pytest.param({"mail_10.0.0.5_tcp_25_192.168.0.12_25": "0\n"}, True, id="the other is of another service"),
    ],
)
def test_leaving_never_empties_a_pool(there: dict[str, str], ready: bool) -> None:
    present = {**there, "web_10.0.0.5_tcp_80_192.168.0.13_80": "0\n"}
    named = [{"file": name, "ready": ready} for name in there or ["web_10.0.0.5_tcp_80_192.168.0.12_80"]]
    result = plan(present, named, unnamed="drain")
    assert result.leaving == ()
    assert "web_10.0.0.5_tcp_80_192.168.0.13_80" not in result.write


@pytest.mark.parametrize(
    ("old", "new", "taken"),
    [
        ("web_10.0.0.5_tcp_80_192.168.0.13_80", "shop_10.0.0.5_tcp_80_192.168.0.13_80", True),
        ("tcp_10.0.0.5_tcp_80_192.168.0.13_80", "a_b_10.0.0.5_tcp_80_192.168.0.13_80", True),
        ("web_2001-db8--5_udp_53_2001-db8-1--12_53", "dns_2001-db8--5_udp_53_2001-db8-1--12_53", True),
        ("web_fwmark_1_192.168.0.13_80", "shop_fwmark_1_192.168.0.13_80", True),
        ("web_fwmark_1_192.168.0.13_80", "shop_fwmark_2_192.168.0.13_80", False),
        ("web_10.0.0.5_tcp_80_192.168.0.13_80", "shop_10.0.0.6_tcp_80_192.168.0.13_80", False),
        ("web_10.0.0.5_tcp_80_192.168.0.13_80", "shop_10.0.0.5_tcp_80_192.168.0.13_8080", False),
        ("web_10.0.0.5_tcp_80_192.168.0.13_80", "shop_10.0.0.5_udp_80_192.168.0.13_80", False),
        # A group's files do not tell its services.
        ("web_group_192.168.0.13_80", "shop_group_192.168.0.13_80", True),
        ("web_10.0.0.5_tcp_80_192.168.0.13_80", "shop_group_192.168.0.13_80", True),
        ("web_group_192.168.0.13_80", "shop_fwmark_1_192.168.0.13_80", True),
        ("web_group_192.168.0.13_80", "shop_group_192.168.0.13_8080", False),
        ("web_group_2001-db8--12_80", "shop_group_2001-db8--13_80", False),
    ],
)
def test_another_name_of_a_service_gives_nothing_back(old: str, new: str, taken: bool) -> None:
    drained = '-2147483647\n# lvs.cluster {"by": "anna"}\n'
    servers = [{"file": new, "ready": True, "label": "x", "forwarding": "nat"}]
    result = plan({old: drained}, servers, unnamed="drain")
    assert dict(result.write) == {new: drained if taken else text_for(READY, "x", "nat")}
    assert result.states == {new: ("", DRAINED if taken else READY)}
    after = plan({old: drained, **result.write}, servers, unnamed="purge")
    assert (after.purge, dict(after.write)) == ((old,), {})


def test_a_service_that_stays_keeps_its_files_to_itself() -> None:
    """Two services can't have one address, protocol and port, so a second name is one that comes."""
    old, new = "web_10.0.0.5_tcp_80_192.168.0.13_80", "shop_10.0.0.5_tcp_80_192.168.0.13_80"
    both = [{"file": name, "ready": True} for name in (old, new)]
    assert dict(plan({old: "-5\n"}, both, unnamed="keep").write) == {new: text_for(READY)}
    # What is held is released as ever, what is ready says so in the words of today, what is not ours is nobody's.
    one = [{"file": new, "ready": True, "label": "x", "forwarding": "nat"}]
    for text in (text_for(HELD, "y"), text_for(READY, "y"), "7 apples\n"):
        assert dict(plan({old: text}, one, unnamed="keep").write) == {new: text_for(READY, "x", "nat")}
    unready = [{**one[0], "ready": False}]
    assert dict(plan({old: text_for(READY, "y", "nat")}, unready, unnamed="keep").write) == {
        new: text_for(READY, "y", "nat")
    }
    assert dict(plan({old: text_for(READY, "y", "dr")}, unready, unnamed="keep").write) == {new: text_for(HELD, "x")}


def test_of_a_group_only_what_is_drained_goes_on() -> None:
    """Its new name may stand for other services, for which nobody has prepared the server."""
    new = [{"file": "shop_group_192.168.0.13_80", "ready": False, "label": "x", "forwarding": "dr"}]
    for text in (text_for(READY, "y", "dr"), "5\n", "-5\n"):
        written = plan({"web_group_192.168.0.13_80": text}, new, unnamed="drain").write
        assert state_of(written["shop_group_192.168.0.13_80"]) == HELD
    # Of several services that become one group, one is drained.
    present = {f"web_10.0.0.5_tcp_{port}_192.168.0.13_80": text_for(READY) for port in (80, 82)}
    present["web_10.0.0.5_tcp_81_192.168.0.13_80"] = "-2147483647\n"
    assert plan(present, new, unnamed="drain").write["shop_group_192.168.0.13_80"] == "-2147483647\n"
    # Of a weight that was less for a while nobody knows what it would be there.
    present["web_10.0.0.5_tcp_81_192.168.0.13_80"] = "-7\n"
    assert state_of(plan(present, new, unnamed="drain").write["shop_group_192.168.0.13_80"]) == HELD


@pytest.mark.parametrize("group", ["a", "z"])
def test_what_was_drained_in_another_service_is_not_drained_here(group: str) -> None:
    drained, ready = "-2147483647\n", text_for(READY, forwarding="nat")
    there = f"{group}_group_192.168.0.13_80"
    # It leaves a group that goes on.
    servers: list[dict[str, Any]] = [
        {"file": name, "ready": True}
        for name in (f"{group}_group_192.168.0.14_80", "b_10.0.0.6_tcp_80_192.168.0.13_80")
    ]
    result = plan({there: drained, servers[0]["file"]: ready}, servers, unnamed="keep")
    assert result.states["b_10.0.0.6_tcp_80_192.168.0.13_80"] == ("", READY)
    # It has a file of its own under the old name.
    present = {there: drained, "b_10.0.0.6_tcp_80_192.168.0.13_80": ready}
    result = plan(present, [{"file": "c_10.0.0.6_tcp_80_192.168.0.13_80", "ready": True}], unnamed="keep")
    assert result.states["c_10.0.0.6_tcp_80_192.168.0.13_80"] == ("", READY)
