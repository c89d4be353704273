from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.lvs.cluster.plugins.module_utils._verify.targets import host_names, not_asked, targets
from tests.unit.plugins.module_utils._verify.seen import plans_of


def service(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "address": "10.0.0.5", "port": 80, "protocol": "tcp", "real_servers": [], **more}


def plans(*services: dict[str, Any]) -> dict[str, Any]:
    director = {"director": {"services": list(services)}}
    return {"lb1": director, "lb2": director, "rs1": {"director": None}, "rs2": {}}


def test_each_service_is_asked_once_though_two_directors_have_it() -> None:
    assert targets(plans(service("plain", port=8080), service("sticky", virtualhost="a.example"))) == [
        {"name": "plain:8080", "address": "10.0.0.5", "port": 8080, "host": None},
        {"name": "sticky:80", "address": "10.0.0.5", "port": 80, "host": "a.example"},
    ]


def test_a_name_that_several_addresses_have_tells_them_apart() -> None:
    asked = targets(plans_of("self_balanced"))
    assert [one["name"] for one in asked[:2]] == ["web 192.168.0.254:80", "web [2001:db8::fe]:80"]
    assert len({one["name"] for one in asked}) == len(asked)


def test_what_can_not_be_asked_by_http_is_listed() -> None:
    marked = service("marked", fwmark=1)
    del marked["address"], marked["port"], marked["protocol"]
    mixed = {**marked, "name": "voip", "match": [{"address": "10.0.0.7", "protocol": "udp", "ports": [[53, 53]]}]}
    given = plans(service("dns", protocol="udp", port=53), marked, mixed, service("all", port=0))
    assert targets(given) == []
    assert [(check.name, check.skipped) for check in not_asked(given)] == [
        ("dns (udp 10.0.0.5:53)", "udp is not asked by HTTP"),
        ("marked (firewall mark 1)", "which packets get the mark is not in the inventory"),
        ("voip (udp 10.0.0.7)", "udp is not asked by HTTP"),
        ("all (tcp 10.0.0.5:0)", "it serves every port, and none is named"),
    ]


def test_what_a_mark_matches_is_asked_by_tcp() -> None:
    match = [
        {"address": "10.0.0.7", "protocol": "tcp", "ports": [[80, 80], [443, 443]]},
        {"address": "fd00::8", "protocol": "tcp", "ports": [[8000, 65535]]},
        {"address": "10.0.0.7", "protocol": "udp", "ports": [[53, 53]]},
    ]
    shop = {"name": "shop", "fwmark": 2, "match": match, "real_servers": []}
    assert [(one["name"], one["address"], one["port"]) for one in targets(plans(shop))] == [
        ("shop 10.0.0.7:80", "10.0.0.7", 80),
        ("shop 10.0.0.7:443", "10.0.0.7", 443),
        # Of a range the first ten.
        *((f"shop [fd00::8]:{port}", "fd00::8", port) for port in range(8000, 8010)),
    ]


def test_cluster_ips_of_a_plan_are_asked_by_their_ports() -> None:
    given = plans_of("cluster_nodes")
    asked = [one["name"] for one in targets(given) if one["address"] == "10.0.0.9"]
    assert asked == [f"cluster IP 10.0.0.9:{port}" for port in (80, 443, 8000, 8001)]
    silent = {check.name: check.skipped for check in not_asked(given)}
    assert silent["cluster IP 2001:db8::9"] == "udp is not asked by HTTP"
    # It has neither ports nor health checks.
    assert silent["cluster IP 10.0.0.10"] == "no TCP port is named"


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (["client", "client2"], ["client", "client2"]),
        ("localhost", ["localhost"]),
        ("client1, client2,client1", ["client1", "client2"]),
        ('["client1", "client2"]', ["client1", "client2"]),
        ("", []),
        ([], []),
    ],
)
def test_hosts_may_be_a_list_or_text(given: Any, names: list[str]) -> None:
    assert host_names(given) == names
