# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import HEADER, has_header, render, serialise
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tree import Node, TreeError
from tests.unit.plugins.module_utils._keepalived.conf_reader import read

# Everything that keepalived's reader treats in a way of its own, and a few letters.
_PARTS = [*"ab #!{}'\\$@~=,();|<>%&*^[]?-+/:", "é", "$_x", "\\\\", "include", "~SEQ", "${a}"]


def _word(source: random.Random) -> str:
    while True:
        word = "".join(source.choice(_PARTS) for _number in range(source.randint(0, 7)))
        try:
            serialise([Node("k", (word,))])
        except TreeError:
            continue
        return word


def _name(source: random.Random) -> str:
    word = ""
    while not word or word.startswith("include"):
        word = _word(source)
    return word


def _nodes(source: random.Random, depth: int) -> tuple[Node, ...]:
    return tuple(
        Node(
            _name(source),
            tuple(_word(source) for _number in range(source.randint(0, 3))),
            _nodes(source, depth - 1) if depth and source.random() < 0.5 else None,
        )
        for _number in range(source.randint(0, 3))
    )


@pytest.mark.parametrize("seed", range(200))
def test_what_is_written_is_read_back(seed: int) -> None:
    nodes = list(_nodes(random.Random(seed), 3))
    assert read(serialise(nodes)) == nodes


def test_layout() -> None:
    nodes = [Node("a", (1, 0.1, "x y"), (Node("b"), Node("c", (), ()))), Node("d", ("",))]
    assert serialise(nodes) == 'a 1 0.1 "x y" {\n    b\n    c {\n    }\n}\n\nd ""\n'


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("pa#ss!", '"pa#ss!"'),
        ("a{b}", '"a{b}"'),
        ("$VAR", '"$VAR"'),
        ("two\\\\", '"two\\\\"'),
        ("mon@example.org", "mon@example.org"),
        ("fd00::1/64", "fd00::1/64"),
        (0.00001, "0.00001"),
        (-3, "-3"),
    ],
)
def test_quotes_only_where_needed(value: str | float, written: str) -> None:
    assert serialise([Node("k", (value,))]) == f"k {written}\n"


@pytest.mark.parametrize("name", ["@lb1", "$a=b", "~SEQ(x)", "#c"])
def test_a_line_never_begins_with_what_is_no_keyword(name: str) -> None:
    assert serialise([Node(name)]) == f'"{name}"\n'


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("a\nb", "a newline or another control character"),
        ("a\0b", "a newline or another control character"),
        ("a\n", "a newline or another control character"),
        ('a"b', "a double quote cannot be written"),
        ("{", "a brace alone"),
        ("}", "a brace alone"),
        ("$_PWD", "$_ and a capital letter"),
        ("x${_HASH}y", "$_ and a capital letter"),
        ("a b\\", "a backslash at the end"),
        ("\udc80", "not valid Unicode"),
        (float("nan"), "not finite"),
        (True, "true and false"),
        ("x" * 1030, "more than 1022 bytes"),
        ("é" * 511, "more than 1022 bytes"),
    ],
)
def test_what_cannot_be_written_is_refused_with_its_path(value: str | float, problem: str) -> None:
    nodes = [Node("vrrp_instance", ("VI_1",), (Node("authentication", (), (Node("auth_pass", (value,)),)),))]
    with pytest.raises(TreeError) as error:
        serialise(nodes)
    message = str(error.value)
    assert message.startswith("vrrp_instance VI_1 > authentication > auth_pass")
    assert problem in message


def test_a_refused_password_is_not_in_the_message() -> None:
    with pytest.raises(TreeError) as error:
        serialise([Node("authentication", (), (Node("auth_pass", ('sesame"',)),))])
    assert "sesame" not in str(error.value)


@pytest.mark.parametrize("name", ["include", "includer", "includea"])
def test_include_is_refused(name: str) -> None:
    with pytest.raises(TreeError, match="include is not written"):
        serialise([Node(name, ("/etc/x.conf",))])


def test_the_file_begins_with_the_marker() -> None:
    text = render([Node("a")])
    assert text == f"{HEADER}\n\na\n"
    assert has_header(text)


@pytest.mark.parametrize("text", ["", "a\n", f"\n{HEADER}\n", f"{HEADER} not\n"])
def test_other_files_have_no_marker(text: str) -> None:
    assert not has_header(text)
