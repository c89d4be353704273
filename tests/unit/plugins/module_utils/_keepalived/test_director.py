# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import json
import os
from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.director import tree
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import render
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tree import Node, TreeError

GOLDEN = os.path.join(os.path.dirname(__file__), "golden")


def _read(name: str) -> str:
    with open(os.path.join(GOLDEN, name), encoding="utf-8") as stream:
        return stream.read()


def _plan(name: str = "nat_ha") -> dict[str, Any]:
    plan: dict[str, Any] = json.loads(_read(f"{name}.json"))
    return plan


def _find(nodes: list[Node] | tuple[Node, ...], *names: str) -> Node:
    found = next(node for node in nodes if node.name == names[0])
    return found if len(names) == 1 else _find(found.block or (), *names[1:])


# Both files were read by keepalived 2.2.7 and 2.3.3 with -t: exit status 0, nothing printed (with interfaces and a
# directory of weight files that the machine had).
@pytest.mark.parametrize("name", ["nat_ha", "full"])
def test_golden(name: str) -> None:
    assert render(tree(_plan(name))) == _read(f"{name}.conf")


def test_the_plan_is_not_changed() -> None:
    plan = _plan("full")
    before = copy.deepcopy(plan)
    tree(plan)
    assert plan == before


def test_order_of_the_parts() -> None:
    names = list(dict.fromkeys(node.name for node in tree(_plan("full"))))
    assert names == ["global_defs", "track_file", "vrrp_sync_group", "vrrp_instance", "virtual_server"]


def test_no_script_security_without_scripts() -> None:
    plan = _plan()
    del plan["vrrp_instances"][0]["notify"]
    names = [node.name for node in _find(tree(plan), "global_defs").block or ()]
    assert names == [
        "notification_email",
        "notification_email_from",
        "smtp_server",
        "smtp_connect_timeout",
        "router_id",
    ]


def test_a_script_in_options_asks_for_script_security() -> None:
    plan = _plan()
    del plan["vrrp_instances"][0]["notify"]
    plan["services"][0]["options"] = {"quorum_down": "/bin/true"}
    assert Node("script_user", ("root",)) in (_find(tree(plan), "global_defs").block or ())


def test_the_inventory_s_script_user_stays_the_only_one() -> None:
    plan = _plan()
    plan["global"]["options"] = {"script_user": "keepalived_script"}
    users = [node for node in _find(tree(plan), "global_defs").block or () if node.name == "script_user"]
    assert users == [Node("script_user", ("keepalived_script",))]


def test_a_mark_has_neither_protocol_nor_ports_without_nat() -> None:
    server = next(node for node in tree(_plan("full")) if node.values == ("fwmark", 1))
    names = [node.name for node in server.block or ()]
    assert "protocol" not in names
    assert _find(server.block or (), "sorry_server").values == ("10.0.0.9",)
    assert _find(server.block or (), "real_server").values == ("10.0.0.12",)
    assert _find(server.block or (), "real_server", "TCP_CHECK", "connect_port").values == (80,)


def test_a_page_check_always_has_a_url() -> None:
    plan = _plan()
    plan["services"][0]["real_servers"][0]["health_checks"] = [{"type": "http"}]
    assert _find(tree(plan), "virtual_server", "real_server", "HTTP_GET", "url").block == (Node("path", ("/",)),)


def test_every_real_server_is_watched_by_its_file() -> None:
    plan = _plan()
    nodes = tree(plan, "/weights")
    servers = [node for node in _find(nodes, "virtual_server").block or () if node.name == "real_server"]
    named = [_find(server.block or (), "FILE_CHECK", "track_file").values[0] for server in servers]
    declared = {
        node.values[0]: _find(node.block or (), "file").values[0] for node in nodes if node.name == "track_file"
    }
    assert declared == {name: f"/weights/{name}" for name in named}
    assert len(named) == 2


@pytest.mark.parametrize("word", ["it's", 'a"b', "a\\b"])
def test_an_argument_that_the_versions_read_differently_is_refused(word: str) -> None:
    plan = _plan()
    plan["vrrp_instances"][0]["notify"] = {"fault": {"script": "/x", "args": ["a", word]}}
    with pytest.raises(TreeError) as error:
        tree(plan)
    assert str(error.value).startswith("vrrp_instance VI_1.notify.fault: argument 2 holds a quote or a backslash")


def test_an_unknown_check_type_is_refused() -> None:
    plan = _plan()
    plan["services"][0]["real_servers"][0]["health_checks"] = [{"type": "htpp"}]
    with pytest.raises(TreeError, match=r"real_server 192\.168\.0\.12\.htpp: the type of a health check is one of dns"):
        tree(plan)


def test_an_address_takes_no_block() -> None:
    plan = _plan()
    plan["vrrp_instances"][0]["virtual_ipaddress"][0]["options"] = {"scope": {"x": 1}}
    with pytest.raises(TreeError, match="an address takes no block"):
        tree(plan)
