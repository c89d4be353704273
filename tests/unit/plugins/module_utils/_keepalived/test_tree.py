# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tree import (
    Node,
    TreeError,
    from_data,
    from_options,
    to_data,
)


def test_data_comes_back_as_it_went() -> None:
    nodes = [Node("a", ("x", 1, 0.5), (Node("b"), Node("c", (), ()))), Node("d", ("",))]
    assert from_data(to_data(nodes)) == nodes


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("text", "a list of nodes is needed"),
        ([3], "[0]: a mapping with name, values and block is needed"),
        ([{"name": ""}], "[0]: the name must be a text that is not empty"),
        ([{"name": "a", "values": "b"}], "[0].values: a list is needed"),
        ([{"name": "a", "values": [True]}], "[0].values[0]: a text or a number is needed"),
        ([{"name": "a", "value": []}], "[0]: unknown key value; a node has name, values and block"),
        ([{"name": "a", "block": [{"name": "b", "block": [None]}]}], "[0].block[0].block[0]: a mapping"),
    ],
)
def test_bad_data_is_named_by_its_path(data: object, message: str) -> None:
    with pytest.raises(TreeError) as error:
        from_data(data)
    assert message in str(error.value)


def test_options_of_every_form() -> None:
    options = {
        "text": "two words",
        "number": 3,
        "line": ["tcp", 7200],
        "lines": [["a", 1], ["b", 2]],
        "block": {"bare": True, "off": False, "none": None},
        "blocks": [{"x": 1}, {"x": 2}],
        "headed name": {"interval": 2},
        "empty": [],
    }
    assert from_options(options) == [
        Node("text", ("two words",)),
        Node("number", (3,)),
        Node("line", ("tcp", 7200)),
        Node("lines", ("a", 1)),
        Node("lines", ("b", 2)),
        Node("block", (), (Node("bare"),)),
        Node("blocks", (), (Node("x", (1,)),)),
        Node("blocks", (), (Node("x", (2,)),)),
        Node("headed", ("name",), (Node("interval", (2,)),)),
    ]


@pytest.mark.parametrize(
    ("options", "path"),
    [
        (["a"], "options"),
        ({"": 1}, "options"),
        ({True: 1}, "options"),
        ({"a": [1, {"b": 1}]}, "options.a[1]"),
        ({"a": {"b": [[1], 2]}}, "options.a.b[0]"),
        ({"a": object()}, "options.a"),
    ],
)
def test_bad_options_are_named_by_their_path(options: object, path: str) -> None:
    with pytest.raises(TreeError) as error:
        from_options(options)
    assert error.value.path == path
