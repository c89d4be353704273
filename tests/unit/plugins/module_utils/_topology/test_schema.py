# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checker of values: what is taken and how it comes out, what is refused and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._topology.faults import Findings, Place
from ansible_collections.lvs.cluster.plugins.module_utils._topology.schema import Spec, check
from ansible_collections.lvs.cluster.plugins.module_utils._topology.vocabulary_words import NAME, USER
from ansible_collections.lvs.cluster.plugins.module_utils._topology.words import natural


class Tagged(str):
    """As Ansible's own text: a subclass."""


def run(spec: Spec, value: Any) -> tuple[Any, list[str]]:
    """The checked value, and variable and problem of each fault."""
    findings = Findings()
    checked = check(spec, value, Place(findings, "h", "v"))
    return checked, [f"{one['variable']} {one['problem']}" for one in Findings.ordered(findings.faults)]


INTEGER = Spec("integer", "x", low=1, high=100)
NUMBER = Spec("number", "x", low=0.5, high=100)
MOVED = Spec(
    "mapping",
    "x",
    moved=("a", "c", "d"),
    elsewhere={"e": "a.b"},
    fields={"a": INTEGER, "c": INTEGER, "d": Spec("text", "x"), "options": Spec("options", "x")},
)


@pytest.mark.parametrize(
    ("spec", "value", "expected"),
    [
        (INTEGER, 80, 80),
        (INTEGER, Tagged(" 80 "), 80),
        (NUMBER, "0.5", 0.5),
        (NUMBER, 2.0, 2),
        (Spec("text", "x"), Tagged("a"), "a"),
        (Spec("text", "x", choices=("tcp", "udp")), "TCP", "tcp"),
        (Spec("word", "x"), 1, "1"),
        (Spec("address", "x"), "2001:DB8:0::5", "2001:db8::5"),
        (Spec("prefix", "x"), "10.0.0.5/255.255.255.0", "10.0.0.5/24"),
        (Spec("bare_prefix", "x"), "10.0.0.5", "10.0.0.5/32"),
        (Spec("bare_prefix", "x"), "2001:db8::5", "2001:db8::5/128"),
        (Spec("network", "x"), "10.0.0.0/24", "10.0.0.0/24"),
        (Spec("ports", "x"), [80, "443", "8000 - 8002"], [80, 443, 8000, 8001, 8002]),
        (Spec("ports", "x"), 80, [80]),
        (Spec("list", "x", item=INTEGER, single=True), "5", [5]),
        (Spec("mapping", "x", fields={"a": INTEGER}, shorthand="a"), "5", {"a": 5}),
        (Spec("mapping", "x", fields={"a": Spec("integer", "x", default=7), "b": INTEGER}), {"b": None}, {"a": 7}),
        (Spec("boolean", "x"), False, False),
        (Spec("boolean", "x"), Tagged(" Yes"), True),
        (Spec("switch", "x"), "OFF", False),
        (Spec("switch", "x", pattern="[a-z]+"), Tagged("eth"), "eth"),
        (Spec("switch", "x", fields={"a": INTEGER}), True, True),
        (Spec("switch", "x", fields={"a": INTEGER}), {"a": "5"}, {"a": 5}),
        (Spec("multicast", "x"), "FF02:0::12", "ff02::12"),
        (MOVED, {"options": {"a": "5", "b": 1, "c": None}}, {"a": 5, "options": {"b": 1}}),
        (MOVED, {"options": {"a": [], "d": False}}, {"options": {}}),
        (MOVED, {"options": {"d": ["x", "y"]}, "a": 1}, {"a": 1, "d": "x y", "options": {}}),
        (MOVED, {"options": {"a": None}, "a": 1}, {"a": 1, "options": {}}),
        (MOVED, {"options": {"e": None}}, {"options": {"e": None}}),
        (Spec("table", "x", item=INTEGER), {"b10": 1, "b9": 2}, {"b9": 2, "b10": 1}),
        (
            Spec("options", "x"),
            {"a": [1, None, {"b": Tagged("c")}], "d": True},
            {"a": [1, None, {"b": "c"}], "d": True},
        ),
    ],
)
def test_taken(spec: Spec, value: Any, expected: Any) -> None:
    checked, faults = run(spec, value)
    assert faults == []
    assert checked == expected
    assert type(checked) is type(expected)


