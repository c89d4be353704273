# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.actions import (
    action,
    command,
    notify,
    programs,
)
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.scripts import installed_path
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tree import Node, TreeError


@pytest.mark.parametrize(
    ("script", "path"),
    [
        ("/usr/local/bin/x", "/usr/local/bin/x"),
        ("files/to_master.sh", "/etc/keepalived/lvs-cluster/to_master.sh"),
        ("to_master.sh", "/etc/keepalived/lvs-cluster/to_master.sh"),
    ],
)
def test_where_a_script_is(script: str, path: str) -> None:
    assert installed_path(script) == path


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ("/x", "/x"),
        ("/with space/x", "'/with space/x'"),
        ({"script": "/x"}, "/x"),
        ({"script": "files/x.sh", "args": ["a", 1, "b c", ""]}, "/etc/keepalived/lvs-cluster/x.sh a 1 'b c' ''"),
    ],
)
def test_a_command_is_one_text(wanted: Any, text: str) -> None:
    assert command(wanted, "p") == text


def test_the_path_of_a_script_takes_no_quote_either() -> None:
    with pytest.raises(TreeError, match=r"^p: the script's path holds a quote or a backslash"):
        command({"script": 'files/x".sh'}, "p")


def test_a_user_stands_behind_the_text() -> None:
    assert action("quorum_up", {"script": "/x", "args": ["a"], "user": "nobody"}, "p") == [
        Node("quorum_up", ("/x a", "nobody"))
    ]
    assert action("quorum_up", {"script": "/x", "user": "nobody nogroup"}, "p") == [
        Node("quorum_up", ("/x", "nobody", "nogroup"))
    ]


@pytest.mark.parametrize("nothing", [None, {}, ""])
def test_no_action_is_no_keyword(nothing: Any) -> None:
    assert action("quorum_up", nothing, "p") == []


def test_only_known_states_are_notified() -> None:
    assert notify({"down": "/d", "up": "/u", "other": "/o"}, ("up", "down"), "p") == [
        Node("notify_up", ("/u",)),
        Node("notify_down", ("/d",)),
    ]
    assert notify(None, ("up",), "p") == []


def test_a_script_for_all_states_has_the_word_without_a_state() -> None:
    assert notify({"any": {"script": "files/x.sh", "args": ["b c"], "user": "root"}}, ("master", "any"), "p") == [
        Node("notify", ("/etc/keepalived/lvs-cluster/x.sh 'b c'", "root")),
    ]
    with pytest.raises(TreeError, match=r"^p\.notify\.any: argument 1 holds a quote"):
        notify({"any": {"script": "/x", "args": ['"']}}, ("any",), "p")


@pytest.mark.parametrize(
    ("node", "users"),
    [
        (Node("script", ("/x",)), {""}),
        (Node("script"), set()),
        (Node("vrrp_script", ("script",), (Node("interval", (1,)),)), set()),
        (Node("vrrp_script", ("s",), (Node("script", ("/x",)), Node("user", ("nobody", "nogroup")))), {"nobody"}),
        (Node("a", (), (Node("b", (), (Node("misc_path", ("/x",)),)), Node("misc_path", ("/y",)))), {""}),
        (Node("a", (), (Node("notify_up", ("/x", "u")), Node("notify_down", ("/x", "d")))), {"u", "d"}),
        (Node("a", (), (Node("notify_up", ("/x", "u")), Node("notify_down", ("/x",)))), {"u", ""}),
        (Node("notify_fifo_script", ("/x",)), {""}),
        (Node("notify_fifo", ("/x",)), set()),
    ],
)
def test_who_runs_programs(node: Node, users: set[str]) -> None:
    assert programs([Node("first"), node]) == users
