# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import json
import os
import time
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


# Each file was read by keepalived 2.2.7 and 2.3.3 with -t: exit status 0, nothing printed (with interfaces, scripts and
# a directory of weight files that the machine had; 2.2.7 with script_user root, because it ends itself else).
@pytest.mark.parametrize("name", ["nat_ha", "full", "everything"])
def test_golden(name: str) -> None:
    assert render(tree(_plan(name))) == _read(f"{name}.conf")


@pytest.mark.parametrize("name", ["full", "everything"])
def test_the_plan_is_not_changed(name: str) -> None:
    plan = _plan(name)
    before = copy.deepcopy(plan)
    tree(plan)
    assert plan == before


def test_order_of_the_parts() -> None:
    plan = _plan("everything")
    plan["services"] = plan["services"][:1]
    assert list(dict.fromkeys(node.name for node in tree(plan))) == [
        "global_defs",
        "static_routes",
        "interface_up_down_delays",
        "vrrp_script",
        "vrrp_track_process",
        "bfd_instance",
        "track_file",
        "garp_group",
        "vrrp_sync_group",
        "vrrp_instance",
        "virtual_server",
    ]


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
    assert Node("script_user", ("keepalived_script",)) in (_find(tree(plan), "global_defs").block or ())


@pytest.mark.parametrize(
    "given",
    [
        {"global": {"script_user": "nobody nogroup"}},
        {"global": {"options": {"script_user": ["nobody", "nogroup"]}}},
        {"global": {}, "options": {"global_defs": {"script_user": ["nobody", "nogroup"]}}},
    ],
)
def test_the_inventory_s_script_user_stays_the_only_one(given: dict[str, Any]) -> None:
    nodes = [node for block in tree({**_plan(), **given}) if block.name == "global_defs" for node in block.block or ()]
    assert [node for node in nodes if node.name == "script_user"] == [Node("script_user", ("nobody", "nogroup"))]
    assert Node("enable_script_security") in nodes


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
        node.values[0]: _find(node.block or (), "file").values[0]
        for node in nodes
        if node.name == "track_file" and not str(node.values[0]).startswith("lvs_failover_")
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
    with pytest.raises(TreeError, match=r"real_server 192\.168\.0\.12\.htpp: the type of a health check is one of bfd"):
        tree(plan)


def test_a_large_plan_is_written_in_time() -> None:
    plan = _plan()
    server = plan["services"][0]["real_servers"][0]
    plan["services"] = [
        {
            **plan["services"][0],
            "name": f"s{number}",
            "real_servers": [{**server, "weight_file": f"s{number}_{at}"} for at in range(10)],
        }
        for number in range(1000)
    ]
    before = time.process_time()
    text = render(tree(plan))
    # 0.5 s on the machine that this was written on.
    assert time.process_time() - before < 3
    assert text.count("real_server ") == 10000


def test_an_address_takes_no_block() -> None:
    plan = _plan()
    plan["vrrp_instances"][0]["virtual_ipaddress"][0]["options"] = {"scope": {"x": 1}}
    with pytest.raises(TreeError, match="an address takes no block"):
        tree(plan)