@pytest.mark.parametrize(
    ("spec", "value", "problem"),
    [
        (INTEGER, True, "v is a boolean, not a whole number"),
        (INTEGER, 1.5, "v is 1.5, not a whole number"),
        (INTEGER, "1.5", "v is '1.5', not a whole number"),
        (INTEGER, [1], "v is a list, not a whole number"),
        (INTEGER, 0, "v 0 is not in 1..100"),
        (NUMBER, False, "v is a boolean, not a number"),
        (NUMBER, "nan", "v 'nan' is not in 0.5..100"),
        (Spec("text", "x"), 5, "v is a number, not text (in quotes it is text)"),
        (Spec("text", "x"), "", "v is empty"),
        (Spec("text", "x"), "  ", "v is '  ', which cannot be used"),
        (Spec("text", "x", high=8, secret=True), "ä" * 5, "v is longer than 8 bytes"),
        (Spec("text", "x", pattern="a"), "b" * 80, f"v is '{'b' * 57}...', which cannot be used"),
        (Spec("text", "x", pattern="a"), "a\nb\x1b", r"v is 'a\nb\x1b', which cannot be used"),
        (Spec("text", "x"), "a\udcff", "v is not valid Unicode"),
        (Spec("text", "x", secret=True, high=8), "a\ud800", "v is not valid Unicode"),
        (Spec("word", "x"), "\udcff", "v is not valid Unicode"),
        (Spec("ports", "x"), ["\udcff"], r"v holds '\udcff', which is no port from 1 to 65535 and no range of them"),
        (Spec("mapping", "x"), {"\udcff": 1}, "v has a key that is not valid Unicode"),
        (Spec("mapping", "x", fields={"a": INTEGER}), {"b\nc": 1}, r"v.b\nc is an unknown key"),
        (Spec("options", "x"), {"\udcff": 1}, "v has a key that is not valid Unicode"),
        (Spec("options", "x"), {"a": {"\udcff": 1}}, "v has a key that is not valid Unicode"),
        (Spec("options", "x"), {"a": ["b", "\udcff"]}, "v holds text that is not valid Unicode"),
        (Spec("mark", "x", low=1, high=9), "0x" + "f" * 5000, f"v is '0x{'f' * 55}...', not a whole number"),
        (Spec("word", "x"), None, "v is nothing, not text or a number"),
        (Spec("address", "x"), 5, "v is a number, not an IPv4 or IPv6 address"),
        (Spec("address", "x"), "10.0.0.05", "v is '10.0.0.05', not an IPv4 or IPv6 address"),
        (
            Spec("address", "x"),
            "fe80::1%eth0",
            "v is 'fe80::1%eth0', not an IPv4 or IPv6 address: it has a zone (%eth0), which is not taken",
        ),
        (Spec("address", "x"), "0.0.0.0", "v 0.0.0.0 is not an address that a host can have"),
        (Spec("prefix", "x"), "10.0.0.5", "v is '10.0.0.5', not an address with its prefix length"),
        (Spec("prefix", "x"), "10.0.0.5/33", "v is '10.0.0.5/33', not an address with its prefix length"),
        (Spec("network", "x"), "10.0.0.1/24", "v is '10.0.0.1/24', not a network"),
        (Spec("ports", "x"), [True], "v holds a boolean, which is no port from 1 to 65535 and no range of them"),
        (Spec("ports", "x"), "0-3", "v holds '0-3', which is no port from 1 to 65535 and no range of them"),
        (Spec("ports", "x"), [], "v is empty"),
        (Spec("list", "x", item=INTEGER), "5", "v is text, not a list"),
        (Spec("list", "x", item=INTEGER), [1, "b"], "v[1] is 'b', not a whole number"),
        (Spec("table", "x", item=INTEGER, pattern="[a-z]"), {"B": 1}, "v.B is a key that cannot be used"),
        (Spec("options", "x"), ["a"], "v is a list, not a mapping"),
        (Spec("boolean", "x"), 1, "v is 1, not true or false"),
        (Spec("boolean", "x"), "maybe", "v is 'maybe', not true or false"),
        (Spec("switch", "x", fields={"a": INTEGER}), "maybe", "v is 'maybe', not true, false or a mapping"),
        (Spec("switch", "x", pattern="[a-z]+"), 1, "v is a number, not text (in quotes it is text)"),
        (Spec("switch", "x", pattern="[a-z]+"), "A", "v is 'A', which cannot be used"),
        (Spec("multicast", "x"), "10.0.0.1", "v 10.0.0.1 is not a multicast address"),
        (MOVED, {"a": 1, "options": {"a": 1}}, "v.options.a stands beside a, which means the same"),
        (MOVED, {"options": {"a": "x"}}, "v.a is 'x', not a whole number"),
        (MOVED, {"options": {"e": "x"}}, "v.options.e is what a.b writes"),
        (Spec("mapping", "x", fields={"a": Spec("integer", "x", required=True)}), {"a": None}, "v.a is missing"),
        (INTEGER, {"__lvs_error__": "no such"}, "v cannot be worked out: no such"),
        (INTEGER, {"__lvs_error__": "no\nsuch"}, r"v cannot be worked out: no\nsuch"),
    ],
)
def test_refused(spec: Spec, value: Any, problem: str) -> None:
    _checked, faults = run(spec, value)
    assert faults == [problem]


def test_what_is_wrong_is_none_and_what_stands_beside_it_is_kept() -> None:
    checked, faults = run(
        Spec("list", "x", item=Spec("mapping", "x", fields={"a": INTEGER, "b": INTEGER})), [5, {"a": "?", "b": 2}]
    )
    assert checked == [None, {"a": None, "b": 2}]
    assert faults == ["v[0] is a number, not a mapping", "v[1].a is '?', not a whole number"]


def test_other_languages_are_text() -> None:
    assert run(Spec("text", "x"), "Grüße \U0001f40c") == ("Grüße \U0001f40c", [])


def test_numbers_in_names_are_compared_whatever_their_length() -> None:
    names = ["lb10", "lb" + "9" * 5000, "lb2", "lb02", "lb", "lb1" + "0" * 5000]
    assert sorted(names, key=natural) == ["lb", "lb02", "lb2", "lb10", "lb" + "9" * 5000, "lb1" + "0" * 5000]


@pytest.mark.parametrize(("spec", "most"), [(NAME, "a" * 100), (USER, "a" * 32 + " " + "b" * 32)])
def test_names_of_files_and_users_have_a_longest(spec: Spec, most: str) -> None:
    assert run(spec, most) == (most, [])
    _checked, (fault,) = run(spec, most + "a")
    assert "which cannot be used" in fault
