# Copyright: (c) 2026, the lvs.cluster authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.text import serialise
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.tree import TreeError
from ansible_collections.lvs.cluster.plugins.module_utils._keepalived.virtual_servers import virtual_servers

SERVER: dict[str, Any] = {
    "host": "rs1",
    "address": "10.1.0.1",
    "port": 80,
    "weight": 1,
    "forwarding": "nat",
    "weight_file": "w",
    "health_checks": [],
}
SERVICE: dict[str, Any] = {
    "name": "web",
    "address": "10.0.0.5",
    "port": 80,
    "protocol": "tcp",
    "family": "ipv4",
    "scheduler": "wlc",
    "forwarding": "nat",
    "real_servers": [SERVER],
}
USUAL = serialise(virtual_servers([SERVICE])).splitlines()


def _more(service: dict[str, Any], server: dict[str, Any]) -> list[str]:
    wanted = {**SERVICE, **service, "real_servers": [{**SERVER, **server}]}
    return [line.strip() for line in serialise(virtual_servers([wanted])).splitlines() if line not in USUAL]


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        ({"one_packet": True, "protocol": "udp"}, ["ops", "protocol UDP"]),
        ({"one_packet": False, "alpha": False, "omega": False, "ha_suspend": False}, []),
        ({"scheduler": "mh", "scheduler_flags": ["mh-port", "flag-1"]}, ["lvs_sched mh", "mh-port", "flag-1"]),
        ({"persistence_timeout": 9, "persistence_engine": "sip"}, ["persistence_timeout 9", "persistence_engine sip"]),
        ({"persistence_netmask": "255.255.255.0"}, ["persistence_granularity 255.255.255.0"]),
        ({"persistence_netmask": 24}, ["persistence_granularity 255.255.255.0"]),
        ({"quorum": 2, "hysteresis": 0}, ["quorum 2", "hysteresis 0"]),
        ({"alpha": True, "omega": True, "inhibit_on_failure": True}, ["alpha", "omega", "inhibit_on_failure"]),
        ({"smtp_alert": False}, ["smtp_alert false"]),
        ({"retry": 2, "delay_before_retry": 1.5, "warmup": 0}, ["retry 2", "delay_before_retry 1.5", "warmup 0"]),
        ({"quorum_up": {"script": "/u", "args": ["a"], "user": "root"}}, ['quorum_up "/u a" root']),
        ({"quorum_down": "/d"}, ["quorum_down /d"]),
        ({"sorry_server": {"address": "10.9.0.1", "port": 81}}, ["sorry_server 10.9.0.1 81"]),
        (
            {"sorry_server": {"address": "10.9.0.1", "port": 80, "inhibit": True, "forwarding": "dr"}},
            ["sorry_server 10.9.0.1 80", "sorry_server_inhibit", "sorry_server_lvs_method DR"],
        ),
        ({"options": {"weight": 3}}, ["weight 3"]),
    ],
)
def test_words_of_a_service(given: dict[str, Any], lines: list[str]) -> None:
    assert _more(given, {}) == lines


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        ({"upper_threshold": 9, "lower_threshold": 0}, ["uthreshold 9", "lthreshold 0"]),
        ({"inhibit_on_failure": False, "alpha": True}, ["inhibit_on_failure false", "alpha"]),
        ({"smtp_alert": True, "virtualhost": "a.b"}, ["smtp_alert", "virtualhost a.b"]),
        ({"delay_loop": 1, "retry": 2, "delay_before_retry": 3}, ["delay_loop 1", "retry 2", "delay_before_retry 3"]),
        ({"notify": {"down": {"script": "/d", "user": "root"}, "up": "/u"}}, ["notify_up /u", "notify_down /d root"]),
        ({"forwarding": "tun", "tunnel": {"type": "ipip"}}, ["lvs_method TUN"]),
        ({"forwarding": "tun", "tunnel": {"type": "gue", "port": 6080}}, ["lvs_method TUN type gue port 6080"]),
        (
            {"forwarding": "tun", "tunnel": {"type": "gue", "port": 6080, "checksum": "remcsum"}},
            ["lvs_method TUN type gue port 6080 remcsum"],
        ),
        ({"forwarding": "tun", "tunnel": {"type": "gre", "checksum": "none"}}, ["lvs_method TUN type gre"]),
    ],
)
def test_words_of_a_real_server(given: dict[str, Any], lines: list[str]) -> None:
    assert _more({}, given) == lines


@pytest.mark.parametrize(
    ("mask", "family", "written"), [(64, "ipv6", "64"), ("64", "ipv6", "64"), ("/24", "ipv4", "255.255.255.0")]
)
def test_a_mask_is_written_as_its_family_has_it(mask: Any, family: str, written: str) -> None:
    assert _more({"persistence_netmask": mask, "family": family}, {}) == [f"persistence_granularity {written}"]


@pytest.mark.parametrize("mask", ["x", 33, "255.0.255.0"])
def test_a_mask_that_is_none_is_refused(mask: Any) -> None:
    with pytest.raises(TreeError, match=r"virtual_server web\.persistence_netmask: is neither a mask nor"):
        _more({"persistence_netmask": mask}, {})


def test_a_tunnel_like_the_service_s_method_is_written_only_if_it_is_another_than_ipip() -> None:
    assert "lvs_method TUN" not in _more({"forwarding": "tun"}, {"forwarding": "tun"})[1:]
    assert _more({"forwarding": "tun"}, {"forwarding": "tun", "tunnel": {"type": "gre"}})[1:] == [
        "lvs_method TUN type gre"
    ]


def test_services_of_one_group_are_one_virtual_server() -> None:
    member = {**SERVICE, "virtual_server_group": "web"}
    other = {**SERVICE, "name": "other", "address": "10.0.0.7"}
    nodes = virtual_servers([member, other, {**member, "address": "10.0.0.6", "port": 81}])
    assert [(node.name, *node.values) for node in nodes] == [
        ("virtual_server_group", "web"),
        ("virtual_server", "group", "web"),
        ("virtual_server", "10.0.0.7", 80),
    ]
    assert serialise(nodes[:1]) == "virtual_server_group web {\n    10.0.0.5 80\n    10.0.0.6 81\n}\n"
    assert nodes[1].block == virtual_servers([SERVICE])[0].block


def test_each_real_server_has_its_own_checks() -> None:
    given: list[list[dict[str, Any]]] = [
        [{"type": "tcp"}],
        [{"type": "tcp"}],
        [{"type": "ping"}],
        [],
        [{"type": "tcp"}],
    ]
    servers = [{**SERVER, "address": f"10.1.0.{at}", "health_checks": checks} for at, checks in enumerate(given)]
    block = virtual_servers([{**SERVICE, "real_servers": servers}])[0].block or ()
    written = [[node.name for node in one.block or ()][2:] for one in block if one.name == "real_server"]
    assert written == [["TCP_CHECK"], ["TCP_CHECK"], ["PING_CHECK"], [], ["TCP_CHECK"]]


def test_the_port_of_a_check_is_its_own_server_s() -> None:
    servers = [{**SERVER, "port": port, "forwarding": "dr", "health_checks": [{"type": "tcp"}]} for port in (80, 81)]
    service = {**SERVICE, "fwmark": 1, "forwarding": "dr", "real_servers": servers}
    text = serialise(virtual_servers([service]))
    assert text.index("connect_port 80\n") < text.index("connect_port 81\n")
